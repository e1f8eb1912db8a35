"""The evaluation shows what a transform of the posters does to shortcuts, and what is unknown."""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import datasets
import pytest
from PIL import Image, ImageDraw
from samples import DECADES, encode, paint

from movie_posters_decade.analysis.evaluate import Evaluation, evaluate, find_shortcuts
from movie_posters_decade.analysis.wording import Remeasured
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import AnalysisError, OptionError
from movie_posters_decade.options.transform import ImageTransform
from movie_posters_decade.report.counts import Report


def of_its_quality(seed: int, label: int) -> bytes:
    """Return a poster of which the JPEG quality alone depends on the decade."""
    # The band at the top would show the decade, so it is the same for all.
    poster = Image.open(io.BytesIO(paint(DECADES[0], seed)))
    # This gray is the same in a JPEG of any quality, so the border tells nothing.
    ImageDraw.Draw(poster).rectangle((0, 0, 90, 133), outline=(128, 128, 128), width=24)
    return encode(poster, quality=50 + 10 * label)


def of_its_width(_: int, label: int) -> bytes:
    """Return a gray poster of which the width alone depends on the decade."""
    return encode(Image.new("RGB", (60 + 30 * label, 134), "gray"), "PNG")


def make_split(
    posters: int, first: int, paint_poster: Callable[[int, int], bytes] = of_its_quality
) -> datasets.Dataset:
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(DECADES)),
            "poster_url": datasets.Value("string"),
        }
    )
    rows = []
    for number in range(posters):
        label = number % len(DECADES)
        image = {"bytes": paint_poster(first + number, label), "path": None}
        rows.append({"image": image, "label": label, "poster_url": "https://posters.example/1.jpg"})
    return datasets.Dataset.from_list(rows, features)


def make_build(train: datasets.Dataset, test: datasets.Dataset) -> Build:
    dataset = datasets.DatasetDict({"train": train, "test": test})
    return Build("action", dataset, Report({}, {}, {}, {}, {}), {}, "MovieGenre.csv", {})


@pytest.fixture(scope="module")
def build() -> Build:
    return make_build(make_split(100, 0), make_split(50, 1000))


@pytest.fixture(scope="module")
def evaluation(build: Build) -> Evaluation:
    return evaluate(build, image_size=(64, 96))


def test_another_size_removes_what_files_tell(evaluation: Evaluation) -> None:
    before = {one.name: one.is_predictive for one in evaluation.shortcuts if one.is_in_image}
    assert evaluation.after is not None
    after = {shortcut.name: shortcut.is_predictive for shortcut in evaluation.after.shortcuts}
    assert before["quantization"]
    assert not after["quantization"]
    assert list(after) == list(before)
    [finding] = [text for text in evaluation.findings if text.startswith("Quantization")]
    assert "; after resizing to 64x96 (`movie-posters-decade export --image-size 64x96`)" in finding
    assert finding.endswith(", no longer clearly above chance.")


def test_json_holds_the_results_and_the_findings(evaluation: Evaluation) -> None:
    data = evaluation.to_json()
    assert data["decades"] == list(DECADES)
    assert [result["name"] for result in data["baselines"]] == [
        "chance",
        "color histogram",
        "thumbnail",
        "gradients and colors",
    ]
    assert data["transform"] == "resizing to 64x96"
    names = {one.name: one.is_in_image for one in evaluation.shortcuts}
    assert {one["name"] for one in data["shortcuts"]} == {name for name in names if names[name]}
    assert {one["name"] for one in data["columns"]} == {name for name in names if not names[name]}
    assert len(data["transformed"]) == len(data["shortcuts"])
    assert data["findings"] == evaluation.findings


def test_text_holds_tables_of_models_and_shortcuts_and_columns_and_the_findings(
    evaluation: Evaluation,
) -> None:
    assert str(evaluation) == repr(evaluation) == evaluation.to_text()
    models, shortcuts, columns, note, *findings = str(evaluation).split("\n\n")
    assert [line.split("  ")[0] for line in models.splitlines()] == [
        "on 50 posters of test",
        "chance",
        "color histogram",
        "thumbnail",
        "gradients and colors",
    ]
    head = ["shortcut", "chance", "accuracy", "predictive"]
    again = ["after", "resizing", "to", "64x96", "predictive"]
    assert shortcuts.splitlines()[0].split() == [*head, *again]
    assert columns.splitlines()[0].split() == ["column", *head[1:]]
    assert note == evaluation.interval_note
    assert findings == evaluation.findings
    without = replace(evaluation, after=None).to_text().split("\n\n")[1]
    assert without.splitlines()[0].split() == head


def test_card_says_of_the_predictive_ones_what_resizing_brings() -> None:
    splits = (make_split(posters, 0, of_its_width) for posters in (100, 50))
    size, dimensions = find_shortcuts(make_build(*splits))
    assert size.startswith("File size alone tells the decade with an accuracy of ")
    assert dimensions.startswith("Dimensions alone tells the decade with an accuracy of 1.000 [")
    for finding in (size, dimensions):
        assert "; after resizing to 224x224 (`movie-posters-decade export" in finding
        assert " it is 0.200 [" in finding
        assert finding.endswith(", no longer clearly above chance.")


def test_too_few_posters_are_said_to_be_not_measured(evaluation: Evaluation) -> None:
    """Otherwise an empty list would claim that no shortcut is predictive."""
    [finding] = find_shortcuts(make_build(make_split(100, 0), make_split(45, 1000)))
    assert finding.startswith("Too few posters to check for shortcuts: ")
    assert find_shortcuts(make_build(make_split(95, 0), make_split(50, 1000))) == [finding]
    shortcuts = [replace(one, accuracy=None) for one in evaluation.shortcuts]
    after = Remeasured(ImageTransform((64, 96)), [one for one in shortcuts if one.is_in_image])
    few = replace(evaluation, shortcuts=shortcuts, after=after)
    data = few.to_json()
    for name in ("shortcuts", "columns", "transformed"):
        assert {one["verdict"] for one in data[name]} == {"not measured"}
        assert {one["accuracy"] for one in data[name]} == {None}
    assert data["findings"] == [finding]
    [line] = [line for line in few.to_text().splitlines() if line.startswith("file size")]
    assert line.split("  ")[-1].strip() == "not measured"


def test_build_of_one_decade_is_an_error() -> None:
    one = make_split(20, 0).filter(lambda example: example["label"] == 1)
    with pytest.raises(AnalysisError) as error:
        evaluate(make_build(one, one))
    assert str(error.value) == (
        "Baselines: expected at least two decades; found one. Widen min_year and max_year."
    )


def test_bad_transform_option_is_an_error(build: Build) -> None:
    with pytest.raises(OptionError, match="Option resize_mode: expected crop or pad or stretch"):
        evaluate(build, image_size=(64, 96), resize_mode="zoom")


WITHOUT_LIBRARIES = """
import sys
sys.modules |= {"sklearn": None, "matplotlib": None}
from movie_posters_decade import evaluate, write_report
from movie_posters_decade.errors import AnalysisError

def print_error(function, *arguments):
    try:
        function(*arguments)
    except AnalysisError as error:
        print(error)

print_error(evaluate, None)
print_error(write_report, None, "report")
sys.modules["sklearn"] = sys  # any module will do
print_error(write_report, None, "report")
"""


def test_missing_library_is_an_error_that_says_how_to_install_it() -> None:
    """The names themselves can be imported without the libraries."""
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARIES], capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines() == [
        f"Baselines and reports: expected {library} to be installed; found it is not. Install it "
        "with: pip install 'movie_posters_decade[analysis]'"
        for library in ("sklearn", "sklearn", "matplotlib")
    ]
