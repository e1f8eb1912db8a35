"""Parquet: how much memory the columns of a file need, before and while they are read.

A column can name one long text, or one number, a billion times in a few bytes.
"""

import io
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from movie_posters_decade.catalogue.memory import check_memory
from movie_posters_decade.catalogue.unpack import MAX_BYTES
from movie_posters_decade.errors import CatalogueError

USUAL_LENGTH = 16
"""How long the lists of a table may be on average, so that only their values count."""


def check_columns(metadata: Any, chosen: set[str], name: str, limit: int) -> None:
    """Check the memory that some columns need, by what the file says of them."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    read = [column for column in columns if column.path_in_schema.split(".")[0] in chosen]
    size = sum(column.total_uncompressed_size for column in read)
    if size > MAX_BYTES:
        raise CatalogueError(
            f"{name}: expected columns of at most {MAX_BYTES:,} bytes, unpacked; found "
            f"{size:,}. Split the file."
        )
    values = sum(one.num_values for one in read)
    nested = sum(one.num_values for one in read if "." in one.path_in_schema)
    # Of a list that is longer than any movie's genres, each value counts as much as a row.
    rows = metadata.num_rows + max(0, nested - USUAL_LENGTH * metadata.num_rows)
    check_memory(size, rows, values, name, limit)


def repeated_texts(file: pq.ParquetFile, content: bytes, limit: int) -> list[str]:
    """Return the columns whose texts may need more memory than the limit if each is repeated.

    A column that stores each different text once is one, if its longest text in all rows would be
    too much. Texts in lists count as such in any case.
    """
    leaves = [file.schema.column(number) for number in range(len(file.schema))]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    stored_once = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts)
    repeated = [path for path in texts if "." in path]
    for path in set(texts).difference(repeated):
        most = 0
        for number in range(file.metadata.num_row_groups):
            # The first row comes with all texts that its group stores once.
            for batch in stored_once.iter_batches(1, [number], [path]):
                lengths = pc.binary_length(batch.column(0).dictionary)
                rows = file.metadata.row_group(number).num_rows
                most += rows * (pc.max(lengths).as_py() or 0)
                break
        if most > limit:
            repeated.append(path)
    return repeated


def text_size(column: pa.Array) -> int:
    """Return the size of all texts in a column, in bytes, each counted as often as it occurs."""
    if pa.types.is_dictionary(column.type):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        return pc.sum(lengths).as_py() or 0
    if pa.types.is_struct(column.type) or pa.types.is_list(column.type):
        parts = column.flatten()
        return sum(map(text_size, parts)) if isinstance(parts, list) else text_size(parts)
    return int(column.nbytes)
