"""Options of a build, each with default, help and validation.

The builder's configuration and the command line's flags are both generated from the dataclass
`Options`. This module is light: it loads neither `datasets` nor Pillow.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Any

from movie_posters_decade.options.validation import (
    are_columns,
    are_names,
    are_workers,
    check_option,
    is_header,
    is_text_encoding,
    is_whole,
    parse_columns,
    parse_genre_names,
    parse_texts,
)
from movie_posters_decade.records import CATALOGUE, SPLITS
from movie_posters_decade.schema import CATALOGUE_FIELDS, MAX_COLUMN, RESERVED_COLUMNS
from movie_posters_decade.texts import MAX_YEAR, MIN_YEAR, is_clean

WAYBACK = "wayback"
"""The fallback that is no table: captures of the catalogue's links in the Wayback Machine."""

NAME = "movie_posters_decade"
"""What the package, and the datasets that it builds, are called."""

DELIMITER_NAMES = {"\\t": "\t", "tab": "\t"}
"""What a tab is called where it is hard to type."""

MAX_SEED = 2**64
"""The largest seed. Python writes no number of more than 4,300 digits, and nobody needs one."""

MAX_WORKERS = 64
"""The largest number of local processes, which all start at once."""

EXPORT_FORMATS = ("folders", "parquet", "webdataset")
MAX_SHARD_SIZE = "500MB"


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
    validation_size: float = _option(
        0.0,
        "the share of each decade that is validation (default: no such split)",
    )
    group_by: str | None = _option(
        None,
        "keep series and remakes in one split, by stems of titles; shares are then inexact",
        choices=("title",),
    )
    balance: str = _option(
        "undersample",
        "undersample gives all decades the same number, none keeps all posters",
        choices=("undersample", "none"),
    )
    max_per_decade: int | None = _option(None, "the largest number of movies of a decade")
    min_per_decade: int | None = _option(
        None,
        "fail if a decade has fewer posters, those of all splits together; the build is kept",
        shapes=False,
    )
    keep_grayscale: bool = _option(False, "keep black-and-white posters")
    drop_landscape_crops: bool = _option(
        False, "drop movies whose link shows a strip cut from a landscape picture"
    )
    seed: int = _option(42, "the seed of order and splits")
    respect_opt_out: bool = _option(
        True,
        "skip posters whose X-Robots-Tag says noai, noimageai, noindex or noimageindex",
        shapes=False,
    )
    allow_private_hosts: bool = _option(
        False, "allow addresses that are loopback, private or otherwise not public", shapes=False
    )
    # A file must not be able to give itself this permission, and so no lock file holds it.
    allow_outside_files: bool = _option(
        False, "allow links to files outside the catalogue's folder", shapes=False
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
    columns: Mapping[str, str] | tuple[str, ...] | None = _option(
        None,
        "the catalogue's columns, where they are not found by their names: title=NAME, and so on "
        "for imdb_id, year, genres, imdb_score and poster_url",
    )
    extra_columns: tuple[str, ...] | None = _option(
        None, "further columns of the catalogue, to carry into the dataset as texts"
    )
    delimiter: str | None = _option(
        None, "the character between the columns of a text file (default: detected)"
    )
    encoding: str | None = _option(
        None, "the encoding of a text file, such as cp1251 or shift_jis (default: detected)"
    )
    genre_separator: str | None = _option(
        None, "the text between genres in the catalogue (default: detected)"
    )
    base_url: str = _option("", "the URL that the catalogue's poster links are relative to")
    poster_scale: int = _option(
        1, "request IMDb's posters this many times as wide and high: 1, 2 or 3"
    )
    fallbacks: tuple[str, ...] | None = _option(
        None,
        "where to look for posters whose link is dead, in this order: wayback, or tables with "
        "imdb_id and poster_url",
    )
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

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits, in their order. There is a validation split only if it has a share."""
        return tuple(name for name in SPLITS if name != "validation" or self.validation_size)

    @property
    def field_columns(self) -> dict[str, str]:
        """The columns that are given, by field."""
        columns = parse_columns(self.columns)
        return dict(columns) if isinstance(columns, Mapping) else {}

    def checked(self) -> "Options":
        """Return the options alone, validated and in one canonical form.

        `datasets` sets options on a configuration without running its ``__post_init__``, so they
        are validated here, where the values are used.

        Raises:
            OptionError: an option has an invalid value.
        """
        _check_sample(self)
        _check_downloads(self)
        _check_reading(self)
        for option in fields(Options):
            choices, value = option.metadata["choices"], getattr(self, option.name)
            if isinstance(option.default, bool):
                check_option(self, option.name, isinstance(value, bool), "True or False")
            is_choice = not choices or value in {option.default, *choices}
            check_option(self, option.name, is_choice, " or ".join(choices))
        values = {option.name: getattr(self, option.name) for option in fields(Options)}
        canonical = {
            "validation_size": float(self.validation_size),
            "genres": parse_genre_names(self.genres),
            "columns": parse_columns(self.columns),
            "extra_columns": parse_texts(self.extra_columns) or None,
            "delimiter": DELIMITER_NAMES.get(str(self.delimiter), self.delimiter),
            "fallbacks": parse_texts(self.fallbacks) or None,
        }
        return Options(**values | canonical)


def _check_sample(options: Options) -> None:
    """Check which movies are chosen, and how many."""
    parse_genre_names(options.genres)
    for name in ("min_year", "max_year"):
        is_year = is_whole(getattr(options, name), MIN_YEAR, MAX_YEAR)
        check_option(options, name, is_year, f"a year from {MIN_YEAR} to {MAX_YEAR}")
    expected = f"a year from min_year, {options.min_year}"
    check_option(options, "max_year", options.min_year <= options.max_year, expected)
    check_option(options, "seed", is_whole(options.seed, -MAX_SEED, MAX_SEED), "a whole number")
    is_share = isinstance(options.test_size, float) and 0 < options.test_size < 1
    check_option(options, "test_size", is_share, "a share between 0 and 1, both excluded")
    is_share = isinstance(options.validation_size, float | int) and (
        0 <= options.validation_size < 1 - options.test_size
    )
    check_option(options, "validation_size", is_share, "a share from 0 to below 1 minus test_size")
    is_count = options.max_per_decade is None or is_whole(options.max_per_decade, least=2)
    check_option(options, "max_per_decade", is_count, "a whole number from 2")
    most = options.max_per_decade
    is_count = options.min_per_decade is None or is_whole(
        options.min_per_decade, 1, most or math.inf
    )
    expected = "a whole number from 1" + ("" if most is None else f" to max_per_decade, {most}")
    check_option(options, "min_per_decade", is_count, expected)


def _check_downloads(options: Options) -> None:
    """Check where posters come from, and how they are downloaded."""
    check_option(options, "poster_scale", is_whole(options.poster_scale, 1, 3), "1, 2 or 3")
    fallbacks = parse_texts(options.fallbacks)
    are_texts = are_names(fallbacks)
    tables = [one for one in fallbacks or () if one != WAYBACK] if are_texts else []
    names = tuple(map(fallback_name, tables))
    are_sources = are_texts and are_names(names) and {CATALOGUE, WAYBACK}.isdisjoint(names)
    expected = f"{WAYBACK}, or tables of different names, none called {CATALOGUE} or {WAYBACK}"
    check_option(options, "fallbacks", are_sources, expected)
    is_path = options.lock_file is None or isinstance(options.lock_file, str)
    check_option(options, "lock_file", is_path, "the path of a lock file")
    is_useful = options.lock_file is not None or not options.allow_missing
    expected = "a lock file with it, in the option lock_file"
    check_option(options, "allow_missing", is_useful, expected)
    are_some = is_whole(options.connections_per_host, least=1)
    check_option(options, "connections_per_host", are_some, "a whole number from 1")
    expected = f"1 to {MAX_WORKERS} processes, or an address such as tcp://host:8786"
    check_option(options, "workers", are_workers(options.workers, MAX_WORKERS), expected)
    is_agent = options.user_agent is None or is_header(options.user_agent)
    check_option(options, "user_agent", is_agent, "a text of printable ASCII")


def _check_reading(options: Options) -> None:
    """Check how the catalogue is read."""
    expected = f"names for some of {', '.join(CATALOGUE_FIELDS)}, as in title=NAME"
    are_known = are_columns(parse_columns(options.columns), CATALOGUE_FIELDS)
    check_option(options, "columns", are_known, expected)
    extra_columns = parse_texts(options.extra_columns)
    are_free = are_names(extra_columns) and RESERVED_COLUMNS.isdisjoint(extra_columns or ())
    are_free = are_free and all(is_clean(name, MAX_COLUMN) for name in extra_columns or ())
    expected = "names of columns, other than those of the dataset"
    check_option(options, "extra_columns", are_free, expected)
    delimiter = DELIMITER_NAMES.get(str(options.delimiter), options.delimiter)
    is_delimiter = delimiter is None or re.fullmatch(r"[^\"\\\s\w\0]|\t", str(delimiter))
    check_option(options, "delimiter", bool(is_delimiter), "one character, such as ; or tab")
    is_encoding = options.encoding is None or is_text_encoding(options.encoding)
    check_option(options, "encoding", is_encoding, "the name of a text encoding, such as cp1251")
    check_option(options, "base_url", isinstance(options.base_url, str), "a text")
    separator = options.genre_separator
    is_text = separator is None or (isinstance(separator, str) and separator != "")
    check_option(options, "genre_separator", is_text, "a text")


def dataset_options(options: Options) -> dict[str, Any]:
    """Return the options that shape the dataset, by name, in JSON types.

    Of a fallback's table only the name is there, as its folder is nobody else's.
    """
    values = {
        option.name: getattr(options, option.name)
        for option in fields(Options)
        if option.metadata["shapes"]
    }
    if options.fallbacks:
        values["fallbacks"] = list(map(fallback_name, options.fallbacks))
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def fallback_name(fallback: str) -> str:
    """Return what a fallback is called in the dataset: a table like its file, without suffix."""
    return PurePath(PurePath(fallback).name.removesuffix(".gz")).stem


def options_from_json(values: Mapping[str, Any]) -> Options:
    """Return the options that `dataset_options` wrote, validated.

    Raises:
        OptionError: an option has an invalid value.
        TypeError: there is no such option.
    """
    tuples: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Options(**tuples).checked()
