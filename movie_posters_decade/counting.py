"""What became of a selection is counted: nothing disappears."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from movie_posters_decade.collection import Collection
from movie_posters_decade.funnel import Reason
from movie_posters_decade.movies import SIDES, Pool
from movie_posters_decade.report import Counts, Report
from movie_posters_decade.selection import Selection


def planned_report(selection: Selection) -> Report:
    """Report what would be built if no poster were lost."""
    splits = {
        side: {decade: count for (decade, of), count in selection.targets.items() if of == side}
        for side in SIDES
    }
    return _report(selection, splits, None)


def built_report(selection: Selection, collection: Collection) -> Report:
    """Report what was built of a selection."""
    splits = {
        side: _by_decade(
            selection,
            (poster.movie.decade for poster in collection.posters if poster.movie.side == side),
        )
        for side in SIDES
    }
    losses = Counter(loss.reason for loss in collection.losses)
    return _report(selection, splits, losses, _pools(selection, collection))


def _pools(selection: Selection, collection: Collection) -> list[dict[str, Any]]:
    lost: defaultdict[Pool, Counter[Reason]] = defaultdict(Counter)
    for loss in collection.losses:
        lost[loss.movie.pool][loss.reason] += 1
    kept = Counter(poster.movie.pool for poster in collection.posters)
    return [
        {
            "side": side,
            "decade": decade,
            "wanted": wanted,
            "fetched": collection.fetched.get((decade, side), 0),
            "lost": _in_order(lost[decade, side]),
            "kept": kept[decade, side],
        }
        for (decade, side), wanted in sorted(
            selection.targets.items(), key=lambda target: SIDES.index(target[0][1])
        )
    ]


def _report(
    selection: Selection,
    splits: dict[str, Counts],
    losses: Counter[Reason] | None,
    pools: list[dict[str, Any]] | None = None,
) -> Report:
    dropped = Counter(losses or {})
    for step in selection.steps:
        dropped.update(step.dropped)
    kept = sum(sum(decades.values()) for decades in splits.values())
    dropped[Reason.SURPLUS] = len(selection.candidates) - kept - (losses or Counter()).total()
    return Report(
        funnel={step.name: step.movies for step in selection.steps},
        decades=_by_decade(selection, selection.candidates["decade"]),
        splits=splits,
        dropped=_in_order(dropped),
        repaired={what: count for step in selection.steps for what, count in step.repaired.items()},
        losses=None if losses is None else _in_order(losses),
        pools=pools,
    )


def _by_decade(selection: Selection, decades: Iterable[str]) -> Counts:
    found = Counter(decades)
    return {decade: found[decade] for decade, side in selection.targets if side == SIDES[0]}


def _in_order(reasons: Counter[Reason]) -> Counts:
    return {reason.value: reasons[reason] for reason in Reason if reasons[reason]}
