"""Reading of a catalogue: what the file was taken for, so that a mistake is seen at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LISTED = 5
"""How many lines or ids are named."""


@dataclass(frozen=True)
class Findings:
    """Lines or ids of one kind: how many, and the first of them."""

    count: int
    first: Sequence[str | int]

    @classmethod
    def of(cls, found: Sequence[str | int]) -> "Findings | None":
        """Count the findings; None if there are none."""
        first = list(dict.fromkeys(map(_shorten, found[:LISTED])))
        return cls(len(found), first) if found else None

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.first) else ""
        return f"{self.count} ({', '.join(map(str, self.first))}{more})"


@dataclass(frozen=True)
class Reading:
    """How a catalogue was read.

    Attributes:
        kind: of the file, such as "CSV" or "Parquet".
        encoding: of a text file, such as "UTF-8".
        delimiter: between the columns of a text file.
        quoting: of a text file: "doubled", "backslash" or "none".
        columns: the column of each field.
        genre_separator: the text between genres; None if they are lists, or one for each movie.
        genres: the most frequent genres, and the number of rows with each.
        years: the first and the last year.
        missing: the number of rows without a value, by field.
        odd_ids: ids that are not IMDb's, where most are.
        broken_bytes: the lines with bytes that the encoding does not have.
        short_rows: the lines with fewer fields than the header, of which no field is used.
        odd_years: values of the column of years that are no year.
        files: the links that are taken for paths of files.
        bounded: the rows with a text that was too long or had control characters.
    """

    kind: str
    encoding: str | None = None
    delimiter: str | None = None
    quoting: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    genre_separator: str | None = None
    genres: Mapping[str, int] = field(default_factory=dict)
    years: Sequence[int] | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    odd_ids: Findings | None = None
    broken_bytes: Findings | None = None
    short_rows: Findings | None = None
    odd_years: Findings | None = None
    files: Findings | None = None
    bounded: Findings | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the reading in JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, reading: dict[str, Any]) -> "Reading":
        """Create a reading from the result of `to_json`."""
        names = ("odd_ids", "broken_bytes", "short_rows", "odd_years", "files", "bounded")
        found = {name: reading[name] and Findings(**reading[name]) for name in names}
        return cls(**reading | found)

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that the reading found."""
        how = [self.kind, self.encoding]
        how += [f"delimiter {self.delimiter!r}" if self.delimiter else None]
        how += [f"quotes: {self.quoting}" if self.quoting not in {None, "doubled"} else None]
        genres = _list(self.genres, " ")
        if genres and self.genre_separator:
            genres += f" (separated by {self.genre_separator!r})"
        rows = {
            "read as": ", ".join(part for part in how if part),
            "columns": _list(self.columns, "="),
            "genres": genres,
            "years": "{} to {}".format(*self.years) if self.years else "none",
            "missing values": _list(self.missing, " "),
            "ids that are not IMDb's": self.odd_ids,
            "broken bytes in lines": self.broken_bytes,
            "short rows in lines": self.short_rows,
            "years that are none": self.odd_years,
            "links to files": self.files,
            "texts cut or cleaned in rows": self.bounded,
        }
        return [(title, str(found)) for title, found in rows.items() if found]


def _shorten(found: str | int) -> str | int:
    """Return the begin of a value that is listed."""
    return f"{found[:80]}…" if isinstance(found, str) and len(found) > 80 else found


def _list(items: Mapping[str, Any], sign: str) -> str:
    return ", ".join(f"{name}{sign}{value}" for name, value in items.items())
