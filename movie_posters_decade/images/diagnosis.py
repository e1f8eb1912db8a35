"""Diagnosis: why an image cannot be decoded, and what the decoder said. Only failures come here."""

import io
import re
import struct
from collections.abc import Callable

from PIL import Image, ImageFile, UnidentifiedImageError

from movie_posters_decade.images.decode import reduce_image
from movie_posters_decade.records import RejectReason

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    struct.error,
    OverflowError,
    RuntimeError,
    ZeroDivisionError,
    IndexError,
    KeyError,
    EOFError,
    UserWarning,
)
"""Decoder errors: what decoders raise for broken data. Other errors are not the poster's fault.

Damaging some 400,000 files of all formats, with Pillow 10.1 to 13.0, gave OSError without errno,
SyntaxError and ValueError from most decoders; TypeError, AttributeError and struct.error from EXIF
data; OverflowError from TIFF; RuntimeError and ZeroDivisionError from AVIF. When it opens an image,
Pillow itself takes IndexError, KeyError and EOFError for broken data, too. It warns of broken
metadata with UserWarning, which users can turn into an error. It never raised MemoryError, not even
with 1.5 GB of memory: what is too large to decode, `MAX_PIXELS` keeps out.
"""

SIGNATURES = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WEBP": rb"RIFF....WEBP",
    "GIF": rb"GIF8[79]a",
    "AVIF": rb"....ftyp(avif|avis|mif1|msf1)",
    "TIFF": rb"II[*+]\0|II\0\*|MM\0[*+]|MM\*\0",
    "BMP": rb"BM",
}
"""Signatures, or magic numbers: how the content of each format begins. MPO begins like JPEG."""

MAX_DETAIL = 200
"""The length in characters to which a decoder's message is cut. Some messages quote the content."""


def is_machine_fault(error: Exception) -> bool:
    """Return whether an error comes from this machine, such as a lack of memory or descriptors.

    Some decoders do not tell: without memory, WebP says "could not create decoder object".
    """
    if isinstance(error, OSError) and error.errno is not None:
        return True
    return isinstance(error, OSError | RuntimeError) and "out of memory" in str(error).lower()


def diagnose(content: bytes, error: Exception) -> tuple[RejectReason, str]:
    """Return the reason why content cannot be decoded, and what its decoder said.

    An image is truncated if its decoder says so or asks for bytes after the end. Some decoders take
    all bytes at once and say the same of cut and of damaged images, so it is also truncated if it
    declares more bytes than there are. Damage to a declared length looks like a cut.

    Args:
        content: that failed.
        error: one of `DECODER_ERRORS`, with which it failed.
    """
    name = _format_of(content)
    if name is None:
        return RejectReason.NOT_AN_IMAGE, ""
    file = _WatchedFile(content)
    # `Image.open` does not say why a decoder refuses an image.
    said = _message(_decoding_error(name, file) or error)
    is_cut = file.is_exhausted or (name in _IS_CUT and _IS_CUT[name](content))
    is_truncated = is_cut or "truncated" in said.lower()
    reason = RejectReason.TRUNCATED if is_truncated else RejectReason.UNDECODABLE
    return reason, f"{name}: {said}"[:MAX_DETAIL]


class _WatchedFile(io.BytesIO):
    """A file in memory that knows whether a decoder read past its end."""

    is_exhausted = False

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        # Pixels are read in blocks, and the last block of a whole file is short, too.
        self.is_exhausted |= len(content) < (size or 0) < ImageFile.MAXBLOCK
        return content


def _format_of(content: bytes) -> str | None:
    """Return the format whose signature some content has."""
    matching = (name for name, begin in SIGNATURES.items() if re.match(begin, content, re.DOTALL))
    return next(matching, None)


def _decoding_error(name: str, file: io.BytesIO) -> Exception | None:
    """Decode a file with the decoder of a format, and return the error."""
    try:
        with _open_as(name, file) as image:
            reduce_image(image, (16, 16))
    except DECODER_ERRORS as error:
        if is_machine_fault(error):
            raise
        return error
    return None


def _open_as(name: str, file: io.BytesIO) -> Image.Image:
    """Open a file with the decoder of a format, which `Image.open` loaded when it tried them."""
    opener, accepts = Image.OPEN.get(name, (None, None))
    # Pillow answers with a text instead of yes where the library that decodes a format is missing.
    if opener is None or (accepts and isinstance(accepts(file.getvalue()[:16]), str)):
        raise UnidentifiedImageError("this Pillow has no decoder for it")
    return opener(file, "")


def _message(error: Exception) -> str:
    """Return what a decoder said, with the error's class where it is an error of Python."""
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    if isinstance(inner, OSError | SyntaxError | ValueError | RuntimeError):
        return str(inner)
    return f"{type(inner).__name__}: {inner}"


def _is_cut_riff(content: bytes) -> bool:
    """Return whether WebP content is shorter than its RIFF header declares."""
    return 8 + int.from_bytes(content[4:8], "little") > len(content)


def _is_cut_box(content: bytes) -> bool:
    """Return whether the last box of AVIF content ends after the content."""
    begin = 0
    while begin + 8 <= len(content):
        size = int.from_bytes(content[begin : begin + 4])
        if size == 1:
            size = int.from_bytes(content[begin + 8 : begin + 16])
        if size == 0:  # to the end
            return False
        begin += max(size, 8)
    return begin != len(content)


_IS_CUT: dict[str, Callable[[bytes], bool]] = {
    "WEBP": _is_cut_riff,
    "AVIF": _is_cut_box,
}
"""How to tell that content is cut, for formats whose decoders take all bytes at once."""
