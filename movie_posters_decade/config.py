"""What is known of Kaggle's catalogue before it is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from movie_posters_decade.errors import OptionError

KAGGLE_PAGE = "https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster"
KAGGLE_URL = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
KAGGLE_FILE = "MovieGenre.csv"
KAGGLE_COLUMNS = {
    "imdb_id": "imdbId",
    "title": "Title",
    "genres": "Genre",
    "poster_url": "Poster",
    "imdb_score": "IMDB Score",
}
"""What each field is called in Kaggle's catalogue; the year is in the title there."""

GENRES = (
    "Action",
    "Adult",
    "Adventure",
    "Animation",
    "Biography",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Family",
    "Fantasy",
    "Film-Noir",
    "Game-Show",
    "History",
    "Horror",
    "Music",
    "Musical",
    "Mystery",
    "News",
    "Reality-TV",
    "Romance",
    "Sci-Fi",
    "Short",
    "Sport",
    "Talk-Show",
    "Thriller",
    "War",
    "Western",
)
"""The genres of Kaggle's catalogue."""


FORMATS = ("folders", "parquet", "webdataset")

MAX_SHARD_SIZE = "500MB"
"""How large a shard of Parquet or WebDataset is, about, unless something else is asked for."""


FIELDS = ("imdb_id", "title", "year", "genres", "imdb_score", "poster_url")
"""What a catalogue tells of a movie."""


def _option(default: Any, meaning: str, choices: Sequence[str] = (), *, shapes: bool = True) -> Any:
    metadata = {"help": meaning, "choices": tuple(choices), "shapes": shapes}
    return field(default=default, metadata=metadata)


@dataclass
class Options:
    """What a dataset is made of; the README says more of each."""

    genres: tuple[str, ...] | None = _option(
        None, "keep movies with any of these genres (default: the configuration's)"
    )
    min_year: int = _option(1970, "the first year, inclusive")
    max_year: int = _option(2017, "the last year, inclusive")
    test_size: float = _option(0.2, "the share of each decade that is test, between 0 and 1")
    balance: str = _option(
        "undersample",
        "undersample makes all decades equal, none keeps what there is",
        choices=("undersample", "none"),
    )
    max_per_decade: int | None = _option(None, "at most so many movies of a decade")
    keep_grayscale: bool = _option(False, "keep black-and-white posters too")
    seed: int = _option(42, "decides order and splits")
    respect_opt_out: bool = _option(
        True,
        "leave posters alone whose X-Robots-Tag says noai, noimageai, noindex or noimageindex",
        shapes=False,
    )
    allow_private_hosts: bool = _option(
        False, "ask addresses too that are loopback, private or otherwise not public", shapes=False
    )
    connections_per_host: int = _option(
        32, "how many to one host at a time; changes no result", shapes=False
    )
    columns: Mapping[str, str] | None = _option(
        None,
        "what the catalogue's columns are called, where not as in Kaggle's: imdb_id, title, "
        "genres, poster_url, imdb_score, and year where it is not in the title",
    )
    genre_separator: str = _option("|", "what stands between genres in the catalogue")
    base_url: str = _option("", "the URL that the catalogue's poster links are relative to")
    duplicate_rows: str = _option(
        "drop",
        "drop all rows that share a poster, or merge those of one movie",
        choices=("drop", "merge"),
    )
    lock_file: str | None = _option(
        None, "the lock file of another build, to build just its posters", shapes=False
    )
    allow_missing: bool = _option(
        False, "with a lock file, leave out what is gone or changed", shapes=False
    )

    def checked(self) -> "Options":
        """Return the options alone, checked and in one canonical form.

        ``datasets`` sets options on a configuration without running its ``__post_init__``, so
        they are checked here, where the values are used.

        Raises:
            OptionError: an option has a value that cannot be used.
        """
        values = {option.name: getattr(self, option.name) for option in fields(Options)}
        options = Options(**values | {"genres": _genre_names(self.genres)})
        for name in ("min_year", "max_year", "seed"):
            _check(name, values[name], _is_whole(values[name]), "a whole number")
        in_order = options.min_year <= options.max_year
        _check("max_year", options.max_year, in_order, f"a year from min_year, {options.min_year}")
        is_share = isinstance(options.test_size, float) and 0 < options.test_size < 1
        _check("test_size", options.test_size, is_share, "a share between 0 and 1, both excluded")
        count = options.max_per_decade
        is_count = count is None or (_is_whole(count) and count >= 2)
        _check("max_per_decade", count, is_count, "a whole number from 2")
        for name in ("keep_grayscale", "respect_opt_out", "allow_private_hosts", "allow_missing"):
            _check(name, values[name], isinstance(values[name], bool), "True or False")
        is_path = options.lock_file is None or isinstance(options.lock_file, str)
        _check("lock_file", options.lock_file, is_path, "the path of a lock file")
        is_of_use = options.lock_file is not None or options.allow_missing is not True
        _check("allow_missing", True, is_of_use, "a lock file with it, in the option lock_file")
        columns = options.columns
        _check("columns", columns, _are_columns(columns), f"names for some of {', '.join(FIELDS)}")
        for name in ("genre_separator", "base_url"):
            _check(name, values[name], isinstance(values[name], str), "a text")
        _check("genre_separator", options.genre_separator, options.genre_separator != "", "a text")
        is_some = _is_whole(options.connections_per_host) and options.connections_per_host >= 1
        _check(
            "connections_per_host", options.connections_per_host, is_some, "a whole number from 1"
        )
        for option in fields(Options):
            choices = option.metadata["choices"]
            value = values[option.name]
            _check(option.name, value, not choices or value in choices, " or ".join(choices))
        return options


def shaping(options: Options) -> dict[str, Any]:
    """Return the options that decide what a dataset holds, by name, in JSON's types."""
    values = {
        field.name: getattr(options, field.name)
        for field in fields(Options)
        if field.metadata["shapes"]
    }
    return values | {"genres": options.genres and list(options.genres)}


def _check(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise OptionError(f"Option {name}: expected {expected}; found {value!r}.")


def _are_columns(columns: object) -> bool:
    return columns is None or (
        isinstance(columns, dict)
        and set(columns) <= set(FIELDS)
        and all(isinstance(header, str) and header for header in columns.values())
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _genre_names(genres: object) -> tuple[str, ...] | None:
    if genres is None:
        return None
    names = [genres] if isinstance(genres, str) else genres
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        names = []
    if not names:
        raise OptionError(f"Option genres: expected one or more genre names; found {genres!r}.")
    return tuple(sorted({name.strip().casefold() for name in names}))


RESIZE_MODES = ("crop", "pad", "stretch")
ENCODE_FORMATS = ("jpeg", "png", "webp")
MAX_SIDE = 8192
"""The longest side that posters are drawn at, in pixels."""


@dataclass(frozen=True)
class ImageTransform:
    """How posters are drawn anew; with neither size nor encoding they stay as they are.

    Attributes:
        image_size: width and height in pixels; None leaves each poster its own.
        resize_mode: how a poster gets that size: "crop" cuts off what is too much on two sides alike, "pad"
            adds black to two sides, "stretch" changes the proportions.
        encode_format: "jpeg", "png" or "webp"; None stands for the original bytes, or with a size for
            JPEG.
        encode_quality: of JPEG and WebP, from 1 to 100.

    Raises:
        OptionError: a value cannot be used.
    """

    image_size: tuple[int, int] | None = None
    resize_mode: str = "crop"
    encode_format: str | None = None
    encode_quality: int = 90

    def __post_init__(self) -> None:
        sides = (1, 1) if self.image_size is None else self.image_size
        is_pair = isinstance(sides, tuple) and len(sides) == 2
        if not is_pair or not all(_is_in_range(side, MAX_SIDE) for side in sides):
            raise OptionError(
                f"Option image_size: expected width and height from 1 to {MAX_SIDE}; found {self.image_size!r}."
            )
        if self.resize_mode not in RESIZE_MODES:
            raise OptionError(
                f"Option resize_mode: expected {' or '.join(RESIZE_MODES)}; found {self.resize_mode!r}."
            )
        if self.encode_format not in {None, *ENCODE_FORMATS}:
            raise OptionError(
                f"Option encode_format: expected {' or '.join(ENCODE_FORMATS)}; found {self.encode_format!r}."
            )
        if not _is_in_range(self.encode_quality, 100):
            raise OptionError(
                f"Option encode_quality: expected 1 to 100; found {self.encode_quality!r}."
            )

    @property
    def changes(self) -> bool:
        """Whether posters do not stay as they are."""
        return self.image_size is not None or self.encode_format is not None


def _is_in_range(value: object, most: int) -> bool:
    return isinstance(value, int) and 1 <= value <= most
