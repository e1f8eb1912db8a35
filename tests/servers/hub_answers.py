"""Answers of the loopback Hub: files and byte ranges, upload modes, card validation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import yaml  # type: ignore[import-untyped]
from servers.hub_repositories import LFS_SUFFIXES, Blob

LARGEST_REGULAR_FILE = 10_000_000
FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---[ \t\r]*$", re.DOTALL | re.MULTILINE)
SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
SIZE_CATEGORIES = ("n<1K", *(f"{low}<n<{high}" for low, high in pairwise(SIZES)), "n>1T")


@dataclass(frozen=True)
class Answer:
    """The answer to a request: bytes, or a value that is sent as JSON."""

    content: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def flag(query: str, name: str) -> bool:
    """Return whether a query or a form sets a flag."""
    return parse_qs(query).get(name, [""])[0].lower() in ("1", "true")


def upload_mode(path: str, size: int, sample: bytes) -> str:
    """Decide whether git or LFS stores a file that begins with this sample."""
    binary = b"\0" in sample  # as git decides
    lfs = path.endswith(LFS_SUFFIXES) or size > LARGEST_REGULAR_FILE or binary
    return "lfs" if lfs else "regular"


def serve_blob(blob: Blob, commit: str, requested: str) -> Answer:
    """Answer with a file, or with the bytes that a Range header requests."""
    size = len(blob.content)
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{blob.etag}"', "X-Repo-Commit": commit}
    if blob.lfs:
        headers |= {"X-Linked-Etag": f'"{blob.etag}"', "X-Linked-Size": str(size)}
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", requested)
    if not match:
        return Answer(blob.content, 200, headers)
    first, last = match.groups()
    start = int(first) if first else max(size - int(last or 0), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Answer(b"", 416, headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Answer(blob.content[start:stop], 206, headers)


def validate_card(content: str) -> Answer:
    """Answer whether the Hub accepts the metadata of a card."""
    block = FRONT_MATTER.match(content)
    if not block or not block[1].strip():
        missing = {"message": "empty or missing yaml metadata in repo card"}
        return Answer({"errors": [], "warnings": [missing]})
    errors = [{"message": message} for message in errors_in_metadata(block[1])]
    return Answer({"errors": errors, "warnings": []}, 400 if errors else 200)


def errors_in_metadata(block: str) -> list[str]:
    """Return the errors that the Hub finds in the YAML of a dataset card."""
    try:
        card = yaml.safe_load(block)
    except yaml.YAMLError as error:
        return [f"Invalid YAML: {error}"]
    if not isinstance(card, dict):
        return ["The metadata must be a mapping"]
    lists = {name: card.get(name, []) for name in ("size_categories", "tags", "task_categories")}
    errors = [
        f'"{name}" must be a list of strings'
        for name, values in lists.items()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values)
    ]
    if not errors and not set(lists["size_categories"]) <= set(SIZE_CATEGORIES):
        errors.append(f'"size_categories" must be among {", ".join(SIZE_CATEGORIES)}')
    if card.get("license") == "other" and not card.get("license_name"):
        errors.append('"license_name" is required where "license" is "other"')
    return errors
