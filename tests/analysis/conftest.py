"""Measured splits of painted posters, in which the decade can be read from one thing or nothing."""

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from movie_posters_decade.analysis.baselines import MeasuredSplit
from movie_posters_decade.analysis.features import measure_poster

Splits = tuple[MeasuredSplit, MeasuredSplit]
Painter = Callable[[random.Random, int], tuple[Image.Image, int]]
"""Returns an image and its JPEG quality, given the number of the decade, 0 to 3."""


def make_splits(paint: Painter) -> Splits:
    """Measure 240 train and 120 test posters, the same number of each of four decades."""
    return make_split(240, 1, paint), make_split(120, 2, paint)


def make_split(posters: int, seed: int, paint: Painter) -> MeasuredSplit:
    rng = random.Random(seed)
    features, labels = [], []
    for number in range(posters):
        label = number % 4
        image, quality = paint(rng, label)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        features.append(measure_poster(file.getvalue(), "https://posters.example/1.jpg"))
        labels.append(label)
    return MeasuredSplit(features, np.array(labels))


def noise(rng: random.Random) -> Image.Image:
    small = Image.frombytes("RGB", (6, 9), rng.randbytes(6 * 9 * 3))
    return small.resize((36, 54))


def paint_by_color(rng: random.Random, label: int) -> tuple[Image.Image, int]:
    color = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)][label]
    return Image.blend(noise(rng), Image.new("RGB", (36, 54), color), 0.6), 80


@pytest.fixture(scope="session")
def alike() -> Splits:
    """Nothing depends on the decade."""
    return make_splits(lambda rng, _: (noise(rng), rng.choice((60, 70, 80, 90))))


@pytest.fixture(scope="session")
def by_quality() -> Splits:
    """Only the JPEG quality depends on the decade."""
    return make_splits(lambda rng, label: (noise(rng), (60, 70, 80, 90)[label]))


@pytest.fixture(scope="session")
def by_color() -> Splits:
    """The hue depends on the decade."""
    return make_splits(paint_by_color)
