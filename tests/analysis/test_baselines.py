"""Simple models tell what can be told, shortcuts are found where they are, and only there."""

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import f1_score

from movie_posters_decade.analysis.baselines import Examples, Result, audit, baselines
from movie_posters_decade.analysis.features import measure

DECADES = 4


def make_split(
    posters: int, seed: int, paint: Callable[[random.Random, int], tuple[Image.Image, int]]
) -> Examples:
    """Measure so many painted posters, the same number of each decade."""
    chance = random.Random(seed)
    traits, labels = [], []
    for number in range(posters):
        label = number % DECADES
        image, quality = paint(chance, label)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        traits.append(measure(file.getvalue(), "https://posters.example/1.jpg"))
        labels.append(label)
    return Examples(traits, np.array(labels))


def noise(chance: random.Random) -> Image.Image:
    small = Image.frombytes("RGB", (6, 9), chance.randbytes(6 * 9 * 3))
    return small.resize((36, 54))


def paint_alike(chance: random.Random, _: int) -> tuple[Image.Image, int]:
    """Nothing depends on the decade."""
    return noise(chance), chance.choice((60, 70, 80, 90))


def paint_by_quality(chance: random.Random, label: int) -> tuple[Image.Image, int]:
    """Nothing depends on the decade but the JPEG quality."""
    return noise(chance), (60, 70, 80, 90)[label]


def paint_by_color(chance: random.Random, label: int) -> tuple[Image.Image, int]:
    """The hue depends on the decade."""
    tint = Image.new("RGB", (36, 54), [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)][label])
    return Image.blend(noise(chance), tint, 0.6), 80


@pytest.fixture(scope="module")
def alike() -> tuple[Examples, Examples]:
    return make_split(240, 1, paint_alike), make_split(120, 2, paint_alike)


@pytest.fixture(scope="module")
def alike_results(alike: tuple[Examples, Examples]) -> list[Result]:
    return baselines(*alike, DECADES)


def test_shortcut_is_found_where_only_the_quality_tells_the_decade() -> None:
    leaks = audit(make_split(240, 1, paint_by_quality), make_split(120, 2, paint_by_quality))
    telling = {leak.shortcut: leak for leak in leaks if leak.tells}
    # A file of a better quality is larger.
    assert set(telling) == {"quantization", "file size"}
    assert telling["quantization"].accuracy.value == pytest.approx(1.0)
    assert telling["quantization"].chance == 0.25


def test_no_shortcut_is_found_where_there_is_none(alike: tuple[Examples, Examples]) -> None:
    leaks = audit(*alike)
    assert [leak.shortcut for leak in leaks if leak.tells] == []
    assert [leak.shortcut for leak in leaks] == [
        "file size",
        "dimensions",
        "quantization",
        "chroma subsampling",
        "crop code",
        "border color",
    ]


def test_shortcut_is_found_among_decades_of_unequal_size() -> None:
    """Though naming the largest decade is right more often."""

    def unequal(posters: int, seed: int) -> Examples:
        split = make_split(posters, seed, paint_by_quality)
        kept = np.flatnonzero((split.labels == 3) | (np.arange(posters) % 8 < 4))
        return Examples([split.traits[place] for place in kept.tolist()], split.labels[kept])

    [leak] = [
        leak for leak in audit(unequal(240, 1), unequal(120, 2)) if leak.shortcut == "quantization"
    ]
    assert leak.chance == 0.25
    assert leak.verdict == "yes"


def test_intervals_of_shortcuts_are_wider_as_there_are_several(
    alike: tuple[Examples, Examples], alike_results: list[Result]
) -> None:
    leak = audit(*alike)[0]
    assert leak.confidence == pytest.approx(1 - 0.05 / 6)
    width = alike_results[1].accuracy.high - alike_results[1].accuracy.low
    assert leak.accuracy.high - leak.accuracy.low > 1.15 * width


def test_few_posters_clear_no_shortcut() -> None:
    leaks = audit(make_split(240, 1, paint_by_quality), make_split(20, 2, paint_by_quality))
    assert {leak.verdict for leak in leaks} == {"too few posters"}
    assert not any(leak.tells for leak in leaks)


def test_chance_guesses_as_often_as_train_has_each_decade() -> None:
    train, test = make_split(240, 1, paint_alike), make_split(120, 2, paint_alike)
    mostly = np.where(np.arange(240) < 220, 0, train.labels)
    of_one = np.zeros_like(test.labels)
    chance = baselines(Examples(train.traits, mostly), Examples(test.traits, of_one), DECADES)[0]
    assert chance.accuracy.value > 0.85


def test_models_tell_colors_and_chance_does_not() -> None:
    splits = make_split(240, 1, paint_by_color), make_split(120, 2, paint_by_color)
    chance, *models = baselines(*splits, DECADES)
    assert (chance.name, chance.confusion) == ("chance", None)
    assert chance.accuracy.low < 0.25 < chance.accuracy.high
    assert [model.name for model in models] == ["color histogram", "thumbnail"]
    for model in models:
        assert model.accuracy.low > 0.9
        assert np.sum(model.confusion or []) == 120


def test_models_do_no_better_than_chance_where_nothing_tells(alike_results: list[Result]) -> None:
    for result in alike_results:
        assert result.accuracy.low <= 0.25


def test_figures_agree_with_the_confusion_and_lie_in_their_intervals(
    alike_results: list[Result],
) -> None:
    for result in alike_results[1:]:
        confusion = np.array(result.confusion)
        labels, told = (
            np.repeat(places, confusion.ravel()) for places in map(np.ravel, np.indices((4, 4)))
        )
        assert result.accuracy.value == pytest.approx((labels == told).mean())
        assert result.macro_f1.value == pytest.approx(f1_score(labels, told, average="macro"))
        assert result.mean_error.value == pytest.approx(abs(labels - told).mean())
        assert result.within_one.value == pytest.approx((abs(labels - told) <= 1).mean())
        for figure in (result.accuracy, result.macro_f1, result.mean_error, result.within_one):
            assert figure.low <= figure.value <= figure.high
        assert result.accuracy.high - result.accuracy.low == pytest.approx(0.16, abs=0.06)


def test_same_posters_give_the_same_figures(
    alike: tuple[Examples, Examples], alike_results: list[Result]
) -> None:
    assert baselines(*alike, DECADES) == alike_results
