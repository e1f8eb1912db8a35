"""Ids, links, titles, genres, scores and the order of rows are measured for what they tell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from movie_posters_decade.analysis.columns import COLUMNS, ORDER, measure_columns
from movie_posters_decade.analysis.shortcuts import AuditedSplit, audit_shortcuts

LINK = "https://m.example/images/M/MV5BMTk@._V1_UX182_CR0,0,182,268_AL_.jpg"
ROW: dict[str, Any] = {
    "imdb_id": "tt0114709",
    "title": "Toy Story 2: More",
    "genres": ["Animation", "Comedy"],
    "imdb_score": 8.5,
    "poster_url": LINK,
}


def test_each_column_is_measured() -> None:
    features = measure_columns(ROW, 0.25)
    assert tuple(features) == COLUMNS
    assert features["imdb_id"] == {"number": 114709}
    assert features["title"] == {"characters": 17, "words": 4, "digits": 1, "colons": 1}
    assert features["genres"] == {"number": 2, "genre Animation": 1, "genre Comedy": 1}
    assert features["imdb_score"] == {"score": 8.5}
    assert features["host of the link"] == {"host": "m.example"}
    assert features[ORDER] == {"position": 0.25}
    name = features["name in the link"]
    assert (name["length"], name["character 4"]) == (40, ord("M"))


def test_columns_that_a_row_lacks_count_as_empty() -> None:
    assert set(measure_columns({}, 0)) == set(COLUMNS)
    assert measure_columns({"imdb_score": None}, 0)["imdb_score"] == {"score": "none"}


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (LINK, {"fit": "X182", "left": 0.0, "top": 0.0}),
        (
            "https://m.example/M/MV5B@._V1_UY268_CR4,0,182,268_AL_.jpg",
            {"fit": "Y268", "left": 4.0, "top": 0.0},
        ),
        (
            "https://m.example/M/MV5B@._V1._CR2,2,330,423_UY268_CR13,0,182,268_AL_.jpg",
            {"fit": "Y268", "left": 13.0, "top": 0.0},
        ),
        (
            "https://m.example/M/MV5B@._V1.._UX182_CR0,3,182,268_AL_.jpg",
            {"fit": "X182", "left": 0.0, "top": 3.0},
        ),
        ("https://m.example/M/MV5B@._V1_.jpg", {"fit": "none"}),
        ("https://m.example/1.jpg", {"fit": "none"}),
    ],
)
def test_crop_code_is_read_from_the_link(link: str, code: dict[str, object]) -> None:
    assert measure_columns({"poster_url": link}, 0)["crop code in the link"] == code


CHANGES: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "imdb_id": lambda label, place: {"imdb_id": f"tt{label}00{place % 7}"},
    "genres": lambda label, _: {"genres": [["Action"], ["Crime"], ["Drama"], ["War"]][label]},
    "host of the link": lambda label, _: {"poster_url": f"https://host{label}.example/1.jpg"},
    ORDER: lambda *_: {},
}
"""By feature, how a row's columns depend on its decade and its place."""


def make_audited(posters: int, changed: str) -> AuditedSplit:
    """Make rows of four decades that differ in one column, or in the order, alone.

    The title, which is the same for all, stands for the other columns.
    """
    labels = np.arange(posters) % 4
    if changed == ORDER:
        labels = np.sort(labels)
    rows = []
    for place, label in enumerate(labels.tolist()):
        row = ROW | CHANGES[changed](label, place)
        # A row's place says nothing of a decade that comes every fourth time.
        rows.append(measure_columns(row, place / posters if changed == ORDER else 0.5))
    return AuditedSplit({name: [row[name] for row in rows] for name in ("title", changed)}, labels)


@pytest.mark.parametrize("changed", CHANGES)
def test_column_that_tells_the_decade_is_found_and_no_other(changed: str) -> None:
    shortcuts = audit_shortcuts(make_audited(120, changed), make_audited(60, changed))
    telling = {shortcut.name for shortcut in shortcuts if shortcut.is_predictive}
    assert telling == {changed}
    assert not any(shortcut.is_in_image for shortcut in shortcuts)
