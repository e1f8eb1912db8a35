"""May a build be pushed there? And if not, why, in a sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import DatasetCard, HfApi, constants
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)

from movie_posters_decade import __version__
from movie_posters_decade.errors import HubError

REPOSITORY = "dataset"
"""The type of repositories."""

README = "README.md"
FACTS_FILE = re.compile(r"builds/([^/]+)/build\.json")
"""What is told of a configuration, for later cards."""

# What requests or httpx raises, whichever huggingface_hub is built on, as far as it is no OSError.
_HTTP_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]
_NO_LEAVE = (
    "{}: expected a token that may write there; found one that may not. Name an owner that it "
    "belongs to, or take a token with write access."
)
_REPO_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Revision:
    """A commit of a repository.

    Attributes:
        api: what asks the Hub.
        repo_id: the repository.
        oid: the commit, or a branch.
    """

    api: HfApi
    repo_id: str
    oid: str

    def paths(self) -> list[str]:
        """Return the paths of all files."""
        return self.api.list_repo_files(self.repo_id, repo_type=REPOSITORY, revision=self.oid)

    def read(self, path: str) -> str:
        """Return a file's text."""
        place = self.api.hf_hub_download(
            self.repo_id, path, repo_type=REPOSITORY, revision=self.oid
        )
        return Path(place).read_text("utf-8")


def check_access(repo_id: str, *, public: bool = False, token: str | None = None) -> None:
    """See that a build may be pushed there, as far as that can be known before.

    Args:
        repo_id: as `push` takes it.
        public: as `push` takes it.
        token: as `push` takes it.

    Raises:
        HubError: it may not.
    """
    if not _REPO_ID.fullmatch(repo_id):
        raise HubError(
            f"{repo_id}: expected a repository with its owner, as in you/movie_posters_decade; "
            "found no such name. Name the owner, a slash, and the repository."
        )
    api = hub_api(token)
    with told_in_a_sentence(repo_id):
        user = api.whoami()
        try:
            is_private = bool(api.repo_info(repo_id, repo_type=REPOSITORY).private)
        except RepositoryNotFoundError:
            owners = [user["name"], *(organization["name"] for organization in user["orgs"])]
            if repo_id.partition("/")[0] not in owners:
                raise HubError(_NO_LEAVE.format(repo_id)) from None
        else:
            _check_visibility(repo_id, is_private=is_private, public=public)
            _check_ours(Revision(api, repo_id, "main"))


def hub_api(token: str | None) -> HfApi:
    """Return what asks the Hub, in the name of this package."""
    return HfApi(token=token, library_name="movie_posters_decade", library_version=__version__)


def _check_visibility(repo_id: str, *, is_private: bool, public: bool) -> None:
    if is_private == public:
        found, wanted = ("private", "public") if is_private else ("public", "private")
        remedy = "leave --public out" if public else "say --public (public=True)"
        raise HubError(
            f"{repo_id}: expected a {wanted} repository; found a {found} one. Change that in its "
            f"settings on the Hub, {remedy}, or name another repository."
        )


@contextmanager
def told_in_a_sentence(repo_id: str) -> Iterator[None]:
    """Raise what goes wrong with the Hub as a HubError that says so in a sentence."""
    hub = f"The Hub at {constants.ENDPOINT}"
    try:
        yield
    except HubError:
        raise
    except LocalTokenNotFoundError as error:
        raise HubError(
            f"{hub}: expected a token that may write; found none. Log in with `hf auth login`, or "
            "set HF_TOKEN."
        ) from error
    except HFValidationError as error:
        raise HubError(f"{repo_id}: expected a name that the Hub takes; found: {error}") from error
    except UnicodeError as error:
        raise HubError(
            f"{hub}: expected a token of plain letters and digits; found others in it. Log in "
            "again with `hf auth login`, or set HF_TOKEN."
        ) from error
    except (_HTTP_ERROR, OSError) as error:
        raise HubError(_failure(hub, repo_id, error)) from error
    except (RuntimeError, ValueError) as error:
        # What huggingface_hub makes of an error in an upload, or of a card that is refused.
        raise HubError(_broken_off(repo_id, f"{error} {error.__cause__ or ''}")) from error


def _failure(hub: str, repo_id: str, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    said = getattr(error, "server_message", None) or _last_line(str(error))
    if status == 401:
        return (
            f"{hub}: expected a valid token; found one that it refuses. Log in again with "
            "`hf auth login`, or set HF_TOKEN."
        )
    if status == 403:
        return f"{_NO_LEAVE.format(repo_id)} The Hub says: {said}"
    if status is not None:
        return _broken_off(repo_id, f"HTTP status {status}, {said}")
    if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
        where = error.filename or "a temporary file"
        return f"{where}: cannot be read or written: {error.strerror}. Mend this and push again."
    return (
        f"{hub}: cannot be reached: {said.rstrip('.')}. Push again when it can; what {repo_id} has "
        "already is not uploaded again."
    )


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), text)


def _broken_off(repo_id: str, why: str) -> str:
    first_line = why.strip().partition("\n")[0]
    return (
        f"{repo_id}: the push broke off: {first_line.strip().rstrip('.')}. Push again: what was "
        "uploaded is not uploaded again."
    )


def _check_ours(revision: Revision) -> None:
    """See that a repository has no card but one that `push` wrote."""
    paths = revision.paths()
    if README not in paths or any(map(FACTS_FILE.fullmatch, paths)):
        return
    # What `push_to_hub` leaves before there is a card has no text.
    if DatasetCard(revision.read(README)).text.strip():
        raise HubError(
            f"{revision.repo_id}: expected a repository of its own for this dataset; found one "
            "with another card, which a push would replace. Name another repository."
        )
