"""All that is told of a build: its report, its evidence, its posters in figures and pictures."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from movie_posters_decade import __version__
from movie_posters_decade.analysis.evaluate import Evidence, gather, interval_note
from movie_posters_decade.analysis.features import Traits
from movie_posters_decade.analysis.page import is_page, make_page
from movie_posters_decade.artifacts import REJECTED_FILE, Build
from movie_posters_decade.errors import ExportError
from movie_posters_decade.images.transform import POSTERS_A_ROW, draw_thumbnail, first_places
from movie_posters_decade.io import write_atomically

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BORDERLINE = 12
"""How many of the least colorful posters are shown."""

PAGE = "index.html"
DATA = "report.json"

_MEASURES = {
    "width in pixels": "width",
    "height in pixels": "height",
    "bytes": "size",
    "colorfulness": "colorfulness",
}


def check_place(output: Path) -> None:
    """See that no file would be written over but those of an earlier dossier.

    Raises:
        ExportError: one would.
    """
    for name, is_ours in ((PAGE, is_page), (DATA, _is_data)):
        path = output / name
        if path.exists() and not is_ours(path.read_text(encoding="utf-8", errors="replace")):
            raise ExportError(
                f"{path}: expected no such file, or one that an earlier report wrote; found "
                "another. Choose another folder."
            )


def write_dossier(build: Build, output: Path) -> None:
    """Write a page on a build, and its data as JSON.

    Args:
        build: as the builder gives it.
        output: a folder that is made if it is not there; only ``index.html`` and ``report.json`` in
            it are written, or written over if a dossier wrote them.

    Raises:
        ExportError: there are such files of another.
        OSError: they cannot be written.
    """
    check_place(output)
    dossier = make_dossier(build, gather(build.dataset))
    page = make_page(dossier, draw_thumbnails(build, dossier))
    output.mkdir(parents=True, exist_ok=True)
    data = json.dumps(dossier, indent=2, ensure_ascii=False)
    for name, text in {DATA: data, PAGE: page}.items():
        write_atomically((output / name), text.encode())


def _is_data(text: str) -> bool:
    try:
        return {"movie_posters_decade", "evidence"} <= set(json.loads(text))
    except (ValueError, TypeError):
        return False


def make_dossier(build: Build, evidence: Evidence) -> dict[str, Any]:
    """Return what is told of a build, in JSON's types.

    Args:
        build: as the builder gives it.
        evidence: what `gather` found out about its dataset.
    """
    rejections = csv.DictReader(io.StringIO(build.tables[REJECTED_FILE].decode("utf-8")))
    return {
        "configuration": build.name,
        "movie_posters_decade": __version__,
        "source": build.source,
        "options": dict(build.options),
        "report": build.report.to_json(),
        "rejected": {
            decade: counts.rejected for decade, counts in build.report.decade_counts().items()
        },
        "near_duplicates": [
            {"imdb_id": rejection["imdb_id"], "duplicate_of": rejection["duplicate_of"]}
            for rejection in rejections
            if rejection["duplicate_of"]
        ],
        "contact_sheet": _contact_sheet(build.dataset["train"]),
        "borderline": _borderline(build.dataset, evidence.traits),
        "distributions": _distributions(build.dataset, evidence.traits),
        "evidence": evidence.to_json(),
        "interval_note": interval_note(evidence.leaks),
    }


def draw_thumbnails(build: Build, dossier: Mapping[str, Any]) -> dict[str, bytes]:
    """Return small pictures of the posters that a dossier shows, by IMDb id."""
    shown = {
        movie["imdb_id"] for name in ("contact_sheet", "borderline") for movie in dossier[name]
    }
    pictures = {}
    for part in build.dataset.values():
        undecoded = part.cast_column("image", datasets.Image(decode=False))
        for place, imdb_id in enumerate(part["imdb_id"]):
            if imdb_id in shown:
                pictures[imdb_id] = draw_thumbnail(undecoded[place]["image"]["bytes"])
    return pictures


def _contact_sheet(part: datasets.Dataset) -> list[dict[str, Any]]:
    return [
        _movie(part, place)
        for places in first_places(part, POSTERS_A_ROW).values()
        for place in places
    ]


def _movie(part: datasets.Dataset, place: int) -> dict[str, Any]:
    fields = part.select_columns(["imdb_id", "title", "year", "label"])[place]
    decade = part.features["label"].int2str(fields.pop("label"))
    return {**fields, "decade": decade}


def _borderline(
    dataset: datasets.DatasetDict, traits: Mapping[str, Sequence[Traits]]
) -> list[dict[str, Any]]:
    """Return the least colorful of the kept posters, the least first."""
    by_color = sorted(
        (found.colorfulness, split, place)
        for split, of_split in traits.items()
        for place, found in enumerate(of_split)
    )
    return [
        {**_movie(dataset[split], place), "colorfulness": color}
        for color, split, place in by_color[:BORDERLINE]
    ]


def _distributions(
    dataset: datasets.DatasetDict, traits: Mapping[str, Sequence[Traits]]
) -> dict[str, dict[str, list[float]]]:
    """Return the quantiles of what was measured, by what it is and by decade."""
    by_decade: defaultdict[str, list[Traits]] = defaultdict(list)
    for decade, found in _with_decades(dataset, traits):
        by_decade[decade].append(found)
    decades = dataset["train"].features["label"].names
    return {
        title: {
            decade: np.quantile(
                [getattr(found, name) for found in by_decade[decade]], QUANTILES
            ).tolist()
            for decade in decades
            if by_decade[decade]
        }
        for title, name in _MEASURES.items()
    }


def _with_decades(
    dataset: datasets.DatasetDict, traits: Mapping[str, Sequence[Traits]]
) -> Iterator[tuple[str, Traits]]:
    for split, of_split in traits.items():
        names = dataset[split].features["label"].names
        for label, found in zip(dataset[split]["label"], of_split, strict=True):
            yield names[label], found
