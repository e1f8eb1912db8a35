"""The funnel and the losses, as data and as text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from movie_posters_decade.funnel import PASSING, listing
from movie_posters_decade.movies import SIDES, Loss

Counts = dict[str, int]

LOSS_COLUMNS = (
    "imdb_id",
    "title",
    "year",
    "decade",
    "side",
    "reason",
    "status",
    "poster_url",
    "final_url",
    "duplicate_of",
)
"""What is told of each candidate whose poster could not be used."""


@dataclass(frozen=True)
class Fate:
    """What became of a decade's posters on both sides.

    Attributes:
        wanted: how many were to be kept.
        fetched: how many were asked for.
        lost: how many of those cannot be used, by reason.
        kept: how many are in the dataset.
    """

    wanted: int
    fetched: int
    lost: Counter[str]
    kept: int


@dataclass(frozen=True)
class Report:
    """What is kept and what is dropped, planned or built.

    Attributes:
        funnel: the movies left after each step, from the catalogue to the candidates.
        decades: the candidates of each decade.
        splits: the kept movies by side and decade.
        dropped: the movies that are not kept, by reason; with the kept, the whole catalogue.
        repaired: the values of the catalogue that were mended, by what they are.
        losses: the candidates whose posters could not be used, by reason; None if only planned.
        pools: what became of each decade on each side; None if only planned.
    """

    funnel: Counts
    decades: Counts
    splits: dict[str, Counts]
    dropped: Counts
    repaired: Counts
    losses: Counts | None = None
    pools: list[dict[str, Any]] | None = None
    """For each ``side`` and ``decade`` how many were ``wanted``, ``fetched``, ``lost`` by reason
    and ``kept``; what was fetched and is neither lost nor kept was more than other decades have."""

    @property
    def kept(self) -> int:
        """How many movies are kept, or would be."""
        return sum(sum(decades.values()) for decades in self.splits.values())

    @property
    def passing(self) -> Counts:
        """The losses, by reason, that may be had another time."""
        return {why: count for why, count in (self.losses or {}).items() if why in PASSING}

    def fates(self) -> dict[str, Fate]:
        """Return what became of each decade's posters, if they were built."""
        fates = {}
        for decade in self.decades:
            pools = [pool for pool in self.pools or [] if pool["decade"] == decade]
            wanted, fetched, kept = (
                sum(pool[count] for pool in pools) for count in ("wanted", "fetched", "kept")
            )
            lost = sum((Counter(pool["lost"]) for pool in pools), Counter[str]())
            fates[decade] = Fate(wanted, fetched, lost, kept)
        return fates

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
        built = {"losses": self.losses, "pools": self.pools}
        return report if self.losses is None else report | built

    @classmethod
    def from_json(cls, report: dict[str, Any]) -> "Report":
        """Read what `to_json` wrote."""
        return cls(
            funnel={step["step"]: step["movies"] for step in report["funnel"]},
            decades=report["decades"],
            splits=report["splits"],
            dropped=report["dropped"],
            repaired=report["repaired"],
            losses=report.get("losses"),
            pools=report.get("pools"),
        )

    def to_text(self) -> str:
        """Return the report as tables to read in a terminal."""
        tables = (self._funnel(), self._decades(), self._pools(), self._sum())
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
            (decade, candidates, *(self.splits[side][decade] for side in SIDES))
            for decade, candidates in self.decades.items()
        ]
        candidates = sum(self.decades.values())
        totals = (candidates, *(sum(self.splits[side].values()) for side in SIDES))
        return set_table([("decade", "candidates", *SIDES), *rows, ("total", *totals)])

    def _pools(self) -> str:
        if self.pools is None:
            return ""
        titles = ("side", "decade", "wanted", "fetched", "lost", "kept")
        rows = [
            [sum(pool[title].values()) if title == "lost" else pool[title] for title in titles]
            for pool in self.pools
        ]
        return set_table([titles, *rows])

    def _sum(self) -> str:
        why = f" ({listing(self.dropped)})" if self.dropped else ""
        rows, dropped = next(iter(self.funnel.values())), sum(self.dropped.values())
        repaired = "".join(f"\n{count} {what} repaired" for what, count in self.repaired.items())
        return f"{rows} movies = {self.kept} kept + {dropped} dropped{why}{repaired}"


def loss_rows(losses: Iterable[Loss]) -> list[dict[str, Any]]:
    """Return a row for each loss, with `LOSS_COLUMNS`; what is not known is None."""
    of_loss = {field.name for field in fields(Loss)}
    return [
        {
            column: getattr(loss if column in of_loss else loss.movie, column)
            for column in LOSS_COLUMNS
        }
        for loss in losses
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
