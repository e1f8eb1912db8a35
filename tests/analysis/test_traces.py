"""Compression is measured in the file and in the pixels, where saving again does not remove it."""

import io
from typing import Any

import numpy as np
import pytest
from painted import Splits, make_splits, noise
from PIL import Image

from movie_posters_decade.analysis.compression import BLOCK, MAGNITUDES, compression_traces
from movie_posters_decade.analysis.intervals import Score
from movie_posters_decade.analysis.shortcuts import audit_shortcuts
from movie_posters_decade.analysis.traces import measure_traces
from movie_posters_decade.images import transform_image
from movie_posters_decade.options.transform import ImageTransform

IN_PIXELS = "compression left in the pixels"


def encoded(image: Image.Image, encoding: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, encoding, **options)
    return file.getvalue()


@pytest.fixture
def poster() -> Image.Image:
    """Red above and blue below, 40 by 60 pixels."""
    image = Image.new("RGB", (40, 60), (255, 0, 0))
    image.paste((0, 0, 255), (0, 30, 40, 60))
    return image


def test_features_of_the_encoding_are_measured(poster: Image.Image) -> None:
    coarse: dict[str, Any] = measure_traces(
        encoded(poster, quality=30, subsampling=2, progressive=True)
    )
    fine: dict[str, Any] = measure_traces(encoded(poster, quality=95, subsampling=0))
    assert coarse["quantization"]["table 0, 0"] != fine["quantization"]["table 0, 0"]
    assert len(fine["quantization"]) == 128
    assert coarse["chroma subsampling"] == {"subsampling": "4:2:0"}
    assert fine["chroma subsampling"] == {"subsampling": "4:4:4"}
    assert coarse["progressive JPEG"] == {"progressive": 1}
    assert fine["progressive JPEG"] == {"progressive": 0}
    assert measure_traces(encoded(poster, "PNG"))["quantization"] == {"format": "PNG"}


def test_border_color_is_measured(poster: Image.Image) -> None:
    border: Any = measure_traces(encoded(poster, "PNG"))["border color"]
    assert (border["top red"], border["bottom blue"], border["left red"]) == (255, 255, 127.5)


def test_traces_are_the_shares_of_each_magnitude_by_frequency() -> None:
    """A gray poster has one coefficient, of frequency 0: eight times the distance from 128."""
    traces = compression_traces(np.full((20, 30), 129, dtype=np.uint8))
    shares = traces.reshape(BLOCK**2, MAGNITUDES)
    assert shares[0, 8] == 1
    assert np.array_equal(shares[1:, 0], np.ones(63))
    assert np.array_equal(shares.sum(axis=1), np.ones(64))


def test_wave_of_one_frequency_gives_one_coefficient() -> None:
    """A cosine of 3 periods in 16 pixels is frequency 3 of the blocks' rows."""
    wave = 128 + 40 * np.cos(np.pi * (2 * np.arange(8) + 1) * 3 / 16)
    shares = compression_traces(np.rint(np.tile(wave, (8, 2))).astype(np.uint8))
    assert np.flatnonzero(shares.reshape(8, 8, MAGNITUDES)[:, :, MAGNITUDES - 1]).tolist() == [3]


@pytest.mark.parametrize("shape", [(7, 100), (100, 7)])
def test_poster_smaller_than_a_block_has_no_traces(shape: tuple[int, int]) -> None:
    assert not compression_traces(np.zeros(shape, dtype=np.uint8)).any()


def audit_pixels(splits: Splits, transform: ImageTransform) -> Score:
    train, test = (
        split._replace(contents=[transform_image(one, transform) for one in split.contents])
        for split in splits
    )
    [shortcut] = audit_shortcuts(train.audited(IN_PIXELS), test.audited(IN_PIXELS))
    assert shortcut.accuracy is not None
    return shortcut.accuracy


def test_saving_as_png_keeps_the_traces_as_they_are(by_quality: Splits) -> None:
    for content in by_quality[1].contents[:4]:
        saved = transform_image(content, ImageTransform(encode_format="png"))
        traces, same = (measure_traces(one)[IN_PIXELS] for one in (content, saved))
        np.testing.assert_array_equal(same, traces)


@pytest.mark.parametrize("encoding", ["jpeg", "webp"])
def test_saving_again_with_losses_keeps_most_traces(by_quality: Splits, encoding: str) -> None:
    assert audit_pixels(by_quality, ImageTransform(encode_format=encoding)).value > 0.8


def test_another_size_removes_most_traces_also_without_losses(by_quality: Splits) -> None:
    assert audit_pixels(by_quality, ImageTransform((90, 135), encode_format="png")).value < 0.6


def test_traces_are_the_same_where_compression_is_the_same() -> None:
    train, test = make_splits(lambda rng, _: (noise(rng), 80))
    assert audit_pixels((train, test), ImageTransform()).low < 0.25
