"""CSV cells: a spreadsheet runs none of them, and every text is read back as it was."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_builds import build_sample
from samples import SampleCatalogue

from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.exports import export
from movie_posters_decade.options.options import Options
from movie_posters_decade.text.csv_cells import original_cell, protect_cell

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+cmd", "'+1+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("'Round Midnight", "'Round Midnight"),
        ("-1", "-1"),
        ("+1.5e3", "+1.5e3"),
        ("--", "'--"),
    ],
)
def test_formulas_get_an_apostrophe_and_numbers_stay(text: str, cell: str) -> None:
    assert protect_cell(text) == cell
    assert original_cell(cell) == text


@given(st.text(alphabet="'=+-@\t\r1a.", max_size=6))
def test_every_text_is_read_back(text: str) -> None:
    cell = protect_cell(text)
    assert original_cell(cell) == text
    assert not cell.startswith(STARTS) or cell.strip("+-").replace(".", "").isdigit()


def test_manifest_holds_no_formula_and_is_read_back(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    build = build_sample(sample, tmp_path / "cache").built()
    titles = ["=HYPERLINK(1)", "@home", "'=x", "'Round Midnight", "-1", "Heat"]

    def renamed(_: dict[str, object], number: int) -> dict[str, object]:
        return {"title": titles[number % len(titles)], "genres": ["=Action", "Drama"]}

    for split in build.dataset:
        build.dataset[split] = build.dataset[split].map(renamed, with_indices=True)
    export(build, tmp_path / "posters")
    path = tmp_path / "posters" / "manifest.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["title"] for row in rows} == {protect_cell(title) for title in titles}
    assert {row["genres"] for row in rows} == {"'=Action|Drama"}
    movies = read_catalogue(path, options=Options()).movies
    assert set(movies["title"]) == set(titles)
    assert set(movies["genres"]) == {("=Action", "Drama")}
