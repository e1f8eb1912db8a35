"""Colour profiles in their binary form, as ICC.1:2001-04 describes it, written by hand."""

import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From levels of a channel, 0 to 1, to amounts of light, 0 to 1."""

SRGB_COLUMNS = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
P3_COLUMNS = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
ADOBE_COLUMNS = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
PROPHOTO_COLUMNS = np.array(
    [[0.79767, 0.13519, 0.03134], [0.28804, 0.71187, 0.00009], [0.0, 0.0, 0.82491]]
)
"""The primary colours of each colour space, as columns, in XYZ under the white D50."""

_D50 = (0.9642, 1.0, 0.8249)


def srgb_curve(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light that levels of sRGB and of Display P3 stand for."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def power(exponent: float) -> Curve:
    """Return a curve that is a power."""
    return lambda levels: levels**exponent


SPACES: Mapping[str, tuple[NDArray[np.float64], Curve]] = {
    "Display P3": (P3_COLUMNS, srgb_curve),
    "Adobe RGB": (ADOBE_COLUMNS, power(563 / 256)),
    "ProPhoto": (PROPHOTO_COLUMNS, power(1.8)),
}
"""Colour spaces with more colours than sRGB."""


def rgb_profile(columns: NDArray[np.float64], curve: Curve) -> bytes:
    """Return a profile of RGB, given its primary colours and the curve of all its channels."""
    tags = {f"{channel}XYZ": _xyz(columns[:, i]) for i, channel in enumerate("rgb")}
    return _profile(b"RGB ", b"XYZ ", tags | {f"{channel}TRC": _curve(curve) for channel in "rgb"})


def grey_profile(curve: Curve) -> bytes:
    """Return a profile of grey."""
    return _profile(b"GRAY", b"XYZ ", {"kTRC": _curve(curve)})


def cmyk_profile() -> bytes:
    """Return a profile of a press whose inks are duller than those that Pillow assumes.

    It is a table of the 16 colours that full inks give on each other, and what is between. The way
    back says only which inks give black.
    """
    colors = []
    for number in range(16):
        c, m, y, k = (number >> shift & 1 for shift in (3, 2, 1, 0))
        lightness = (1 - 0.4 * c) * (1 - 0.5 * m) * (1 - 0.1 * y) * (1 - 0.85 * k)
        ink = 1 - k
        a, b = ink * (70 * m - 35 * c), ink * (85 * y - 45 * c)
        colors += [round(255 * lightness), round(128 + a), round(128 + b)]
    inks = [255] * 4 * 4 + [0] * 4 * 4
    tables = {"A2B0": _table(4, 3, bytes(colors)), "B2A0": _table(3, 4, bytes(inks))}
    return _profile(b"CMYK", b"Lab ", tables, device=b"prtr")


def as_srgb(
    pixels: NDArray[np.uint8], columns: NDArray[np.float64], curve: Curve
) -> NDArray[np.float64]:
    """Return the levels of sRGB, 0 to 255, for the same colours as pixels of another space."""
    light = curve(pixels / 255) @ (np.linalg.inv(SRGB_COLUMNS) @ columns).T
    light = light.clip(0, 1)
    levels = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * levels


def _profile(
    color_space: bytes, connection: bytes, tags: Mapping[str, bytes], device: bytes = b"mntr"
) -> bytes:
    described = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {"desc": described, "cprt": b"text" + bytes(4) + b"none\0", "wtpt": _xyz(_D50), **tags}
    table, data = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name.encode() + struct.pack(">II", begin + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", begin + len(data), bytes(4), 0x02400000, device, color_space, connection
    )
    header += bytes(12) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + table + data


def _table(channels_in: int, channels_out: int, corners: bytes) -> bytes:
    """Return a table with the values at the corners of a colour space."""
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    head = b"mft1" + bytes(4) + bytes([channels_in, channels_out, 2, 0]) + matrix
    return head + identity * channels_in + corners + identity * channels_out


def _xyz(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _curve(curve: Curve) -> bytes:
    points = np.rint(65535 * curve(np.linspace(0, 1, 1024))).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(points)) + points.tobytes()
