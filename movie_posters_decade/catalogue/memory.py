"""Memory: a small file must not become a table that fills the machine.

Compression can hide a thousand bytes in one, and a table's values take more memory than its bytes.
So the memory that a table will need is estimated before it is read, from bytes, rows and values.
The limit grows with the file.
"""

from movie_posters_decade.errors import CatalogueError

LEAST_LIMIT = 768 * 1024**2
"""What the table in any file may need, in bytes."""

LIMIT_PER_BYTE = 128
"""What it may need for each byte of a file of more than 6 MiB. Usual tables need 10 to 60."""

BYTES_PER_BYTE, BYTES_PER_ROW, BYTES_PER_VALUE = 6, 500, 60
"""What a byte of text, a row and a value need. A million short rows of four values were measured at
560 bytes each; a text is held up to three times, in up to four bytes for each character."""


def memory_limit(packed: int) -> int:
    """Return the memory that the table in a file of some bytes may need, in bytes."""
    return max(LEAST_LIMIT, LIMIT_PER_BYTE * packed)


def longest_text(packed: int) -> int:
    """Return the largest size of the text in a file of some bytes, in bytes."""
    return memory_limit(packed) // BYTES_PER_BYTE


def check_text(content: bytes, name: str, limit: int) -> None:
    """Check the memory that a CSV or JSON text needs.

    Raises:
        CatalogueError: it is more than the limit.
    """
    is_json = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{"))
    ends = max(content.count(b"\n"), content.count(b"\r"))
    rows = content.count(b"{") if is_json else ends
    values = sum(map(content.count, (b",", b";", b"\t", b"|", b"[")))
    check_memory(len(content), rows, values, name, limit)


def check_memory(size: int, rows: int, values: int, name: str, limit: int) -> None:
    """Check the memory that a table of some bytes of text, rows and values needs.

    Raises:
        CatalogueError: it is more than the limit.
    """
    needed = BYTES_PER_BYTE * size + BYTES_PER_ROW * rows + BYTES_PER_VALUE * values
    if needed > limit:
        raise too_much(name, limit, f"one that needs about {needed:,}")


def too_much(name: str, limit: int, found: str) -> CatalogueError:
    """Return the error for a table that needs more memory than a limit."""
    return CatalogueError(
        f"{name}: expected a table that needs at most {limit:,} bytes of memory, as a file of its "
        f"size may; found {found}. Split it, or leave columns out."
    )
