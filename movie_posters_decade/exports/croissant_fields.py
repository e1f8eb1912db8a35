"""Croissant fields: files, file sets, record sets and typed fields, in the format's vocabulary."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasets import ClassLabel, Features, List

from movie_posters_decade.data_statement import COLUMNS
from movie_posters_decade.exports.writers import MANIFEST_COLUMNS
from movie_posters_decade.io import hash_content
from movie_posters_decade.schema import DATASET_COLUMNS

Json = dict[str, Any]
"""An object of JSON."""

SPLIT_TYPE = ["sc:Text", "cr:Split"]
"""The data type of a field that names the split of a record."""

_MEANINGS = COLUMNS | {
    "image": "the poster",
    "file": "the path of the poster in the folder, or of the shard that holds it",
    "sha256": "the SHA-256 of the poster's bytes in this export",
    "split": "the split",
    "decade": "the decade of the movie, as a text",
}
"""The meanings of columns, where the image may have been resized and re-encoded."""

_DATA_TYPES = {"int": "sc:Integer", "float": "sc:Float", "PIL.Image.Image": "sc:ImageObject"}
"""Croissant's data types by those of `datasets`, without numbers of bits. Others are texts."""


def describe_file(path: Path, name: str, media_type: str) -> Json:
    """Return the description of a single file, with its size and SHA-256."""
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": media_type,
        "sha256": hash_content(path),
    }


def file_set(name: str, media_types: Sequence[str], includes: Sequence[str]) -> Json:
    """Return a set of files, given the patterns of their paths in the folder or archive."""
    names = {"@type": "cr:FileSet", "@id": name, "name": name}
    return names | {"encodingFormat": [*media_types], "includes": [*includes]}


def record_set(name: str, fields: Iterable[Json], description: str, key: str = "imdb_id") -> Json:
    """Return a record set, whose records differ in the field ``key``."""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "key": {"@id": field_id(name, key)},
        "field": [*fields],
    }


def enumeration(
    name: str, data_type: str, rows: Iterable[Json], types: Json, description: str
) -> Json:
    """Return a record set that holds its own rows, given the data type of each column."""
    fields = [field(name, column, column_type) for column, column_type in types.items()]
    data = [{field_id(name, column): value for column, value in row.items()} for row in rows]
    return record_set(name, fields, description, "name") | {"dataType": data_type, "data": data}


def field(
    records: str,
    name: str,
    data_type: str | list[str],
    source: Json | None = None,
    references: Json | None = None,
) -> Json:
    """Return a field of the record set ``records``, with the meaning of the column ``name``."""
    names = {"@type": "cr:Field", "@id": field_id(records, name), "name": name}
    links = {"description": _meaning(name), "source": source, "references": references}
    return names | {"dataType": data_type} | {key: value for key, value in links.items() if value}


def typed_field(records: str, name: str, features: Features, source: Json) -> Json:
    """Return a field with the data type of a column; those of the manifest alone are texts."""
    feature = features.get(name)
    is_list = isinstance(feature, List)
    typed = field(records, name, _data_type(feature.feature if is_list else feature), source)
    return typed | ({"isArray": True} if is_list else {})


def from_field(records: str, name: str) -> Json:
    """Return a field as the source, or the target, of another."""
    return {"field": {"@id": field_id(records, name)}}


def from_file(files: str, file_property: str, regex: str | None = None) -> Json:
    """Return a property of each file of a set as a source, or what a group of a regex matches."""
    source: Json = {"fileSet": {"@id": files}, "extract": {"fileProperty": file_property}}
    return source | ({} if regex is None else {"transform": {"regex": regex}})


def field_id(records: str, name: str) -> str:
    """Return the id of a field for any name of a column: a relative IRI without white space."""
    return f"{records}/{quote(name, safe='').replace('.', '%2E')}"


def _data_type(feature: Any) -> str | list[str]:
    if isinstance(feature, ClassLabel):
        return ["sc:Integer", "cr:Label"]
    kind = "string" if feature is None else str(feature.dtype).rstrip("0123456789")
    return _DATA_TYPES.get(kind, "sc:Text")


def _meaning(name: str) -> str | None:
    """Return the meaning of a column; None for an extra one, which may have any name."""
    if name in {*DATASET_COLUMNS, *MANIFEST_COLUMNS}:
        return _MEANINGS.get(name)
    return None
