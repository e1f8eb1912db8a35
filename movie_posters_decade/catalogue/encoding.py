"""Text encoding: decode a catalogue's bytes, and repair titles that were decoded wrongly.

A text is UTF-16 if it starts with that byte order mark, else UTF-8, else Windows-1252. A few bytes
that are broken do not change the encoding of the whole file: they are replaced and counted.
"""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat

from movie_posters_decade.errors import CatalogueError

REPLACEMENT = "\ufffd"

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_UNDEFINED = f"{__name__}.undefined"
"""The error handler for the five bytes that Windows-1252 leaves undefined."""

# The characters that titles of European languages have, beside ASCII.
_EUROPEAN = r"\xa1-\xff\u0100-\u017f\u2010-\u2026\u20ac\u2122"
_IS_EUROPEAN = re.compile(rf"[\x20-\x7e{_EUROPEAN}]*")

# Damage that shows: after a letter that begins it, a symbol that follows no letter in any language,
# or a capital letter within a word.
_DAMAGE = re.compile(
    r"[\xc2-\xc5\xe2\xcc\xed][\x80-\x9f\xa1-\xa9\xac\xaf\xb1-\xb3\xb5-\xb9\xbc-\xbf\u2018\u201a\u201e"
    r"\u2020-\u2022\u2030\u20ac\u0192\u02c6]|[a-z][\xc0-\xd6\xd8-\xde]"
)


@dataclass(frozen=True)
class Text:
    """The bytes of a text, and how they are decoded.

    Attributes:
        content: the bytes, in UTF-8 or Windows-1252.
        encoding: such as "UTF-8", "UTF-16" or "Windows-1252", as the file had it.
        broken_lines: the line of each broken byte, from 1.
    """

    content: bytes
    encoding: str
    broken_lines: Sequence[int] = ()

    def lines(self) -> io.TextIOWrapper:
        """Return the lines, decoded one by one: a text can be large."""
        return io.TextIOWrapper(io.BytesIO(self.content), *self._codec, newline="")

    def whole(self) -> str:
        """Return the whole text."""
        return self.content.decode(*self._codec)

    @property
    def _codec(self) -> tuple[str, str]:
        is_utf8 = self.encoding != "Windows-1252"
        return ("utf-8-sig", "replace") if is_utf8 else ("cp1252", _UNDEFINED)


def detect_encoding(content: bytes, name: str, encoding: str | None = None) -> Text:
    """Detect the encoding of a text, or take the one that is given.

    Raises:
        CatalogueError: the content is no text, or UTF-16 without its mark.
    """
    if encoding is not None:
        content = content.decode(encoding, errors="replace").encode("utf-8", errors="replace")
        return Text(content, encoding, _lines_of(REPLACEMENT.encode(), content))
    is_utf32 = content.startswith(codecs.BOM_UTF32_LE)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not is_utf32:
        content = content.decode("utf-16", errors="replace").encode("utf-8")
        return Text(content, "UTF-16", _lines_of(REPLACEMENT.encode(), content))
    zeros = content.count(b"\0")
    if zeros > len(content) / 100:
        raise CatalogueError(
            f"{name}: expected CSV, TSV, JSON, Parquet or an Excel workbook (.xlsx); found a file "
            "with many zero bytes, which is another binary file, or a text in UTF-16 without its "
            "byte order mark. Save it as one of these, in UTF-8."
        )
    lines = _lines_of(rb"\0", content) if zeros else []
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        broken, intact = _count_utf8(content)
        if intact > broken:
            return Text(content, "UTF-8", [*lines, *_broken_lines(content)])
        undefined = _lines_of(rb"[\x00\x81\x8d\x8f\x90\x9d]", content)
        return Text(content, "Windows-1252", undefined)
    return Text(content, "UTF-8", lines)


def replace_surrogates(text: str) -> str:
    """Replace halves of a character, which JSON can name and no file can hold."""
    return _LONE_SURROGATE.sub(REPLACEMENT, text)


def repair_titles(titles: Sequence[str]) -> list[str]:
    """Repair titles that were decoded with a wrong encoding, where that is certain.

    Two errors are undone: UTF-8 that was decoded as Windows-1252, and after it, up to twice, Mac
    Roman that was decoded as latin-1. Kaggle's catalogue has both. Undoing an error that was never
    made mostly gives no valid UTF-8, but it can: "CAFÉ™" would become "CAFə". So a title is
    repaired only if it shows the damage itself, by a symbol or a capital letter within a word, or
    if more titles of the file do than have accents that are no damage.
    """
    undone = [None if title.isascii() else _undo(title) for title in titles]
    certain = [
        text is not None and bool(_DAMAGE.search(title)) and bool(_IS_EUROPEAN.fullmatch(text))
        for title, text in zip(titles, undone, strict=True)
    ]
    intact = sum(
        text is None and not title.isascii() for title, text in zip(titles, undone, strict=True)
    )
    is_damaged_file = sum(certain) > intact
    return [
        text if text is not None and (is_certain or is_damaged_file) else title
        for title, text, is_certain in zip(titles, undone, certain, strict=True)
    ]


def _undo(title: str) -> str | None:
    """Undo both errors, or return None if they were not made."""
    texts = [title]
    with suppress(UnicodeError):
        content = title.encode("cp1252", errors=_UNDEFINED)
        for _ in range(2):
            texts.append(content.decode("mac_roman"))
            content = texts[-1].encode("latin-1")
    # Most rounds first: a text of two rounds can look like one of fewer, but not the reverse.
    for text in reversed(texts):
        with suppress(UnicodeError):
            return text.encode("cp1252", errors=_UNDEFINED).decode("utf-8")
    return None


def _count_utf8(content: bytes) -> tuple[int, int]:
    """Count the broken bytes of a text in UTF-8, and its intact characters outside ASCII."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count(REPLACEMENT)
    return broken, len(text) - len(text.encode("ascii", errors="ignore")) - broken


def _broken_lines(content: bytes) -> Iterator[int]:
    """Yield the line of each byte that is not UTF-8."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        broken, _ = _count_utf8(line)
        yield from repeat(number, broken)


def _lines_of(pattern: bytes, content: bytes) -> list[int]:
    """Return the line of each byte that matches a pattern."""
    found, line, position = [], 1, 0
    for match in re.finditer(pattern, content):
        line += content.count(b"\n", position, match.start())
        position = match.start()
        found.append(line)
    return found


def _keep_byte(error: UnicodeError) -> tuple[str | bytes, int]:
    """Decode a byte that Windows-1252 leaves undefined to the control character of its number."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        text = error.object[error.start : error.end]
        if all("\x80" <= character <= "\x9f" for character in text):
            return text.encode("latin-1"), error.end
    raise error


codecs.register_error(_UNDEFINED, _keep_byte)
