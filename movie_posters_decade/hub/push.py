"""Push to the Hugging Face Hub: a build as Parquet files, and the dataset card beside them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub.errors as hf_errors
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetCard, HfApi, constants

from movie_posters_decade import __version__
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import HubError, HubStorageError, HubUnreachableError
from movie_posters_decade.hub.card import ConfigurationSummary, make_card, summarize
from movie_posters_decade.hub.files import README_FILE, card_files, check_repo_id, published
from movie_posters_decade.options.configurations import DEFAULT

COPYRIGHT_REMINDER = (
    "The dataset is public now. The posters belong to their copyright holders: check that you may "
    "publish them, or push again with --no-images. Images that were pushed before stay in the "
    "history of the repository."
)

_SUMMARY_FILE = re.compile(r"builds/([^/]+)/summary\.json")
"""The path of a configuration's summary. Only `push` writes such files."""

_REPO_TYPE = "dataset"
_NO_WRITE_ACCESS = (
    "{}: expected a token that may write there; found one that may not. Name an owner that it "
    "belongs to, or use a token with write access."
)
# huggingface_hub builds on requests or on httpx. Not all errors of httpx are an OSError.
_HTTP_ERROR: type[Exception] = hf_errors.HfHubHTTPError.__bases__[0]


@dataclass(frozen=True)
class _Revision:
    """One commit of a repository: ``oid`` is its hash, or a branch."""

    api: HfApi
    repo_id: str
    oid: str

    def paths(self) -> list[str]:
        return self.api.list_repo_files(self.repo_id, repo_type=_REPO_TYPE, revision=self.oid)

    def read(self, path: str) -> str:
        file = self.api.hf_hub_download(self.repo_id, path, repo_type=_REPO_TYPE, revision=self.oid)
        return Path(file).read_text("utf-8")


def check_access(repo_id: str, *, public: bool = False, token: str | None = None) -> None:
    """Raise a `HubError` if `push` may not write to a repository, before anything is built."""
    check_repo_id(repo_id)
    api = _hub_api(token)
    with _hub_errors(repo_id):
        user = api.whoami()
        try:
            is_private = bool(api.repo_info(repo_id, repo_type=_REPO_TYPE).private)
        except hf_errors.RepositoryNotFoundError:
            owners = [user["name"], *(organization["name"] for organization in user["orgs"])]
            if repo_id.partition("/")[0] not in owners:
                raise HubError(_NO_WRITE_ACCESS.format(repo_id)) from None
        else:
            _check_visibility(repo_id, is_private=is_private, public=public)
            _check_card(_Revision(api, repo_id, "main"))


def push(
    build: Build,
    repo_id: str,
    *,
    public: bool = False,
    images: bool = True,
    findings: Sequence[str] | None = None,
    token: str | None = None,
) -> str:
    """Push a build to the Hub as one configuration of a dataset, and return the dataset's URL.

    The card describes all configurations. One of the same name is replaced, and others stay.

    Args:
        build: what the builder's method `built` returns.
        repo_id: the repository with its owner, such as "you/movie_posters_decade". It is created
            if it does not exist.
        public: whether everybody may see the repository. An existing repository must already be
            as public as this says.
        images: False to publish links, hashes and labels without images.
        findings: what `find_shortcuts` returns, for the card; None if nobody checked.
        token: by default the one that `hf auth login` stored, or `HF_TOKEN`.

    Raises:
        HubError: the repository has no owner, there is no token that may write to it, the Hub
            cannot be reached, or the repository is not as public as it should be.
    """
    check_access(repo_id, public=public, token=token)
    api = _hub_api(token)
    with _hub_errors(repo_id):
        api.create_repo(repo_id, repo_type=_REPO_TYPE, private=not public, exist_ok=True)
        dataset = published(build, images=images)
        message = f"Upload {build.name}"
        with _quiet_datasets():
            commit = dataset.push_to_hub(
                repo_id, build.name, token=token, private=not public, commit_message=message
            )
        summary = summarize(build, dataset, findings)
        _push_card(_Revision(api, repo_id, commit.oid), build, summary)
    return f"{constants.ENDPOINT}/datasets/{repo_id}"


def _hub_api(token: str | None) -> HfApi:
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


def _check_card(revision: _Revision) -> None:
    """Check that `push` would only replace a card that it wrote itself."""
    paths = revision.paths()
    if README_FILE not in paths or any(map(_SUMMARY_FILE.fullmatch, paths)):
        return
    # A push that was interrupted before the card leaves metadata without text.
    if DatasetCard(revision.read(README_FILE)).text.strip():
        raise HubError(
            f"{revision.repo_id}: expected a repository for this dataset alone; found one with "
            "another card, which a push would replace. Name another repository."
        )


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    """Silence the messages of `datasets` about how it shares out the work."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity_error()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


def _push_card(revision: _Revision, build: Build, summary: ConfigurationSummary) -> None:
    """Commit the card and the files of ``builds/`` at once."""
    card = _card(revision, summary, build.dataset["train"].info)
    files = card_files(build, summary, card)
    is_ours = f"{summary.folder}/"
    outdated = {path for path in revision.paths() if path.startswith(is_ours)} - set(files)
    revision.api.create_commit(
        revision.repo_id,
        [
            *(CommitOperationAdd(path, content) for path, content in files.items()),
            *(CommitOperationDelete(path) for path in sorted(outdated)),
        ],
        commit_message=f"Describe {build.name}",
        repo_type=_REPO_TYPE,
        # If somebody pushed in between, this commit fails and overwrites nothing.
        parent_commit=revision.oid,
    )


def _card(
    revision: _Revision, summary: ConfigurationSummary, info: datasets.DatasetInfo
) -> DatasetCard:
    """Make the card of all configurations in the repository, the default first."""
    metadata = DatasetCard(revision.read(README_FILE)).data
    configs = _default_first(metadata.get("configs"))
    summaries = {
        match[1]: ConfigurationSummary.from_json(json.loads(revision.read(match[0])))
        for match in map(_SUMMARY_FILE.fullmatch, revision.paths())
        if match and match[1] != summary.name
    } | {summary.name: summary}
    names = [config["config_name"] for config in configs]
    in_order = [summaries[name] for name in names if name in summaries]
    kept = {name: value for name, value in vars(metadata).items() if value is not None}
    return make_card(revision.repo_id, in_order, kept | {"configs": configs}, info)


def _default_first(configs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the card's configurations, the default one first and marked as such."""
    first, *others = sorted(
        configs, key=lambda config: (config["config_name"] != DEFAULT, not config.get("default"))
    )
    unmarked = [{key: value for key, value in c.items() if key != "default"} for c in others]
    return [first | {"default": True}, *unmarked]


@contextmanager
def _hub_errors(repo_id: str) -> Iterator[None]:
    """Turn every error of `huggingface_hub` into a HubError with a message for users."""
    hub = f"The Hub at {constants.ENDPOINT}"
    try:
        yield
    except HubError:
        raise
    except hf_errors.LocalTokenNotFoundError as error:
        raise HubError(
            f"{hub}: expected a token that may write; found none. Log in with `hf auth login`, or "
            "set HF_TOKEN."
        ) from error
    except hf_errors.HFValidationError as error:
        message = f"{repo_id}: expected a name that the Hub accepts; found: {error}"
        raise HubError(message) from error
    except UnicodeError as error:
        raise HubError(
            f"{hub}: expected a token of plain letters and digits; found other characters. Log in "
            "again with `hf auth login`, or set HF_TOKEN."
        ) from error
    except (_HTTP_ERROR, OSError) as error:
        raise _kind(error)(_request_message(hub, repo_id, error)) from error
    except (RuntimeError, ValueError) as error:
        # huggingface_hub raises these for a failed upload and for a card that the Hub rejects.
        kind = HubUnreachableError if isinstance(error, RuntimeError) else HubError
        raise kind(_interrupted(repo_id, f"{error} {error.__cause__ or ''}")) from error


def _kind(error: Exception) -> type[HubError]:
    """Return what a failed request is about: the Hub's answer, a disk, or the network."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return HubUnreachableError if status >= 500 or status in (408, 429) else HubError
    return HubStorageError if _is_about_a_file(error) else HubUnreachableError


def _is_about_a_file(error: Exception) -> bool:
    return (
        isinstance(error, OSError)
        and bool(error.errno)
        and not isinstance(error, ConnectionError | TimeoutError)
    )


def _request_message(hub: str, repo_id: str, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    last_line = str(error).strip().rpartition("\n")[2].strip()
    answer = getattr(error, "server_message", None) or last_line
    if status == 401:
        return (
            f"{hub}: expected a valid token; found one that it rejects. Log in again with "
            "`hf auth login`, or set HF_TOKEN."
        )
    if status == 403:
        return f"{_NO_WRITE_ACCESS.format(repo_id)} The Hub says: {answer}"
    if status is not None:
        return _interrupted(repo_id, f"HTTP status {status}, {answer}")
    if isinstance(error, OSError) and _is_about_a_file(error):
        path = error.filename or "a temporary file"
        return f"{path}: cannot be read or written: {error.strerror}. Fix this and push again."
    return (
        f"{hub}: cannot be reached: {answer.rstrip('.')}. Push again later. Files that {repo_id} "
        "already has are not uploaded again."
    )


def _interrupted(repo_id: str, reason: str) -> str:
    first_line = reason.strip().partition("\n")[0]
    return (
        f"{repo_id}: the push was interrupted: {first_line.strip().rstrip('.')}. Push again. Files "
        "that were uploaded are not uploaded again."
    )
