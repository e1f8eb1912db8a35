"""Links of a catalogue: are some of them paths of files, which start in the catalogue's folder?

Only the column of links is read, so that the answer takes a fraction of the time of parsing.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from movie_posters_decade.catalogue.columns import Columns
from movie_posters_decade.catalogue.parse import file_links
from movie_posters_decade.catalogue.readers import Value, open_table
from movie_posters_decade.catalogue.unpack import unpack
from movie_posters_decade.catalogue.values import normalize_link
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options

_READING = ("columns", "delimiter", "encoding", "base_url")
"""The options by which the column of links is found and read."""


def has_file_links(path: Path, sha256: str, options: Options) -> bool:
    """Return whether links of a catalogue are paths of files, or may be.

    Args:
        path: of the catalogue's file.
        sha256: the hash of the file, by which the answer is kept in this process.
        options: as `Options.checked` returns them.

    Returns:
        True also for a file that is no readable catalogue, of which nobody can say.
    """
    reading = {name: getattr(options, name) for name in _READING}
    return _has_file_links(path, sha256, json.dumps(reading | {"columns": options.field_columns}))


@lru_cache(maxsize=64)
def _has_file_links(path: Path, sha256: str, reading: str) -> bool:  # noqa: ARG001, a key
    options = Options(**json.loads(reading))
    try:
        links = _read_links(path, options)
    except CatalogueError:
        return True
    return not all(isinstance(link, str) for link in links) or bool(
        file_links(normalize_link(str(link), options.base_url) for link in links)
    )


def _read_links(path: Path, options: Options) -> Sequence[Value]:
    name, content, packed = unpack(path, str(path))
    table = open_table(content, name, options.delimiter, options.encoding, packed)
    columns = Columns(table.header, options, name, str(path), table.sample)
    index = columns.indices["poster_url"]
    return table.read([index], index).columns[0]
