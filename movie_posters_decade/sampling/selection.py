"""Selection of candidates: filter by genre and year, rank by hash, split, and set targets.

Pure functions of a table.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import pandas as pd

from movie_posters_decade.crop_code import is_landscape_crop
from movie_posters_decade.errors import LockFileError, SelectionError
from movie_posters_decade.lockfile import LockFile
from movie_posters_decade.options.options import Options, options_from_json
from movie_posters_decade.records import (
    MOVIE_FIELDS,
    Movie,
    RejectReason,
    Step,
    Stratum,
    decade_names,
)
from movie_posters_decade.report.reading import Reading
from movie_posters_decade.sampling.splits import (
    assign_splits,
    cap_shares,
    rank,
    shares_of,
    split_of_group,
    split_sizes,
)

LISTED_GENRES = 60


@dataclass(frozen=True)
class Selection:
    """The candidates in the order of rank, and how many posters of each stratum to keep."""

    # The catalogue's columns with `decade`, `rank` and `split`.
    candidates: pd.DataFrame = field(repr=False)
    targets: Mapping[Stratum, int]  # decade by decade
    shares: Mapping[str, float]  # of each split beside train, from 0 to 1
    steps: tuple[Step, ...]  # of the funnel
    options: Options  # of the build
    of_any_genre: Mapping[str, int] = field(default_factory=dict)  # the movies of each decade
    reading: Reading | None = None  # of the catalogue; None if a lock file names the movies

    def movies(self) -> Iterator[Movie]:
        """Yield the candidates one by one."""
        columns = [self.candidates[name].tolist() for name in MOVIE_FIELDS]
        return (Movie(*row) for row in zip(*columns, strict=True))


def select(movies: pd.DataFrame, options: Options) -> Selection:
    """Select the candidates among a catalogue's movies, and set the targets."""
    of_genre = movies[_has_genre(movies, options.genres)]
    _check_movies(of_genre, movies, options)
    in_range = of_genre["year"].between(options.min_year, options.max_year)
    of_years = of_genre[in_range.fillna(False).astype(bool)]
    ranked = _rank_movies(of_years, options.seed)
    unique = ranked[~ranked["imdb_id"].duplicated()].reset_index(drop=True)
    portrait = _without_landscape_crops(unique) if options.drop_landscape_crops else unique
    splits = pd.Series(assign_splits(portrait, options), portrait.index, object)
    candidates = portrait.assign(split=splits)
    found = Counter(zip(candidates["decade"], candidates["split"], strict=True))
    sizes = {stratum: found[stratum] for stratum in strata_of(options)}
    targets = targets_of(sizes, options)
    _check_targets(sizes, targets, options)
    steps = _steps(movies, of_genre, of_years, unique)
    if options.drop_landscape_crops:
        dropped = {RejectReason.LANDSCAPE_CROP: len(unique) - len(portrait)}
        steps = (*steps, Step("portrait", len(portrait), dropped))
    any_genre = _count_decades(movies) if options.genres else {}
    return Selection(candidates, targets, shares_of(options), steps, options, any_genre)


def select_locked(lock: LockFile) -> Selection:
    """Select exactly the movies that a lock file keeps.

    Raises:
        LockFileError: a rank or a split is not what the options give.
    """
    _check_locked(lock)
    rows = [[getattr(movie, name) for name in MOVIE_FIELDS] for movie in lock.movies]
    sizes = Counter(movie.stratum for movie in lock.kept)
    options = options_from_json(lock.options)
    targets = {stratum: sizes[stratum] for stratum in strata_of(options)}
    steps = (Step("locked", len(lock.kept)),)
    candidates = pd.DataFrame(rows, columns=MOVIE_FIELDS)
    return Selection(candidates, targets, shares_of(options), steps, options)


def _check_locked(lock: LockFile) -> None:
    """Check ranks and splits as far as the listed movies tell them: others of a decade are not."""
    options = options_from_json(lock.options)
    movies = sorted([*lock.kept, *lock.rejected], key=lambda movie: movie.sort_key)
    # As `assign_splits` gives them out: the smallest ranks are test.
    order: list[str] = ["test", "validation", "train"]
    reached: dict[str, int] = {}
    for movie in movies:
        expected = rank(movie.imdb_id, options.seed)
        if movie.rank != expected:
            raise _not_as_locked(lock, movie, f"the rank {expected}", movie.rank)
        if options.group_by is not None:
            split = split_of_group(movie.title, options)
            if movie.split != split:
                raise _not_as_locked(lock, movie, f"the split {split}", movie.split)
        elif order.index(movie.split) < reached.get(movie.decade, 0):
            split = order[reached[movie.decade]]
            raise _not_as_locked(lock, movie, f"the split {split}, by its rank,", movie.split)
        reached[movie.decade] = order.index(movie.split)


def _not_as_locked(lock: LockFile, movie: Movie, expected: str, found: object) -> LockFileError:
    return LockFileError(
        f"{lock.path}: expected {expected} for {movie.imdb_id}, as seed and options say; found "
        f"{found}. Pass a file that a build wrote, complete and unchanged."
    )


def _count_decades(movies: pd.DataFrame) -> dict[str, int]:
    years = movies.drop_duplicates("imdb_id")["year"].dropna()
    return {f"{tens}0s": int(count) for tens, count in (years // 10).value_counts().items()}


def strata_of(options: Options) -> list[Stratum]:
    """Return the strata of a build, decade by decade."""
    decades = decade_names(options.min_year, options.max_year)
    return [Stratum(decade, split) for decade in decades for split in options.splits]


def _without_landscape_crops(movies: pd.DataFrame) -> pd.DataFrame:
    is_crop = pd.Series(map(is_landscape_crop, movies["poster_url"]), movies.index, bool)
    return movies[~is_crop].reset_index(drop=True)


def _steps(
    movies: pd.DataFrame, of_genre: pd.DataFrame, of_years: pd.DataFrame, candidates: pd.DataFrame
) -> tuple[Step, ...]:
    no_year = int(of_genre["year"].isna().sum())
    dropped = {
        RejectReason.YEAR_OUT_OF_RANGE: len(of_genre) - len(of_years) - no_year,
        RejectReason.NO_YEAR: no_year,
        RejectReason.DUPLICATE_ID: len(of_years) - len(candidates),
    }
    return (
        Step("genre", len(of_genre), {RejectReason.OTHER_GENRE: len(movies) - len(of_genre)}),
        Step("years", len(candidates), dropped),
    )


def _has_genre(movies: pd.DataFrame, genres: tuple[str, ...] | None) -> pd.Series:
    if genres is None:
        return pd.Series(True, index=movies.index)
    # Few combinations exist among millions of movies.
    has = {
        names: not {name.casefold() for name in names}.isdisjoint(genres)
        for names in set(movies["genres"])
    }
    return movies["genres"].map(has.__getitem__)


def _rank_movies(movies: pd.DataFrame, seed: int) -> pd.DataFrame:
    ranks = [rank(imdb_id, seed) for imdb_id in movies["imdb_id"]]
    tens = movies["year"] // 10
    # All movies of a decade share one text, which saves memory.
    names = {number: f"{number}0s" for number in tens.unique()}
    ranked = movies.assign(
        decade=pd.Series([names[number] for number in tens], movies.index, object),
        rank=pd.Series(ranks, index=movies.index, dtype="uint64"),
    )
    # The link orders the rows of a movie with two posters, whatever the order in the file.
    keys = list(zip(ranks, movies["imdb_id"], movies["poster_url"], strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return ranked.iloc[order].reset_index(drop=True)


def targets_of(sizes: Mapping[Stratum, int], options: Options) -> dict[Stratum, int]:
    """Compute the target of each stratum, if no poster is rejected.

    Undersampling gives every decade the size of the smallest one. No target is larger than its
    stratum.
    """
    totals = Counter[str]()
    for stratum, size in sizes.items():
        totals[stratum.decade] += size
    cap = options.max_per_decade or max(totals.values())
    if options.balance == "undersample":
        cap = min(cap, *totals.values())
    shares = shares_of(options)
    of_decade = {decade: split_sizes(min(cap, total), shares) for decade, total in totals.items()}
    targets = {
        stratum: min(of_decade[stratum.decade][stratum.split], size)
        for stratum, size in sizes.items()
    }
    return equalize(targets, shares) if options.balance == "undersample" else targets


def equalize(sizes: Mapping[Stratum, int], shares: Mapping[str, float]) -> dict[Stratum, int]:
    """Reduce every stratum to the smallest of its split, and test and validation to their shares.

    A stratum has more than its share where train is short, or where whole groups are in one split.
    """
    smallest: dict[str, int] = {}
    for stratum, size in sizes.items():
        smallest[stratum.split] = min(size, smallest.get(stratum.split, size))
    capped = cap_shares(smallest, shares)
    return {stratum: capped[stratum.split] for stratum in sizes}


def _check_movies(of_genre: pd.DataFrame, movies: pd.DataFrame, options: Options) -> None:
    if movies.empty:
        raise SelectionError("No movie of the catalogue has all values and a link of its own.")
    if of_genre.empty:
        known = sorted({genre for genres in movies["genres"] for genre in genres})
        more = f" and {len(known) - LISTED_GENRES} more" if len(known) > LISTED_GENRES else ""
        raise SelectionError(
            f"No movie of the catalogue has the genre {' or '.join(options.genres or ())}. "
            f"Its genres are: {', '.join(known[:LISTED_GENRES]) or 'none'}{more}."
        )
    years = of_genre["year"].dropna()
    if years.empty:
        raise SelectionError(
            f"None of the {len(of_genre)} movies of the chosen genres has a year. If the year is "
            "not in the title, as in Heat (1995), name its column with the option columns "
            "(--columns year=NAME)."
        )
    if not years.between(options.min_year, options.max_year).any():
        first, last = years.min(), years.max()
        raise SelectionError(
            f"No movie of the chosen genres is within {options.min_year} to {options.max_year}; "
            f"the {len(years)} with a year are of {first} to {last}. Choose the years that have "
            f"movies: min_year={first}, max_year={last} (--min-year {first} --max-year {last})."
        )


def _check_targets(
    sizes: Mapping[Stratum, int], targets: Mapping[Stratum, int], options: Options
) -> None:
    years = f"{options.min_year} to {options.max_year}"
    decades = list(dict.fromkeys(decade for decade, _ in targets))
    counts = dict.fromkeys(decades, 0)
    for stratum, size in sizes.items():
        counts[stratum.decade] += size
    if empty := [decade for decade, count in counts.items() if count == 0]:
        raise SelectionError(
            f"The {', '.join(empty)} have no movie of the chosen genres within {years}, so no "
            f"poster can have that label. Choose the years that have movies: "
            f"{_years_with_movies(counts)}."
        )
    for split in options.splits:
        of_split = {decade: sizes[Stratum(decade, split)] for decade in decades}
        smallest = min(decades, key=lambda decade: (of_split[decade], counts[decade]))
        reached = [targets[Stratum(decade, split)] for decade in decades]
        if max(reached) == 0 or (options.balance == "undersample" and min(reached) == 0):
            keep_all = ', or keep all posters with balance="none" (--balance none)'
            hint = keep_all if any(of_split.values()) else ""
            sentence = _too_few(smallest, split, counts[smallest], options)
            raise SelectionError(f"{sentence}{hint}.")


def _too_few(decade: str, split: str, count: int, options: Options) -> str:
    """Return why a decade has no movie of a split, and what to do."""
    if options.group_by is not None:
        return (
            f"None of the {count} movies of the {decade} is in the {split} split, as whole groups "
            f"of titles are in one split. Choose another seed, other years or no group_by"
        )
    count = min(count, options.max_per_decade or count)
    share = "validation_size" if split == "validation" else "test_size"
    return (
        f"The {decade} have too few movies for a {split} split: {count}, with a {share} of "
        f"{getattr(options, share)}. Choose other years, {share} or max_per_decade"
    )


def _years_with_movies(counts: Mapping[str, int]) -> str:
    """Return the options for the longest run of decades with movies, by their number."""
    runs = [list(run) for full, run in groupby(counts, lambda decade: counts[decade] > 0) if full]
    best = max(runs, key=lambda run: sum(counts[decade] for decade in run))
    decades, options = list(counts), []
    if best[0] != decades[0]:
        options.append(("min_year", int(best[0][:-1])))
    if best[-1] != decades[-1]:
        options.append(("max_year", int(best[-1][:-1]) + 9))
    python = ", ".join(f"{name}={year}" for name, year in options)
    flags = " ".join(f"--{name.replace('_', '-')} {year}" for name, year in options)
    return f"{python} ({flags})"
