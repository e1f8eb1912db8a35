"""The command line's parser, and the options that its arguments stand for."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, NoReturn

from movie_posters_decade import __version__
from movie_posters_decade.cli.flags import (
    PATHS,
    add_builds,
    add_card,
    add_catalogue,
    add_demo_folder,
    add_download_mode,
    add_export,
    add_output,
    add_output_folder,
    add_push,
    add_save_options,
    add_transform,
)
from movie_posters_decade.cli.signals import PROGRAM
from movie_posters_decade.errors import OptionError
from movie_posters_decade.options.options import Options
from movie_posters_decade.options.transform import ImageTransform

_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
"""How the completions that shtab writes complete paths."""

AddFlags = Callable[[argparse.ArgumentParser], None]

FLAGS: dict[str, tuple[str, Sequence[AddFlags]]] = {
    "demo": ("build from a painted catalogue, without any network", [add_demo_folder]),
    "plan": ("show what a build would keep; sends no request", [add_catalogue]),
    "build": (
        "build into the datasets cache",
        [add_save_options, add_catalogue, add_download_mode],
    ),
    "export": (
        "build, and write folders, Parquet or WebDataset",
        [add_export, add_catalogue, add_download_mode],
    ),
    "baseline": (
        "build, and measure simple models and shortcuts to the decade",
        [add_transform, add_catalogue, add_download_mode],
    ),
    "report": (
        "build, and write an HTML page about the dataset",
        [add_output_folder, add_transform, add_catalogue, add_download_mode],
    ),
    "check-fallbacks": (
        "compare posters of living links with those of the fallbacks",
        [add_catalogue],
    ),
    "card": (
        "build, and write the files that push adds, to look at",
        [add_card, add_catalogue, add_download_mode],
    ),
    "push": (
        "build, and push to the Hub with a dataset card",
        [add_push, add_catalogue, add_download_mode],
    ),
    "builds": ("list, verify or remove the builds in the cache", [add_builds]),
}
"""The help of each command, and what adds its flags; those of `add_output` all commands have."""


class UsageError(Exception):
    """The arguments are wrong. ``usage`` says which there are."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    """A parser that raises its errors."""

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add a flag, of which shells complete the value if it is a path."""
        action = super().add_argument(*args, **kwargs)
        if action.dest in PATHS or action.dest == "options":
            action.complete = _FILES  # type: ignore[attr-defined]
        return action

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.format_usage().rstrip())


def parser() -> argparse.ArgumentParser:
    """Return the parser; the chosen command is in ``command``."""
    program = _Parser(
        prog=PROGRAM,
        description="Build a dataset of movie posters labelled by decade.",
        allow_abbrev=False,
    )
    program.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = program.add_subparsers(title="commands", dest="command", required=True)
    for name, (help_text, adders) in FLAGS.items():
        command = commands.add_parser(name, help=help_text, allow_abbrev=False)
        for add_flags in (*adders, add_output):
            add_flags(command)
    return program


def find_command(
    program: argparse.ArgumentParser, words: Sequence[str]
) -> argparse.ArgumentParser | None:
    """Return the parser of the command that the words of a command line name, if they do."""
    for action in program._actions:  # noqa: SLF001, argparse has no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            named = (action.choices[word] for word in words[:1] if word in action.choices)
            return next(named, None)
    return None


def build_options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the build's options that were given, by name."""
    given = {option.name: getattr(chosen, option.name) for option in fields(Options)}
    return {
        name: dict(value) if name == "columns" else value
        for name, value in given.items()
        if value is not None
    }


def transform_options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the options for resizing and re-encoding that were given, by name.

    Raises:
        OptionError: a value is invalid, or an option has no effect.
    """
    if chosen.resize_mode is not None and chosen.image_size is None:
        raise OptionError(
            "Option resize_mode: expected a size with it, as in --image-size 224x224; found none. "
            "Add one, or leave --resize-mode out."
        )
    is_encoded = chosen.image_size is not None or chosen.encode_format is not None
    if chosen.encode_quality is not None and not is_encoded:
        raise OptionError(
            "Option encode_quality: expected a size or a format with it, as in --encode-format "
            "jpeg; found neither. Add one, or leave --encode-quality out."
        )
    given = {option.name: getattr(chosen, option.name) for option in fields(ImageTransform)}
    options = {name: value for name, value in given.items() if value is not None}
    ImageTransform(**options)
    return options
