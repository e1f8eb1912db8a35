"""Fallback table: other addresses of posters by IMDb id, for whoever has another source."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.catalogue.columns import NAMES, plain_name
from movie_posters_decade.catalogue.readers import Table, open_table
from movie_posters_decade.catalogue.unpack import unpack
from movie_posters_decade.catalogue.values import normalize_link, parse_id
from movie_posters_decade.download.addresses import Address, has_credentials, parse_url
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.fallbacks.fallback import Answer
from movie_posters_decade.options.options import WAYBACK, fallback_name
from movie_posters_decade.records import CATALOGUE, Origin
from movie_posters_decade.text.terminal import get_logger
from movie_posters_decade.texts import MAX_LINK, MAX_SOURCE, is_clean

COLUMNS = {
    "imdb_id": NAMES["imdb_id"],
    "poster_url": NAMES["poster_url"],
    "licence": ("licence", "license"),
    "source": ("source",),
}
"""The names of each column, the surest first."""

REQUIRED = ("imdb_id", "poster_url")

MAX_ADDRESSES = 3
"""How many addresses of one id are tried, so that a table cannot cause any number of requests."""

logger = get_logger(__name__)


@dataclass(frozen=True)
class FallbackTable:
    """A table of other addresses, as a fallback for the links of a catalogue.

    Attributes:
        name: of the table: its file's, without the suffix.
        alternatives: the addresses of each IMDb id, in the order of the table.
        ids: the IMDb id of each link of the catalogue.
    """

    name: str
    alternatives: Mapping[str, Sequence[Origin]]
    ids: Mapping[str, str]

    def find(self, links: Sequence[str]) -> Iterator[Answer]:
        """Yield an answer for each link, in their order."""
        for link in links:
            yield Answer(link, tuple(self.alternatives.get(self.ids[link], ())))


def read_fallback_table(path: Path, ids: Mapping[str, str]) -> FallbackTable:
    """Read a table of other addresses: any file that can be a catalogue.

    It has the columns ``imdb_id`` and ``poster_url``, and may have ``licence`` and ``source``. Of
    an id's rows, the first `MAX_ADDRESSES` are tried in their order.

    Args:
        path: of the table.
        ids: the IMDb id of each link of the catalogue.

    Raises:
        CatalogueError: the file cannot be read, or lacks a column, a link cannot be requested, or a
            text is too long or has control characters.
    """
    where, content, packed = unpack(path, str(path))
    rows = _read_rows(open_table(content, where, packed=packed), where)
    alternatives: defaultdict[str, list[Origin]] = defaultdict(list)
    name = fallback_name(str(path))
    for number, (imdb_id, link, licence, source) in enumerate(rows, start=1):
        if imdb_id and (url := normalize_link(link, "")):
            row = Origin(url, source.strip() or name, licence=licence.strip())
            _check_row(f"{path}, row {number}", row)
            if len(alternatives[imdb_id]) < MAX_ADDRESSES:
                alternatives[imdb_id].append(row)
    if alternatives.keys().isdisjoint(ids.values()):
        example, count = next(iter(ids.values()), "none"), len(alternatives)
        message = f"{path}: none of its {count} ids is that of a candidate, such as {example}."
        cure = "Write the ids as the catalogue has them, or choose another table."
        logger.warning(BuildWarning("fallback_unused", message, cure))
    return FallbackTable(name, alternatives, ids)


def _read_rows(table: Table, name: str) -> Iterator[tuple[str, ...]]:
    """Return the values of the columns, each row as in `COLUMNS`; missing ones are empty."""
    header = [plain_name(column) for column in table.header]
    found = {field: _find_column(header, names) for field, names in COLUMNS.items()}
    for field in REQUIRED:
        if found[field] is None:
            raise CatalogueError(
                f"{name}: expected a table of other poster links, with the columns "
                f"{' and '.join(REQUIRED)}; found {', '.join(table.header)[:200] or 'no columns'}. "
                "Rename its columns."
            )
    present = {field: index for field, index in found.items() if index is not None}
    columns = table.read(list(present.values()), found["poster_url"]).columns
    values = dict(zip(present, columns, strict=True))
    # As in a catalogue, so that the ids are the same.
    is_imdb = "imdb" in table.header[present["imdb_id"]].casefold()
    values["imdb_id"] = [parse_id(str(text), is_imdb=is_imdb) for text in values["imdb_id"]]
    empty = [""] * len(columns[0])
    return zip(*(map(str, values.get(field, empty)) for field in COLUMNS), strict=True)


def _find_column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in map(plain_name, names) if name in header), None)


def _check_row(where: str, row: Origin) -> None:
    address = parse_url(row.url)
    is_link = isinstance(address, Address) and is_clean(row.url, MAX_LINK)
    if not is_link or has_credentials(row.url):
        raise CatalogueError(
            f"{where}: expected a link that begins with http:// or https://, without a password; "
            f"found {row.url[:80]!r}. Write the URL of the poster."
        )
    for column, text in (("source", row.source), ("licence", row.licence)):
        if not is_clean(text, MAX_SOURCE) or text in {CATALOGUE, WAYBACK}:
            raise CatalogueError(
                f"{where}: expected in the column {column} a text of at most {MAX_SOURCE} "
                f"characters without control characters, other than {CATALOGUE} and {WAYBACK}; "
                f"found {text[:80]!r}. Change it."
            )
