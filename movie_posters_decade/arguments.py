"""The words that the command line understands."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from movie_posters_decade.config import (
    ENCODE_FORMATS,
    FORMATS,
    MAX_SHARD_SIZE,
    RESIZE_MODES,
    ImageTransform,
    Options,
)
from movie_posters_decade.configurations import CONFIGURATIONS, DEFAULT
from movie_posters_decade.errors import OptionError
from movie_posters_decade.version import __version__

PROGRAM = "movie-posters-decade"


def parser() -> argparse.ArgumentParser:
    """Return what parses the command line, with the chosen command in ``command``."""
    program = argparse.ArgumentParser(
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
    plan = commands.add_parser("plan", help="say what a build would keep; sends no request")
    build = commands.add_parser("build", help="build into the datasets cache, and say where")
    export = commands.add_parser("export", help="build, and write folders, Parquet or WebDataset")
    _add_export(export)
    baseline = commands.add_parser(
        "baseline", help="build, and say how well simple models tell the decade, and by what"
    )
    _add_rendering(baseline)
    report = commands.add_parser("report", help="build, and write a page on what was built")
    report.add_argument("--output", type=Path, required=True, help="the folder to write into")
    push = commands.add_parser("push", help="build, and publish on the Hub with a dataset card")
    _add_push(push)
    for command in (plan, build, export, baseline, report, push):
        _add_source(command)
        for option in fields(Options):
            _add_option(command, option)
    for command in (build, export, baseline, report, push):
        _add_again(command)
    for command in (demo, plan, build, export, baseline, report, push):
        command.add_argument(
            "--cache-dir", metavar="DIR", help="instead of the datasets library's own cache"
        )
        command.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )
    return program


def image_transform(chosen: argparse.Namespace) -> ImageTransform:
    """Return how posters are to be drawn anew.

    Raises:
        OptionError: a value cannot be used.
    """
    if chosen.resize_mode is not None and chosen.image_size is None:
        raise OptionError(
            "Option resize_mode: expected a size with it, as in --image-size 224x224; found none. Add one, or "
            "leave --resize-mode out."
        )
    if (
        chosen.encode_quality is not None
        and chosen.image_size is None
        and chosen.encode_format is None
    ):
        raise OptionError(
            "Option encode_quality: expected a size or an encoding with it, as in --encode-format jpeg; found "
            "neither. Add one, or leave --encode-quality out."
        )
    return ImageTransform(
        chosen.image_size,
        ImageTransform.resize_mode if chosen.resize_mode is None else chosen.resize_mode,
        chosen.encode_format,
        ImageTransform.encode_quality if chosen.encode_quality is None else chosen.encode_quality,
    )


def _add_export(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", type=Path, required=True, help="the folder to write into")
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="folders",
        help="folders by split and decade, or shards of Parquet or WebDataset (default: folders)",
    )
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="write into a folder that holds other files too, which are left alone",
    )
    command.add_argument(
        "--max-shard-size",
        type=_shard_size,
        metavar="SIZE",
        default=MAX_SHARD_SIZE,
        help="how large a shard is to be, about (default: %(default)s)",
    )
    _add_rendering(command)


def _add_rendering(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--image-size",
        type=_size,
        metavar="WIDTHxHEIGHT",
        help="draw all posters anew at this size in pixels (default: as they were downloaded)",
    )
    command.add_argument(
        "--resize-mode",
        choices=RESIZE_MODES,
        help="how a poster gets that size: cut off, in black bars, or out of proportion "
        f"(default: {ImageTransform.resize_mode})",
    )
    command.add_argument(
        "--encode-format",
        choices=ENCODE_FORMATS,
        help="encode all posters anew (default: as they were downloaded, or JPEG with --size)",
    )
    command.add_argument(
        "--encode-quality",
        type=int,
        help=f"of JPEG or WebP, 1 to 100 (default: {ImageTransform.encode_quality})",
    )


def _add_push(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--repo-id", required=True, help="the repository: you/movie_posters_decade"
    )
    command.add_argument(
        "--public", action="store_true", help="let everybody see it (default: you alone)"
    )
    command.add_argument(
        "--no-images",
        dest="images",
        action="store_false",
        help="publish links, hashes and labels, but no poster",
    )
    command.add_argument(
        "--no-audit",
        dest="audit",
        action="store_false",
        help="do not look for what tells the decade but is no style, to warn of it on the card",
    )


def _shard_size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(KB|MB|GB)", text, re.IGNORECASE | re.ASCII):
        raise argparse.ArgumentTypeError(f"expected a size, as in 500MB or 2GB; found {text}")
    return text


def _size(text: str) -> tuple[int, int]:
    width, by, height = text.lower().partition("x")
    if not (by and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, as in 224x224; found {text}")
    return int(width), int(height)


def _add_again(command: argparse.ArgumentParser) -> None:
    again = command.add_mutually_exclusive_group()
    again.add_argument(
        "--rebuild",
        dest="download_mode",
        action="store_const",
        const="reuse_cache_if_exists",
        help="build again from what is there, asking for all else that is not gone",
    )
    again.add_argument(
        "--force-redownload",
        dest="download_mode",
        action="store_const",
        const="force_redownload",
        help="download everything anew, what is gone too, and build again",
    )


def _add_source(command: argparse.ArgumentParser) -> None:
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
        "plan takes what is on the network from the cache, after a build)",
    )


def _add_option(command: argparse.ArgumentParser, option: "Field[Any]") -> None:
    """Add the flag of an option, as its type and its metadata say."""
    hint = get_type_hints(Options)[option.name]
    parts = [part for part in get_args(hint) if part is not type(None)]
    is_tuple = any(get_origin(part) is tuple for part in parts)
    is_mapping = any(get_origin(part) is Mapping for part in parts)
    default = "" if option.default in {None, ""} else f" (default: {option.default})"
    flag = f"--{option.name.replace('_', '-')}"
    meaning = option.metadata["help"] + default
    if hint is bool:
        action = argparse.BooleanOptionalAction
        command.add_argument(flag, action=action, default=None, help=meaning)
        return
    command.add_argument(
        flag,
        type=_pair if is_mapping else str if is_tuple else (parts or [hint])[0],
        nargs="+" if is_tuple or is_mapping else None,
        choices=option.metadata["choices"] or None,
        metavar=None if option.metadata["choices"] else option.name.upper(),
        help=meaning,
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected FIELD=COLUMN, as in title=name; found {text}")
    return name, value
