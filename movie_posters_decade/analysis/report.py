"""Analysis report: one HTML page and one JSON file on a build."""

import base64
import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from jinja2 import Environment, StrictUndefined

from movie_posters_decade.analysis import missing_library
from movie_posters_decade.analysis.evaluate import Evaluation, evaluate
from movie_posters_decade.analysis.features import PosterFeatures
from movie_posters_decade.artifacts import REJECTED_FILE, Build
from movie_posters_decade.errors import ExportError
from movie_posters_decade.images.transform import POSTERS_A_ROW, draw_thumbnail, first_places
from movie_posters_decade.io import write_atomically
from movie_posters_decade import __version__

try:
    from movie_posters_decade.analysis.charts import bars, boxes, kinds, stacked_bars
except ModuleNotFoundError as error:
    raise missing_library(error) from error

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BORDERLINE_POSTERS = 12
"""The number of the least colorful posters that the page shows."""

PAGE_FILE = "index.html"
DATA_FILE = "report.json"
TEMPLATE_FILE = "report_template.html"

_GENERATOR = '<meta name="generator" content="movie_posters_decade">'
"""The tag in the template that marks a page as ours."""

_MEASURES = {
    "width in pixels": "width",
    "height in pixels": "height",
    "bytes": "size",
    "colorfulness": "colorfulness",
}


def write_report(build: Build, folder: str | Path) -> None:
    """Write a page about a build, and its data as JSON.

    The same build gives the same bytes. The page refers to nothing outside itself.

    Args:
        build: the build to analyse.
        folder: is created if needed. Only ``index.html`` and ``report.json`` are written in it.

    Raises:
        AnalysisError: the build has only one decade.
        ExportError: the folder holds files of these names that no report wrote.
        OSError: the files cannot be written.
    """
    folder = Path(folder)
    check_folder(folder)
    data = collect_data(build, evaluate(build))
    page = render_page(data, make_thumbnails(build, data))
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=2, ensure_ascii=False)
    for name, content in {DATA_FILE: text, PAGE_FILE: page}.items():
        write_atomically(folder / name, content.encode())


def check_folder(folder: Path) -> None:
    """Check that only files of an earlier report would be overwritten.

    Raises:
        ExportError: another file would be.
    """
    for name, is_ours in ((PAGE_FILE, _is_page), (DATA_FILE, _is_data)):
        path = folder / name
        if path.exists() and not is_ours(path.read_text(encoding="utf-8", errors="replace")):
            raise ExportError(
                f"{path}: expected no such file, or one that an earlier report wrote; found "
                "another. Choose another folder."
            )


def _is_page(text: str) -> bool:
    return _GENERATOR in text


def _is_data(text: str) -> bool:
    try:
        return {"movie_posters_decade", "evaluation"} <= set(json.loads(text))
    except (ValueError, TypeError):
        return False


def collect_data(build: Build, evaluation: Evaluation) -> dict[str, Any]:
    """Return the data of the report, in JSON's types."""
    rejections = csv.DictReader(io.StringIO(build.tables[REJECTED_FILE].decode("utf-8")))
    decade_counts = build.report.decade_counts()
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
        "contact_sheet": _contact_sheet(build.dataset["train"]),
        "borderline": _borderline(build.dataset, evaluation.features),
        "distributions": _distributions(build.dataset, evaluation.features),
        "evaluation": evaluation.to_json(),
        "interval_note": evaluation.interval_note,
    }


def make_thumbnails(build: Build, data: Mapping[str, Any]) -> dict[str, str]:
    """Return thumbnails of the posters that the page shows, as data URLs by IMDb id."""
    shown = {movie["imdb_id"] for name in ("contact_sheet", "borderline") for movie in data[name]}
    thumbnails = {}
    for examples in build.dataset.values():
        undecoded = examples.cast_column("image", datasets.Image(decode=False))
        for row, imdb_id in enumerate(examples["imdb_id"]):
            if imdb_id in shown:
                jpeg = draw_thumbnail(undecoded[row]["image"]["bytes"])
                encoded = base64.b64encode(jpeg).decode()
                thumbnails[imdb_id] = f"data:image/jpeg;base64,{encoded}"
    return thumbnails


def render_page(data: Mapping[str, Any], thumbnails: Mapping[str, str]) -> str:
    """Render the page.

    Args:
        data: the data of the report, as `collect_data` returns it.
        thumbnails: data URLs by IMDb id, as `make_thumbnails` returns them.
    """
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"interval": _interval, "number": _number, "kinds": kinds}
    environment.globals |= {"bars": bars, "boxes": boxes, "stacked_bars": stacked_bars}
    template = files("movie_posters_decade.analysis").joinpath(TEMPLATE_FILE)
    page = environment.from_string(template.read_text(encoding="utf-8"))
    return page.render(data, **_chart_data(data["report"]), thumbnails=thumbnails)


def _chart_data(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a build's report in the form that charts take."""
    steps = {step["step"]: step["movies"] for step in report["funnel"]}
    kept = {
        decade: {split: counts[decade] for split, counts in report["splits"].items()}
        for decade in report["decades"]
    }
    return {"steps": steps | {"kept": report["kept"]}, "kept_by_decade": kept}


def _contact_sheet(examples: datasets.Dataset) -> list[dict[str, Any]]:
    return [
        _movie(examples, row)
        for rows in first_places(examples, POSTERS_A_ROW).values()
        for row in rows
    ]


def _movie(examples: datasets.Dataset, row: int) -> dict[str, Any]:
    values = examples.select_columns(["imdb_id", "title", "year", "label"])[row]
    decade = examples.features["label"].int2str(values.pop("label"))
    return {**values, "decade": decade}


def _borderline(
    dataset: datasets.DatasetDict, features: Mapping[str, Sequence[PosterFeatures]]
) -> list[dict[str, Any]]:
    """Return the least colorful of the kept posters, in ascending order."""
    ascending = sorted(
        (poster.colorfulness, split, row)
        for split, of_split in features.items()
        for row, poster in enumerate(of_split)
    )
    return [
        {**_movie(dataset[split], row), "colorfulness": color}
        for color, split, row in ascending[:BORDERLINE_POSTERS]
    ]


def _distributions(
    dataset: datasets.DatasetDict, features: Mapping[str, Sequence[PosterFeatures]]
) -> dict[str, dict[str, list[float]]]:
    """Return the quantiles of each measure by decade."""
    by_decade: defaultdict[str, list[PosterFeatures]] = defaultdict(list)
    for decade, poster in _with_decades(dataset, features):
        by_decade[decade].append(poster)
    decades = dataset["train"].features["label"].names
    return {
        title: {
            decade: np.quantile(
                [getattr(poster, name) for poster in by_decade[decade]], QUANTILES
            ).tolist()
            for decade in decades
            if by_decade[decade]
        }
        for title, name in _MEASURES.items()
    }


def _with_decades(
    dataset: datasets.DatasetDict, features: Mapping[str, Sequence[PosterFeatures]]
) -> Iterator[tuple[str, PosterFeatures]]:
    for split, of_split in features.items():
        names = dataset[split].features["label"].names
        for label, poster in zip(dataset[split]["label"], of_split, strict=True):
            yield names[label], poster


def _interval(score: Mapping[str, float]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
