"""The command line's parser, and the options that its arguments stand for."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from movie_posters_decade import __version__
from movie_posters_decade.config import EXPORT_FORMATS, MAX_SHARD_SIZE, Options
from movie_posters_decade.configurations import CONFIGURATIONS, DEFAULT
from movie_posters_decade.errors import OptionError
from movie_posters_decade.terminal import visible
from movie_posters_decade.transform_options import ENCODE_FORMATS, RESIZE_MODES, ImageTransform

PROGRAM = "movie-posters-decade"
EXAMPLE_REPOSITORY = "you/movie_posters_decade"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors show the control characters of an argument escaped."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(status, message and visible(message))


def parser() -> argparse.ArgumentParser:
    """Return the parser; the chosen command is in ``command``."""
    program = _Parser(
        prog=PROGRAM, description="Build a dataset of movie posters labelled by decade."
    )
    program.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = program.add_subparsers(title="commands", dest="command", required=True)
    demo = commands.add_parser("demo", help="build from a painted catalogue, without any network")
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("movie_posters_demo"),
        help="the folder for the posters (default: %(default)s)",
    )
    plan = commands.add_parser("plan", help="show what a build would keep; sends no request")
    build = commands.add_parser("build", help="build into the datasets cache")
    export = commands.add_parser("export", help="build, and write folders, Parquet or WebDataset")
    _add_export(export)
    baseline = commands.add_parser(
        "baseline", help="build, and measure simple models and shortcuts to the decade"
    )
    _add_transform(baseline)
    report = commands.add_parser("report", help="build, and write an HTML page about the dataset")
    report.add_argument("--output", type=Path, required=True, help="the folder to write into")
    _add_transform(report)
    check = commands.add_parser(
        "check-fallbacks", help="compare posters of living links with those of the fallbacks"
    )
    card = commands.add_parser("card", help="build, and write the files that push adds, to look at")
    _add_output(card)
    card.add_argument(
        "--repo-id", default=EXAMPLE_REPOSITORY, help="what the card says (default: %(default)s)"
    )
    _add_contents(card)
    push = commands.add_parser("push", help="build, and push to the Hub with a dataset card")
    _add_push(push)
    builds = commands.add_parser("builds", help="list, verify or remove the builds in the cache")
    _add_builds(builds)
    for command in (plan, build, export, baseline, report, check, card, push):
        _add_catalogue(command)
        for option in fields(Options):
            _add_option(command, option)
    for command in (build, export, baseline, report, card, push):
        _add_download_mode(command)
    for command in (demo, plan, build, export, baseline, report, check, card, push, builds):
        command.add_argument(
            "--cache-dir", metavar="DIR", help="the cache (default: that of the datasets library)"
        )
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return program


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


def _add_export(command: argparse.ArgumentParser) -> None:
    _add_output(command)
    command.add_argument(
        "--format",
        choices=EXPORT_FORMATS,
        default=EXPORT_FORMATS[0],
        help="folders by split and decade, or shards of Parquet or WebDataset (default: folders)",
    )
    command.add_argument(
        "--max-shard-size",
        type=_shard_size,
        metavar="SIZE",
        default=MAX_SHARD_SIZE,
        help="the approximate size of a shard (default: %(default)s)",
    )
    _add_transform(command)


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", type=Path, required=True, help="the folder to write into")
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="write into a folder that holds other files, which are never changed",
    )


def _add_transform(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--image-size",
        type=_image_size,
        metavar="WIDTHxHEIGHT",
        help="resize all posters to this size in pixels (default: as downloaded)",
    )
    command.add_argument(
        "--resize-mode",
        choices=RESIZE_MODES,
        help=f"crop, add black bars, or stretch (default: {ImageTransform.resize_mode})",
    )
    command.add_argument(
        "--encode-format",
        choices=ENCODE_FORMATS,
        help="re-encode all posters (default: as stored, or JPEG with --image-size)",
    )
    command.add_argument(
        "--encode-quality",
        type=int,
        help=f"of JPEG or WebP, 1 to 100 (default: {ImageTransform.encode_quality})",
    )


def _add_push(command: argparse.ArgumentParser) -> None:
    command.add_argument("--repo-id", required=True, help=f"the repository: {EXAMPLE_REPOSITORY}")
    command.add_argument(
        "--public", action="store_true", help="make it visible to everybody (default: private)"
    )
    _add_contents(command)


def _add_contents(command: argparse.ArgumentParser) -> None:
    """Add the flags that decide what a dataset on the Hub and its card hold."""
    command.add_argument(
        "--no-images",
        dest="images",
        action="store_false",
        help="links, hashes and labels, but no poster",
    )
    command.add_argument(
        "--no-audit",
        dest="audit",
        action="store_false",
        help="skip the audit for shortcuts, whose warnings go on the card",
    )


def _add_builds(command: argparse.ArgumentParser) -> None:
    action = command.add_mutually_exclusive_group()
    action.add_argument(
        "--verify",
        nargs="*",
        metavar="NAME",
        help="check each poster of these builds, or of all, against the lock file",
    )
    action.add_argument(
        "--remove",
        nargs="+",
        metavar="NAME",
        help="remove these builds; a name is as listed, or the first part of it",
    )
    action.add_argument(
        "--prune",
        action="store_true",
        help="remove all builds but the newest of each configuration, catalogue and options",
    )


def _shard_size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(KB|MB|GB)", text, re.IGNORECASE | re.ASCII):
        raise argparse.ArgumentTypeError(f"expected a size, as in 500MB or 2GB; found {text}")
    return text


def _image_size(text: str) -> tuple[int, int]:
    width, by, height = text.lower().partition("x")
    if not (by and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, as in 224x224; found {text}")
    return int(width), int(height)


def _add_download_mode(command: argparse.ArgumentParser) -> None:
    mode = command.add_mutually_exclusive_group()
    mode.add_argument(
        "--rebuild",
        dest="download_mode",
        action="store_const",
        const="reuse_cache_if_exists",
        help="build again from the download cache, and retry what failed but links not found",
    )
    mode.add_argument(
        "--force-redownload",
        dest="download_mode",
        action="store_const",
        const="force_redownload",
        help="download everything again, also links that were not found, and build again",
    )


def _add_catalogue(command: argparse.ArgumentParser) -> None:
    names = list(CONFIGURATIONS)
    command.add_argument(
        "--config",
        choices=names,
        metavar="NAME",
        default=DEFAULT,
        help=f"one of {', '.join(names)} (default: %(default)s)",
    )
    command.add_argument(
        "--data-files",
        metavar="FILE",
        help="the catalogue: a path or URL of MovieGenre.csv or a zip of it (default: Kaggle's; "
        "plan reads a remote one from the cache only, after a build)",
    )


def _add_option(command: argparse.ArgumentParser, option: "Field[Any]") -> None:
    """Add the flag of an option, as its type and metadata say."""
    hint = get_type_hints(Options)[option.name]
    types = [part for part in get_args(hint) if part is not type(None)]
    is_tuple = any(get_origin(part) is tuple for part in types)
    is_mapping = any(get_origin(part) is Mapping for part in types)
    default = "" if option.default in {None, ""} else f" (default: {option.default})"
    flag = f"--{option.name.replace('_', '-')}"
    help_text = option.metadata["help"] + default
    if hint is bool:
        action = argparse.BooleanOptionalAction
        command.add_argument(flag, action=action, default=None, help=help_text)
        return
    command.add_argument(
        flag,
        type=_pair if is_mapping else str if is_tuple else _value_type(types or [hint]),
        nargs="+" if is_tuple or is_mapping else None,
        choices=option.metadata["choices"] or None,
        metavar=None if option.metadata["choices"] else option.name.upper(),
        help=help_text,
    )


def _value_type(types: Sequence[type]) -> Callable[[str], Any]:
    return types[0] if len(types) == 1 else _number_or_text


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected FIELD=COLUMN, as in title=name; found {text}")
    return name, value
