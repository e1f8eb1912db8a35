"""Analysis report: one HTML page with charts as SVG, and one JSON file on a build."""

import base64
import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from movie_posters_decade import __version__
from movie_posters_decade.analysis import require_libraries
from movie_posters_decade.analysis.evaluate import Evaluation, evaluate
from movie_posters_decade.analysis.overview import make_overview
from movie_posters_decade.analysis.page import GENERATOR, render_page
from movie_posters_decade.builds.artifacts import REJECTED_FILE, Build
from movie_posters_decade.errors import ExportError
from movie_posters_decade.images import POSTERS_A_ROW, first_of_each_decade
from movie_posters_decade.images.preview import make_preview
from movie_posters_decade.io import write_atomically

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BORDERLINE_POSTERS = 12
"""The number of the least colorful posters that the page shows."""

PAGE_FILE = "index.html"
DATA_FILE = "report.json"

_MEASURES = {
    "width in pixels": "width",
    "height in pixels": "height",
    "bytes": "size",
    "colorfulness": "colorfulness",
}


def write_report(
    build: Build,
    folder: str | Path,
    *,
    image_size: tuple[int, int] | None = None,
    resize_mode: str = "crop",
    encode_format: str | None = None,
    encode_quality: int = 90,
) -> None:
    """Write a page about a build, and its data as JSON.

    The same build gives the same bytes. The page refers to nothing outside itself.

    Args:
        build: the build to analyse.
        folder: is created if needed. Only ``index.html`` and ``report.json`` are written in it.
        image_size: with this or ``encode_format``, the audit is shown before and after posters are
            changed as `export` does; by default, what is predictive is measured after 224x224.
        resize_mode: as `export` has it.
        encode_format: as `export` has it.
        encode_quality: as `export` has it.

    Raises:
        AnalysisError: the build has only one decade, or a library is missing.
        OptionError: a value cannot be used.
        ExportError: the folder holds files of these names that no report wrote.
        OSError: the files cannot be written.
    """
    require_libraries("sklearn", "matplotlib")
    folder = Path(folder)
    check_folder(folder)
    evaluation = evaluate(
        build,
        image_size=image_size,
        resize_mode=resize_mode,
        encode_format=encode_format,
        encode_quality=encode_quality,
        check_recommended=True,
    )
    data = _collect_data(build, evaluation)
    page = render_page(data, _embed_posters(build, data))
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
        return GENERATOR in text
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
        "overview": make_overview(build, evaluation),
        "report": build.report.to_json(),
        "tried": {decade: counts.downloaded for decade, counts in decade_counts.items()},
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
        "ranges": _ranges(evaluation),
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


def _ranges(evaluation: Evaluation) -> dict[str, list[float]]:
    """Return the smallest and the largest value of each measure."""
    posters = [poster for of_split in evaluation.features.values() for poster in of_split]
    values = {title: [getattr(one, name) for one in posters] for title, name in _MEASURES.items()}
    return {title: [float(min(of)), float(max(of))] for title, of in values.items()}


def _embed_posters(build: Build, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the posters that the page shows, as data URLs by IMDb id."""
    shown = {movie["imdb_id"] for name in ("contact_sheet", "borderline") for movie in data[name]}
    embedded = {}
    for examples in build.dataset.values():
        undecoded = examples.cast_column("image", datasets.Image(decode=False))
        for row, imdb_id in enumerate(examples["imdb_id"]):
            if imdb_id in shown:
                media_type, content = make_preview(undecoded[row]["image"]["bytes"])
                encoded = base64.b64encode(content).decode()
                embedded[imdb_id] = f"data:{media_type};base64,{encoded}"
    return embedded
