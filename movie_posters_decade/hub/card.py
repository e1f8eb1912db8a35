"""Dataset card: its metadata, and a summary of each configuration for its template."""

import json
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import datasets
from huggingface_hub import DatasetCard, DatasetCardData

from movie_posters_decade import data_statement
from movie_posters_decade.builds.artifacts import LOCK_FILE, REJECTED_FILE, Build
from movie_posters_decade.options.configurations import DEMO, KAGGLE_URL
from movie_posters_decade.records import MEANINGS, SPLITS
from movie_posters_decade.report.counts import Report
from movie_posters_decade.text.terminal import visible

TEMPLATE_FILE = Path(__file__).with_name("card_template.md")
"""The text of the card, in Jinja's syntax."""

LICENSE_FILE = "LICENSE.md"
METADATA = {
    "license": "other",
    "license_name": data_statement.LICENSE_NAME,
    "license_link": LICENSE_FILE,
    "pretty_name": data_statement.PRETTY_NAME,
    "task_categories": ["image-classification"],
}

_IN_A_LINK = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in a link of Markdown, beside letters, digits and "-._"."""

_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")


@dataclass(frozen=True)
class ConfigurationSummary:
    """Summary of one configuration, as the card shows it and ``summary.json`` stores it.

    Attributes:
        source: as `Build` has it.
        options: those that decided what the dataset holds, by name.
        catalogue: the SHA-256 of the catalogue.
        versions: of the libraries that pushed it.
        example: the first example of train, with a text instead of the image.
        contact_sheet: its path in the repository; None if the dataset has no images.
        findings: what `find_shortcuts` returned, at least one sentence; None if nobody checked.
    """

    name: str
    source: str
    report: Report
    options: Mapping[str, Any]
    catalogue: str
    versions: Mapping[str, str]
    example: Mapping[str, Any]
    contact_sheet: str | None
    findings: Sequence[str] | None = None

    @property
    def folder(self) -> str:
        """The folder of its files in the repository."""
        return f"builds/{self.name}"

    @property
    def is_from_lock_file(self) -> bool:
        """Whether it was built from a lock file, which lists its rejections."""
        return self.report.is_from_lock_file

    def to_json(self) -> dict[str, Any]:
        """Return the summary in JSON's types."""
        return {**vars(self), "report": self.report.to_json()}

    @classmethod
    def from_json(cls, summary: dict[str, Any]) -> "ConfigurationSummary":
        """Read what `to_json` returned, in this version or in one with more fields."""
        known = {field.name: summary[field.name] for field in fields(cls) if field.name in summary}
        return cls(**known | {"report": Report.from_json(summary["report"])})


def summarize(
    build: Build, dataset: datasets.DatasetDict, findings: Sequence[str] | None
) -> ConfigurationSummary:
    """Summarize a build, of which ``dataset`` is published, with or without images."""
    head = json.loads(build.lock_file.split(b"\n", 1)[0])
    example = dataset["train"].with_format(None)[0]
    has_images = "image" in example
    if has_images:
        width, height = example["image"].size
        example |= {"image": f"<poster of {width}x{height} pixels>"}
    package = {"movie_posters_decade": head["movie_posters_decade"]}
    return ConfigurationSummary(
        name=build.name,
        source=build.source,
        report=build.report,
        options=build.options,
        catalogue=head["catalogue"],
        versions=package | {name: version(name) for name in ("datasets", "Pillow", "numpy")},
        example=example,
        contact_sheet=f"builds/{build.name}/contact_sheet.jpg" if has_images else None,
        findings=findings,
    )


def make_card(
    repo_id: str,
    configurations: Sequence[ConfigurationSummary],
    metadata: Mapping[str, Any],
    info: datasets.DatasetInfo,
) -> DatasetCard:
    """Make the card of a repository from its configurations, the default first.

    ``metadata`` is the card's as `push_to_hub` left it. Keys that are not ours stay.
    """
    movies = sum(configuration.report.kept for configuration in configurations)
    tags = dict.fromkeys([*data_statement.KEYWORDS, *(metadata.get("tags") or ())])
    ours = METADATA | {"size_categories": [size_category(movies)], "tags": list(tags)}
    variables = template_variables(repo_id, configurations, info)
    card: DatasetCard = DatasetCard.from_template(
        DatasetCardData(**{**metadata, **ours}), template_path=str(TEMPLATE_FILE), **variables
    )
    return card


def template_variables(
    repo_id: str, configurations: Sequence[ConfigurationSummary], info: datasets.DatasetInfo
) -> dict[str, Any]:
    """Return the variables of the template, without the metadata."""
    return {
        "repo_id": repo_id,
        "configurations": configurations,
        "info": info,
        "decades": sorted({decade for one in configurations for decade in one.report.decades}),
        "example": to_safe_json(configurations[0].example, indent=2),
        "code": link_or_code,
        "sources": {one.name: link_or_code(one.source) for one in configurations},
        "options": {one.name: to_safe_json(one.options) for one in configurations},
        "pretty_name": METADATA["pretty_name"],
        "license_file": LICENSE_FILE,
        "lock_file": LOCK_FILE,
        "rejected_file": REJECTED_FILE,
        "meanings": MEANINGS,
        "statement": data_statement,
        "splits": [
            split for split in SPLITS if any(split in one.report.splits for one in configurations)
        ],
        "demo": DEMO,
        "kaggle_url": KAGGLE_URL,
    }


def size_category(examples: int) -> str:
    """Return the Hub's name for a number of examples."""
    return _SIZES[bisect([10**3, 10**4, 10**5, 10**6, 10**7], examples)]


def to_safe_json(value: object, indent: int | None = None) -> str:
    """Return JSON without backticks, which would end a code block of Markdown.

    Marks of direction are escaped, too, as they would turn around what is shown after them.
    """
    return visible(json.dumps(value, indent=indent, ensure_ascii=False)).replace("`", "\\u0060")


def link_or_code(source: str) -> str:
    """Return a URL as a link of Markdown, or a file name as code; neither can end there early."""
    if "://" in source:
        return f"<{quote(source, _IN_A_LINK)}>"
    return "`" + " ".join(visible(source).split()).replace("`", "'") + "`"
