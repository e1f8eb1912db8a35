"""`show` and the contact sheet: a labelled row for each decade, whatever holds the posters."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image
from sample_builds import load_sample
from samples import DECADES, SampleCatalogue, paint, painted_decade

from movie_posters_decade import MoviePostersDecade, export, show
from movie_posters_decade.errors import MoviePostersError, OptionError
from movie_posters_decade.images import draw_contact_sheet

ROW, TITLE, LABEL, EDGE = 154, 36, 84, 6
COLUMN = 106


def posters_in(picture: Image.Image, row: int, title: int = 0) -> list[Image.Image]:
    """Return the posters of a row of a picture, below this many titles."""
    top = EDGE + row * ROW + title * TITLE
    lefts = range(LABEL, picture.width - EDGE, COLUMN)
    cells = [picture.crop((left, top, left + 100, top + 148)) for left in lefts]
    # A note is written across the middle of an empty row.
    return [cell for cell in cells if min(cell.crop((0, 0, 100, 40)).tobytes()) < 200]


def decades_in(picture: Image.Image, row: int, title: int = 0) -> list[str]:
    """Return the painted decades of a row's posters."""
    return [painted_decade(poster.resize((91, 134))) for poster in posters_in(picture, row, title)]


def make_rows(counts: dict[str, int]) -> datasets.Dataset:
    """Return a dataset of painted posters, decade by decade."""
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(DECADES))}
    )
    rows = [
        {"image": {"bytes": paint(decade, seed), "path": None}, "label": DECADES.index(decade)}
        for decade, count in counts.items()
        for seed in range(count)
    ]
    return datasets.Dataset.from_list(rows, features)


def folders(build: Any, folder: Path) -> Any:
    export(build, folder)
    return datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=folder / "c")


def parquet(build: Any, folder: Path, **options: Any) -> Any:
    export(build, folder, "parquet")
    return datasets.load_dataset(str(folder), cache_dir=folder / "c", **options)


def stream_of_parquet(build: Any, folder: Path) -> Any:
    return parquet(build, folder, streaming=True)


def on_disk(build: Any, folder: Path) -> Any:
    build.dataset.save_to_disk(str(folder))  # a text for the oldest fsspec
    return datasets.load_from_disk(str(folder))


def build_itself(build: Any, _: Path) -> Any:
    return build


@pytest.mark.parametrize("load", [build_itself, on_disk, folders, parquet, stream_of_parquet])
def test_each_row_shows_its_decade_and_each_split_its_title(
    load: Callable[[Any, Path], Any], shared_build: MoviePostersDecade, tmp_path: Path
) -> None:
    picture = show(load(shared_build.built(), tmp_path / "loaded"), per_decade=3)
    assert picture.size == (LABEL + 3 * COLUMN + EDGE, EDGE + 2 * TITLE + 10 * ROW)
    for row, decade in enumerate(DECADES):
        assert decades_in(picture, row, title=1) == [decade] * 3
        assert decades_in(picture, row + 5, title=2) == [decade]


def test_stream_of_the_builder_is_shown(sample: SampleCatalogue, tmp_path: Path) -> None:
    stream = load_sample(sample, tmp_path, streaming=True)
    picture = show(stream["test"], per_decade=1)
    assert [decades_in(picture, row) for row in range(5)] == [[decade] for decade in DECADES]


def test_stream_is_read_no_further_than_the_rows_are_full() -> None:
    read = []

    def rows() -> Any:
        for row in make_rows(dict.fromkeys(DECADES, 1)):
            read.append(row["label"])
            yield row

    features = make_rows({"1970s": 1}).features
    endless = datasets.IterableDataset.from_generator(
        lambda: (row for _ in iter(int, 1) for row in rows()), features
    )
    show(endless, per_decade=2)
    assert len(read) <= 11


def test_stream_names_the_decades_that_it_did_not_find(caplog: pytest.LogCaptureFixture) -> None:
    stream = make_rows({"1970s": 9, "1980s": 9}).to_iterable_dataset()
    picture = show(stream, per_decade=2, max_read=9)
    assert [len(posters_in(picture, row)) for row in range(5)] == [2, 0, 0, 0, 0]
    assert caplog.messages == [
        "Decades without a poster among the first 9 posters of the stream: 1980s, 1990s, 2000s, "
        "2010s. Where there are more, a larger max_read reads further."
    ]
    caplog.clear()
    show(stream, per_decade=2)
    assert "among the first 18 posters of the stream: 1990s, 2000s, 2010s." in caplog.text


def test_order_is_that_of_the_dataset_and_formats_do_not_matter() -> None:
    rows = make_rows(dict.fromkeys(DECADES, 4))
    as_numbers = rows.with_format("numpy")
    transformed = rows.with_transform(lambda batch: {"label": batch["label"]})
    assert show(as_numbers) == show(rows) == show(transformed)
    first = make_rows(dict.fromkeys(DECADES, 2))
    assert show(rows, per_decade=2) == show(first, per_decade=2)


def test_rows_without_a_label_or_an_image_are_left_out() -> None:
    features = make_rows({"1970s": 1}).features
    image = {"bytes": paint("1980s", 1), "path": None}
    rows = [(image, 1), (image, None), (None, 0)]
    some = datasets.Dataset.from_list(
        [{"image": one, "label": label} for one, label in rows], features
    )
    for one in (some, some.to_iterable_dataset()):
        assert [len(posters_in(show(one), row)) for row in range(5)] == [0, 1, 0, 0, 0]


def test_long_and_strange_names_of_classes_get_room() -> None:
    names = ["a", "the middle of the century\nand\x1b[31m later"]
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    )
    image = {"bytes": paint("1980s", 1), "path": None}
    some = datasets.Dataset.from_list([{"image": image, "label": 1}], features)
    assert show(some, per_decade=1).width == 300 + COLUMN + EDGE


NO_LABEL = datasets.Dataset.from_list([{"image": "a", "label": 3}])
MANY = datasets.Dataset.from_dict(
    {"image": [], "label": []},
    datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=[*map(str, range(201))])}
    ),
)


@pytest.mark.parametrize(
    ("dataset", "options", "sentence"),
    [
        ([1], {}, "show: expected a dataset of posters; found a list. Pass a Dataset, "),
        (datasets.DatasetDict(), {}, "show: expected a dataset with a split; found none."),
        (NO_LABEL, {}, r"label \(ClassLabel\); found image \(string\), label \(int64\)"),
        (datasets.DatasetDict(train=NO_LABEL), {}, r"label \(ClassLabel\) in split train; found"),
        (NO_LABEL.to_iterable_dataset().map(dict), {}, "found no known columns"),
        (MANY, {}, "expected at most 200 rows, one for each class of each split; found 201"),
        (MANY, {"per_decade": 0}, "Option per_decade: expected a whole number from 1 to 100;"),
        (MANY, {"per_decade": 101}, "Option per_decade: expected a whole number from 1 to 100;"),
        (MANY, {"max_read": 1.5}, r"Option max_read: expected a whole number from 1; found 1.5"),
    ],
)
def test_anything_else_is_an_error_of_one_sentence(
    dataset: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence) as caught:
        show(dataset, **options)
    assert isinstance(caught.value, MoviePostersError)
    assert "\n" not in str(caught.value)


def test_contact_sheet_of_a_build_is_that_of_the_card(shared_build: MoviePostersDecade) -> None:
    build = shared_build.built()
    as_jpeg = io.BytesIO()
    build.contact_sheet().save(as_jpeg, "jpeg", quality=88)
    assert as_jpeg.getvalue() == draw_contact_sheet(build.dataset["train"])
    assert build.contact_sheet(per_decade=2).width == LABEL + 2 * COLUMN + EDGE
