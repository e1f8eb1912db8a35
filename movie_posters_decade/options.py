"""Every option a user can set: its default, its meaning and its bounds.

The builder's configuration and the command line's flags are both made from the one dataclass
here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from movie_posters_decade.errors import OptionError

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
