"""The smallest number of posters of a decade: checks of a plan and of a finished build.

The posters of all splits count together, as they do for the largest number.
"""

from collections import Counter
from collections.abc import Mapping

from movie_posters_decade.build_warnings import collect
from movie_posters_decade.errors import CollectionError
from movie_posters_decade.records import Stratum, list_counts
from movie_posters_decade.report.counts import Report


def check_plan(targets: Mapping[Stratum, int], candidates: Mapping[str, int], least: int) -> None:
    """Check that a build can reach the smallest number, before anything is downloaded.

    Args:
        targets: how many posters of each stratum a build keeps at most.
        candidates: how many movies of each decade there are.
        least: the smallest number of posters of a decade.

    Raises:
        CollectionError: a decade cannot have so many.
    """
    planned = Counter[str]()
    for stratum, target in targets.items():
        planned[stratum.decade] += target
    short = [decade for decade, count in planned.items() if count < least]
    if not short:
        return
    decade = min(short, key=lambda one: candidates[one])
    raise CollectionError(
        f"The {decade} can have at most {planned[decade]} posters instead of at least {least}: "
        f"there are {candidates[decade]} candidates, {_all_stop(short, planned)}and nothing was "
        "downloaded. Choose more genres or other years, or a lower min_per_decade "
        "(--min-per-decade)."
    )


def check_build(report: Report, least: int, folder: str) -> None:
    """Check that each decade of a finished build has the smallest number of posters.

    Args:
        report: of the build.
        least: the smallest number of posters of a decade.
        folder: where the build is kept.

    Raises:
        CollectionError: a decade has fewer.
    """
    counts = report.decade_counts()
    kept = {decade: count.kept for decade, count in counts.items()}
    short = [decade for decade, count in kept.items() if count < least]
    if not short:
        return
    # Where all decades are equal, the one that could give the fewest decides.
    left = {one: report.decades[one] - counts[one].rejected.total() for one in short}
    decade = min(short, key=lambda one: left[one])
    for warning in report.warnings:
        collect(warning)
    rejected = counts[decade].rejected
    why = f" ({list_counts(dict(rejected.most_common()))})" if rejected else ""
    raise CollectionError(
        f"The {decade} have {kept[decade]} posters instead of at least {least}: "
        f"{rejected.total()} of {report.decades[decade]} candidates were rejected{why}, "
        f"{_all_stop(short, kept)}and what was built is kept in {folder}. {_cure(report)}"
    )


def _cure(report: Report) -> str:
    """Return what helps: the remedies of the build's shortfall, if there are any."""
    if report.shortfall and report.shortfall.remedies:
        return report.shortfall.to_warning().cure
    return (
        "Build again later with --rebuild, choose more genres or other years, or a lower "
        "min_per_decade (--min-per-decade)."
    )


def _all_stop(short: list[str], sizes: Mapping[str, int]) -> str:
    """Say that all decades have the same size, where they do."""
    is_equal = len(short) == len(sizes) > 1 and len(set(sizes.values())) == 1
    return "all decades stop at that number, " if is_equal else ""
