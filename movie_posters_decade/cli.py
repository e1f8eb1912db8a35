"""The command line: one function per command, which returns what to print.

Modules that only one command needs are imported by it, so that ``--help`` is fast.
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from movie_posters_decade.build_warnings import BuildWarning, collect_warnings
from movie_posters_decade.cli_options import parse_arguments
from movie_posters_decade.cli_output import (
    Failure,
    Output,
    open_standard_error,
    print_failure,
    print_note,
    print_output,
    report_output,
)
from movie_posters_decade.cli_parser import UsageError, build_options, transform_options
from movie_posters_decade.cli_saved_options import save_options
from movie_posters_decade.cli_signals import INTERRUPTED, end_on_signals, exit_code
from movie_posters_decade.configurations import DEMO
from movie_posters_decade.errors import AnalysisError, ExitCode, MoviePostersError
from movie_posters_decade.io import is_storage_fault
from movie_posters_decade.records import list_counts

if TYPE_CHECKING:
    from movie_posters_decade.artifacts import Build
    from movie_posters_decade.builder import MoviePostersDecade


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return an `ExitCode`, or 130 or 143 after a signal.

    Raises:
        SystemExit: the arguments are wrong, or ask for help or the version.
    """
    open_standard_error()
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in words
    try:
        chosen = parse_arguments(words)
    except UsageError as error:
        print_note(error.usage)
        print_failure(Failure(ExitCode.USAGE, "usage", str(error)), [], as_json=as_json)
        raise SystemExit(ExitCode.USAGE) from None
    except MoviePostersError as error:
        print_failure(_failure(error), [], as_json=as_json)
        return error.exit_code
    return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    """Run a command, and print its output, or one message about its failure."""
    _import_datasets()
    with collect_warnings() as warnings, _no_unraisable_errors():
        failure = _try(chosen, warnings)
        if failure is None:
            return ExitCode.OK
        # Closes what was under way, such as a progress bar, before the message.
        gc.collect()
    print_failure(failure, warnings, as_json=chosen.json)
    return failure.exit_code


@contextmanager
def _no_unraisable_errors() -> Iterator[None]:
    """Keep Python from printing errors in finalizers, which repeat an error that is reported."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _try(chosen: argparse.Namespace, warnings: list[BuildWarning]) -> Failure | None:
    """Run a command and print its output, or return why it failed."""
    from datasets.exceptions import DatasetsError

    from movie_posters_decade.cli_progress import show_progress

    try:
        with end_on_signals(as_json=chosen.json):
            with show_progress(quiet=chosen.quiet):
                output = COMMANDS[chosen.command](chosen)
            print_output(output, warnings, as_json=chosen.json)
    except (MoviePostersError, DatasetsError, OSError) as error:
        return _failure(error)
    except KeyboardInterrupt as interrupt:
        return Failure(exit_code(interrupt), "interrupted", INTERRUPTED)
    return None


def _import_datasets() -> None:
    # Importing it creates no garbage, and collecting garbage meanwhile takes a tenth of the time.
    gc.disable()
    try:
        import movie_posters_decade.builder  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


def _failure(error: Exception) -> Failure:
    """Return what an error means for whoever runs the command."""
    if isinstance(error, MoviePostersError):
        return Failure(error.exit_code, error.code, str(error))
    if isinstance(error, BrokenPipeError):
        # The reader has closed the pipe; Python would print an error when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Failure(ExitCode.ERROR, "closed_pipe", "")
    if isinstance(error, OSError):
        path = error.filename or "a file"
        return Failure(
            ExitCode.STORAGE,
            "storage",
            f"{path}: cannot be read or written: {error.strerror or error}. What was downloaded is "
            "kept; fix this, or choose another folder.",
        )
    # An error of datasets: what led to it is the fault.
    cause = error.__cause__
    message = f"{error}: {cause or 'the cause is unknown'}"
    if isinstance(cause, MoviePostersError):
        return Failure(cause.exit_code, cause.code, message)
    if is_storage_fault(cause):
        return Failure(ExitCode.STORAGE, "storage", message)
    return Failure(ExitCode.ERROR, "error", message)


def _plan(chosen: argparse.Namespace) -> Output:
    report = _builder(chosen).plan()
    least, most = report.kept, sum(report.decades.values())
    more = f", or up to {most} if some are rejected" if most > least else ""
    last_line = f"A build would download {least} posters{more}."
    return report_output(report, {"to_download": {"at_least": least, "at_most": most}}, last_line)


def _build(chosen: argparse.Namespace) -> Output:
    builder = _builder(chosen)
    if chosen.save_options is not None:
        save_options(chosen.save_options, chosen.given)
    builder.download_and_prepare(download_mode=chosen.download_mode)
    files, report = builder.files, builder.report()
    paths = {
        "cache_dir": files.folder,
        "rejected_path": files.rejected_path,
        "lock_path": files.lock_path,
    }
    titles = ("Dataset", "Rejected posters", "Lock file")
    lines = [f"{title}: {path}" for title, path in zip(titles, paths.values(), strict=True)]
    if report.transient:
        reasons = list_counts(report.transient)
        lines.append(f"Some rejections may be temporary ({reasons}): --rebuild tries them again.")
    return report_output(report, paths, "\n".join(lines))


def _demo(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.exports.exporter import check_output, export

    check_output(chosen.output)
    builder = MoviePostersDecade(chosen.cache_dir, config_name=DEMO)
    builder.download_and_prepare()
    build = builder.built()
    export(build, chosen.output)
    paths = {"cache_dir": builder.cache_dir, "output": str(chosen.output)}
    text = f"Dataset: {builder.cache_dir}\nPosters: {chosen.output}"
    return report_output(build.report, paths, text)


def _export(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.exports.exporter import check_output, export

    transform = transform_options(chosen)
    check_output(chosen.output, overwrite=chosen.overwrite)
    build = _prepared_builder(chosen).built()
    is_new = export(
        build,
        chosen.output,
        chosen.format,
        max_shard_size=chosen.max_shard_size,
        overwrite=chosen.overwrite,
        **transform,
    )
    text = f"Posters: {chosen.output}" + ("" if is_new else " (unchanged)")
    more = {"output": str(chosen.output), "written": is_new}
    return report_output(build.report, more, text)


def _baseline(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.analysis import require_libraries
    from movie_posters_decade.analysis.evaluate import evaluate

    require_libraries("sklearn")
    transform = transform_options(chosen)
    build = _prepared_builder(chosen).built()
    evaluation = evaluate(build, **transform)
    return Output(evaluation.to_json(), evaluation.to_text(), build.report.warnings)


def _report(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.analysis import require_libraries
    from movie_posters_decade.analysis.report import PAGE_FILE, check_folder, write_report

    require_libraries("sklearn", "matplotlib")
    check_folder(chosen.output)
    build = _prepared_builder(chosen).built()
    write_report(build, chosen.output)
    paths = {"output": str(chosen.output), "page": str(chosen.output / PAGE_FILE)}
    return report_output(build.report, paths, f"Page: {paths['page']}")


def _check_fallbacks(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.report import format_table

    agreements = _builder(chosen).check_fallbacks()
    rows = [
        (one.decade, one.fallback, one.living, one.found, one.alike, _percent(one.share))
        for one in agreements
    ]
    table = format_table([("decade", "fallback", "living", "found", "alike", "share"), *rows])
    return Output({"fallbacks": [agreement.to_json() for agreement in agreements]}, table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _push(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.hub.push import COPYRIGHT_REMINDER, check_access, push

    check_access(chosen.repo_id, public=chosen.public)
    build = _prepared_builder(chosen).built()
    url = push(
        build,
        chosen.repo_id,
        public=chosen.public,
        images=chosen.images,
        warnings=_shortcut_warnings(build) if chosen.audit else None,
    )
    more, text = {"url": url, "public": chosen.public}, f"Dataset: {url}"
    if not chosen.public:
        return report_output(build.report, more, text)
    if not chosen.quiet:
        print_note(COPYRIGHT_REMINDER)
    return report_output(build.report, more, text, [BuildWarning("copyright", COPYRIGHT_REMINDER)])


def _shortcut_warnings(build: "Build") -> list[str] | None:
    """Return the warnings of the audit for shortcuts; None without its libraries."""
    from movie_posters_decade.analysis.evaluate import find_shortcuts

    try:
        return find_shortcuts(build)
    except AnalysisError:
        return None


COMMANDS: dict[str, Callable[[argparse.Namespace], Output]] = {
    "demo": _demo,
    "plan": _plan,
    "build": _build,
    "export": _export,
    "baseline": _baseline,
    "report": _report,
    "check-fallbacks": _check_fallbacks,
    "push": _push,
}
"""What each command does. Its flags are in `cli_parser`."""


def _prepared_builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    builder = _builder(chosen)
    builder.download_and_prepare(download_mode=chosen.download_mode)
    return builder


def _builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    from movie_posters_decade.builder import MoviePostersDecade

    catalogue = {"config_name": chosen.config, "data_files": chosen.data_files}
    return MoviePostersDecade(chosen.cache_dir, **catalogue, **build_options(chosen))
