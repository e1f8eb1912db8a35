"""Options files: a TOML file of flags, for all commands, and the arguments beside it.

As in ``config = "drama"`` and ``max_per_decade = 100``; dashes in names are underscores. A flag on
the command line wins over the file. Names that only another command has are left alone, so that one
file serves all commands. Relative paths start in the file's folder, wherever a command is run.
"""

import argparse
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from movie_posters_decade.cli.flags import OF_ONE_RUN, PATHS
from movie_posters_decade.cli.parser import find_command, parser
from movie_posters_decade.errors import OptionError
from movie_posters_decade.options.options import WAYBACK
from movie_posters_decade.records import is_url

Action = argparse.Action


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the words of a command line, and the options file that they name.

    Raises:
        UsageError: the arguments are wrong.
        OptionError: the options file cannot be read, or holds a wrong name or value.
    """
    program = parser()
    path = _options_file(words)
    command = find_command(program, words)
    if path is not None and command is not None:
        _set_defaults(command, _flags_of_all(program), path)
    chosen = program.parse_args(words)
    chosen.given = {} if command is None else _given(command, words)
    return chosen


def _options_file(words: Sequence[str]) -> Path | None:
    """Return the path of the options file, before anything else is known."""
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    finder.add_argument("--options", type=Path)
    try:
        path: Path | None = finder.parse_known_args(words)[0].options
    except argparse.ArgumentError:
        return None  # the whole parser says what is wrong
    return path


def _flags_of_all(program: argparse.ArgumentParser) -> set[str]:
    return {
        name
        for action in program._actions  # noqa: SLF001, argparse has no other way
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
        for command in action.choices.values()
        for name in _flags(command)
    }


def _flags(command: argparse.ArgumentParser) -> dict[str, Action]:
    """Return the flags that a file may hold, by name, without ``--no-`` of those that have both."""
    return {
        flag[2:].replace("-", "_"): action
        for action in command._actions  # noqa: SLF001
        for flag in action.option_strings[:1]
        if flag.startswith("--")
    }


def _set_defaults(command: argparse.ArgumentParser, known: set[str], path: Path) -> None:
    flags = _flags(command)
    for name, value in _read(path).items():
        if name not in known - OF_ONE_RUN:
            raise OptionError(
                f"{path}, option {name}: expected the name of a flag that a file may hold, such "
                "as max_per_decade; found another. Correct it, or leave it out."
            )
        if name in flags:
            action = flags[name]
            parsed = _parse(action, value, f"{path}, option {name}")
            if parsed is not None:
                command.set_defaults(**{action.dest: _located(action.dest, parsed, path.parent)})
            action.required = False


def _read(path: Path) -> dict[str, Any]:
    """Read an options file. Dashes in names are underscores."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(
            f"{path}: expected a file of options; found that it cannot be read: "
            f"{error.strerror or error}. Name another with --options."
        ) from error
    except ValueError as error:  # also of the encoding
        raise OptionError(
            f"{path}: expected options in TOML, such as max_per_decade = 100; found: {error}. "
            "Correct it."
        ) from error
    return {name.replace("-", "_"): value for name, value in values.items()}


def _parse(action: Action, value: Any, where: str) -> Any:
    """Return what a value in a file means for a flag; None if it leaves the flag out.

    Raises:
        OptionError: it is of another type, or no choice.
    """
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        _check(isinstance(value, bool), where, "true or false", value)
        return _constant(action, is_on=value)
    if action.metavar == "COLUMNS":
        is_table = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        _check(is_table, where, 'a table, as in {title = "name"}', value)
        return list(value.items())
    if action.nargs == "+":
        are_texts = isinstance(value, list) and all(isinstance(text, str) for text in value)
        _check(are_texts, where, 'a list of texts, as in ["Action", "Drama"]', value)
        return value
    return _parse_one(action, value, where)


def _parse_one(action: Action, value: Any, where: str) -> Any:
    kinds = {int: (int, "a whole number"), float: ((int, float), "a number")}
    either = ((int, str), "a whole number or a text")
    usual = either if getattr(action.type, "__name__", "") == "number_or_text" else (str, "a text")
    kind, expected = kinds.get(action.type, usual)  # type: ignore[call-overload]
    _check(isinstance(value, kind) and not isinstance(value, bool), where, expected, value)
    choices = list(action.choices or [])
    _check(not choices or value in choices, where, " or ".join(map(str, choices)), value)
    if action.type is None or not callable(action.type) or not isinstance(value, str):
        return float(value) if action.type is float else value
    try:
        return action.type(value)
    except argparse.ArgumentTypeError as error:
        raise OptionError(f"{where}: {error}. Correct it.") from error


def _constant(action: Action, *, is_on: bool) -> Any:
    if isinstance(action, argparse.BooleanOptionalAction):
        return is_on
    return action.const if is_on else None


def _check(holds: object, where: str, expected: str, value: object) -> None:
    if not holds:
        raise OptionError(f"{where}: expected {expected}; found {value!r}. Correct it.")


def _located(name: str, value: Any, folder: Path) -> Any:
    """Return a value whose relative paths start in a folder, if it is one of paths."""
    if name not in PATHS:
        return value
    if isinstance(value, list):
        return [_located(name, one, folder) for one in value]
    is_path = not is_url(str(value)) and "://" not in str(value) and value != WAYBACK
    if not is_path or str(value).startswith("~"):
        return value
    return type(value)(os.path.abspath(folder / value))  # noqa: PTH100, resolve follows links


def _given(command: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, Any]:
    """Return the values that flags or the options file gave, by the name of the flag."""
    defaults = command._defaults  # noqa: SLF001
    for action in command._actions:  # noqa: SLF001
        action.default = defaults.get(action.dest, argparse.SUPPRESS)
        action.required = False
    found = vars(command.parse_args(words[words.index(command.prog.split()[-1]) + 1 :]))
    return {
        name: found[action.dest]
        for name, action in _flags(command).items()
        if action.dest in found and _is_said(action, found[action.dest])
    }


def _is_said(action: Action, value: Any) -> bool:
    """Return whether a flag itself gives a value, and not another of the same destination."""
    is_constant = action.nargs == 0 and not isinstance(action, argparse.BooleanOptionalAction)
    return not is_constant or value == action.const
