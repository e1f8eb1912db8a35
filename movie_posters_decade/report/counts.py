"""Report of a build: counts per funnel step, stratum and reason; as JSON and as text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.crop_code import is_landscape_crop
from movie_posters_decade.records import (
    SPLITS,
    TRANSIENT_REASONS,
    Poster,
    Rejection,
    RejectReason,
    Step,
    Stratum,
    list_counts,
)
from movie_posters_decade.report.reading import Reading
from movie_posters_decade.report.recovery import ArchiveEstimate, Recovery, count_recovery
from movie_posters_decade.report.shortfall import Shortfall
from movie_posters_decade.text.html_tables import Rows, html_paragraphs, html_table
from movie_posters_decade.text.terminal import visible

Counts = dict[str, int]


@dataclass
class DecadeCounts:
    """The counts of a decade's posters, over all splits."""

    target: int = 0
    downloaded: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason
    kept: int = 0


@dataclass(frozen=True, repr=False)
class Report:
    """The counts of a planned or finished build. Kept and dropped add up to the catalogue.

    Attributes:
        funnel: the movies that remain after each step, from the catalogue to the candidates.
        decades: the candidates of each decade.
        splits: the kept movies by split and decade.
        dropped: the movies that are not kept, by reason.
        repaired: the repaired values of the catalogue, by kind.
        reading: how the catalogue was read; None for a build from a lock file.
        rejected: the candidates with rejected posters, by reason; None for a plan.
        strata: for each ``split`` and ``decade`` the counts ``target``, ``downloaded``,
            ``rejected`` (by reason) and ``kept``; None for a plan. A downloaded poster that is
            neither rejected nor kept is more than the other decades have.
        landscape_crops: the kept posters that are strips of landscape pictures, by decade; None for
            a plan.
        recovery: where the kept posters came from; None for a plan.
        shortfall: the decades at whose size all others stopped; None for a plan, and if there are
            none.
        archive: how many links a build may look up at the Wayback Machine; None if it looks up
            none, and for a finished build.
    """

    funnel: Counts
    decades: Counts
    splits: dict[str, Counts]
    dropped: Counts
    repaired: Counts
    reading: Reading | None = None
    rejected: Counts | None = None
    strata: list[dict[str, Any]] | None = None
    landscape_crops: Counts | None = None
    recovery: Recovery | None = None
    shortfall: Shortfall | None = None
    archive: ArchiveEstimate | None = None
    warnings: tuple[BuildWarning, ...] = ()

    @property
    def kept(self) -> int:
        """How many movies are kept, or planned."""
        return sum(sum(decades.values()) for decades in self.splits.values())

    @property
    def is_from_lock_file(self) -> bool:
        """Whether it was built from a lock file, which lists its rejections."""
        return "locked" in self.funnel

    @property
    def transient(self) -> Counts:
        """The rejections by reason that a rebuild may avoid."""
        rejected = self.rejected or {}
        return {reason: count for reason, count in rejected.items() if reason in TRANSIENT_REASONS}

    def decade_counts(self) -> dict[str, DecadeCounts]:
        """Return the counts of each decade's posters, for a finished build."""
        counts = {decade: DecadeCounts() for decade in self.decades}
        for stratum in self.strata or []:
            decade = counts[stratum["decade"]]
            decade.target += stratum["target"]
            decade.downloaded += stratum["downloaded"]
            decade.rejected.update(stratum["rejected"])
            decade.kept += stratum["kept"]
        return counts

    def to_json(self) -> dict[str, Any]:
        """Return the report in JSON types."""
        report = {
            "funnel": [{"step": step, "movies": movies} for step, movies in self.funnel.items()],
            "decades": self.decades,
            "splits": self.splits,
            "kept": self.kept,
            "dropped": self.dropped,
            "repaired": self.repaired,
            "reading": self.reading and self.reading.to_json(),
        }
        built = {
            "rejected": self.rejected,
            "strata": self.strata,
            "landscape_crops": self.landscape_crops,
            "shortfall": self.shortfall and self.shortfall.to_json(),
            **(self.recovery.to_json() if self.recovery else {}),
            "warnings": [warning.to_json() for warning in self.warnings],
        }
        if self.archive is not None:
            report["archive"] = self.archive.to_json()
        return report if self.rejected is None else report | built

    @classmethod
    def from_json(cls, report: dict[str, Any]) -> "Report":
        """Create a report from the result of `to_json`."""
        return cls(
            funnel={step["step"]: step["movies"] for step in report["funnel"]},
            decades=report["decades"],
            splits=report["splits"],
            dropped=report["dropped"],
            repaired=report["repaired"],
            reading=report["reading"] and Reading.from_json(report["reading"]),
            rejected=report.get("rejected"),
            strata=report.get("strata"),
            landscape_crops=report.get("landscape_crops"),
            recovery=Recovery.from_json(report) if "recovered" in report else None,
            shortfall=Shortfall.from_json(short) if (short := report.get("shortfall")) else None,
            warnings=tuple(map(BuildWarning.from_json, report.get("warnings", ()))),
        )

    def __str__(self) -> str:
        tables = [format_table(rows) for rows in self._tables()]
        parts = (self._reading(), *tables, str(self.archive or ""), self._sum())
        return visible("\n\n".join(part for part in parts if part))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return what a notebook displays: the tables and the sum."""
        lines = [*self._reading().splitlines(), *str(self.archive or "").splitlines()]
        tables = "".join(map(html_table, self._tables()))
        return html_paragraphs(lines) + tables + html_paragraphs(self._sum().splitlines())

    def _tables(self) -> list[Rows]:
        return [rows for rows in (self._funnel(), self._decades(), self._strata()) if rows]

    def _reading(self) -> str:
        """Return how the catalogue was read, in a plan: a build repeats none of it."""
        if self.reading is None or self.strata is not None:
            return ""
        rows = self.reading.rows()
        width = max(len(title) for title, _ in rows)
        return "\n".join(f"{title.ljust(width)}  {text}" for title, text in rows)

    def _funnel(self) -> Rows:
        dropped = [0, *(before - after for before, after in pairwise(self.funnel.values()))]
        rows = zip(self.funnel, self.funnel.values(), dropped, strict=True)
        return [("step", "movies", "dropped"), *rows]

    def _decades(self) -> Rows:
        rows = [
            (decade, candidates, *(sizes[decade] for sizes in self.splits.values()))
            for decade, candidates in self.decades.items()
        ]
        planned = (sum(sizes.values()) for sizes in self.splits.values())
        total = ("total", sum(self.decades.values()), *planned)
        return [("decade", "candidates", *self.splits), *rows, total]

    def _strata(self) -> Rows:
        if self.strata is None:
            return []
        titles = ("split", "decade", "target", "downloaded", "rejected", "kept")
        rows = [
            [sum(one[name].values()) if name == "rejected" else one[name] for name in titles]
            for one in self.strata
        ]
        return [titles, *rows]

    def _sum(self) -> str:
        why = f" ({list_counts(self.dropped)})" if self.dropped else ""
        rows, dropped = next(iter(self.funnel.values())), sum(self.dropped.values())
        repaired = "".join(f"\n{count} {kind} repaired" for kind, count in self.repaired.items())
        recovery = "".join(f"\n{line}" for line in (self.recovery or Recovery()).rows())
        return f"{rows} movies = {self.kept} kept + {dropped} dropped{why}{repaired}{recovery}"


def plan_report(
    steps: Sequence[Step],
    candidates: Iterable[str],
    targets: Mapping[Stratum, int],
    reading: Reading | None,
    archive: ArchiveEstimate | None = None,
) -> Report:
    """Report what a build would keep if no poster were rejected."""
    return replace(_report(steps, Counter(candidates), targets, targets, reading), archive=archive)


def build_report(
    steps: Sequence[Step],
    candidates: Iterable[str],
    targets: Mapping[Stratum, int],
    posters: Sequence[Poster],
    rejections: Sequence[Rejection],
    downloaded: Mapping[Stratum, int],
    reading: Reading | None,
    scale: int = 1,
) -> Report:
    """Report what a build kept and rejected, given the scale at which posters were requested."""
    kept = Counter(poster.movie.stratum for poster in posters)
    by_stratum: defaultdict[Stratum, Counter[RejectReason]] = defaultdict(Counter)
    for rejection in rejections:
        by_stratum[rejection.movie.stratum][rejection.reason] += 1
    strata = [
        {
            "split": stratum.split,
            "decade": stratum.decade,
            "target": targets[stratum],
            "downloaded": downloaded.get(stratum, 0),
            "rejected": _in_order(by_stratum[stratum]),
            "kept": kept[stratum],
        }
        for stratum in sorted(targets, key=lambda stratum: SPLITS.index(stratum.split))
    ]
    rejected = sum(by_stratum.values(), Counter[RejectReason]())
    report = _report(steps, Counter(candidates), targets, kept, reading, rejected, strata)
    movies = [poster.movie for poster in posters]
    crops = Counter(movie.decade for movie in movies if is_landscape_crop(movie.poster_url))
    recovery = count_recovery(posters, rejections, scale)
    return replace(report, landscape_crops=dict(sorted(crops.items())), recovery=recovery)


def _report(
    steps: Sequence[Step],
    candidates: Counter[str],
    targets: Mapping[Stratum, int],
    kept: Mapping[Stratum, int],
    reading: Reading | None,
    rejected: Counter[RejectReason] | None = None,
    strata: list[dict[str, Any]] | None = None,
) -> Report:
    dropped = Counter(rejected)
    dropped[RejectReason.NOT_SAMPLED] = candidates.total() - sum(kept.values()) - dropped.total()
    for step in steps:
        dropped.update(step.dropped)
    decades = list(dict.fromkeys(stratum.decade for stratum in targets))
    splits = sorted({stratum.split for stratum in targets}, key=SPLITS.index)
    return Report(
        funnel={step.name: step.movies for step in steps},
        decades={decade: candidates[decade] for decade in decades},
        splits={
            split: {decade: kept.get(Stratum(decade, split), 0) for decade in decades}
            for split in splits
        },
        dropped=_in_order(dropped),
        repaired={kind: count for step in steps for kind, count in step.repaired.items()},
        reading=reading,
        rejected=None if rejected is None else _in_order(rejected),
        strata=strata,
    )


def _in_order(reasons: Counter[RejectReason]) -> Counts:
    return {reason.value: reasons[reason] for reason in RejectReason if reasons[reason]}


def format_table(rows: Sequence[Sequence[object]]) -> str:
    """Format rows as a text table, the first column to the left and the others to the right."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            str(cell).rjust(width) if column else str(cell).ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
