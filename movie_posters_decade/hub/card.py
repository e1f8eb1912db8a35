"""The dataset card: its metadata, and what was kept and what was rejected."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from movie_posters_decade.about import CITATION, DESCRIPTION, LICENSE, LICENSE_FILE
from movie_posters_decade.config import DEMO, KAGGLE_PAGE, KAGGLE_URL
from movie_posters_decade.records import MEANINGS, SPLITS, RejectReason, is_url
from movie_posters_decade.report import Report
from movie_posters_decade.sampling.dedup import MAX_DISTANCE, PHASH_BITS

PRETTY_NAME = "Movie Posters by Decade"
LICENSE_NAME = "posters-belong-to-their-copyright-holders"
TAGS = ("movie-posters", "movies", "posters", "decades")

_SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
}


@dataclass(frozen=True)
class Facts:
    """What the card tells of one configuration.

    Attributes:
        name: of the configuration.
        source: as `Build` has it.
        report: what was kept and rejected.
        options: that shaped it, by name.
        catalogue: the hash of the catalogue.
        versions: of the libraries that it was pushed with.
        example: the first of train, without pixels; its fields are the dataset's.
        picture: the path of the contact sheet in the repository; None if there are no images.
        warnings: of shortcuts that tell the decade; None if nobody looked for them.
    """

    name: str
    source: str
    report: Report
    options: Mapping[str, Any]
    catalogue: str
    versions: Mapping[str, str]
    example: Mapping[str, Any]
    picture: str | None
    warnings: Sequence[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the facts in JSON's types."""
        return {**vars(self), "report": self.report.to_json()}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "Facts":
        """Read what `to_json` wrote, in this version or one that tells more."""
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        return cls(**known | {"report": Report.from_json(facts["report"])})


def make_card(
    repo_id: str, configurations: Sequence[Facts], metadata: Mapping[str, Any]
) -> DatasetCard:
    """Write the card of a repository.

    Args:
        repo_id: such as "you/movie_posters_decade".
        configurations: those in the repository, the default first.
        metadata: the card's as `push_to_hub` left it; what is not ours to say stays.
    """
    movies = sum(facts.report.kept for facts in configurations)
    ours = {
        "license": "other",
        "license_name": LICENSE_NAME,
        "license_link": LICENSE_FILE,
        "pretty_name": PRETTY_NAME,
        "task_categories": ["image-classification"],
        "size_categories": [size_category(movies)],
    }
    tags = list(dict.fromkeys([*TAGS, *(metadata.get("tags") or ())]))
    data = DatasetCardData(**{**metadata, **ours, "tags": tags})
    sections = [section(repo_id, configurations) for section in SECTIONS]
    text = "\n\n".join([f"# Dataset Card for {PRETTY_NAME}", *sections])
    return DatasetCard(f"---\n{data}\n---\n\n{text}\n")


def size_category(examples: int) -> str:
    """Return the Hub's name for a number of examples."""
    return next((name for size, name in _SIZES.items() if examples < size), "10M<n<100M")


_FIELDS = {
    "image": "the poster, byte for byte as it was downloaded",
    "sha256": "the hash of the poster's bytes",
    "size": "how many bytes the poster has",
    "label": "the decade of the movie",
    "imdb_id": "the movie's id on IMDb",
    "title": "without the year",
    "year": "of the movie, as the catalogue has it",
    "genres": "all of the movie's genres in the catalogue",
    "imdb_score": "0 to 10, or null",
    "poster_url": "where the poster was",
}


def _summary(_: str, configurations: Sequence[Facts]) -> str:
    kept = sum(facts.report.kept for facts in configurations)
    decades = sorted({decade for facts in configurations for decade in facts.report.decades})
    names = ", ".join(f"`{facts.name}`" for facts in configurations)
    bare = [f"`{facts.name}`" for facts in configurations if not facts.picture]
    without = f" Of {', '.join(bare)} there are links and hashes alone." if bare else ""
    return (
        f"{kept:,} movie posters of the {decades[0]} to the {decades[-1]}, labelled by the decade "
        "of their movie, to answer one question: can a network tell a poster's decade? "
        f"Configurations: {names}; the first is the default.{without}"
    )


def _details(repo_id: str, configurations: Sequence[Facts]) -> str:
    owner = repo_id.partition("/")[0]
    sources = "\n".join(
        f"- **Catalogue of `{facts.name}`:** {_source(facts.source)}" for facts in configurations
    )
    return f"""\
## Dataset Details

### Dataset Description

{DESCRIPTION}

- **Curated by:** [{owner}](https://huggingface.co/{owner})
- **License:** other, see [{LICENSE_FILE}]({LICENSE_FILE})

### Dataset Sources

{sources}
- **Method:** follows an article of 2018 by Timo Böhm and Kaggle's catalogue \
[Movie Genre from its Poster]({KAGGLE_PAGE}) (see Citation)"""


def _source(source: str) -> str:
    if source == DEMO:
        return "painted for a demonstration; none of its movies and posters is real"
    if source == KAGGLE_URL:
        return f"[Movie Genre from its Poster]({KAGGLE_PAGE})"
    return f"<{source}>" if is_url(source) else f"`{source}`"


def _uses(repo_id: str, configurations: Sequence[Facts]) -> str:
    first, *others = (facts.name for facts in configurations)
    lines = [f'dataset = load_dataset("{repo_id}")  # {first}']
    lines += [f'dataset = load_dataset("{repo_id}", "{name}")' for name in others]
    examples = "\n".join(lines)
    return f"""\
## Uses

### Direct Use

Training and comparing image classifiers that tell the decade, and looking at how posters changed.

```python
from datasets import load_dataset

{examples}
```

### Out-of-Scope Use

Anything that shows the posters for their own sake, and any generative model: see the License."""


def _structure(_: str, configurations: Sequence[Facts]) -> str:
    first = configurations[0]
    names = {name for facts in configurations for name in facts.example}
    rows = [("field", "meaning")]
    rows += [(f"`{name}`", meaning) for name, meaning in _FIELDS.items() if name in names]
    parts = [
        f"## Dataset Structure\n\n{_table(rows)}\n\nThe first example of train of `{first.name}`:",
        f"```json\n{_json(first.example, indent=2)}\n```",
        *(_splits(facts) for facts in configurations),
    ]
    return "\n\n".join(parts)


def _splits(facts: Facts) -> str:
    splits = facts.report.splits
    rows: list[Sequence[object]] = [("decade", *SPLITS)]
    rows += [
        (decade, *(splits[split][decade] for split in SPLITS)) for decade in facts.report.decades
    ]
    shown = (
        f"![Posters of each decade]({facts.picture})"
        if facts.picture
        else "Without `image`: links and hashes alone."
    )
    return f"### {facts.name}\n\n{_table(rows)}\n\n{shown}"


def _creation(_: str, configurations: Sequence[Facts]) -> str:
    funnels = "\n\n".join(_funnel(facts) for facts in configurations)
    return f"""\
## Dataset Creation

### Curation Rationale

No dataset of posters labelled by decade with equal classes was at hand. Links of a catalogue die, \
and not in all decades alike, so that classes that were equal before the download are not \
afterwards; here a rejected poster was replaced by the next of its decade and split, while there was one.

### Source Data

#### Data Collection and Processing

Every movie has a rank, a hash of the seed and its IMDb id, and within each decade those of the \
smallest ranks are test: both were settled before anything was downloaded. Posters were downloaded in \
the order of rank until each decade and split had its number; where one ran out, all decades \
stopped at its size, unless `balance` is "none". Of posters whose perceptual hashes differ in at \
most {MAX_DISTANCE} of {PHASH_BITS} bits one was kept, that of test before that of train.

{funnels}

#### Who are the source data producers?

The studios and artists who made the posters, and the makers of the catalogue.

### Annotations

The label is the decade of the movie's year in the catalogue; no person labelled anything.

#### Personal and Sensitive Information

Posters show actors, whose names are often written on them."""


def _funnel(facts: Facts) -> str:
    report = facts.report
    steps: list[Sequence[object]] = [("step", "movies", "meaning")]
    steps += [(step, count, MEANINGS.get(step, "")) for step, count in report.funnel.items()]
    steps.append(("kept", report.kept, ""))
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    repaired = "".join(f" {count} {what} were repaired." for what, count in report.repaired.items())
    folder = f"builds/{facts.name}"
    return f"""\
##### {facts.name}: from the catalogue to the dataset

{_table(steps)}

{_rejections(facts)}

Options: `{_json(facts.options)}`

Catalogue: SHA-256 `{facts.catalogue}`.{repaired} Pushed with {versions}. Every rejection is in \
[`rejected.csv`]({folder}/rejected.csv), and every poster's hash in the \
[lock file]({folder}/movie_posters_decade.lock), from which `movie-posters-decade build --lock-file \
movie_posters_decade.lock` builds the same again."""


def _rejections(facts: Facts) -> str:
    if "locked" in facts.report.funnel:
        return "Built from a lock file, which tells what was rejected when its posters were chosen."
    decade_counts = facts.report.decade_counts()
    reasons = list(
        dict.fromkeys(reason for counts in decade_counts.values() for reason in counts.rejected)
    )
    rows: list[Sequence[object]] = [
        ("decade", "target", "downloaded", *reasons, "set aside", "kept")
    ]
    rows += [
        (
            decade,
            counts.target,
            counts.downloaded,
            *(counts.rejected[reason] for reason in reasons),
            counts.downloaded - counts.rejected.total() - counts.kept,
            counts.kept,
        )
        for decade, counts in decade_counts.items()
    ]
    meanings = "; ".join(f"{reason}: {MEANINGS[RejectReason(reason)]}" for reason in reasons)
    return f"""\
Of the posters that were asked for ({meanings or "none was rejected"}; set aside: more than other \
decades have):

{_table(rows)}"""


def _limits(_: str, configurations: Sequence[Facts]) -> str:
    shares = "\n".join(_lost_shares(facts) for facts in configurations)
    shortcuts = "\n".join(_shortcuts(facts) for facts in configurations)
    return f"""\
## Bias, Risks, and Limitations

- The label is the movie's year, not the poster's: a poster can be of a later release, or made for \
a disc or a stream.
- What links have left may be the better known movies, and the rejection differs from decade to decade.
{shares}
- Splits were settled for one configuration: a movie in train of one can be in test of another.
- What black-and-white is was judged by the pixels (`color` "any" keeps all), and copies that were \
cropped by much, or other posters of the same movie, are not found.
{shortcuts}

### Recommendations

Compare models on the test split of one configuration, and look at what they attend to. Posters \
that are resized and encoded anew alike have one shape and one quantization."""


def _lost_shares(facts: Facts) -> str:
    if "locked" in facts.report.funnel:
        return f"- What was rejected for `{facts.name}` is in its lock file."
    shares = ", ".join(
        f"{decade} {counts.rejected.total() / counts.downloaded:.0%}"
        if counts.downloaded
        else f"{decade} none asked for"
        for decade, counts in facts.report.decade_counts().items()
    )
    test = sum(facts.report.splits["test"].values()) / facts.report.kept
    return (
        f"- Of the posters asked for in `{facts.name}` were rejected: {shares}. Of those kept, "
        f"{test:.0%} are test."
    )


def _shortcuts(facts: Facts) -> str:
    if facts.warnings is None:
        return (
            f"- Whether file size, encoding or border tell the decade in `{facts.name}` was not "
            "looked into."
        )
    if not facts.warnings:
        return (
            f"- Neither file size, encoding, crop code nor border alone tell the decade in "
            f"`{facts.name}` beyond chance."
        )
    return "\n".join(f"- In `{facts.name}`: {warning}" for warning in facts.warnings)


def _license(_: str, __: Sequence[Facts]) -> str:
    return f"""\
## Copyright and Take-Down

{LICENSE}

Who holds the rights to a poster and wants it removed can say so in the Community tab of this \
repository, with the poster's IMDb id."""


def _citation(_: str, __: Sequence[Facts]) -> str:
    return f"## Citation\n\n**BibTeX:**\n\n```bibtex\n{CITATION}\n```"


SECTIONS: list[Callable[[str, Sequence[Facts]], str]] = [
    _summary,
    _details,
    _uses,
    _structure,
    _creation,
    _limits,
    _license,
    _citation,
]
"""What writes the sections, in the order of the Hub, given the repository and the facts."""


def _json(value: object, indent: int | None = None) -> str:
    """Write a value as JSON that no backtick ends too early."""
    return json.dumps(value, indent=indent, ensure_ascii=False).replace("`", "\\u0060")


def _table(rows: Sequence[Sequence[object]]) -> str:
    """Set rows as a table of Markdown, the first as its head."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])
