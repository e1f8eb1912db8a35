"""Limits of decoding: what a file may ask of its decoder, counted before anything is decoded.

A few bytes can declare a picture of gigabytes, or work for hours. A decoder does what they declare,
and its thread cannot be stopped from outside. So the file is searched first.
"""

import re
import struct
from collections.abc import Callable, Iterator

from movie_posters_decade.records import RejectReason

MAX_PIXELS = 25_000_000
"""The largest width times height of an image that is decoded."""

MAX_SCANS = 100
"""The largest number of scans of a JPEG. Encoders write one, or about ten if it is progressive."""

MAX_PARTS = 10_000
"""The largest number of segments, chunks, strips or other blocks into which a file is divided."""

MAX_METADATA_BYTES = 32 * 1024 * 1024
"""The largest size of all values of EXIF data or TIFF tags, which may share their bytes."""

Excess = tuple[RejectReason, str]
"""Why a file is not decoded, and what it has too many of, unless the reason says it."""

_IMAGE_ENDS, _SCAN_BEGINS, _EXIF_SEGMENT = 0xD9, 0xDA, 0xE1
_EXIF_PREFIX = b"Exif\0\0"
_STRIP_TAGS, _TILE_WIDTH, _TILE_HEIGHT = {273, 279, 324, 325}, 322, 323
_POINTER_TAGS = {0x8769, 0x8825, 0xA005}
_TYPE_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""The bytes of a value of a TIFF tag, by its type."""

_SCAN_DATA_ENDS = re.compile(rb"\xff[\x01\xc0-\xcf\xd8-\xfe]")
_SIZE_BOX = re.compile(rb"ispe....(........)", re.DOTALL)


def find_excess(content: bytes) -> Excess | None:
    """Return what a file has too many of to be decoded, or None.

    It tells pixels only where a decoder allocates them before Pillow knows their number. For a
    usual poster this takes a few microseconds.
    """
    for signature, find in _FINDERS.items():
        if content.startswith(signature):
            return find(content)
    return _find_in_avif(content) if content[4:8] == b"ftyp" else None


def find_excess_of_metadata(exif: object) -> Excess | None:
    """Return what EXIF data, as Pillow gives them for an opened image, have too many of, or None.

    Each value may be as long as all the data, so that a small file could fill the memory.
    """
    if not isinstance(exif, bytes):
        return None
    size = _metadata_bytes(exif.removeprefix(_EXIF_PREFIX))
    return None if size <= MAX_METADATA_BYTES else _too_complex(f"{size} bytes of EXIF data")


def _too_complex(what: str) -> Excess:
    return RejectReason.TOO_COMPLEX, what


def _too_many_pixels(width: int, height: int) -> Excess | None:
    if width * height <= MAX_PIXELS:
        return None
    return RejectReason.TOO_MANY_PIXELS, ""


def _find_in_jpeg(content: bytes) -> Excess | None:
    # These bytes may also be in a comment or a thumbnail, so only the next step counts exactly.
    may_exceed = content.count(bytes([0xFF, _SCAN_BEGINS])) > MAX_SCANS or (
        len(content) > 4 * MAX_PARTS
        and content.count(b"\xff") - content.count(b"\xff\0") > MAX_PARTS
    )
    if not may_exceed and _EXIF_PREFIX not in content:
        return None
    scans, exif = 0, []
    for number, (marker, begin, end) in enumerate(_jpeg_segments(content)):
        scans += marker == _SCAN_BEGINS
        if scans and not may_exceed:  # Pillow looks for EXIF data no further
            break
        if marker == _EXIF_SEGMENT and content.startswith(_EXIF_PREFIX, begin):
            exif.append(content[begin + len(_EXIF_PREFIX) : end])
        if scans > MAX_SCANS:
            return _too_complex(f"more than {MAX_SCANS} scans")
        if number >= MAX_PARTS:
            return _too_complex(f"more than {MAX_PARTS} segments")
    # Pillow joins several segments.
    return find_excess_of_metadata(b"".join(exif))


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker of each segment of a JPEG, and where its data begin and end."""
    end = 2
    while match := _SCAN_DATA_ENDS.search(content, end):
        marker, begin = content[match.end() - 1], match.end() + 2
        if marker == _IMAGE_ENDS:
            return
        if marker in {0x01, 0xD8}:  # these have no data
            begin = end = match.end()
        else:
            end = max(begin, begin - 2 + int.from_bytes(content[begin - 2 : begin]))
        yield marker, begin, end


def _find_in_png(content: bytes) -> Excess | None:
    begin, chunks = 8, 0
    while begin + 8 <= len(content):
        size = int.from_bytes(content[begin : begin + 4])
        if content.startswith(b"IEND", begin + 4):
            return None
        begin += 12 + size
        chunks += 1
        if chunks > MAX_PARTS:
            return _too_complex(f"more than {MAX_PARTS} chunks")
    return None


def _find_in_gif(content: bytes) -> Excess | None:
    """Look at what comes before the first image: comments, which Pillow joins one by one."""
    if len(content) < 13:
        return None
    has_palette, bits = content[10] & 0x80, (content[10] & 7) + 1
    begin, blocks = 13 + (3 << bits if has_palette else 0), 0
    while begin < len(content) and content[begin] != ord(","):
        is_extension = content[begin] == ord("!")
        begin += 2 if is_extension else 1
        while is_extension and begin < len(content) and content[begin] and blocks <= MAX_PARTS:
            begin += 1 + content[begin]
            blocks += 1
        begin += is_extension
        blocks += 1
        if blocks > MAX_PARTS:
            return _too_complex(f"more than {MAX_PARTS} blocks before its first image")
    return None


def _find_in_webp(content: bytes) -> Excess | None:
    """Read the size of the canvas, which the decoder allocates twice."""
    kind, data = content[12:16], content[20:30]
    if content[8:12] != b"WEBP" or len(data) < 10:
        return None
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[4:7], "little")
        return _too_many_pixels(width, 1 + int.from_bytes(data[7:10], "little"))
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return _too_many_pixels(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return _too_many_pixels(width & 0x3FFF, height & 0x3FFF)
    return None


def _find_in_avif(content: bytes) -> Excess | None:
    """Read all sizes that are declared, of the image and of the tiles that it consists of."""
    sizes = (struct.unpack(">II", match[1]) for match in _SIZE_BOX.finditer(content))
    return next(filter(None, (_too_many_pixels(*size) for size in sizes)), None)


def _find_in_tiff(content: bytes) -> Excess | None:
    tile = {_TILE_WIDTH: 0, _TILE_HEIGHT: 0}
    for tag, count, value in _tags(content):
        if tag in _STRIP_TAGS and count > MAX_PARTS:
            return _too_complex(f"more than {MAX_PARTS} strips or tiles")
        if tag in tile:
            tile[tag] = max(tile[tag], value)
    size = _metadata_bytes(content)
    if size > MAX_METADATA_BYTES:
        return _too_complex(f"{size} bytes of tags")
    return _too_many_pixels(*tile.values())


def _metadata_bytes(content: bytes) -> int:
    """Return the size of all values of the tags, as Pillow reads them."""
    unit, total = (8 if _is_big(content) else 4), 0
    folders: list[int | None] = [None]
    for _ in range(1 + len(_POINTER_TAGS)):
        if not folders:
            break
        for tag, size, value in _tags(content, folders.pop(), in_bytes=True):
            total += min(size, max(0, len(content) - value)) if size > unit else 0
            if tag in _POINTER_TAGS:
                folders.append(value)
    return total


def _is_big(content: bytes) -> bool:
    return content[2:3] == b"+"


def _tags(
    content: bytes, begin: int | None = None, *, in_bytes: bool = False
) -> Iterator[tuple[int, int, int]]:
    """Yield tag, number of values, or of their bytes, and value or offset for each in a folder.

    Args:
        content: a TIFF file, or EXIF data, which have the same form.
        begin: where the folder begins; by default the first.
        in_bytes: whether to yield the number of bytes instead of values.
    """
    order = "little" if content[:2] == b"II" else "big"
    unit = 8 if _is_big(content) else 4

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], order)  # type: ignore[arg-type]

    if begin is None:
        begin = number(unit, unit)
    count_size = 2 if unit == 4 else 8
    entry_size = 4 + 2 * unit
    first = begin + count_size
    fitting = max(0, len(content) - first) // entry_size
    for entry in range(min(number(begin, count_size), fitting)):
        at = first + entry_size * entry
        kind, count = number(at + 2, 2), number(at + 4, unit)
        item = _TYPE_SIZES[kind] if kind < len(_TYPE_SIZES) else 0
        is_value = count == 1 and 0 < item < unit
        value = number(at + 4 + unit, item if is_value else unit)
        yield number(at, 2), item * count if in_bytes else count, value


_FINDERS: dict[bytes, Callable[[bytes], Excess | None]] = {
    b"\xff\xd8\xff": _find_in_jpeg,
    b"\x89PNG": _find_in_png,
    b"GIF8": _find_in_gif,
    b"RIFF": _find_in_webp,
    b"II": _find_in_tiff,
    b"MM": _find_in_tiff,
}
"""How to find an excess in a file, by how the file begins."""
