"""Re-encoding removes the shortcuts of files, and the evaluation shows it."""

import io
import subprocess
import sys
from dataclasses import replace

import datasets
import pytest
from PIL import Image
from samples import DECADES, paint

from movie_posters_decade.analysis.evaluate import Evaluation, evaluate, find_shortcuts
from movie_posters_decade.artifacts import Build
from movie_posters_decade.errors import AnalysisError, OptionError
from movie_posters_decade.report import Report


def make_split(posters: int, first: int) -> datasets.Dataset:
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
        file = io.BytesIO()
        # The band at the top would show the decade, so it is the same for all.
        poster = Image.open(io.BytesIO(paint(DECADES[0], first + number)))
        poster.save(file, "JPEG", quality=50 + 10 * label)
        image = {"bytes": file.getvalue(), "path": None}
        rows.append({"image": image, "label": label, "poster_url": "https://posters.example/1.jpg"})
    return datasets.Dataset.from_list(rows, features)


def make_build(train: datasets.Dataset, test: datasets.Dataset) -> Build:
    dataset = datasets.DatasetDict({"train": train, "test": test})
    return Build("action", dataset, Report({}, {}, {}, {}, {}), {}, "MovieGenre.csv", {})


@pytest.fixture(scope="module")
def build() -> Build:
    return make_build(make_split(150, 0), make_split(75, 1000))


@pytest.fixture(scope="module")
def evaluation(build: Build) -> Evaluation:
    return evaluate(build, image_size=(64, 96))


def test_files_of_re_encoded_posters_are_not_predictive(evaluation: Evaluation) -> None:
    before = {shortcut.name: shortcut.is_predictive for shortcut in evaluation.shortcuts}
    after = {shortcut.name: shortcut.is_predictive for shortcut in evaluation.transformed or ()}
    assert before["quantization"]
    assert not after["quantization"]
    data = evaluation.to_json()
    assert data["decades"] == list(DECADES)
    assert [result["name"] for result in data["baselines"]] == [
        "chance",
        "color histogram",
        "thumbnail",
    ]
    assert [shortcut["name"] for shortcut in data["transformed"]] == list(before)
    header = evaluation.to_text().split("\n\n")[1].splitlines()[0].split()
    assert header == [
        *("shortcut", "chance", "accuracy", "predictive"),
        *("re-encoded", "predictive"),
    ]
    [warning] = [text for text in data["warnings"] if text.startswith("Quantization")]
    assert warning.endswith(" instead of style. After re-encoding, it no longer does.")


def test_text_holds_a_table_of_models_and_one_of_shortcuts(evaluation: Evaluation) -> None:
    without = replace(evaluation, transformed=None)
    assert str(without) == without.to_text()
    models, shortcuts, *_ = str(without).split("\n\n")
    assert [line.split("  ")[0] for line in models.splitlines()] == [
        "on 75 posters of test",
        "chance",
        "color histogram",
        "thumbnail",
    ]
    assert shortcuts.splitlines()[0].split() == ["shortcut", "chance", "accuracy", "predictive"]


def test_each_predictive_shortcut_has_a_warning(build: Build, evaluation: Evaluation) -> None:
    predictive = [shortcut for shortcut in evaluation.shortcuts if shortcut.is_predictive]
    warnings = replace(evaluation, transformed=None).warnings
    assert warnings == find_shortcuts(build)
    assert len(warnings) == len(predictive) > 0
    [quantization] = [shortcut for shortcut in predictive if shortcut.name == "quantization"]
    assert warnings[predictive.index(quantization)] == (
        f"Quantization alone predicts the decade with an accuracy of {quantization.accuracy}; "
        "chance is 0.200. A network may learn it, or what goes along with it, instead of style."
    )
    assert all(f"Warning: {warning}" in evaluation.to_text() for warning in warnings)


def test_warning_says_that_there_are_too_few_posters_to_check() -> None:
    """Otherwise an empty list would claim that no shortcut is predictive."""
    [warning] = find_shortcuts(make_build(make_split(150, 0), make_split(45, 1000)))
    assert warning.startswith("Too few posters to check for shortcuts: ")
    assert find_shortcuts(make_build(make_split(95, 0), make_split(75, 1000))) == [warning]


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


@pytest.mark.parametrize(
    ("function", "library"),
    [("evaluate", "sklearn"), ("write_report", "sklearn"), ("write_report", "matplotlib")],
)
def test_missing_library_is_an_error_that_says_how_to_install_it(
    function: str, library: str
) -> None:
    """The name itself can be imported without the library."""
    program = f"import sys; sys.modules[{library!r}] = None\n"
    program += f"from movie_posters_decade import {function}\nprint('imported', flush=True)\n"
    program += f"{function}(None, **({{}} if {function!r} == 'evaluate' else {{'folder': 'x'}}))"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert finished.stdout == "imported\n"
    assert finished.stderr.splitlines()[-1] == (
        "movie_posters_decade.errors.AnalysisError: Baselines and reports: expected "
        f"{library} to be installed; found it is not. Install it with: pip install "
        "'movie_posters_decade[analysis]'"
    )
