"""Splits: a hash of each movie, or of its group, decides whether it is train, validation or test.

Splits are fixed before any download, so a dead link moves no movie from one to another.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from movie_posters_decade.options.options import Options

RANKS = 2**64
"""The number of ranks, which are from 0."""

_NUMBER = r"(?:[0-9]{1,2}|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten)"
_BESIDE_THE_STEM = tuple(
    map(
        re.compile,
        (
            r"\A(?:the|an?) ",
            r"(?::| [-\u2013\u2014] | \().*\Z",
            rf"(?:,? (?:part|chapter|episode|volume|vol\.?))? {_NUMBER}\Z",
        ),
    )
)
"""What is no part of a title's stem: an article, a subtitle, the number of a sequel."""


def rank(key: str, seed: int) -> int:
    """Compute a rank: a 64-bit hash of seed and key, such as the IMDb id of a movie."""
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def shares_of(options: Options) -> dict[str, float]:
    """Return the share of each split beside train, from 0 to 1, in the order of the splits."""
    shares = {"validation": options.validation_size, "test": options.test_size}
    return {split: shares[split] for split in options.splits if split in shares}


def split_sizes(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Return how many of some movies each split gets, to the nearest whole number."""
    sizes = {split: round_half_up(share * count) for split, share in shares.items()}
    return {"train": max(0, count - sum(sizes.values())), **sizes}


def cap_shares(sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """Reduce test and validation to their shares, beside a train split that is short.

    Each keeps one poster at least, if it has one.
    """
    capped = dict(sizes)
    while too_large := [
        split
        for split, share in shares.items()
        if capped[split] > max(1, round_half_up(share * sum(capped.values())))
    ]:
        for split in too_large:
            capped[split] -= 1
    return capped


def assign_splits(ranked: pd.DataFrame, options: Options) -> list[str]:
    """Assign a split to each movie.

    Within each decade the smallest ranks are test and the next ones validation. With ``group_by``
    the ranks of the groups decide, and the shares hold only on average, since a group can have
    movies of several decades.

    Args:
        ranked: the movies in the order of rank, with ``decade`` and ``title``.
        options: of the build.

    Returns:
        The split of each movie.
    """
    if options.group_by is not None:
        return [split_of_group(title, options) for title in ranked["title"]]
    shares = shares_of(options)
    counts = Counter(ranked["decade"])
    sizes = {decade: split_sizes(count, shares) for decade, count in counts.items()}
    numbers = ranked.groupby("decade").cumcount()
    return [
        _split_at(number, sizes[decade])
        for number, decade in zip(numbers, ranked["decade"], strict=True)
    ]


def _split_at(number: int, sizes: Mapping[str, int]) -> str:
    """Return the split of the movie with a number among those of its decade, from 0."""
    if number < sizes["test"]:
        return "test"
    return "validation" if number < sizes["test"] + sizes.get("validation", 0) else "train"


def split_of_group(title: str, options: Options) -> str:
    """Return the split of a movie and of all others whose titles have the same stem."""
    position = rank(f"group:{title_stem(title)}", options.seed) / RANKS
    if position < options.test_size:
        return "test"
    return "validation" if position < options.test_size + options.validation_size else "train"


def title_stem(title: str) -> str:
    """Return what the titles of a series or of remakes have in common.

    It is in lower case, without a leading article, a subtitle, and the number of a sequel: "The
    Godfather: Part II" and "Godfather" give "godfather".
    """
    stem = " ".join(title.casefold().split())
    for pattern in _BESIDE_THE_STEM:
        stem = pattern.sub("", stem) or stem
    return stem


def round_half_up(value: float) -> int:
    """Round to the nearest whole number; a half is rounded up."""
    return int(value + 0.5)
