"""Configuration: every option with default, help and validation, and the named configurations.

The builder's configuration and the command line's flags are both generated from the dataclass
`Options`. This module is light: it loads neither `datasets` nor Pillow.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from movie_posters_decade.errors import OptionError

NAME = "movie_posters_decade"
"""What the package, and the datasets that it builds, are called."""

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
"""The column of each field in Kaggle's catalogue. The year is in the title there."""

GENRES = (
    "Action Adult Adventure Animation Biography Comedy Crime Documentary Drama Family Fantasy "
    "Film-Noir Game-Show History Horror Music Musical Mystery News Reality-TV Romance Sci-Fi "
    "Short Sport Talk-Show Thriller War Western"
)
"""The genres of Kaggle's catalogue, separated by spaces."""

DEFAULT = "action"
"""The default configuration."""

DEMO = "demo"

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    **{
        genre.lower(): {"description": f"{genre} movies of the catalogue", "genres": (genre,)}
        for genre in GENRES.split()
    },
    "all": {"description": "movies of any genre"},
    DEMO: {
        "description": "painted Action movies, without any network",
        "genres": ("Action",),
        "allow_private_hosts": True,
    },
}
"""The named configurations: one for each genre, one for all genres, and the demo."""

CATALOGUE_FIELDS = ("imdb_id", "title", "year", "genres", "imdb_score", "poster_url")
"""The fields of a movie in a catalogue."""

MAX_WORKERS = 64
"""The largest number of local processes, which all start at once."""

EXPORT_FORMATS = ("folders", "parquet", "webdataset")
MAX_SHARD_SIZE = "500MB"
RESIZE_MODES = ("crop", "pad", "stretch")
ENCODE_FORMATS = ("jpeg", "png", "webp")
MAX_IMAGE_SIZE = 8192
"""The largest width and height of a resized poster, in pixels."""


def _option(
    default: Any, help_text: str, choices: Sequence[str] = (), *, shapes: bool = True
) -> Any:
    """Declare an option; `shapes` says whether it shapes the dataset or only the way there."""
    metadata = {"help": help_text, "choices": tuple(choices), "shapes": shapes}
    return field(default=default, metadata=metadata)


@dataclass
class Options:
    """The options of a build, described in docs/options.md."""

    genres: tuple[str, ...] | None = _option(
        None, "keep movies with any of these genres (default: the configuration's)"
    )
    min_year: int = _option(1970, "the first year, inclusive")
    max_year: int = _option(2017, "the last year, inclusive")
    test_size: float = _option(0.2, "the share of each decade that is test, between 0 and 1")
    balance: str = _option(
        "undersample",
        "undersample gives all decades the same number, none keeps all posters",
        choices=("undersample", "none"),
    )
    max_per_decade: int | None = _option(None, "the largest number of movies of a decade")
    keep_grayscale: bool = _option(False, "keep black-and-white posters")
    seed: int = _option(42, "the seed of order and splits")
    respect_opt_out: bool = _option(
        True,
        "skip posters whose X-Robots-Tag says noai, noimageai, noindex or noimageindex",
        shapes=False,
    )
    allow_private_hosts: bool = _option(
        False, "allow addresses that are loopback, private or otherwise not public", shapes=False
    )
    connections_per_host: int = _option(
        32,
        "the largest number of connections to one host at a time; changes no result",
        shapes=False,
    )
    workers: int | str | None = _option(
        None,
        "download on this many local processes, or on a Dask cluster, such as tcp://host:8786 "
        "(default: in this process); changes no result",
        shapes=False,
    )
    user_agent: str | None = _option(
        None,
        "what downloads call themselves; name an address for questions in it",
        shapes=False,
    )
    columns: Mapping[str, str] | None = _option(
        None,
        "the catalogue's column names, where they differ from Kaggle's: imdb_id, title, genres, "
        "poster_url, imdb_score, and year where it is not in the title",
    )
    genre_separator: str = _option("|", "the text between genres in the catalogue")
    base_url: str = _option("", "the URL that the catalogue's poster links are relative to")
    duplicate_rows: str = _option(
        "drop",
        "drop all rows that share a poster link, or merge those of one movie",
        choices=("drop", "merge"),
    )
    lock_file: str | None = _option(
        None, "the lock file of another build, to build exactly its posters", shapes=False
    )
    allow_missing: bool = _option(
        False, "with a lock file, leave out posters that are missing or changed", shapes=False
    )

    def checked(self) -> "Options":
        """Return the options alone, validated and in one canonical form.

        `datasets` sets options on a configuration without running its ``__post_init__``, so they
        are validated here, where the values are used.

        Raises:
            OptionError: an option has an invalid value.
        """
        genres = _genre_names(self.genres)
        for name in ("min_year", "max_year", "seed"):
            _check(self, name, _is_whole(getattr(self, name)), "a whole number")
        expected = f"a year from min_year, {self.min_year}"
        _check(self, "max_year", self.min_year <= self.max_year, expected)
        is_share = isinstance(self.test_size, float) and 0 < self.test_size < 1
        _check(self, "test_size", is_share, "a share between 0 and 1, both excluded")
        is_count = self.max_per_decade is None or _is_whole(self.max_per_decade, least=2)
        _check(self, "max_per_decade", is_count, "a whole number from 2")
        for name in ("keep_grayscale", "respect_opt_out", "allow_private_hosts", "allow_missing"):
            _check(self, name, isinstance(getattr(self, name), bool), "True or False")
        is_path = self.lock_file is None or isinstance(self.lock_file, str)
        _check(self, "lock_file", is_path, "the path of a lock file")
        is_useful = self.lock_file is not None or not self.allow_missing
        _check(self, "allow_missing", is_useful, "a lock file with it, in the option lock_file")
        expected = f"names for some of {', '.join(CATALOGUE_FIELDS)}"
        _check(self, "columns", _are_columns(self.columns), expected)
        _check(self, "base_url", isinstance(self.base_url, str), "a text")
        is_text = isinstance(self.genre_separator, str) and self.genre_separator != ""
        _check(self, "genre_separator", is_text, "a text")
        are_some = _is_whole(self.connections_per_host, least=1)
        _check(self, "connections_per_host", are_some, "a whole number from 1")
        expected = f"1 to {MAX_WORKERS} processes, or an address such as tcp://host:8786"
        _check(self, "workers", _are_workers(self.workers), expected)
        is_header = self.user_agent is None or _is_header(self.user_agent)
        _check(self, "user_agent", is_header, "a text of printable ASCII")
        for option in fields(Options):
            choices = option.metadata["choices"]
            is_choice = not choices or getattr(self, option.name) in choices
            _check(self, option.name, is_choice, " or ".join(choices))
        values = {option.name: getattr(self, option.name) for option in fields(Options)}
        return Options(**values | {"genres": genres})


def dataset_options(options: Options) -> dict[str, Any]:
    """Return the options that shape the dataset, by name, in JSON types."""
    values = {
        option.name: getattr(options, option.name)
        for option in fields(Options)
        if option.metadata["shapes"]
    }
    return values | {"genres": options.genres and list(options.genres)}


@dataclass(frozen=True)
class ImageTransform:
    """How posters are resized and re-encoded; by default they stay as they are.

    Attributes:
        image_size: width and height in pixels; None keeps each poster's own.
        resize_mode: "crop" cuts two opposite edges, "pad" adds black bars, "stretch" changes the
            proportions.
        encode_format: "jpeg", "png" or "webp"; None keeps the original bytes, or means JPEG if
            posters are resized.
        encode_quality: of JPEG and WebP, from 1 to 100.

    Raises:
        OptionError: a value is invalid.
    """

    image_size: tuple[int, int] | None = None
    resize_mode: str = "crop"
    encode_format: str | None = None
    encode_quality: int = 90

    def __post_init__(self) -> None:
        size = (1, 1) if self.image_size is None else self.image_size
        is_pair = isinstance(size, tuple) and len(size) == 2
        are_pixels = is_pair and all(_is_whole(pixels, 1, MAX_IMAGE_SIZE) for pixels in size)
        _check(self, "image_size", are_pixels, f"width and height from 1 to {MAX_IMAGE_SIZE}")
        is_mode = self.resize_mode in RESIZE_MODES
        _check(self, "resize_mode", is_mode, " or ".join(RESIZE_MODES))
        is_format = self.encode_format in {None, *ENCODE_FORMATS}
        _check(self, "encode_format", is_format, " or ".join(ENCODE_FORMATS))
        _check(self, "encode_quality", _is_whole(self.encode_quality, 1, 100), "1 to 100")

    @property
    def changes(self) -> bool:
        """Whether posters are changed at all."""
        return self.image_size is not None or self.encode_format is not None


def _check(options: object, name: str, holds: bool, expected: str) -> None:
    if not holds:
        value = getattr(options, name)
        raise OptionError(f"Option {name}: expected {expected}; found {value!r}.")


def _are_columns(columns: object) -> bool:
    return columns is None or (
        isinstance(columns, dict)
        and set(columns) <= set(CATALOGUE_FIELDS)
        and all(isinstance(header, str) and header for header in columns.values())
    )


def _is_whole(value: object, least: float = -math.inf, largest: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= largest


def _are_workers(workers: object) -> bool:
    is_address = isinstance(workers, str) and re.fullmatch(r"[a-z]+://\S+", workers) is not None
    return workers is None or is_address or _is_whole(workers, 1, MAX_WORKERS)


def _is_header(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[\x21-\x7e][\x20-\x7e]*", text) is not None


def _genre_names(genres: object) -> tuple[str, ...] | None:
    if genres is None:
        return None
    names = [genres] if isinstance(genres, str) else genres
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        names = []
    if not names:
        raise OptionError(f"Option genres: expected one or more genre names; found {genres!r}.")
    return tuple(sorted({name.strip().casefold() for name in names}))
