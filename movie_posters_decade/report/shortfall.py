"""Shortfall: decades with fewer usable posters than planned, at whose size all others stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from movie_posters_decade.build_warnings import BuildWarning

SHORTFALL = "shortfall"
"""The code of the warning."""

INTRODUCTION = "What helps, each from what is certain to what is possible:"
"""Stands before the remedies."""


@dataclass(frozen=True)
class Shortfall:
    """What a build lacks, why, and what helps.

    Attributes:
        sentence: how many posters each decade has, how many were planned, and why.
        remedies: the options that help, each with what it would give: a number, a range from what
            is certain to what is possible, or an upper bound, which is called "at most".
    """

    sentence: str
    remedies: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the shortfall in JSON types."""
        return {"sentence": self.sentence, "remedies": list(self.remedies)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Shortfall":
        """Create a shortfall from the result of `to_json`."""
        return cls(values["sentence"], tuple(values["remedies"]))

    def to_warning(self) -> BuildWarning:
        """Return the shortfall as a warning, with the remedies as its cure."""
        lines = [INTRODUCTION, *(f"- {remedy}" for remedy in self.remedies)]
        return BuildWarning(SHORTFALL, self.sentence, "\n".join(lines) if self.remedies else "")

    def __str__(self) -> str:
        return str(self.to_warning())
