"""Warnings that follow from the counts of a build: each with its cure."""

from collections.abc import Iterable, Iterator

from movie_posters_decade.build_warnings import HOST_CODE, BuildWarning
from movie_posters_decade.records import list_counts
from movie_posters_decade.report.counts import Report
from movie_posters_decade.report.shortfall import SHORTFALL


def count_warnings(report: Report) -> Iterator[BuildWarning]:
    """Yield what the counts of a finished build warn of."""
    if report.transient:
        message = f"Some rejections may be temporary ({list_counts(report.transient)})."
        yield BuildWarning("temporary_rejections", message, "--rebuild tries them again.")
    if report.landscape_crops:
        crops = report.landscape_crops
        message = f"{sum(crops.values())} posters are strips of landscape pictures"
        cure = "drop_landscape_crops (--drop-landscape-crops) leaves them out."
        yield BuildWarning("landscape_crops", f"{message} ({list_counts(crops)}).", cure)
    if report.recovery is None:
        return
    for source, count in report.recovery.unanswered.items():
        message = f"{count} posters got no answer from {source}, which may have them."
        yield BuildWarning("fallback_unanswered", message, "--rebuild requests them again.")
    if report.recovery.warning:
        yield report.recovery.warning


def order_warnings(warnings: Iterable[BuildWarning]) -> tuple[BuildWarning, ...]:
    """Return the warnings that a report keeps, that of a shortfall first.

    What a host did that day is not about the dataset.
    """
    lasting = [one for one in warnings if not one.code.startswith(HOST_CODE)]
    return tuple(sorted(lasting, key=lambda one: one.code != SHORTFALL))
