"""The funnel and the rejections, as data and as text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from movie_posters_decade.records import PASSING, SPLITS, Rejection, listing

Counts = dict[str, int]

REJECTED_COLUMNS = (
    "imdb_id",
    "title",
    "year",
    "decade",
    "split",
    "reason",
    "status",
    "poster_url",
    "final_url",
    "duplicate_of",
)
"""What is told of each candidate whose poster could not be used."""


@dataclass(frozen=True)
class DecadeCounts:
    """What became of a decade's posters on both splits.

    Attributes:
        target: how many were to be kept.
        downloaded: how many were asked for.
        rejected: how many of those cannot be used, by reason.
        kept: how many are in the dataset.
    """

    target: int
    downloaded: int
    rejected: Counter[str]
    kept: int


@dataclass(frozen=True)
class Report:
    """What is kept and what is dropped, planned or built.

    Attributes:
        funnel: the movies left after each step, from the catalogue to the candidates.
        decades: the candidates of each decade.
        splits: the kept movies by split and decade.
        dropped: the movies that are not kept, by reason; with the kept, the whole catalogue.
        repaired: the values of the catalogue that were mended, by what they are.
        rejected: the candidates whose posters could not be used, by reason; None if only planned.
        strata: what became of each decade on each split; None if only planned.
    """

    funnel: Counts
    decades: Counts
    splits: dict[str, Counts]
    dropped: Counts
    repaired: Counts
    rejected: Counts | None = None
    strata: list[dict[str, Any]] | None = None
    """For each ``split`` and ``decade`` how many were the ``target``, ``downloaded``, ``rejected`` by reason
    and ``kept``; what was downloaded and is neither rejected nor kept was more than other decades have."""

    @property
    def kept(self) -> int:
        """How many movies are kept, or would be."""
        return sum(sum(decades.values()) for decades in self.splits.values())

    @property
    def passing(self) -> Counts:
        """The rejections, by reason, that may be had another time."""
        return {why: count for why, count in (self.rejected or {}).items() if why in PASSING}

    def decade_counts(self) -> dict[str, DecadeCounts]:
        """Return what became of each decade's posters, if they were built."""
        decade_counts = {}
        for decade in self.decades:
            strata = [stratum for stratum in self.strata or [] if stratum["decade"] == decade]
            target, downloaded, kept = (
                sum(stratum[count] for stratum in strata)
                for count in ("target", "downloaded", "kept")
            )
            rejected = sum((Counter(stratum["rejected"]) for stratum in strata), Counter[str]())
            decade_counts[decade] = DecadeCounts(target, downloaded, rejected, kept)
        return decade_counts

    def to_json(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        report = {
            "funnel": [{"step": step, "movies": movies} for step, movies in self.funnel.items()],
            "decades": self.decades,
            "splits": self.splits,
            "kept": self.kept,
            "dropped": self.dropped,
            "repaired": self.repaired,
        }
        built = {"rejected": self.rejected, "strata": self.strata}
        return report if self.rejected is None else report | built

    @classmethod
    def from_json(cls, report: dict[str, Any]) -> "Report":
        """Read what `to_json` wrote."""
        return cls(
            funnel={step["step"]: step["movies"] for step in report["funnel"]},
            decades=report["decades"],
            splits=report["splits"],
            dropped=report["dropped"],
            repaired=report["repaired"],
            rejected=report.get("rejected"),
            strata=report.get("strata"),
        )

    def to_text(self) -> str:
        """Return the report as tables to read in a terminal."""
        tables = (self._funnel(), self._decades(), self._strata(), self._sum())
        return "\n\n".join(table for table in tables if table)

    def _funnel(self) -> str:
        steps = list(self.funnel.items())
        before = [steps[0][1]] + [movies for _, movies in steps]
        rows = [
            (step, movies, last - movies)
            for (step, movies), last in zip(steps, before, strict=False)
        ]
        return set_table([("step", "movies", "dropped"), *rows])

    def _decades(self) -> str:
        rows = [
            (decade, candidates, *(self.splits[split][decade] for split in SPLITS))
            for decade, candidates in self.decades.items()
        ]
        candidates = sum(self.decades.values())
        totals = (candidates, *(sum(self.splits[split].values()) for split in SPLITS))
        return set_table([("decade", "candidates", *SPLITS), *rows, ("total", *totals)])

    def _strata(self) -> str:
        if self.strata is None:
            return ""
        titles = ("split", "decade", "target", "downloaded", "rejected", "kept")
        rows = [
            [
                sum(stratum[title].values()) if title == "rejected" else stratum[title]
                for title in titles
            ]
            for stratum in self.strata
        ]
        return set_table([titles, *rows])

    def _sum(self) -> str:
        why = f" ({listing(self.dropped)})" if self.dropped else ""
        rows, dropped = next(iter(self.funnel.values())), sum(self.dropped.values())
        repaired = "".join(f"\n{count} {what} repaired" for what, count in self.repaired.items())
        return f"{rows} movies = {self.kept} kept + {dropped} dropped{why}{repaired}"


def rejection_rows(rejections: Iterable[Rejection]) -> list[dict[str, Any]]:
    """Return a row for each rejection, with `REJECTED_COLUMNS`; what is not known is None."""
    of_rejection = {field.name for field in fields(Rejection)}
    return [
        {
            column: getattr(rejection if column in of_rejection else rejection.movie, column)
            for column in REJECTED_COLUMNS
        }
        for rejection in rejections
    ]


def set_table(rows: Sequence[Sequence[object]]) -> str:
    """Set rows in columns, the first to the left and numbers to the right."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            str(cell).rjust(width) if column else str(cell).ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
