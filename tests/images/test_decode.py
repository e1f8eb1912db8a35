"""Posters are decoded upright, in RGB and over white, and truncated ones never."""

import io
import random
from contextlib import ExitStack

import datasets
import pytest
from PIL import Image, ImageFile
from samples import encode, paint

from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.decode import decode_poster, file_extension, strict_decoding
from movie_posters_decade.records import RejectReason

COLOR = Image.open(io.BytesIO(paint("1990s", 7)))


def test_truncated_image_is_rejected_even_if_pillow_is_set_to_accept_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    assert check_poster(encode(COLOR, "JPEG")[:2000]).reason is RejectReason.TRUNCATED
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_threads_that_decode_at_the_same_time_restore_the_setting_of_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    first, second = ExitStack(), ExitStack()
    first.enter_context(strict_decoding)
    second.enter_context(strict_decoding)
    first.close()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    second.close()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.parametrize(
    ("image_format", "extension"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")]
)
def test_extension_follows_from_the_bytes(image_format: str, extension: str) -> None:
    assert file_extension(encode(COLOR, image_format)) == extension


def test_accepted_poster_can_be_decoded_whatever_its_exif_data() -> None:
    """A poster that cannot be oriented would fail in `datasets`, too."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 3, "a poster", 72.0
    content, chance = encode(COLOR, exif=exif), random.Random(0)
    begin = content.index(b"Exif")
    rejected = 0
    for _ in range(400):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            broken[begin + 6 + chance.randrange(len(exif.tobytes()) - 6)] = chance.randrange(256)
        if check_poster(bytes(broken)).reason is None:
            decode_poster(bytes(broken))
            datasets.Image(mode="RGB").decode_example({"bytes": bytes(broken), "path": None})
        else:
            rejected += 1
    assert 0 < rejected < 400
