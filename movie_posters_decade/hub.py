"""A build is published on the Hugging Face Hub: Parquet, a card, and what was lost."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    DatasetCard,
    HfApi,
    constants,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)

from movie_posters_decade.about import LICENSE
from movie_posters_decade.card import LICENSE_FILE, Facts, make_card
from movie_posters_decade.contact_sheet import draw_contact_sheet
from movie_posters_decade.errors import HubError
from movie_posters_decade.records import Build
from movie_posters_decade.version import __version__

DEFAULT_CONFIG = "action"
"""The configuration that a repository gives where none is named, if it has it."""

COPYRIGHT_REMINDER = (
    "Everybody can see it now. The posters belong to their copyright holders: see that you may "
    "publish them, or push again with --no-images; what was published before stays in the "
    "repository's history."
)

# What requests or httpx raises, whichever huggingface_hub is built on, as far as it is no OSError.
_HTTP_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]
_NO_LEAVE = (
    "{}: expected a token that may write there; found one that may not. Name an owner that it "
    "belongs to, or take a token with write access."
)
_REPO_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_REPOSITORY = "dataset"


def push(
    build: Build,
    repo_id: str,
    *,
    public: bool = False,
    images: bool = True,
    warnings: Sequence[str] | None = None,
    token: str | None = None,
) -> str:
    """Publish a build as one configuration of a dataset on the Hub, with a card for all of them.

    Pushed again, a configuration is replaced; others in the repository stay.

    Args:
        build: what the builder's method `built` gives.
        repo_id: the repository with its owner, such as "you/movie_posters_decade"; it is made if it
            is not there.
        public: whether everybody may see it. A repository that is there stays as it is, and it is
            an error if that is not as asked.
        images: False to publish links, hashes and labels without any poster.
        warnings: what the card is to warn of, as `evidence.warnings` gives it; None if nobody
            looked for shortcuts.
        token: by default the one that `hf auth login` stored, or the environment has.

    Returns:
        The URL of the dataset.

    Raises:
        HubError: the repository has no owner, there is no token that may write there, the Hub
            cannot be reached, or the repository is not as public as asked.
    """
    check_access(repo_id, public=public, token=token)
    api = _api(token)
    with _told_in_a_sentence(repo_id):
        api.create_repo(repo_id, repo_type=_REPOSITORY, private=not public, exist_ok=True)
        name = build.name
        dataset = build.dataset if images else _without_images(build.dataset)
        with _quiet():
            dataset.push_to_hub(
                repo_id, name, token=token, private=not public, commit_message=f"Upload {name}"
            )
        facts = replace(_facts(build, dataset, images=images), warnings=warnings)
        _describe(api, repo_id, build, facts)
    return f"{constants.ENDPOINT}/datasets/{repo_id}"


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
    api = _api(token)
    with _told_in_a_sentence(repo_id):
        user = api.whoami()
        try:
            is_private = bool(api.repo_info(repo_id, repo_type=_REPOSITORY).private)
        except RepositoryNotFoundError:
            owners = [user["name"], *(organization["name"] for organization in user["orgs"])]
            if repo_id.partition("/")[0] not in owners:
                raise HubError(_NO_LEAVE.format(repo_id)) from None
        else:
            _check_visibility(repo_id, is_private=is_private, public=public)


def _api(token: str | None) -> HfApi:
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
def _quiet() -> Iterator[None]:
    """Keep `datasets` from telling how it shares the work out."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity_error()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


@contextmanager
def _told_in_a_sentence(repo_id: str) -> Iterator[None]:
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
    except RuntimeError as error:
        # What huggingface_hub makes of any error in an upload.
        raise HubError(_broken_off(repo_id, f"{error} {error.__cause__ or ''}")) from error
    except (_HTTP_ERROR, OSError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        raise HubError(_failure(hub, repo_id, status, str(error))) from error


def _failure(hub: str, repo_id: str, status: int | None, error: str) -> str:
    if status is None:
        return (
            f"{hub}: cannot be reached: {error.rstrip('.')}. Push again when it can; what "
            f"{repo_id} has already is not uploaded again."
        )
    if status == 401:
        return (
            f"{hub}: expected a valid token; found one that it refuses. Log in again with "
            "`hf auth login`, or set HF_TOKEN."
        )
    if status == 403:
        return _NO_LEAVE.format(repo_id)
    return _broken_off(repo_id, error)


def _broken_off(repo_id: str, why: str) -> str:
    first_line = why.strip().partition("\n")[0]
    return (
        f"{repo_id}: the push broke off: {first_line.strip().rstrip('.')}. Push again: what was "
        "uploaded is not uploaded again."
    )


def _without_images(dataset: datasets.DatasetDict) -> datasets.DatasetDict:
    undecoded = dataset.cast_column("image", datasets.Image(decode=False))
    return undecoded.map(_hashed, remove_columns="image", keep_in_memory=True)


def _hashed(example: dict[str, Any]) -> dict[str, Any]:
    content = example["image"]["bytes"]
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _facts(build: Build, dataset: datasets.DatasetDict, *, images: bool) -> Facts:
    head = json.loads(build.lock.split(b"\n", 1)[0])
    example = dataset["train"].with_format(None)[0]
    if images:
        width, height = example["image"].size
        example |= {"image": f"<poster of {width}x{height} pixels>"}
    libraries = ("datasets", "Pillow", "numpy")
    return Facts(
        name=build.name,
        source=build.source,
        report=build.report,
        options=build.options,
        catalogue=head["catalogue"],
        versions={
            "movie_posters_decade": head["movie_posters_decade"],
            **{library: version(library) for library in libraries},
        },
        example=example,
        picture=f"builds/{build.name}/contact_sheet.jpg" if images else None,
    )


def _describe(api: HfApi, repo_id: str, build: Build, facts: Facts) -> None:
    """Put the card, and all that tells of a build, beside its Parquet files in one commit."""
    there = api.list_repo_files(repo_id, repo_type=_REPOSITORY)
    folder = f"builds/{build.name}"
    files = {f"{folder}/{name}": content for name, content in build.tables.items()}
    files[_facts_file(build.name)] = json.dumps(facts.to_json(), indent=2).encode()
    files[LICENSE_FILE] = f"{LICENSE}\n".encode()
    if facts.picture:
        files[facts.picture] = draw_contact_sheet(build.dataset["train"])
    files["README.md"] = str(_card(api, repo_id, facts, there)).encode()
    left_over = [path for path in there if path.startswith(f"{folder}/") and path not in files]
    api.create_commit(
        repo_id,
        [
            *(CommitOperationAdd(path, content) for path, content in files.items()),
            *(CommitOperationDelete(path) for path in left_over),
        ],
        commit_message=f"Describe {build.name}",
        repo_type=_REPOSITORY,
    )


def _facts_file(name: str) -> str:
    return f"builds/{name}/build.json"


def _card(api: HfApi, repo_id: str, facts: Facts, there: list[str]) -> DatasetCard:
    """Write the card of all configurations in the repository, the default first."""

    def read(path: str) -> str:
        return Path(api.hf_hub_download(repo_id, path, repo_type=_REPOSITORY)).read_text("utf-8")

    metadata = DatasetCard(read("README.md")).data
    configs = _with_default(metadata.get("configs"))
    others = {
        name: Facts.from_json(json.loads(read(_facts_file(name))))
        for name in (config["config_name"] for config in configs)
        if name != facts.name and _facts_file(name) in there
    }
    described = others | {facts.name: facts}
    in_order = [described[c["config_name"]] for c in configs if c["config_name"] in described]
    kept = {"configs": configs, "dataset_info": metadata.get("dataset_info")}
    return make_card(repo_id, in_order, kept)


def _with_default(configs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the card's configurations, the default one first and marked as such."""

    def place(config: dict[str, Any]) -> tuple[bool, bool]:
        return config["config_name"] != DEFAULT_CONFIG, not config.get("default")

    first, *others = sorted(configs, key=place)
    plain = [{key: value for key, value in c.items() if key != "default"} for c in others]
    return [first | {"default": True}, *plain]
