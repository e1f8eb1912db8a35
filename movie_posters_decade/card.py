"""The dataset card: its metadata, and what was kept and what was rejected."""

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from movie_posters_decade.about import LICENSE_FILE
from movie_posters_decade.facts import Facts
from movie_posters_decade.prose import SECTIONS

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
