"""The commands: one function each, which returns what to print.

Modules that only one command needs are imported by it, so that ``--help`` is fast.
"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.cli.output import Output, report_output
from movie_posters_decade.cli.parser import build_options, transform_options
from movie_posters_decade.cli.saved_options import save_options
from movie_posters_decade.errors import AnalysisError
from movie_posters_decade.options.configurations import DEMO

if TYPE_CHECKING:
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.builds.artifacts import Build


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
    transform = transform_options(chosen)
    check_folder(chosen.output)
    build = _prepared_builder(chosen).built()
    write_report(build, chosen.output, **transform)
    paths = {"output": str(chosen.output), "page": str(chosen.output / PAGE_FILE)}
    return report_output(build.report, paths, f"Page: {paths['page']}")


def _check_fallbacks(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.report.counts import format_table

    agreements = _builder(chosen).check_fallbacks()
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
    checks = [agreement.to_json() for agreement in agreements]
    return Output({"fallbacks": checks}, format_table([titles, *rows]))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _push(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.hub.push import COPYRIGHT_REMINDER, check_access, push

    check_access(chosen.repo_id, public=chosen.public)
    build = _prepared_builder(chosen).built()
    findings = _shortcut_findings(build) if chosen.audit else None
    public, images = chosen.public, chosen.images
    url = push(build, chosen.repo_id, public=public, images=images, findings=findings)
    more, text = {"url": url, "public": public, "findings": findings}, f"Dataset: {url}"
    reminder = [BuildWarning("copyright", COPYRIGHT_REMINDER)] if public else []
    return report_output(build.report, more, text, reminder)


def _card(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.exports.exporter import check_output, export_files
    from movie_posters_decade.hub.files import README_FILE, check_repo_id, describe

    check_repo_id(chosen.repo_id)
    check_output(chosen.output, README_FILE, overwrite=chosen.overwrite)
    build = _prepared_builder(chosen).built()
    findings = _shortcut_findings(build) if chosen.audit else None
    files = describe(build, chosen.repo_id, images=chosen.images, findings=findings)
    export_files(files, chosen.output, README_FILE, overwrite=chosen.overwrite)
    card = str(chosen.output / README_FILE)
    more = {
        "output": str(chosen.output),
        "card": card,
        "files": sorted(files),
        "findings": findings,
    }
    return report_output(build.report, more, f"Card: {card}")


def _shortcut_findings(build: "Build") -> list[str] | None:
    """Return what the audit for shortcuts found; None without its libraries."""
    from movie_posters_decade.analysis.evaluate import find_shortcuts

    try:
        return find_shortcuts(build)
    except AnalysisError:
        return None


def _builds(chosen: argparse.Namespace) -> Output:
    from movie_posters_decade.cli.builds import run_builds

    return run_builds(chosen)


COMMANDS: dict[str, Callable[[argparse.Namespace], Output]] = {
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
"""What each command does. Its flags are in `cli.parser`."""


def _prepared_builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    builder = _builder(chosen)
    builder.download_and_prepare(download_mode=chosen.download_mode)
    return builder


def _builder(chosen: argparse.Namespace) -> "MoviePostersDecade":
    from movie_posters_decade.builder import MoviePostersDecade

    catalogue = {"config_name": chosen.config, "data_files": chosen.data_files}
    return MoviePostersDecade(chosen.cache_dir, **catalogue, **build_options(chosen))
