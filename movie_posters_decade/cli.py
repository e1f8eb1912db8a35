"""The command line; the only room that prints."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from datasets import DownloadMode
from datasets.exceptions import DatasetsError

from movie_posters_decade import __version__
from movie_posters_decade.builder import MoviePostersDecade
from movie_posters_decade.configurations import DEMO
from movie_posters_decade.errors import MoviePostersError
from movie_posters_decade.export import export_folders
from movie_posters_decade.options import Options
from movie_posters_decade.report import Report

PROGRAM = "movie-posters-decade"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after the program's name; by default those it was called with.

    Returns:
        The exit code: 0, or 1 after an error that was told in a sentence.
    """
    # What was imported stays, so that the garbage collector need not look at it again.
    gc.freeze()
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(chosen)
        sys.stdout.flush()
    except MoviePostersError as error:
        return _fail(str(error))
    except DatasetsError as error:
        return _fail(f"{error}: {error.__cause__ or 'no more is known'}")
    except BrokenPipeError:
        # Whoever read along has had enough; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = error.filename or "a file"
        return _fail(
            f"{where}: cannot be read or written: {error.strerror or error}. What was fetched is "
            "kept; mend this, or choose another folder."
        )
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted; what was fetched is kept.", file=sys.stderr)
        return 130
    return 0


def _fail(sentence: str) -> int:
    print(f"{PROGRAM}: {sentence}", file=sys.stderr)
    return 1


def _plan(chosen: argparse.Namespace) -> None:
    report = _builder(chosen).plan()
    least, most = report.kept, sum(report.decades.values())
    wanted = f"{least} posters would be fetched, and more, up to {most}, where some are lost."
    _print_report(chosen, report, {"to_fetch": {"at_least": least, "at_most": most}}, wanted)


def _build(chosen: argparse.Namespace) -> None:
    builder = _builder(chosen)
    again = DownloadMode.FORCE_REDOWNLOAD if chosen.force_redownload else None
    builder.download_and_prepare(download_mode=again)
    places = {
        "cache_dir": builder.cache_dir,
        "report": builder.losses_path,
        "lock": builder.lock_path,
    }
    place = (
        f"The dataset is in {builder.cache_dir}\nEvery loss is in {builder.losses_path}\n"
        f"What it is made of, byte for byte, is in {builder.lock_path}"
    )
    _print_report(chosen, builder.report(), places, place)


def _demo(chosen: argparse.Namespace) -> None:
    builder = MoviePostersDecade(chosen.cache_dir, config_name=DEMO)
    builder.download_and_prepare()
    export_folders(builder.as_dataset(), chosen.output)
    places = {"cache_dir": builder.cache_dir, "output": str(chosen.output)}
    place = f"The dataset is in {builder.cache_dir}\nIts posters are in {chosen.output}"
    _print_report(chosen, builder.report(), places, place)


def _builder(chosen: argparse.Namespace) -> MoviePostersDecade:
    given = {option.name: getattr(chosen, option.name) for option in fields(Options)}
    options: dict[str, Any] = {
        name: dict(value) if name == "columns" else value
        for name, value in given.items()
        if value is not None
    }
    return MoviePostersDecade(
        chosen.cache_dir, config_name=chosen.config, data_files=chosen.data_files, **options
    )


def _print_report(
    chosen: argparse.Namespace, report: Report, more: dict[str, Any], last_words: str
) -> None:
    if chosen.json:
        print(json.dumps(report.to_json() | more, indent=2))
    else:
        print(report.to_text(), last_words, sep="\n\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Build a dataset of movie posters labelled by decade."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)

    demo = commands.add_parser("demo", help="build from a painted catalogue, without any network")
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("movie_posters_demo"),
        help="the folder for the posters (default: %(default)s)",
    )
    demo.set_defaults(run=_demo)

    plan = commands.add_parser("plan", help="say what a build would keep; sends no request")
    plan.set_defaults(run=_plan)
    build = commands.add_parser("build", help="build into the datasets cache, and say where")
    build.set_defaults(run=_build)
    build.add_argument(
        "--force-redownload",
        action="store_true",
        help="fetch everything anew, what is gone too, and build again",
    )

    for command in (plan, build):
        _add_source(command)
        for option in fields(Options):
            _add_option(command, option)
    for command in (demo, plan, build):
        command.add_argument(
            "--cache-dir", metavar="DIR", help="instead of the datasets library's own cache"
        )
        command.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )
    return parser


def _add_source(command: argparse.ArgumentParser) -> None:
    names = list(MoviePostersDecade.builder_configs)
    command.add_argument(
        "--config",
        choices=names,
        metavar="NAME",
        default=MoviePostersDecade.DEFAULT_CONFIG_NAME,
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
