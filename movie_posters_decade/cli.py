"""The command line; the only room that prints."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from datasets import DownloadMode
from datasets.exceptions import DatasetsError

from movie_posters_decade.arguments import MEGABYTE, PROGRAM, parser, rendering_of
from movie_posters_decade.builder import MoviePostersDecade
from movie_posters_decade.configurations import DEMO
from movie_posters_decade.errors import MoviePostersError
from movie_posters_decade.export import export
from movie_posters_decade.options import Options
from movie_posters_decade.report import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after the program's name; by default those it was called with.

    Returns:
        The exit code: 0, or 1 after an error that was told in a sentence.
    """
    # What was imported stays, so that the garbage collector need not look at it again.
    gc.freeze()
    chosen = parser().parse_args(arguments)
    try:
        COMMANDS[chosen.command](chosen)
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
    builder = _built(chosen)
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
    export(builder.as_dataset(), chosen.output, extras=builder.tables())
    places = {"cache_dir": builder.cache_dir, "output": str(chosen.output)}
    place = f"The dataset is in {builder.cache_dir}\nIts posters are in {chosen.output}"
    _print_report(chosen, builder.report(), places, place)


def _export(chosen: argparse.Namespace) -> None:
    rendering = rendering_of(chosen)
    builder = _built(chosen)
    is_new = export(
        builder.as_dataset(),
        chosen.output,
        chosen.format,
        rendering=rendering,
        extras=builder.tables(),
        overwrite=chosen.overwrite,
        shard_bytes=chosen.shard_megabytes * MEGABYTE,
    )
    place = f"The posters are in {chosen.output}" + ("" if is_new else ", as they were already")
    places = {"cache_dir": builder.cache_dir, "output": str(chosen.output), "written": is_new}
    _print_report(chosen, builder.report(), places, place)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "demo": _demo,
    "plan": _plan,
    "build": _build,
    "export": _export,
}


def _built(chosen: argparse.Namespace) -> MoviePostersDecade:
    builder = _builder(chosen)
    again = DownloadMode.FORCE_REDOWNLOAD if chosen.force_redownload else None
    builder.download_and_prepare(download_mode=again)
    return builder


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
