"""The command line: one function per command. The only module that prints.

Modules that only one command needs are imported by it, so that ``--help`` is fast.
"""

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from movie_posters_decade.cli_parser import PROGRAM, build_options, parser, transform_options
from movie_posters_decade.cli_signals import INTERRUPTED, end_on_signals, exit_code
from movie_posters_decade.configurations import DEMO
from movie_posters_decade.errors import AnalysisError, BuildError, MoviePostersError
from movie_posters_decade.records import list_counts
from movie_posters_decade.terminal import visible

if TYPE_CHECKING:
    from movie_posters_decade.artifacts import Build
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.report import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return 0, 1 after an error, or 130 or 143 after a signal."""
    chosen = parser().parse_args(arguments)
    with _no_unraisable_errors():
        code, message = _run(chosen)
        if message:
            # Closes what was under way, such as a progress bar, before the message.
            gc.collect()
    if message:
        _print(f"{PROGRAM}: {message}", file=sys.stderr)
    return code


@contextmanager
def _no_unraisable_errors() -> Iterator[None]:
    """Keep Python from printing errors in finalizers, which repeat an error that is reported."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _run(chosen: argparse.Namespace) -> tuple[int, str]:
    """Run a command, and return its exit code and an error message."""
    try:
        with end_on_signals():
            _import_datasets()
            _run_command(chosen)
            if sys.stdout:
                sys.stdout.flush()
    except MoviePostersError as error:
        return 1, str(error)
    except BrokenPipeError:
        # The reader has closed the pipe; Python would print an error when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1, ""
    except OSError as error:
        path = error.filename or "a file"
        return 1, (
            f"{path}: cannot be read or written: {error.strerror or error}. What was downloaded is "
            "kept; fix this, or choose another folder."
        )
    except KeyboardInterrupt as interrupt:
        return exit_code(interrupt), INTERRUPTED
    return 0, ""


def _import_datasets() -> None:
    # Importing it creates no garbage, and collecting garbage meanwhile takes a tenth of the time.
    gc.disable()
    try:
        import movie_posters_decade.builder  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


def _run_command(chosen: argparse.Namespace) -> None:
    from datasets.exceptions import DatasetsError

    try:
        COMMANDS[chosen.command](chosen)
    except DatasetsError as error:
        cause = error.__cause__ or "the cause is unknown"
        raise MoviePostersError(f"{error}: {cause}") from error


def _plan(chosen: argparse.Namespace) -> None:
    report = _builder(chosen).plan()
    least, most = report.kept, sum(report.decades.values())
    more = f", or up to {most} if some are rejected" if most > least else ""
    last_line = f"A build would download {least} posters{more}."
    _print_report(chosen, report, {"to_download": {"at_least": least, "at_most": most}}, last_line)


def _build(chosen: argparse.Namespace) -> None:
    builder = _prepared_builder(chosen)
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
    _print_report(chosen, report, paths, "\n".join(lines))


def _demo(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.exports.exporter import check_output, export

    check_output(chosen.output)
    builder = MoviePostersDecade(chosen.cache_dir, config_name=DEMO)
    builder.download_and_prepare()
    build = builder.built()
    export(build, chosen.output)
    paths = {"cache_dir": builder.cache_dir, "output": str(chosen.output)}
    text = f"Dataset: {builder.cache_dir}\nPosters: {chosen.output}"
    _print_report(chosen, build.report, paths, text)


def _export(chosen: argparse.Namespace) -> None:
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
    _print_report(chosen, build.report, more, text)


def _baseline(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.analysis import require_libraries
    from movie_posters_decade.analysis.evaluate import evaluate

    require_libraries("sklearn")
    transform = transform_options(chosen)
    evaluation = evaluate(_prepared_builder(chosen).built(), **transform)
    _print(json.dumps(evaluation.to_json(), indent=2) if chosen.json else evaluation.to_text())


def _report(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.analysis import require_libraries
    from movie_posters_decade.analysis.report import PAGE_FILE, check_folder, write_report

    require_libraries("sklearn", "matplotlib")
    transform = transform_options(chosen)
    check_folder(chosen.output)
    build = _prepared_builder(chosen).built()
    write_report(build, chosen.output, **transform)
    paths = {"output": str(chosen.output), "page": str(chosen.output / PAGE_FILE)}
    _print_report(chosen, build.report, paths, f"Page: {paths['page']}")


def _check_fallbacks(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.report import format_table

    agreements = _builder(chosen).check_fallbacks()
    if chosen.json:
        checks = [agreement.to_json() for agreement in agreements]
        _print(json.dumps({"fallbacks": checks}, indent=2))
        return
    rows = [
        (
            one.decade,
            one.fallback,
            one.living,
            one.unanswered,
            one.found,
            one.alike,
            _percent(one.share),
        )
        for one in agreements
    ]
    titles = ("decade", "fallback", "living", "unanswered", "found", "alike", "share")
    _print(format_table([titles, *rows]))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _push(chosen: argparse.Namespace) -> None:
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
    _print_report(chosen, build.report, {"url": url, "public": chosen.public}, f"Dataset: {url}")
    if chosen.public:
        _print(COPYRIGHT_REMINDER, file=sys.stderr)


def _card(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.exports.exporter import check_output, export_files
    from movie_posters_decade.hub.files import README_FILE, check_repo_id, describe

    check_repo_id(chosen.repo_id)
    check_output(chosen.output, overwrite=chosen.overwrite)
    build = _prepared_builder(chosen).built()
    warnings = _shortcut_warnings(build) if chosen.audit else None
    files = describe(build, chosen.repo_id, images=chosen.images, warnings=warnings)
    export_files(files, chosen.output, overwrite=chosen.overwrite)
    card = str(chosen.output / README_FILE)
    more = {"output": str(chosen.output), "card": card, "files": sorted(files)}
    _print_report(chosen, build.report, more, f"Card: {card}")


def _shortcut_warnings(build: "Build") -> list[str] | None:
    """Return the warnings of the audit for shortcuts; None without its libraries."""
    from movie_posters_decade.analysis.evaluate import find_shortcuts

    try:
        return find_shortcuts(build)
    except AnalysisError:
        return None


def _builds(chosen: argparse.Namespace) -> None:
    from movie_posters_decade.cli_builds import run_builds

    outcome = run_builds(chosen)
    _print(json.dumps(outcome.json, indent=2) if chosen.json else outcome.text)
    if outcome.failure:
        raise BuildError(outcome.failure)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "demo": _demo,
    "plan": _plan,
    "build": _build,
    "export": _export,
    "baseline": _baseline,
    "report": _report,
    "check-fallbacks": _check_fallbacks,
    "card": _card,
    "push": _push,
    "builds": _builds,
}


def _prepared_builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    builder = _builder(chosen)
    builder.download_and_prepare(download_mode=chosen.download_mode)
    return builder


def _builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    from movie_posters_decade.builder import MoviePostersDecade

    catalogue = {"config_name": chosen.config, "data_files": chosen.data_files}
    return MoviePostersDecade(chosen.cache_dir, **catalogue, **build_options(chosen))


def _print_report(
    chosen: argparse.Namespace, report: "Report", more: dict[str, Any], last_lines: str
) -> None:
    if chosen.json:
        _print(json.dumps(report.to_json() | more, indent=2))
    else:
        _print(f"{report}\n\n{last_lines}")


def _print(text: str, file: TextIO | None = None) -> None:
    """Print a text, of which parts may come from outside."""
    print(visible(text), file=file)
