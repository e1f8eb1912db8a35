"""Splits of painted posters, in which the decade depends on what the painter does with it."""

import io
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from movie_posters_decade.analysis.baselines import MeasuredSplit
from movie_posters_decade.analysis.features import measure_poster
from movie_posters_decade.analysis.shortcuts import AuditedSplit
from movie_posters_decade.analysis.traces import measure_traces

Painter = Callable[[random.Random, int], tuple[Image.Image, int]]
"""Returns an image and its JPEG quality, given the number of the decade, 0 to 3."""


class Posters(NamedTuple):
    """Painted posters, and the numbers of their decades."""

    contents: list[bytes]
    labels: np.ndarray

    def measured(self) -> MeasuredSplit:
        """Return what baselines see of them."""
        return MeasuredSplit([measure_poster(content) for content in self.contents], self.labels)

    def audited(self, *names: str) -> AuditedSplit:
        """Return what the audit sees of them; of the given features only, if any are given."""
        rows = [measure_traces(content) for content in self.contents]
        features = {name: [row[name] for row in rows] for name in names or rows[0]}
        return AuditedSplit(features, self.labels)


Splits = tuple[Posters, Posters]


def make_splits(paint: Painter) -> Splits:
    """Paint 160 train and 80 test posters, the same number of each of four decades."""
    return make_split(160, 1, paint), make_split(80, 2, paint)


def make_split(posters: int, seed: int, paint: Painter) -> Posters:
    rng = random.Random(seed)
    contents, labels = [], []
    for number in range(posters):
        label = number % 4
        image, quality = paint(rng, label)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        contents.append(file.getvalue())
        labels.append(label)
    return Posters(contents, np.array(labels))


def noise(rng: random.Random) -> Image.Image:
    small = Image.frombytes("RGB", (6, 9), rng.randbytes(6 * 9 * 3))
    return small.resize((36, 54))


def paint_by_color(rng: random.Random, label: int) -> tuple[Image.Image, int]:
    color = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)][label]
    return Image.blend(noise(rng), Image.new("RGB", (36, 54), color), 0.6), 80


def paint_lines(rng: random.Random, label: int) -> tuple[Image.Image, int]:
    """Paint lines in one of four directions, moved at random."""
    down, right = np.indices((54, 36))
    across = [right, down, right + down, right - down][label]
    is_white = (across + rng.randrange(8)) % 8 < 4
    return Image.fromarray(np.uint8(255) * is_white.astype(np.uint8)).convert("RGB"), 95
