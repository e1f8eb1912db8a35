"""Analysis report: one HTML page with charts as SVG, and one JSON file on a build."""

import base64
import csv
import html
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
from jinja2 import Environment, StrictUndefined

from movie_posters_decade import __version__
from movie_posters_decade.analysis import require_libraries
from movie_posters_decade.analysis.evaluate import Evaluation, evaluate
from movie_posters_decade.analysis.intervals import Score
from movie_posters_decade.artifacts import REJECTED_FILE, Build
from movie_posters_decade.errors import ExportError
from movie_posters_decade.images import POSTERS_A_ROW, draw_thumbnail, first_of_each_decade
from movie_posters_decade.io import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BORDERLINE_POSTERS = 12
"""The number of the least colorful posters that the page shows."""

PAGE_FILE = "index.html"
DATA_FILE = "report.json"
_TEMPLATE_FILE = Path(__file__).with_name("report_template.html")

_GENERATOR = '<meta name="generator" content="movie_posters_decade">'
"""The tag in the template that marks a page as ours."""

_MEASURES = {
    "width in pixels": "width",
    "height in pixels": "height",
    "bytes": "size",
    "colorfulness": "colorfulness",
}

_INK = "#010203"
"""Stands for the page's text color, light or dark, which replaces it in the finished SVG."""

_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
"""Paul Tol's bright color scheme, made for the color-blind."""

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "movie_posters_decade",
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), _INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), _INK),
    **{f"boxplot.{part}props.color": _INK for part in ("box", "cap", "median", "whisker")},
}

_Groups = Mapping[str, Mapping[str, float]]
"""Counts by kind, for each group."""


def write_report(build: Build, folder: str | Path) -> None:
    """Write a page about a build, and its data as JSON.

    The same build gives the same bytes. The page refers to nothing outside itself.

    Args:
        build: the build to analyse.
        folder: is created if needed. Only ``index.html`` and ``report.json`` are written in it.

    Raises:
        AnalysisError: the build has only one decade, or a library is missing.
        ExportError: the folder holds files of these names that no report wrote.
        OSError: the files cannot be written.
    """
    require_libraries("sklearn", "matplotlib")
    folder = Path(folder)
    check_folder(folder)
    data = _collect_data(build, evaluate(build, check_recommended=True))
    page = _render_page(data, _make_thumbnails(build, data))
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=2, ensure_ascii=False)
    for name, content in {DATA_FILE: text, PAGE_FILE: page}.items():
        write_atomically(folder / name, content.encode())


def check_folder(folder: Path) -> None:
    """Raise an `ExportError` unless only files of an earlier report would be overwritten."""
    for path in (folder / PAGE_FILE, folder / DATA_FILE):
        if path.exists() and not _is_of_a_report(path):
            raise ExportError(
                f"{path}: expected no such file, or one that an earlier report wrote; found "
                "another. Choose another folder."
            )


def _is_of_a_report(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.name == PAGE_FILE:
        return _GENERATOR in text
    try:
        return {"movie_posters_decade", "evaluation"} <= set(json.loads(text))
    except (ValueError, TypeError):
        return False


def _collect_data(build: Build, evaluation: Evaluation) -> dict[str, Any]:
    """Return the data of the report, in JSON's types."""
    rejections = csv.DictReader(io.StringIO(build.tables[REJECTED_FILE].decode("utf-8")))
    decade_counts = build.report.decade_counts()
    train = build.dataset["train"]
    return {
        "configuration": build.name,
        "movie_posters_decade": __version__,
        "source": build.source,
        "options": dict(build.options),
        "report": build.report.to_json(),
        "rejected": {decade: counts.rejected for decade, counts in decade_counts.items()},
        "near_duplicates": [
            {"imdb_id": rejection["imdb_id"], "duplicate_of": rejection["duplicate_of"]}
            for rejection in rejections
            if rejection["duplicate_of"]
        ],
        "contact_sheet": [
            _movie(train, row)
            for rows in first_of_each_decade(train, POSTERS_A_ROW).values()
            for row in rows
        ],
        "borderline": _borderline(build, evaluation),
        "distributions": _distributions(build, evaluation),
        "evaluation": evaluation.to_json(),
        "interval_note": evaluation.interval_note,
    }


def _movie(examples: datasets.Dataset, row: int) -> dict[str, Any]:
    values = examples.select_columns(["imdb_id", "title", "year", "label"])[row]
    decade = examples.features["label"].int2str(values.pop("label"))
    return {**values, "decade": decade}


def _borderline(build: Build, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the least colorful of the kept posters, in ascending order."""
    ascending = sorted(
        (poster.colorfulness, split, row)
        for split, posters in evaluation.features.items()
        for row, poster in enumerate(posters)
    )
    return [
        {**_movie(build.dataset[split], row), "colorfulness": color}
        for color, split, row in ascending[:BORDERLINE_POSTERS]
    ]


def _distributions(build: Build, evaluation: Evaluation) -> dict[str, dict[str, list[float]]]:
    """Return the quantiles of each measure by decade."""
    labels = np.concatenate([build.dataset[split]["label"] for split in evaluation.features])
    posters = [poster for of_split in evaluation.features.values() for poster in of_split]
    distributions = {}
    for title, name in _MEASURES.items():
        values = np.array([getattr(poster, name) for poster in posters])
        distributions[title] = {
            decade: np.quantile(values[labels == label], QUANTILES).tolist()
            for label, decade in enumerate(evaluation.decades)
            if label in labels
        }
    return distributions


def _make_thumbnails(build: Build, data: Mapping[str, Any]) -> dict[str, str]:
    """Return thumbnails of the posters that the page shows, as data URLs by IMDb id."""
    shown = {movie["imdb_id"] for name in ("contact_sheet", "borderline") for movie in data[name]}
    thumbnails = {}
    for examples in build.dataset.values():
        undecoded = examples.cast_column("image", datasets.Image(decode=False))
        for row, imdb_id in enumerate(examples["imdb_id"]):
            if imdb_id in shown:
                jpeg = draw_thumbnail(undecoded[row]["image"]["bytes"])
                thumbnails[imdb_id] = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    return thumbnails


def _render_page(data: Mapping[str, Any], thumbnails: Mapping[str, str]) -> str:
    from matplotlib import rc_context

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"kinds": _kinds, "number": _number}
    environment.filters["interval"] = lambda score: str(Score(**score)) if score else "not measured"
    environment.globals |= {"bars": _bars, "boxes": _boxes, "stacked_bars": _stacked_bars}
    page = environment.from_string(_TEMPLATE_FILE.read_text("utf-8"))
    with rc_context(_STYLE):
        return page.render(data, **_chart_data(data["report"]), thumbnails=thumbnails) + "\n"


def _chart_data(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a build's report in the form that charts take."""
    steps = {step["step"]: step["movies"] for step in report["funnel"]}
    kept = {
        decade: {split: counts[decade] for split, counts in report["splits"].items()}
        for decade in report["decades"]
    }
    return {"steps": steps | {"kept": report["kept"]}, "kept_by_decade": kept}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _kinds(groups: _Groups) -> list[str]:
    """Return the kinds that are counted in any group, in the order of their first appearance."""
    return list(dict.fromkeys(kind for counts in groups.values() for kind in counts))


def _bars(counts: Mapping[str, float], title: str) -> str:
    """Draw a horizontal bar for each count."""
    figure, axes = _figure(0.35 * len(counts) + 0.6)
    container = axes.barh(list(counts), list(counts.values()), color=_COLORS[0])
    axes.bar_label(container, fmt="{:,.0f}", padding=3)
    axes.locator_params("x", integer=True, steps=[1, 2, 5, 10])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    return _to_svg(figure, title)


def _stacked_bars(groups: _Groups, title: str) -> str:
    """Draw a stacked bar for each group, with one color for each kind."""
    figure, axes = _figure(3)
    bottoms = np.zeros(len(groups))
    for number, kind in enumerate(_kinds(groups)):
        heights = [counts.get(kind, 0) for counts in groups.values()]
        color = _COLORS[number % len(_COLORS)]
        axes.bar(list(groups), heights, bottom=bottoms, color=color, label=kind)
        bottoms = bottoms + heights
    # By default a bar of height 0 on top of another removes the margin above both.
    axes.set_ylim(0, 1.05 * max(bottoms))
    axes.locator_params("y", integer=True, steps=[1, 2, 5, 10])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    figure.legend(frameon=False, loc="outside upper left", ncols=4)
    return _to_svg(figure, title)


def _boxes(quantiles: Mapping[str, Sequence[float]], title: str, unit: str) -> str:
    """Draw a box plot for each distribution, given its `QUANTILES`."""
    names = ("whislo", "q1", "med", "q3", "whishi")
    stats = [
        dict(zip(names, values, strict=True), label=label) for label, values in quantiles.items()
    ]
    box = {"facecolor": _COLORS[0], "alpha": 0.7}
    figure, axes = _figure(2.6)
    axes.bxp(stats, showfliers=False, patch_artist=True, boxprops=box)
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter("{x:,g}")
    return _to_svg(figure, title)


def _figure(height: float) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, height), layout="constrained")
    return figure, figure.add_subplot()


def _to_svg(figure: "Figure", title: str) -> str:
    file = io.StringIO()
    # The date and the version of matplotlib would change the page's bytes.
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=no_metadata)
    _, _, svg = file.getvalue().replace(_INK, "currentColor").partition("<svg")
    head, _, rest = svg.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    # Ids must be unique among all charts of the page.
    prefix = re.sub(r"[^a-z]+", "-", title.lower())
    rest = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", rest)
    return f'<svg{head} role="img" aria-label="{html.escape(title)}">{rest}'
