"""What became of a selection is counted: nothing disappears."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from movie_posters_decade.records import SPLITS, RejectReason, Stratum
from movie_posters_decade.report import Counts, Report
from movie_posters_decade.sampling.collect import Collection
from movie_posters_decade.sampling.selection import Selection


def planned_report(selection: Selection) -> Report:
    """Report what would be built if no poster were rejected."""
    splits = {
        split: {decade: count for (decade, of), count in selection.targets.items() if of == split}
        for split in SPLITS
    }
    return _report(selection, splits, None)


def built_report(selection: Selection, collection: Collection) -> Report:
    """Report what was built of a selection."""
    splits = {
        split: _by_decade(
            selection,
            (poster.movie.decade for poster in collection.posters if poster.movie.split == split),
        )
        for split in SPLITS
    }
    rejections = Counter(rejection.reason for rejection in collection.rejections)
    return _report(selection, splits, rejections, _strata(selection, collection))


def _strata(selection: Selection, collection: Collection) -> list[dict[str, Any]]:
    rejected: defaultdict[Stratum, Counter[RejectReason]] = defaultdict(Counter)
    for rejection in collection.rejections:
        rejected[rejection.movie.stratum][rejection.reason] += 1
    kept = Counter(poster.movie.stratum for poster in collection.posters)
    return [
        {
            "split": split,
            "decade": decade,
            "target": wanted,
            "downloaded": collection.downloaded.get((decade, split), 0),
            "rejected": _in_order(rejected[decade, split]),
            "kept": kept[decade, split],
        }
        for (decade, split), wanted in sorted(
            selection.targets.items(), key=lambda target: SPLITS.index(target[0][1])
        )
    ]


def _report(
    selection: Selection,
    splits: dict[str, Counts],
    rejections: Counter[RejectReason] | None,
    strata: list[dict[str, Any]] | None = None,
) -> Report:
    dropped = Counter(rejections or {})
    for step in selection.steps:
        dropped.update(step.dropped)
    kept = sum(sum(decades.values()) for decades in splits.values())
    dropped[RejectReason.NOT_SAMPLED] = (
        len(selection.candidates) - kept - (rejections or Counter()).total()
    )
    return Report(
        funnel={step.name: step.movies for step in selection.steps},
        decades=_by_decade(selection, selection.candidates["decade"]),
        splits=splits,
        dropped=_in_order(dropped),
        repaired={what: count for step in selection.steps for what, count in step.repaired.items()},
        rejected=None if rejections is None else _in_order(rejections),
        strata=strata,
    )


def _by_decade(selection: Selection, decades: Iterable[str]) -> Counts:
    found = Counter(decades)
    return {decade: found[decade] for decade, split in selection.targets if split == SPLITS[0]}


def _in_order(reasons: Counter[RejectReason]) -> Counts:
    return {reason.value: reasons[reason] for reason in RejectReason if reasons[reason]}
