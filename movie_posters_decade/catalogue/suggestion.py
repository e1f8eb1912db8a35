"""Suggestion: the command line that tries a catalogue with other options, for errors."""

import shlex
from dataclasses import fields
from typing import Any

from movie_posters_decade.options.command_line import flag_words
from movie_posters_decade.options.configurations import CONFIGURATIONS, DEFAULT
from movie_posters_decade.options.options import Options


def suggest_command(location: str, options: Options, **changes: Any) -> str:
    """Return the command that plans a build of a catalogue, with some options changed.

    Args:
        location: the catalogue's path or URL.
        options: of the build; those that have their default are left out.
        changes: options with other values; ``columns`` are added to those given, and ``config``
            is another configuration.
    """
    columns = options.field_columns | changes.pop("columns", {})
    config = changes.pop("config", _configuration(options.genres))
    values = {option.name: getattr(options, option.name) for option in fields(Options)}
    values |= changes | {"columns": columns or None}
    if config is not None:
        del values["genres"]
    words = ["movie-posters-decade", "plan", "--data-files", location]
    words += ["--config", config] if config not in {None, DEFAULT} else []
    for option in fields(Options):
        value = values.get(option.name, option.default)
        words += [] if value == option.default else flag_words(option.name, value)
    return shlex.join(words)


def _configuration(genres: tuple[str, ...] | None) -> str | None:
    """Return the configuration of some genres, in lower case; None if there is none."""
    if genres is None:
        return "all"
    return genres[0] if len(genres) == 1 and genres[0] in CONFIGURATIONS else None
