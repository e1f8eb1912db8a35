"""Push to the Hugging Face Hub: a build as Parquet files, and the dataset card beside them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import datasets
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetCard, constants

from movie_posters_decade.artifacts import Build
from movie_posters_decade.config import DEFAULT
from movie_posters_decade.hub.access import (
    README_FILE,
    REPO_TYPE,
    SUMMARY_FILE,
    Revision,
    check_access,
    hub_api,
    hub_errors,
)
from movie_posters_decade.hub.card import (
    LICENSE_FILE,
    ConfigurationSummary,
    make_card,
    summarize,
)
from movie_posters_decade.images.transform import draw_contact_sheet

COPYRIGHT_REMINDER = (
    "The dataset is public now. The posters belong to their copyright holders: check that you may "
    "publish them, or push again with --no-images. Images that were pushed before stay in the "
    "history of the repository."
)


def push(
    build: Build,
    repo_id: str,
    *,
    public: bool = False,
    images: bool = True,
    warnings: Sequence[str] | None = None,
    token: str | None = None,
) -> str:
    """Push a build to the Hub as one configuration of a dataset, with a card for all of them.

    A configuration of the same name is replaced. Others in the repository stay.

    Args:
        build: what the builder's method `built` returns.
        repo_id: the repository with its owner, such as "you/movie_posters_decade". It is created
            if it does not exist.
        public: whether everybody may see the repository. An existing repository must already be
            as public as this says.
        images: False to publish links, hashes and labels without images.
        warnings: of shortcuts that are predictive, for the card; None if nobody checked.
        token: by default the one that `hf auth login` stored, or `HF_TOKEN`.

    Returns:
        The URL of the dataset.

    Raises:
        HubError: the repository has no owner, there is no token that may write to it, the Hub
            cannot be reached, or the repository is not as public as it should be.
    """
    check_access(repo_id, public=public, token=token)
    api = hub_api(token)
    with hub_errors(repo_id):
        api.create_repo(repo_id, repo_type=REPO_TYPE, private=not public, exist_ok=True)
        dataset = build.dataset if images else _replace_images_by_hashes(build.dataset)
        with _quiet_datasets():
            commit = dataset.push_to_hub(
                *(repo_id, build.name),
                token=token,
                private=not public,
                commit_message=f"Upload {build.name}",
            )
        summary = summarize(build, dataset, warnings)
        _push_card(Revision(api, repo_id, commit.oid), build, summary)
    return f"{constants.ENDPOINT}/datasets/{repo_id}"


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    """Silence the messages of `datasets` about how it shares out the work."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity_error()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


def _replace_images_by_hashes(dataset: datasets.DatasetDict) -> datasets.DatasetDict:
    undecoded = dataset.cast_column("image", datasets.Image(decode=False))
    return undecoded.map(_hash_image, remove_columns="image", keep_in_memory=True)


def _hash_image(example: dict[str, Any]) -> dict[str, Any]:
    content = example["image"]["bytes"]
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _push_card(revision: Revision, build: Build, summary: ConfigurationSummary) -> None:
    """Commit the card and the files of ``builds/`` at once."""
    info = build.dataset["train"].info
    files = {f"{summary.folder}/{name}": content for name, content in build.tables.items()}
    files[f"{summary.folder}/build.json"] = json.dumps(summary.to_json(), indent=2).encode()
    files[LICENSE_FILE] = f"{info.license}\n".encode()
    if summary.contact_sheet:
        files[summary.contact_sheet] = draw_contact_sheet(build.dataset["train"])
    files[README_FILE] = str(_card(revision, summary, info)).encode()
    outdated = [
        path
        for path in revision.paths()
        if path.startswith(f"{summary.folder}/") and path not in files
    ]
    revision.api.create_commit(
        revision.repo_id,
        [
            *(CommitOperationAdd(path, content) for path, content in files.items()),
            *(CommitOperationDelete(path) for path in outdated),
        ],
        commit_message=f"Describe {build.name}",
        repo_type=REPO_TYPE,
        # If somebody pushed in between, this commit fails and overwrites nothing.
        parent_commit=revision.oid,
    )


def _card(
    revision: Revision, summary: ConfigurationSummary, info: datasets.DatasetInfo
) -> DatasetCard:
    """Make the card of all configurations in the repository, the default first."""
    metadata = DatasetCard(revision.read(README_FILE)).data
    configs = _default_first(metadata.get("configs"))
    summaries = _other_summaries(revision, summary.name) | {summary.name: summary}
    names = [config["config_name"] for config in configs]
    in_order = [summaries[name] for name in names if name in summaries]
    kept = {name: value for name, value in vars(metadata).items() if value is not None}
    return make_card(revision.repo_id, in_order, kept | {"configs": configs}, info)


def _other_summaries(revision: Revision, name: str) -> dict[str, ConfigurationSummary]:
    """Read the summaries of all configurations in a repository but one."""
    found = [match for match in map(SUMMARY_FILE.fullmatch, revision.paths()) if match]
    return {
        match[1]: ConfigurationSummary.from_json(json.loads(revision.read(match[0])))
        for match in found
        if match[1] != name
    }


def _default_first(configs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the card's configurations, the default one first and marked as such."""

    def order(config: dict[str, Any]) -> tuple[bool, bool]:
        return config["config_name"] != DEFAULT, not config.get("default")

    first, *others = sorted(configs, key=order)
    unmarked = [{key: value for key, value in c.items() if key != "default"} for c in others]
    return [first | {"default": True}, *unmarked]
