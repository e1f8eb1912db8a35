"""Remedies for a decade that ran short: the options that help, and what each would give.

Nothing is estimated. What is certain are the posters that were found to be usable; what is possible
are those and all candidates that were not tried.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from movie_posters_decade.download.public_links import public_url
from movie_posters_decade.options.options import WAYBACK, Options
from movie_posters_decade.records import Rejection, RejectReason, Stratum, decade_names
from movie_posters_decade.sampling.selection import Selection, equalize, strata_of, targets_of
from movie_posters_decade.sampling.splits import assign_splits, shares_of
from movie_posters_decade.text.sentences import join

SHARE_STEPS = tuple(step / 100 for step in range(5, 55, 5))
"""The shares of a split that are tried in place of a smaller one."""

Short = Mapping[str, Sequence[str]]
"""By split, the decades that ran short."""


@dataclass(frozen=True)
class Tried:
    """The candidates that were tried so far, all others being unknown.

    Attributes:
        usable: the IMDb ids of those with a usable poster, of near-duplicates one.
        rejections: all others.
    """

    usable: Set[str]
    rejections: Sequence[Rejection]


@dataclass(frozen=True)
class Forecast:
    """How many posters of each stratum other options would keep.

    Attributes:
        certain: if no candidate that was not tried is usable.
        possible: if all of them are.
    """

    certain: Mapping[Stratum, int]
    possible: Mapping[Stratum, int]

    def of_split(self, split: str) -> tuple[int, int]:
        """Return how many posters the smallest decade of a split would have."""
        sizes = [
            (self.certain[one], self.possible[one]) for one in self.certain if one.split == split
        ]
        return min(low for low, _ in sizes), min(high for _, high in sizes)

    def of_smallest_decade(self) -> tuple[int, int]:
        """Return how many posters the smallest decade would have, all splits together."""
        low, high = Counter[str](), Counter[str]()
        for one, size in self.certain.items():
            low[one.decade] += size
            high[one.decade] += self.possible[one]
        return min(low.values()), min(high.values())


def forecast(selection: Selection, tried: Tried, options: Options) -> Forecast:
    """Compute how many posters other years, shares or another balance would keep.

    Args:
        selection: of the build that ran short.
        tried: its candidates that were tried.
        options: those of the build, with another value for one of these.
    """
    decades = decade_names(options.min_year, options.max_year)
    candidates = selection.candidates
    candidates = candidates[candidates["decade"].isin(decades)]
    ids, splits = list(candidates["imdb_id"]), assign_splits(candidates, options)
    strata = list(map(Stratum, candidates["decade"], splits))
    rejected = {rejection.movie.imdb_id for rejection in tried.rejections}

    def sizes(is_counted: Callable[[str], bool]) -> dict[Stratum, int]:
        found = Counter(
            stratum for name, stratum in zip(ids, strata, strict=True) if is_counted(name)
        )
        return {stratum: found[stratum] for stratum in strata_of(options)}

    planned = targets_of(sizes(lambda _: True), options)
    return Forecast(
        _reached(planned, sizes(tried.usable.__contains__), options),
        _reached(planned, sizes(lambda name: name not in rejected), options),
    )


def _reached(
    planned: Mapping[Stratum, int], sizes: Mapping[Stratum, int], options: Options
) -> Mapping[Stratum, int]:
    reached = {stratum: min(planned[stratum], size) for stratum, size in sizes.items()}
    return equalize(reached, shares_of(options)) if options.balance == "undersample" else reached


def find_remedies(
    selection: Selection, tried: Tried, short: Short, reached: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the options that help, as sentences without a full stop.

    Args:
        selection: of the build that ran short.
        tried: its candidates that were tried.
        short: its decades that ran short.
        reached: how many posters each decade of a split has.
    """
    return (
        *_larger_shares(selection, tried, short, reached),
        *_without_decades(selection, tried, short, reached),
        *_without_balance(selection, tried, reached),
        *_all_genres(selection, short),
        *_archive(selection, tried, short),
    )


def _without_balance(
    selection: Selection, tried: Tried, reached: Mapping[str, int]
) -> Iterator[str]:
    if selection.options.balance == "none":
        return
    unequal = forecast(selection, tried, replace(selection.options, balance="none"))
    low, high = sum(unequal.certain.values()), sum(unequal.possible.values())
    if high > sum(reached.values()) * len({one.decade for one in unequal.certain}):
        count = _between(low, high)
        smallest = _between(*unequal.of_smallest_decade())
        yield (
            f'balance="none" (--balance none): {count} posters in all, {smallest} in the smallest '
            "decade"
        )


def _without_decades(
    selection: Selection, tried: Tried, short: Short, reached: Mapping[str, int]
) -> Iterator[str]:
    options, scarce = selection.options, {one for decades in short.values() for one in decades}
    decades = decade_names(options.min_year, options.max_year)
    years = _years_of([one for one in decades if one not in scarce], decades)
    if not years:
        return
    others = forecast(selection, tried, replace(options, **years))
    counts = {split: others.of_split(split) for split in options.splits}
    if all(counts[split][1] > reached.get(split, 0) for split in short):
        python = ", ".join(f"{name}={year}" for name, year in years.items())
        flags = " ".join(f"--{name.replace('_', '-')} {year}" for name, year in years.items())
        yield f"{python} ({flags}): {_each(counts)}, without the {join(sorted(scarce))}"


def _years_of(kept: Sequence[str], decades: Sequence[str]) -> dict[str, Any]:
    """Return the options for some of the decades; none if they are not two in a row, or all."""
    first, last = (decades.index(kept[end]) if kept else 0 for end in (0, -1))
    if len(kept) < 2 or list(decades[first : last + 1]) != list(kept):
        return {}
    years: dict[str, Any] = {}
    if first > 0:
        years["min_year"] = int(kept[0][:-1])
    if last < len(decades) - 1:
        years["max_year"] = int(kept[-1][:-1]) + 9
    return years


def _larger_shares(
    selection: Selection, tried: Tried, short: Short, reached: Mapping[str, int]
) -> Iterator[str]:
    """Yield a larger share for each split that ran short itself, if it is certain to bring more."""
    for split in set(short) - {"train"}:
        name = f"{split}_size"
        planned = min(size for one, size in selection.targets.items() if one.split == split)
        best: tuple[int, float, Forecast] | None = None
        for share in SHARE_STEPS:
            if not _is_larger(selection.options, name, share):
                continue
            changes: dict[str, Any] = {name: share}
            other = forecast(selection, tried, replace(selection.options, **changes))
            size = other.of_split(split)[0]
            keeps_others = all(other.of_split(one)[0] >= reached.get(one, 0) for one in short)
            if keeps_others and size > (best[0] if best else reached.get(split, 0)):
                best = size, share, other
            if size >= planned:
                break
        if best:
            counts = {one: best[2].of_split(one) for one in selection.options.splits}
            flag = f"--{name.replace('_', '-')} {best[1]}"
            yield f"{name}={best[1]} ({flag}): {_each(counts)}"


def _is_larger(options: Options, name: str, share: float) -> bool:
    shares = shares_of(options)
    larger = shares | {name.removesuffix("_size"): share}
    return share > getattr(options, name) and sum(larger.values()) < 1


def _all_genres(selection: Selection, short: Short) -> Iterator[str]:
    """Yield the candidates of any genre, of which nobody knows how many are usable."""
    counts = Counter(selection.candidates["decade"])
    scarce = sorted({one for decades in short.values() for one in decades})
    more = {one: selection.of_any_genre.get(one, 0) for one in scarce}
    if selection.options.genres is not None and all(more[one] > counts[one] for one in scarce):
        texts = [f"{more[one]} candidates of the {one} instead of {counts[one]}" for one in scarce]
        yield f"all genres (--config all): at most {join(texts)}, some with dead links too"


def _archive(selection: Selection, tried: Tried, short: Short) -> Iterator[str]:
    if selection.options.fallbacks:
        return
    strata: Container[Stratum] = {
        Stratum(decade, split) for split, decades in short.items() for decade in decades
    }
    dead = [
        one.movie.decade
        for one in tried.rejections
        if one.reason is RejectReason.NOT_FOUND
        and one.movie.stratum in strata
        and public_url(one.movie.poster_url)
    ]
    if dead:
        yield (
            f'fallbacks="{WAYBACK}" (--fallbacks {WAYBACK}): at most {len(dead)} dead links of the '
            f"{join(sorted(set(dead)))} come back"
        )


def _each(counts: Mapping[str, tuple[int, int]]) -> str:
    texts = [f"{_between(low, high)} {split}" for split, (low, high) in counts.items()]
    return f"{join(texts)} posters of each decade"


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
