"""Files of a repository beside the data: the card, and what describes a build.

`push` commits them, and `describe` returns them without any network, for a look before.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import datasets
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import OptionError
from movie_posters_decade.hub.card import LICENSE_FILE, ConfigurationSummary, make_card, summarize
from movie_posters_decade.images import draw_contact_sheet

README_FILE = "README.md"

_REPO_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def check_repo_id(repo_id: str) -> None:
    """Raise an `OptionError` unless a repository is named with its owner."""
    if not _REPO_ID.fullmatch(repo_id):
        raise OptionError(
            f"{repo_id}: expected a repository with its owner, as in you/movie_posters_decade; "
            "found another form. Write the owner, a slash, and the name."
        )


def describe(
    build: Build, repo_id: str, *, images: bool = True, findings: Sequence[str] | None = None
) -> dict[str, bytes]:
    """Return the files that `push` would add beside the data of a new repository, by path.

    Only the sizes in bytes, which are known after the upload, are missing in the card's metadata.

    Args:
        build: what the builder's method `built` returns.
        repo_id: the repository with its owner, such as "you/movie_posters_decade".
        images: False for links, hashes and labels without images.
        findings: what `find_shortcuts` returns, for the card; None if nobody checked.

    Raises:
        OptionError: the repository has no owner.
    """
    check_repo_id(repo_id)
    dataset = published(build, images=images)
    summary = summarize(build, dataset, findings)
    metadata = _metadata(build.name, dataset)
    card = make_card(repo_id, [summary], metadata, build.dataset["train"].info)
    return card_files(build, summary, card)


def card_files(build: Build, summary: ConfigurationSummary, card: DatasetCard) -> dict[str, bytes]:
    """Return the card, the license and the files of ``builds/``, by path in the repository."""
    train, folder = build.dataset["train"], summary.folder
    files = {f"{folder}/{name}": content for name, content in build.tables.items()}
    files[f"{folder}/summary.json"] = json.dumps(summary.to_json(), indent=2).encode()
    files[LICENSE_FILE] = f"{train.info.license}\n".encode()
    if summary.contact_sheet:
        files[summary.contact_sheet] = draw_contact_sheet(train)
    files[README_FILE] = str(card).encode()
    return files


def published(build: Build, *, images: bool) -> datasets.DatasetDict:
    """Return the dataset as it is published: without images, each has a checksum and a size."""
    if images:
        return build.dataset
    undecoded = build.dataset.cast_column("image", datasets.Image(decode=False))
    return undecoded.map(_hash_image, remove_columns="image", keep_in_memory=True)


def _hash_image(example: dict[str, Any]) -> dict[str, Any]:
    content = example["image"]["bytes"]
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _metadata(name: str, dataset: datasets.DatasetDict) -> Mapping[str, Any]:
    """Return the card's metadata as `push_to_hub` would write them, but for sizes in bytes."""
    files = [{"split": str(split), "path": f"{name}/{split}-*"} for split in dataset]
    info = datasets.DatasetInfo(features=dataset["train"].features, config_name=name)
    data = DatasetCardData()
    DatasetInfosDict({name: info}).to_dataset_card_data(data)
    MetadataConfigs({name: {"data_files": files, "default": True}}).to_dataset_card_data(data)
    metadata = {key: value for key, value in vars(data).items() if value is not None}
    sizes = [{"name": str(split), "num_examples": len(rows)} for split, rows in dataset.items()]
    return metadata | {"dataset_info": {**metadata["dataset_info"], "splits": sizes}}
