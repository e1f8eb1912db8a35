"""Dataset repositories of the loopback Hub: commits, and contents in git or in LFS."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

LFS_SUFFIXES = (".jpg", ".parquet", ".png")
LFS_ATTRIBUTES = "".join(f"*{end} filter=lfs diff=lfs merge=lfs -text\n" for end in LFS_SUFFIXES)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


class HubRequestError(Exception):
    """An error, with the status and headers that clients expect."""

    def __init__(self, status: int, message: str, code: str = "", commit: str = "") -> None:
        super().__init__(message)
        headers = {"X-Error-Message": message, "X-Error-Code": code, "X-Repo-Commit": commit}
        self.status = status
        self.headers = {name: value for name, value in headers.items() if value}


@dataclass(frozen=True)
class Blob:
    """The content of a file, stored in git or in LFS."""

    content: bytes
    lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        """The hash that names the content in LFS."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def in_git(self) -> bytes:
        """What git stores: the content, or a pointer to LFS."""
        return POINTER.format(self.sha256, len(self.content)).encode() if self.lfs else self.content

    @cached_property
    def git_oid(self) -> str:
        """The hash that names what git stores."""
        named = b"blob %d\0%b" % (len(self.in_git), self.in_git)
        return hashlib.sha1(named, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        """The hash that clients compare with the hash of a local file."""
        return self.sha256 if self.lfs else self.git_oid

    def describe(self) -> dict[str, Any]:
        """Describe the content, with the keys of all endpoints at once."""
        size = len(self.content)
        about = {"size": size, "oid": self.git_oid, "blobId": self.git_oid}
        lfs = {"size": size, "oid": self.sha256, "sha256": self.sha256}
        return {**about, "lfs": {**lfs, "pointerSize": len(self.in_git)}} if self.lfs else about


@dataclass(frozen=True)
class Snapshot:
    """A commit, with all files after it."""

    title: str
    blobs: Mapping[str, Blob]
    sha: str = field(default_factory=lambda: secrets.token_hex(20))
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")

    @property
    def files(self) -> dict[str, bytes]:
        """The contents by path."""
        return {path: blob.content for path, blob in self.blobs.items()}


def initial_commit() -> Snapshot:
    """Return the commit that the Hub makes in a new repository."""
    return Snapshot("initial commit", {".gitattributes": Blob(LFS_ATTRIBUTES.encode())})


@dataclass
class Repository:
    """A dataset repository with a single branch, main."""

    private: bool = False
    commits: list[Snapshot] = field(default_factory=lambda: [initial_commit()])
    objects: dict[str, bytes] = field(default_factory=dict)
    """All uploads to LFS, committed or not, by SHA-256."""

    @property
    def files(self) -> dict[str, bytes]:
        """The contents by path after the last commit."""
        return self.commits[-1].files

    def history(self, revision: str) -> list[Snapshot]:
        """Return the commits up to a revision: main, or the hash of a commit."""
        names = [snapshot.sha for snapshot in self.commits]
        name = names[-1] if revision == "main" else revision
        if name not in names:
            raise HubRequestError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[: names.index(name) + 1]

    def commit(self, header: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> str:
        """Apply all operations, or none if one of them fails."""
        head = self.commits[-1]
        if header.get("parentCommit", head.sha) != head.sha:
            raise HubRequestError(412, "A commit has happened since. Please refresh and try again.")
        blobs = dict(head.blobs)
        for operation in operations:
            apply_operation(operation["key"], operation["value"], blobs, self.objects)
        self.commits.append(Snapshot(header["summary"], blobs))
        return self.commits[-1].sha


def apply_operation(
    kind: str, value: Mapping[str, Any], blobs: dict[str, Blob], objects: Mapping[str, bytes]
) -> None:
    """Apply one operation of a commit to the files."""
    path = value["path"]
    match kind:
        case "file":
            blobs[path] = Blob(base64.b64decode(value["content"]))
        case "lfsFile" if value["oid"] in objects:
            blobs[path] = Blob(objects[value["oid"]], lfs=True)
        case "lfsFile":
            raise HubRequestError(400, "LFS pointer pointed to a file that does not exist")
        case "deletedFile" if path in blobs:
            del blobs[path]
        case "deletedFolder" if inside := under(blobs, path):
            for name in inside:
                del blobs[name]
        case _:
            raise HubRequestError(404, "A file with this name doesn't exist", "EntryNotFound")


def under(blobs: Mapping[str, Blob], path: str) -> dict[str, Blob]:
    """Return the file at this path, or the files in the folder at this path."""
    inside = path.rstrip("/") + "/"
    return {name: blob for name, blob in blobs.items() if f"{name}/".startswith(inside)}


def list_paths(files: Iterable[str], folder: PurePosixPath, *, recursive: bool) -> list[str]:
    """List the paths of the files and folders in a folder."""
    paths = {path for file in map(PurePosixPath, files) for path in (file, *file.parents)}
    above = {path: path.parents if recursive else path.parents[:1] for path in paths}
    return sorted(str(path) for path in paths if folder in above[path])


def describe(history: list[Snapshot], path: str, *, expand: bool) -> dict[str, Any]:
    """Describe the file or folder at this path after the last commit of a history."""
    inside = under(history[-1].blobs, path)
    if path in inside:
        entry = {"type": "file", "path": path, **inside[path].describe()}
    else:
        oid = Blob(repr([(name, inside[name].git_oid) for name in sorted(inside)]).encode()).git_oid
        entry = {"type": "directory", "path": path, "size": 0, "oid": oid}
    if expand:
        pairs = reversed([*pairwise(history)])
        changes = (b for a, b in pairs if under(a.blobs, path) != under(b.blobs, path))
        last = next(changes, history[0])
        entry["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
    return entry
