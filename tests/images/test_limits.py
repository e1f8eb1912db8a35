"""A file that asks its decoder for too much is rejected before it is decoded."""

import io
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFile
from samples import encode, paint

from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.decode import FORMATS
from movie_posters_decade.images.limits import MAX_PARTS, MAX_PIXELS, MAX_SCANS
from movie_posters_decade.records import RejectReason

Image.init()  # registers the formats that this Pillow can write

POSTER = paint("1990s", 7)
COLOR = Image.open(io.BytesIO(POSTER))
PROGRESSIVE = encode(COLOR, "JPEG", progressive=True)
PNG, GIF = encode(COLOR, "PNG"), encode(COLOR.convert("P"), "GIF")
SOS = b"\xff\xda"


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def after_start(jpeg: bytes, segments: bytes) -> bytes:
    return jpeg[:2] + segments + jpeg[2:]


def with_scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated until there are so many."""
    last = PROGRESSIVE[PROGRESSIVE.rindex(SOS) : -2]
    return PROGRESSIVE[:-2] + last * (count - PROGRESSIVE.count(SOS)) + PROGRESSIVE[-2:]


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def with_chunks(chunks: bytes) -> bytes:
    return PNG[:33] + chunks + PNG[33:]


def tags(entries: list[tuple[int, int, int, int]], rest: bytes = b"") -> bytes:
    """Return a TIFF folder of entries: tag, type, count, and value or offset."""
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4) + rest


def with_comments(count: int) -> bytes:
    palette_end = 13 + (6 << (GIF[10] & 7))
    return GIF[:palette_end] + b"!\xfe\x01c\0" * count + GIF[palette_end:]


def webp(kind: bytes, data: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


SHARED_BYTES = tags([(tag, 7, 60_000, 5000) for tag in range(600)], bytes(60_000))
"""EXIF data of 67 KB whose values are 36 MB long, as they overlap."""

TIFF_SIZE = [(256, 4, 1, 91), (257, 4, 1, 134), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)]

TOO_COMPLEX = {
    "scans": with_scans(MAX_SCANS + 1),
    "scans after a comment": after_start(with_scans(MAX_SCANS + 1), segment(0xFE, SOS * 9)),
    "segments": after_start(POSTER, segment(0xE5, b"") * (MAX_PARTS + 1)),
    "EXIF data of a PNG": with_chunks(chunk(b"eXIf", SHARED_BYTES)),
    "EXIF data of a JPEG in two segments": after_start(
        POSTER,
        segment(0xE1, b"Exif\0\0" + SHARED_BYTES[:40_000])
        + segment(0xE1, b"Exif\0\0" + SHARED_BYTES[40_000:]),
    ),
    "chunks": with_chunks(chunk(b"abCd") * (MAX_PARTS + 1)),
    "comments": with_comments(MAX_PARTS),
    "strips": tags([*TIFF_SIZE, (273, 4, MAX_PARTS + 1, 200)], bytes(4 * MAX_PARTS + 4)),
    "tags": tags(
        [*TIFF_SIZE, *((tag, 7, 60_000, 9000) for tag in range(600, 1200))], bytes(70_000)
    ),
}

TOO_MANY_PIXELS = {
    "WebP, lossless": webp(b"VP8L", b"\x2f" + struct.pack("<I", 12_999 << 14 | 12_999) + bytes(13)),
    "WebP, extended": webp(b"VP8X", bytes(4) + (12_999).to_bytes(3, "little") * 2),
    "WebP": webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 12_999, 12_999) + bytes(9)),
    "tiles": tags([*TIFF_SIZE, (322, 4, 1, 40_000), (323, 4, 1, 40_000), (324, 4, 1, 200)]),
    "PNG": encode(Image.new("1", (5000, MAX_PIXELS // 5000 + 1)), "PNG"),
}


@pytest.mark.parametrize("name", TOO_COMPLEX)
def test_file_that_is_much_work_is_too_complex(name: str) -> None:
    check = check_poster(TOO_COMPLEX[name])
    assert check.reason is RejectReason.TOO_COMPLEX
    assert check.detail


@pytest.mark.parametrize("name", TOO_MANY_PIXELS)
def test_file_that_declares_too_large_a_picture_has_too_many_pixels(name: str) -> None:
    assert check_poster(TOO_MANY_PIXELS[name]).reason is RejectReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("name", [*TOO_COMPLEX, *TOO_MANY_PIXELS])
def test_no_pixel_of_such_a_file_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[ImageFile.ImageFile] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded.append)
    assert check_poster((TOO_COMPLEX | TOO_MANY_PIXELS)[name]).reason is not None
    assert not decoded


@pytest.mark.skipif("AVIF" not in Image.SAVE, reason="this Pillow cannot write AVIF")
def test_avif_that_consists_of_a_large_picture_is_not_decoded() -> None:
    content = encode(COLOR, "AVIF")
    begin = content.index(b"ispe") + 8
    large = content[:begin] + struct.pack(">II", 9000, 9000) + content[begin + 8 :]
    assert check_poster(large).reason is RejectReason.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "content",
    [
        with_scans(MAX_SCANS),
        after_start(POSTER, segment(0xFE, SOS * 500)),
        after_start(POSTER, segment(0xFE, b"\xff" * 20_000)),
        with_chunks(chunk(b"abCd") * 500),
        with_comments(500),
    ],
    ids=["scans", "no scans in a comment", "no markers in a comment", "chunks", "comments"],
)
def test_file_within_the_limits_is_usable(content: bytes) -> None:
    assert check_poster(content).reason is None


def test_jpeg_2000_is_not_decoded() -> None:
    """A JPEG 2000 of 88 bytes can be divided so finely that its decoder allocates gigabytes."""
    assert "JPEG2000" not in FORMATS
    assert check_poster(b"\xff\x4f\xff\x51" + bytes(80)).reason is RejectReason.NOT_AN_IMAGE


PEAK = """
import sys
from pathlib import Path
from movie_posters_decade.images import check_poster

check_poster(Path(sys.argv[1]).read_bytes())
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""Checks a poster, and prints the largest memory of the process in KiB."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the largest memory")
def test_largest_transparent_image_takes_no_more_than_600_megabytes(tmp_path: Path) -> None:
    side = int(MAX_PIXELS**0.5)
    image = Image.new("RGBA", (side, side), (200, 30, 90, 128))
    path = tmp_path / "large"
    path.write_bytes(encode(image, "WEBP", lossless=True, quality=0))
    del image
    finished = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, check=True, text=True
    )
    assert int(finished.stdout) < 600_000


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_random_damage_raises_no_error(name: str) -> None:
    if name not in Image.SAVE:
        pytest.skip(f"this Pillow cannot write {name}")
    content, chance = encode(COLOR, name), random.Random(name)
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            begin = chance.randrange(len(damaged))
            damaged[begin : begin + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        check = check_poster(bytes(damaged))
        assert check.reason is not None or check.phashes is not None


def test_limits_do_not_depend_on_how_a_file_is_cut() -> None:
    files = [*TOO_COMPLEX.values(), *TOO_MANY_PIXELS.values(), os.urandom(999)]
    for content in files:
        for end in (0, 1, 3, 9, 11, 14, 21, 29, 37, 50, 99):
            assert check_poster(content[:end]).reason is not None
