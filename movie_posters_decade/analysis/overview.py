"""Overview of a build: how many posters, how balanced, what a model reaches, and warnings."""

from collections.abc import Iterator
from typing import Any

from movie_posters_decade.analysis.evaluate import Evaluation
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.report.counts import Report


def make_overview(build: Build, evaluation: Evaluation) -> dict[str, Any]:
    """Return what a reader wants to know first, in JSON's types.

    Returns:
        ``sizes``, the posters of each split and decade; ``per_decade``, the posters of each decade
        of a split, or None if decades differ; ``model``, the best of the baselines; ``warnings``,
        each with a ``sentence`` and ``cures``, which are empty where the sentence holds the cure;
        and ``notes``, findings that are no warnings.
    """
    report = build.report
    per_decade = {split: set(sizes.values()) for split, sizes in report.splits.items()}
    is_balanced = all(len(sizes) == 1 for sizes in per_decade.values())
    decades = {
        decade: sum(sizes[decade] for sizes in report.splits.values()) for decade in report.decades
    }
    findings = evaluation.findings
    more = () if evaluation.is_measured else (_more_posters(build),)
    clear = 0 if evaluation.has_image_warning else 1
    return {
        "decades": decades,
        "per_decade": {split: min(sizes) for split, sizes in per_decade.items()}
        if is_balanced
        else None,
        "model": _best_model(evaluation),
        "warnings": [
            {"sentence": sentence, "cures": list(cures)}
            for sentence, cures in (
                *_report_warnings(report),
                *((finding, more) for finding in findings[clear:]),
            )
        ],
        "notes": findings[:clear],
    }


def _best_model(evaluation: Evaluation) -> dict[str, Any]:
    chance, *models = evaluation.baselines
    best = max(models, key=lambda model: model.accuracy.value)
    return {
        "name": best.name,
        "of": len(models),
        "accuracy": vars(best.accuracy),
        "chance": chance.accuracy.value,
        "is_above_chance": best.accuracy.low > chance.accuracy.value,
    }


def _more_posters(build: Build) -> str:
    if build.report.shortfall and build.report.shortfall.remedies:
        return "more posters, as the first warning says"
    genres = "" if build.options.get("genres") is None else ", all genres (--config all)"
    balance = "" if build.options.get("balance") == "none" else ', balance="none"'
    return f"more posters: other years{genres}{balance} or another catalogue"


def _report_warnings(report: Report) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a sentence and the cures for each thing in a report that a reader should know."""
    for warning in report.warnings:
        if report.shortfall and warning.message == report.shortfall.sentence:
            yield warning.message, report.shortfall.remedies
        else:
            yield warning.message, (warning.cure,) if warning.cure else ()
