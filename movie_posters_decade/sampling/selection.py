"""Which movies, in which order, on which split of the split: pure functions of a table."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from movie_posters_decade.config import Options
from movie_posters_decade.errors import SelectionError
from movie_posters_decade.lockfile import Lock
from movie_posters_decade.records import (
    MOVIE_FIELDS,
    SPLITS,
    Movie,
    RejectReason,
    Step,
    Stratum,
    decade_names,
)


@dataclass(frozen=True)
class Selection:
    """The candidates in rank order, and how many posters each stratum should give.

    Attributes:
        candidates: the catalogue's columns with ``decade`` ("1970s"), ``rank`` (unsigned, 64 bits)
            and ``split`` ("train" or "test"), in the order of rank.
        targets: how many posters are wanted of each stratum, decade by decade.
        steps: the funnel's steps genre and years.
    """

    candidates: pd.DataFrame
    targets: Mapping[Stratum, int]
    steps: tuple[Step, ...]

    def movies(self) -> Iterator[Movie]:
        """Yield the candidates one by one."""
        columns = [self.candidates[name].tolist() for name in MOVIE_FIELDS]
        return (Movie(*row) for row in zip(*columns, strict=True))


def rank(imdb_id: str, seed: int) -> int:
    """Return a movie's place in the order of everything: 64 bits that hash seed and IMDb id."""
    digest = hashlib.blake2b(f"{seed}:{imdb_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def select(movies: pd.DataFrame, options: Options) -> Selection:
    """Choose the candidates among a catalogue's movies and plan the strata.

    Args:
        movies: a catalogue's table; the order of its rows does not matter.
        options: what is wanted, as :meth:`Options.checked` gives it.

    Raises:
        SelectionError: a stratum has no candidate.
    """
    of_genre = movies[_has_genre(movies, options.genres)]
    _check_movies(of_genre, movies, options)
    in_years = of_genre["year"].between(options.min_year, options.max_year)
    of_years = of_genre[in_years.fillna(False).astype(bool)]
    ranked = _in_rank_order(of_years, options.seed)
    once = ranked[~ranked["imdb_id"].duplicated()].reset_index(drop=True)
    candidates = _with_splits(once, options.test_size)
    decades = decade_names(options.min_year, options.max_year)
    sizes = count_strata(candidates, decades)
    targets = plan_targets(sizes, options)
    _check_strata(sizes, targets, options)
    return Selection(candidates, targets, _steps(movies, of_genre, of_years, candidates))


def select_locked(lock: Lock) -> Selection:
    """Return the selection that wants just the movies that a lock file keeps."""
    rows = [[getattr(movie, name) for name in MOVIE_FIELDS] for movie in lock.movies]
    sizes = Counter(movie.stratum for movie in lock.kept)
    decades = decade_names(lock.options["min_year"], lock.options["max_year"])
    return Selection(
        candidates=pd.DataFrame(rows, columns=MOVIE_FIELDS),
        targets={(decade, split): sizes[decade, split] for decade in decades for split in SPLITS},
        steps=(Step("locked", len(lock.kept)),),
    )


def _steps(
    movies: pd.DataFrame, of_genre: pd.DataFrame, of_years: pd.DataFrame, candidates: pd.DataFrame
) -> tuple[Step, Step]:
    undated = int(of_genre["year"].isna().sum())
    dropped = {
        RejectReason.YEAR_OUT_OF_RANGE: len(of_genre) - len(of_years) - undated,
        RejectReason.NO_YEAR: undated,
        RejectReason.DUPLICATE_ID: len(of_years) - len(candidates),
    }
    return (
        Step("genre", len(of_genre), {RejectReason.OTHER_GENRE: len(movies) - len(of_genre)}),
        Step("years", len(candidates), dropped),
    )


def _has_genre(movies: pd.DataFrame, genres: tuple[str, ...] | None) -> pd.Series:
    if genres is None:
        return pd.Series(True, index=movies.index)
    wanted = set(genres)
    return movies["genres"].map(lambda names: any(name.casefold() in wanted for name in names))


def _in_rank_order(movies: pd.DataFrame, seed: int) -> pd.DataFrame:
    ranks = [rank(imdb_id, seed) for imdb_id in movies["imdb_id"]]
    tens = movies["year"] // 10
    # One text for all movies of a decade.
    names = {number: f"{number}0s" for number in tens.unique()}
    ranked = movies.assign(
        decade=pd.Series([names[number] for number in tens], movies.index, object),
        rank=pd.Series(ranks, index=movies.index, dtype="uint64"),
    )
    # A movie that stands there with two posters has them in one order, whatever the rows'.
    keys = list(zip(ranks, movies["imdb_id"], movies["poster_url"], strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return ranked.iloc[order].reset_index(drop=True)


def _with_splits(ranked: pd.DataFrame, test_size: float) -> pd.DataFrame:
    by_decade = ranked.groupby("decade")["rank"]
    quota = by_decade.transform("size").map(lambda size: test_count(size, test_size))
    splits = ["test" if is_test else "train" for is_test in by_decade.cumcount() < quota]
    return ranked.assign(split=pd.Series(splits, ranked.index, object))


def test_count(movies: int, test_size: float) -> int:
    """Return how many of so many movies are test: the nearest whole number, half rounded up."""
    return int(test_size * movies + 0.5)


def count_strata(candidates: pd.DataFrame, decades: list[str]) -> dict[Stratum, int]:
    """Return how many candidates each stratum holds, zeros included."""
    found = candidates.groupby(["decade", "split"]).size()
    return {
        (decade, split): int(found.get((decade, split), 0))
        for decade in decades
        for split in SPLITS
    }


def plan_targets(sizes: Mapping[Stratum, int], options: Options) -> dict[Stratum, int]:
    """Return how many posters each stratum should give, if none is rejected.

    Undersampling gives every decade the size of the smallest one; no stratum is asked for more
    than it holds.
    """
    totals = {decade: sizes[decade, "train"] + sizes[decade, "test"] for decade, _ in sizes}
    cap = options.max_per_decade or max(totals.values())
    if options.balance == "undersample":
        cap = min(cap, *totals.values())
    targets = {}
    for decade, total in totals.items():
        wanted = min(cap, total)
        test = test_count(wanted, options.test_size)
        targets[decade, "train"] = min(wanted - test, sizes[decade, "train"])
        targets[decade, "test"] = min(test, sizes[decade, "test"])
    return level(targets) if options.balance == "undersample" else targets


def level(sizes: Mapping[Stratum, int]) -> dict[Stratum, int]:
    """Return the sizes with every stratum cut to the smallest of its split."""
    smallest = {
        split: min(sizes[stratum] for stratum in sizes if stratum[1] == split) for split in SPLITS
    }
    return {stratum: smallest[stratum[1]] for stratum in sizes}


def _check_movies(of_genre: pd.DataFrame, movies: pd.DataFrame, options: Options) -> None:
    if of_genre.empty:
        known = sorted({genre for genres in movies["genres"] for genre in genres})
        raise SelectionError(
            f"No movie of the catalogue has the genre {' or '.join(options.genres or ())}. "
            f"Its genres are: {', '.join(known) or 'none'}."
        )

    if of_genre["year"].isna().all():
        raise SelectionError(
            f"None of the {len(of_genre)} movies of the chosen genres has a year. If it is not in "
            "the title, as in Heat (1995), name its column with the option columns (--columns "
            "year=NAME)."
        )


def _check_strata(
    sizes: Mapping[Stratum, int], targets: Mapping[Stratum, int], options: Options
) -> None:
    years = f"{options.min_year} to {options.max_year}"
    if not any(sizes.values()):
        raise SelectionError(
            f"No movie is selected: of the chosen genres none is from {years}. "
            "Widen min_year and max_year, or choose other genres."
        )
    for decade, split in targets:
        wanted = targets[decade, "train"] + targets[decade, "test"]
        if sizes[decade, "train"] + sizes[decade, "test"] == 0:
            raise SelectionError(
                f"The {decade} have no movie of the chosen genres within {years}, so there is "
                "nothing to label with that decade. Choose min_year and max_year without it."
            )
        if targets[decade, split] == 0:
            raise SelectionError(
                f"The movies wanted of the {decade} are too few for a {split} split: {wanted}, with "
                f"a test_size of {options.test_size}. Choose other years, test_size or max_per_decade."
            )
