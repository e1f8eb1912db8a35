"""Drawing posters anew removes what their files tell of the decade, and the evidence shows it."""

import io
from dataclasses import replace

import datasets
import pytest
from PIL import Image
from samples import DECADES, paint

from movie_posters_decade.analysis.evaluate import Evidence, gather, warnings
from movie_posters_decade.config import ImageTransform
from movie_posters_decade.errors import EvidenceError


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
        # The band at the top would tell the decade, so that it is the same for all.
        poster = Image.open(io.BytesIO(paint(DECADES[0], first + number)))
        poster.save(file, "JPEG", quality=50 + 10 * label)
        image = {"bytes": file.getvalue(), "path": None}
        rows.append({"image": image, "label": label, "poster_url": "https://posters.example/1.jpg"})
    return datasets.Dataset.from_list(rows, features)


@pytest.fixture(scope="module")
def dataset() -> datasets.DatasetDict:
    return datasets.DatasetDict({"train": make_split(150, 0), "test": make_split(75, 1000)})


@pytest.fixture(scope="module")
def evidence(dataset: datasets.DatasetDict) -> Evidence:
    return gather(dataset, ImageTransform(image_size=(64, 96)))


def test_posters_drawn_anew_no_longer_tell_by_their_files(evidence: Evidence) -> None:
    before = {leak.shortcut: leak.tells for leak in evidence.leaks}
    after = {leak.shortcut: leak.tells for leak in evidence.drawn_anew or ()}
    assert before["quantization"]
    assert not after["quantization"]
    told = evidence.to_json()
    assert told["decades"] == list(DECADES)
    assert [result["name"] for result in told["baselines"]] == [
        "chance",
        "color histogram",
        "thumbnail",
    ]
    assert [leak["shortcut"] for leak in told["drawn_anew"]] == list(before)
    header = evidence.to_text().split("\n\n")[1].splitlines()[0].split()
    assert header == ["shortcut", "chance", "accuracy", "tells", "drawn", "anew", "tells"]
    [sentence] = [text for text in told["warnings"] if text.startswith("Quantization")]
    assert sentence.endswith(" instead of style. Of posters drawn anew it no longer does.")


def test_models_are_set_in_a_table(evidence: Evidence) -> None:
    models, shortcuts, *_ = replace(evidence, drawn_anew=None).to_text().split("\n\n")
    assert [line.split("  ")[0] for line in models.splitlines()] == [
        "on 75 of test",
        "chance",
        "color histogram",
        "thumbnail",
    ]
    assert shortcuts.splitlines()[0].split() == ["shortcut", "chance", "accuracy", "tells"]


def test_each_shortcut_that_tells_is_warned_of(evidence: Evidence) -> None:
    telling = [leak for leak in evidence.leaks if leak.tells]
    sentences = warnings(evidence.leaks)
    assert len(sentences) == len(telling) > 0
    [quantization] = [leak for leak in telling if leak.shortcut == "quantization"]
    assert sentences[telling.index(quantization)] == (
        f"Quantization alone tells the decade with an accuracy of {quantization.accuracy},"
        " where chance has 0.200; a network may learn that, or what goes with it, instead of style."
    )
    assert all(f"Warning: {sentence}" in evidence.to_text() for sentence in sentences)


def test_one_decade_is_refused_in_a_sentence() -> None:
    one = make_split(20, 0).filter(lambda example: example["label"] == 1)
    with pytest.raises(EvidenceError) as error:
        gather(datasets.DatasetDict({"train": one, "test": one}))
    assert str(error.value) == (
        "Baselines: expected at least two decades to tell apart; found one. Widen min_year and "
        "max_year."
    )
