"""Access to the Hugging Face Hub: checks before a push, one revision's files, and errors."""

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

REPO_TYPE = "dataset"
README_FILE = "README.md"
SUMMARY_FILE = re.compile(r"builds/([^/]+)/build\.json")
"""The path of a configuration's summary. Only `push` writes such files."""

# huggingface_hub builds on requests or on httpx. Not all errors of httpx are an OSError.
_HTTP_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]
_NO_WRITE_ACCESS = (
    "{}: expected a token that may write there; found one that may not. Name an owner that it "
    "belongs to, or use a token with write access."
)
_REPO_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Revision:
    """One commit of a repository.

    Attributes:
        api: the client of the Hub.
        repo_id: the repository.
        oid: the commit's hash, or a branch.
    """

    api: HfApi
    repo_id: str
    oid: str

    def paths(self) -> list[str]:
        """List the paths of all files."""
        return self.api.list_repo_files(self.repo_id, repo_type=REPO_TYPE, revision=self.oid)

    def read(self, path: str) -> str:
        """Download a text file, and return its content."""
        local_path = self.api.hf_hub_download(
            self.repo_id, path, repo_type=REPO_TYPE, revision=self.oid
        )
        return Path(local_path).read_text("utf-8")


def check_access(repo_id: str, *, public: bool = False, token: str | None = None) -> None:
    """Check that `push` may write to a repository, so that nothing is built for a push that fails.

    Args:
        repo_id: as in `push`.
        public: as in `push`.
        token: as in `push`.

    Raises:
        HubError: it may not.
    """
    if not _REPO_ID.fullmatch(repo_id):
        raise HubError(
            f"{repo_id}: expected a repository with its owner, as in you/movie_posters_decade; "
            "found another form. Write the owner, a slash, and the name."
        )
    api = hub_api(token)
    with hub_errors(repo_id):
        user = api.whoami()
        try:
            is_private = bool(api.repo_info(repo_id, repo_type=REPO_TYPE).private)
        except RepositoryNotFoundError:
            owners = [user["name"], *(organization["name"] for organization in user["orgs"])]
            if repo_id.partition("/")[0] not in owners:
                raise HubError(_NO_WRITE_ACCESS.format(repo_id)) from None
        else:
            _check_visibility(repo_id, is_private=is_private, public=public)
            _check_card(Revision(api, repo_id, "main"))


def hub_api(token: str | None) -> HfApi:
    """Return a client of the Hub that sends the name of this package."""
    return HfApi(token=token, library_name="movie_posters_decade", library_version=__version__)


def _check_visibility(repo_id: str, *, is_private: bool, public: bool) -> None:
    if is_private == public:
        found, expected = ("private", "public") if is_private else ("public", "private")
        remedy = "leave out --public" if public else "add --public (public=True)"
        raise HubError(
            f"{repo_id}: expected a {expected} repository; found a {found} one. Change that in its "
            f"settings on the Hub, {remedy}, or name another repository."
        )


def _check_card(revision: Revision) -> None:
    """Check that `push` would only replace a card that it wrote itself."""
    paths = revision.paths()
    if README_FILE not in paths or any(map(SUMMARY_FILE.fullmatch, paths)):
        return
    # A push that was interrupted before the card leaves metadata without text.
    if DatasetCard(revision.read(README_FILE)).text.strip():
        raise HubError(
            f"{revision.repo_id}: expected a repository for this dataset alone; found one with "
            "another card, which a push would replace. Name another repository."
        )


@contextmanager
def hub_errors(repo_id: str) -> Iterator[None]:
    """Turn every error of `huggingface_hub` into a HubError.

    Raises:
        HubError: with a message for users.
    """
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
        raise HubError(
            f"{repo_id}: expected a name that the Hub accepts; found: {error}"
        ) from error
    except UnicodeError as error:
        raise HubError(
            f"{hub}: expected a token of plain letters and digits; found other characters. Log in "
            "again with `hf auth login`, or set HF_TOKEN."
        ) from error
    except (_HTTP_ERROR, OSError) as error:
        raise HubError(_request_message(hub, repo_id, error)) from error
    except (RuntimeError, ValueError) as error:
        # huggingface_hub raises these for a failed upload and for a card that the Hub rejects.
        raise HubError(_interrupted(repo_id, f"{error} {error.__cause__ or ''}")) from error


def _request_message(hub: str, repo_id: str, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    answer = getattr(error, "server_message", None) or _last_line(str(error))
    if status == 401:
        return (
            f"{hub}: expected a valid token; found one that it rejects. Log in again with "
            "`hf auth login`, or set HF_TOKEN."
        )
    if status == 403:
        return f"{_NO_WRITE_ACCESS.format(repo_id)} The Hub says: {answer}"
    if status is not None:
        return _interrupted(repo_id, f"HTTP status {status}, {answer}")
    if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
        path = error.filename or "a temporary file"
        return f"{path}: cannot be read or written: {error.strerror}. Fix this and push again."
    return (
        f"{hub}: cannot be reached: {answer.rstrip('.')}. Push again later. Files that {repo_id} "
        "already has are not uploaded again."
    )


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), text)


def _interrupted(repo_id: str, reason: str) -> str:
    first_line = reason.strip().partition("\n")[0]
    return (
        f"{repo_id}: the push was interrupted: {first_line.strip().rstrip('.')}. Push again. Files "
        "that were uploaded are not uploaded again."
    )
