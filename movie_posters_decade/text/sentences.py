"""Sentences: lists and shares in words."""

from collections import Counter
from collections.abc import Sequence
from typing import Any


def list_shares(counts: Counter[Any], total: int) -> str:
    """Return counts as shares of a total, the largest first: "93% not_found, 1% grayscale"."""
    shares = [f"{count / total:.0%} {name}" for name, count in counts.most_common()]
    return ", ".join(shares) or "none rejected"


def join(texts: Sequence[str]) -> str:
    """Return texts as a list in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))
