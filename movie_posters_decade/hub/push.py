"""A build is published on the Hugging Face Hub: Parquet, a card, and what was rejected."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import datasets
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    DatasetCard,
    constants,
)

from movie_posters_decade.about import LICENSE, LICENSE_FILE
from movie_posters_decade.artifacts import Build
from movie_posters_decade.config import DEFAULT
from movie_posters_decade.hub.access import (
    FACTS_FILE,
    README,
    REPOSITORY,
    Revision,
    check_access,
    hub_api,
    told_in_a_sentence,
)
from movie_posters_decade.hub.card import Facts, make_card
from movie_posters_decade.images.transform import draw_contact_sheet

COPYRIGHT_REMINDER = (
    "Everybody can see it now. The posters belong to their copyright holders: see that you may "
    "publish them, or push again with --no-images; what was published before stays in the "
    "repository's history."
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
    api = hub_api(token)
    with told_in_a_sentence(repo_id):
        api.create_repo(repo_id, repo_type=REPOSITORY, private=not public, exist_ok=True)
        name = build.name
        dataset = build.dataset if images else _without_images(build.dataset)
        with _quiet():
            pushed = dataset.push_to_hub(
                repo_id, name, token=token, private=not public, commit_message=f"Upload {name}"
            )
        facts = replace(_facts(build, dataset, images=images), warnings=warnings)
        _describe(Revision(api, repo_id, pushed.oid), build, facts)
    return f"{constants.ENDPOINT}/datasets/{repo_id}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep `datasets` from telling how it shares the work out."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity_error()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


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


def _describe(revision: Revision, build: Build, facts: Facts) -> None:
    """Put the card, and all that tells of a build, beside its Parquet files in one commit."""
    folder = f"builds/{build.name}"
    files = {f"{folder}/{name}": content for name, content in build.tables.items()}
    files[facts_file(build.name)] = json.dumps(facts.to_json(), indent=2).encode()
    files[LICENSE_FILE] = f"{LICENSE}\n".encode()
    if facts.picture:
        files[facts.picture] = draw_contact_sheet(build.dataset["train"])
    files[README] = str(_card(revision, facts)).encode()
    left_over = [
        path for path in revision.paths() if path.startswith(f"{folder}/") and path not in files
    ]
    revision.api.create_commit(
        revision.repo_id,
        [
            *(CommitOperationAdd(path, content) for path, content in files.items()),
            *(CommitOperationDelete(path) for path in left_over),
        ],
        commit_message=f"Describe {build.name}",
        repo_type=REPOSITORY,
        # Whoever pushed in between is not written over: then this fails, and can be tried again.
        parent_commit=revision.oid,
    )


def facts_file(name: str) -> str:
    """Return where it is kept what the card tells of a configuration."""
    return f"builds/{name}/build.json"


def _card(revision: Revision, facts: Facts) -> DatasetCard:
    """Write the card of all configurations in the repository, the default first."""
    metadata = DatasetCard(revision.read(README)).data
    configs = _with_default(metadata.get("configs"))
    described = {facts.name: facts}
    for path in revision.paths():
        found = FACTS_FILE.fullmatch(path)
        if found and found[1] != facts.name:
            described[found[1]] = Facts.from_json(json.loads(revision.read(path)))
    in_order = [described[c["config_name"]] for c in configs if c["config_name"] in described]
    kept = {name: value for name, value in vars(metadata).items() if value is not None}
    return make_card(revision.repo_id, in_order, kept | {"configs": configs})


def _with_default(configs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the card's configurations, the default one first and marked as such."""

    def place(config: dict[str, Any]) -> tuple[bool, bool]:
        return config["config_name"] != DEFAULT, not config.get("default")

    first, *others = sorted(configs, key=place)
    plain = [{key: value for key, value in c.items() if key != "default"} for c in others]
    return [first | {"default": True}, *plain]
