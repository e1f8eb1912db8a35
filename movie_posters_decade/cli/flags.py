"""Flags of the command line: which a command has, their types and their help.

Those of a build are generated from the options.
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from movie_posters_decade.options.configurations import CONFIGURATIONS, DEFAULT
from movie_posters_decade.options.options import EXPORT_FORMATS, MAX_SHARD_SIZE, Options
from movie_posters_decade.options.transform import ENCODE_FORMATS, RESIZE_MODES, ImageTransform

EXAMPLE_REPOSITORY = "you/movie_posters_decade"

PATHS = frozenset({"data_files", "cache_dir", "output", "lock_file", "fallbacks", "save_options"})
"""Flags whose values are paths, if they are no URLs."""


OF_ONE_RUN = frozenset(
    {
        "force_redownload",
        "help",
        "json",
        "options",
        "prune",
        "quiet",
        "rebuild",
        "remove",
        "save_options",
        "verify",
    }
)
"""Flags that say what a command does now. No options file has them."""


def add_output_folder(command: argparse.ArgumentParser) -> None:
    """Add the folder that a command writes into."""
    command.add_argument("--output", type=Path, required=True, help="the folder to write into")


def add_demo_folder(command: argparse.ArgumentParser) -> None:
    """Add the folder of the demo's posters."""
    command.add_argument(
        "--output",
        type=Path,
        default=Path("movie_posters_demo"),
        help="the folder for the posters (default: %(default)s)",
    )


def add_save_options(command: argparse.ArgumentParser) -> None:
    """Add the flag that keeps the others in a file."""
    command.add_argument(
        "--save-options",
        type=Path,
        metavar="FILE",
        help="write the flags that were given into a file for --options",
    )


def add_output(command: argparse.ArgumentParser) -> None:
    """Add the flags that every command has."""
    command.add_argument(
        "--options",
        type=Path,
        metavar="FILE",
        help="a TOML file of flags, as in max_per_decade = 100; flags on the command line win",
    )
    command.add_argument(
        "--cache-dir", metavar="DIR", help="the cache (default: that of the datasets library)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument(
        "--quiet", action="store_true", help="show errors only: no progress and no warnings"
    )


def add_guarded_folder(command: argparse.ArgumentParser) -> None:
    """Add the folder that a command writes into, where other files are kept."""
    add_output_folder(command)
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="write into a folder that holds other files, which are never changed",
    )


def add_export(command: argparse.ArgumentParser) -> None:
    """Add the flags of an export."""
    add_guarded_folder(command)
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
    add_transform(command)


def add_transform(command: argparse.ArgumentParser) -> None:
    """Add the flags that resize and re-encode."""
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


def add_card(command: argparse.ArgumentParser) -> None:
    """Add the flags of a card."""
    add_guarded_folder(command)
    command.add_argument(
        "--repo-id", default=EXAMPLE_REPOSITORY, help="what the card says (default: %(default)s)"
    )
    _add_contents(command)


def add_push(command: argparse.ArgumentParser) -> None:
    """Add the flags of a push."""
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


def add_builds(command: argparse.ArgumentParser) -> None:
    """Add what is done with the builds in the cache."""
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
        help="remove builds of older code, where the same catalogue and options gave a newer one",
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


def add_download_mode(command: argparse.ArgumentParser) -> None:
    """Add the flags that say what is downloaded again."""
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


def add_catalogue(command: argparse.ArgumentParser) -> None:
    """Add the flags of the catalogue, and those of all options of a build."""
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
    for option in fields(Options):
        _add_option(command, option)


def _add_option(command: argparse.ArgumentParser, option: "Field[Any]") -> None:
    """Add the flag of an option, as its type and metadata say."""
    hint = _hints()[option.name]
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


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Options)


def _value_type(types: Sequence[type]) -> Callable[[str], Any]:
    return types[0] if len(types) == 1 else number_or_text


def number_or_text(text: str) -> int | str:
    """Return a whole number if a text is one, or the text."""
    return int(text) if text.isascii() and text.isdigit() else text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected FIELD=COLUMN, as in title=name; found {text}")
    return name, value
