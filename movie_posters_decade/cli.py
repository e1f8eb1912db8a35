"""The command line; the only room that prints. Each command loads what it alone needs."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from movie_posters_decade.arguments import PROGRAM, image_transform, parser
from movie_posters_decade.artifacts import Records
from movie_posters_decade.config import Options
from movie_posters_decade.configurations import CONFIGURATIONS, DEMO
from movie_posters_decade.errors import EvidenceError, MoviePostersError
from movie_posters_decade.finding import find_build
from movie_posters_decade.records import listing
from movie_posters_decade.report import Report

if TYPE_CHECKING:
    from movie_posters_decade.artifacts import Build
    from movie_posters_decade.builder import MoviePostersDecade


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after the program's name; by default those it was called with.

    Returns:
        The exit code: 0, or 1 after an error that was told in a sentence.
    """
    chosen = parser().parse_args(arguments)
    with _echoes_unheard():
        code, sentence = _run(chosen)
        if sentence:
            # What was under way, a progress bar for one, ends before the sentence.
            gc.collect()
    if sentence:
        print(f"{PROGRAM}: {sentence}", file=sys.stderr)
    return code


@contextmanager
def _echoes_unheard() -> Iterator[None]:
    """Keep Python from telling of errors in what is let go, as these echo one that is told."""
    tell, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = tell


def _run(chosen: argparse.Namespace) -> tuple[int, str]:
    """Run a command, and return its exit code, and a sentence if there is something to say."""
    try:
        if not _is_answered(chosen):
            _run_with_datasets(chosen)
        if sys.stdout:
            sys.stdout.flush()
    except MoviePostersError as error:
        return 1, str(error)
    except BrokenPipeError:
        # Whoever read along has had enough; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1, ""
    except OSError as error:
        where = error.filename or "a file"
        return 1, (
            f"{where}: cannot be read or written: {error.strerror or error}. What was downloaded is "
            "kept; mend this, or choose another folder."
        )
    except KeyboardInterrupt:
        return 130, "interrupted; what was downloaded is kept."
    return 0, ""


def _is_answered(chosen: argparse.Namespace) -> bool:
    """Answer what takes nothing but a look at a build that is there, and say whether that did."""
    # Where datasets is loaded, it answers as fast and knows better.
    if chosen.command != "build" or chosen.download_mode or "datasets" in sys.modules:
        return False
    source = {"data_files": chosen.data_files} | _options(chosen)
    found = find_build(replace(CONFIGURATIONS[chosen.config], **source), chosen.cache_dir)
    if found is not None:
        _print_build(chosen, *found)
    return found is not None


def _run_with_datasets(chosen: argparse.Namespace) -> None:
    # Loading it makes no garbage, and looking for it again and again takes a tenth of the time.
    gc.disable()
    try:
        from datasets.exceptions import DatasetsError

        import movie_posters_decade.builder  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()
    try:
        COMMANDS[chosen.command](chosen)
    except DatasetsError as error:
        cause = error.__cause__ or "no more is known"
        raise MoviePostersError(f"{error}: {cause}") from error


def _plan(chosen: argparse.Namespace) -> None:
    report = _builder(chosen).plan()
    least, most = report.kept, sum(report.decades.values())
    more = f", and more, up to {most}, where some are rejected" if most > least else ""
    wanted = f"{least} posters would be downloaded{more}."
    _print_report(chosen, report, {"to_download": {"at_least": least, "at_most": most}}, wanted)


def _build(chosen: argparse.Namespace) -> None:
    builder = _built(chosen)
    _print_build(chosen, builder.records, builder.report())


def _print_build(chosen: argparse.Namespace, records: Records, report: Report) -> None:
    places = {
        "cache_dir": records.folder,
        "report": records.rejected_path,
        "lock": records.lock_path,
    }
    place = (
        f"The dataset is in {records.folder}\nEvery rejection is in {records.rejected_path}\n"
        f"What it is made of, byte for byte, is in {records.lock_path}"
    )
    if report.passing:
        rejected = listing(report.passing)
        place += f"\nSome may be had another time ({rejected}): --rebuild asks again."
    _print_report(chosen, report, places, place)


def _demo(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.exports.exporter import check_output, export

    check_output(chosen.output)
    builder = MoviePostersDecade(chosen.cache_dir, config_name=DEMO)
    builder.download_and_prepare()
    build = builder.built()
    export(build.dataset, chosen.output, extras=build.tables)
    places = {"cache_dir": builder.cache_dir, "output": str(chosen.output)}
    place = f"The dataset is in {builder.cache_dir}\nIts posters are in {chosen.output}"
    _print_report(chosen, build.report, places, place)


def _export(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.exports.exporter import check_output, export

    transform = image_transform(chosen)
    check_output(chosen.output, overwrite=chosen.overwrite)
    build = _built(chosen).built()
    is_new = export(
        build.dataset,
        chosen.output,
        chosen.format,
        transform=transform,
        extras=build.tables,
        overwrite=chosen.overwrite,
        max_shard_size=chosen.max_shard_size,
    )
    place = f"The posters are in {chosen.output}" + ("" if is_new else ", as they were already")
    more = {"output": str(chosen.output), "written": is_new}
    _print_report(chosen, build.report, more, place)


def _baseline(chosen: argparse.Namespace) -> None:
    transform = image_transform(chosen)
    from movie_posters_decade.analysis.evaluate import evaluate

    evaluation = evaluate(_built(chosen).built(), **asdict(transform))
    print(json.dumps(evaluation.to_json(), indent=2) if chosen.json else evaluation)


def _report(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.analysis.report import PAGE_FILE, check_folder, write_report
    from movie_posters_decade.exports.exporter import check_output

    check_output(chosen.output, overwrite=True)
    check_folder(chosen.output)
    build = _built(chosen).built()
    write_report(build, chosen.output)
    places = {"output": str(chosen.output), "page": str(chosen.output / PAGE_FILE)}
    _print_report(chosen, build.report, places, f"The page is {places['page']}")


def _warnings(build: "Build") -> list[str] | None:
    """Return the warnings of shortcuts; None if the libraries for the audit are not installed."""
    try:
        from movie_posters_decade.analysis.evaluate import find_shortcuts
    except EvidenceError:
        return None
    return find_shortcuts(build)


def _push(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.hub.access import check_access
    from movie_posters_decade.hub.push import COPYRIGHT_REMINDER, push

    check_access(chosen.repo_id, public=chosen.public)
    build = _built(chosen).built()
    url = push(
        build,
        chosen.repo_id,
        public=chosen.public,
        images=chosen.images,
        warnings=_warnings(build) if chosen.audit else None,
    )
    more = {"url": url, "public": chosen.public}
    _print_report(chosen, build.report, more, f"The dataset is at {url}")
    if chosen.public:
        print(COPYRIGHT_REMINDER, file=sys.stderr)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "demo": _demo,
    "plan": _plan,
    "build": _build,
    "export": _export,
    "baseline": _baseline,
    "report": _report,
    "push": _push,
}


def _built(chosen: argparse.Namespace) -> "MoviePostersDecade":
    builder = _builder(chosen)
    builder.download_and_prepare(download_mode=chosen.download_mode)
    return builder


def _builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    from movie_posters_decade.builder import MoviePostersDecade

    return MoviePostersDecade(
        chosen.cache_dir,
        config_name=chosen.config,
        data_files=chosen.data_files,
        **_options(chosen),
    )


def _options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the options that were given, by name."""
    given = {option.name: getattr(chosen, option.name) for option in fields(Options)}
    return {
        name: dict(value) if name == "columns" else value
        for name, value in given.items()
        if value is not None
    }


def _print_report(
    chosen: argparse.Namespace, report: Report, more: dict[str, Any], last_words: str
) -> None:
    if chosen.json:
        print(json.dumps(report.to_json() | more, indent=2))
    else:
        print(report.to_text(), last_words, sep="\n\n")
