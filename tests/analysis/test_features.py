"""The features of a poster are those of its pixels and its file."""

import io

import numpy as np
import pytest
from PIL import Image

from movie_posters_decade.analysis.colors import color_layout
from movie_posters_decade.analysis.features import measure_poster
from movie_posters_decade.analysis.gradients import CELL, ORIENTATIONS, SIZE, gradient_histograms


def test_features_of_pixels_are_measured() -> None:
    """Of a poster that is red above and blue below, 40 by 60 pixels."""
    image = Image.new("RGB", (40, 60), (255, 0, 0))
    image.paste((0, 0, 255), (0, 30, 40, 60))
    file = io.BytesIO()
    image.save(file, "PNG")
    features = measure_poster(file.getvalue())
    assert (features.width, features.height) == (40, 60)
    assert features.size == len(file.getvalue())
    # Red and blue are the corners of a cube of 4 by 4 by 4 colors.
    assert {color: share for color, share in enumerate(features.histogram) if share} == {
        3: 0.5,
        48: 0.5,
    }
    thumbnail = features.thumbnail.reshape(18, 12, 3)
    assert np.array_equal(thumbnail[0, 0], [1, 0, 0])
    assert np.array_equal(thumbnail[17, 11], [0, 0, 1])


def test_layout_tells_which_colors_are_where() -> None:
    """Of a poster that is blue in the upper third, and black below."""
    image = Image.new("RGB", SIZE, "black")
    image.paste("blue", (0, 0, 96, 48))
    layout = color_layout(image)
    shares, means, deviations = np.split(layout, [256, 256 + 72])
    # Blue is two thirds of the way around the hues, and has the highest saturation and value.
    blue = 10 * 16 + 3 * 4 + 3
    assert shares[[0, blue]] == pytest.approx([2 / 3, 1 / 3])
    values = means.reshape(6, 4, 3)[:, :, 2]
    assert np.array_equal(values, np.repeat([1, 1, 0, 0, 0, 0], 4).reshape(6, 4))
    assert deviations == pytest.approx(0, abs=1e-5)


def test_gradients_tell_where_edges_are_and_in_which_direction() -> None:
    """Of a white square: its sides are in the cells of rows 3 and 8, and columns 2 and 5."""
    image = Image.new("RGB", SIZE, "black")
    image.paste("white", (30, 42, 66, 102))
    gradients = gradient_histograms(image)
    cells = SIZE[0] // CELL * (SIZE[1] // CELL)
    histograms = gradients[: cells * ORIENTATIONS].reshape(SIZE[1] // CELL, -1, ORIENTATIONS)
    assert {int(row) for row in np.flatnonzero(histograms.any(axis=(1, 2)))} == set(range(3, 9))
    left, top = histograms[6, 2], histograms[3, 4]
    assert left.argmax() == 0
    assert top.argmax() == ORIENTATIONS // 2
    assert not gradient_histograms(Image.new("RGB", SIZE, "red")).any()
