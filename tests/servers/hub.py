"""A Hugging Face Hub in memory, which the real clients can use for dataset repositories."""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from servers.hub_cards import FRONT_MATTER, errors_in_card
from servers.hub_repositories import (
    LFS_SUFFIXES,
    Blob,
    RefusalError,
    Repository,
    describe,
    listing,
    under,
)

LARGEST_REGULAR_FILE = 10_000_000
API = r"/api/datasets/([^/]+/[^/]+)"
LFS = r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects"


@dataclass(frozen=True)
class Answer:
    """What a request is answered: bytes, or something to be told as JSON."""

    content: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def flag(query: str, name: str) -> bool:
    """Tell whether a query or a form sets a flag."""
    return parse_qs(query).get(name, [""])[0].lower() in ("1", "true")


def upload_mode(path: str, size: int, sample: bytes) -> str:
    """Decide whether git or LFS is to hold a file that begins with this sample."""
    binary = b"\0" in sample  # as git decides
    lfs = path.endswith(LFS_SUFFIXES) or size > LARGEST_REGULAR_FILE or binary
    return "lfs" if lfs else "regular"


def serve_blob(blob: Blob, commit: str, wanted: str) -> Answer:
    """Answer with a file, or with those of its bytes that a Range header wants."""
    size = len(blob.content)
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{blob.etag}"', "X-Repo-Commit": commit}
    if blob.lfs:
        headers |= {"X-Linked-Etag": f'"{blob.etag}"', "X-Linked-Size": str(size)}
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if not match:
        return Answer(blob.content, 200, headers)
    first, last = match.groups()
    start = int(first) if first else max(size - int(last or 0), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Answer(b"", 416, headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Answer(blob.content[start:stop], 206, headers)


@dataclass
class LoopbackHub:
    """A Hub with one user."""

    url: str
    token: str = "hf_loopback"  # noqa: S105
    user: str = "you"
    repositories: dict[str, Repository] = field(default_factory=dict)
    """The repositories by "owner/name"."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """The method and path of each request, in the order they came."""
    cut_commits: bool = False
    """Whether the connection is cut off instead of answering a commit."""
    drop_after: int | None = None
    """How many more uploads to LFS are taken before all others are cut off in their middle.

    Clients take 23 seconds to give up an upload that is cut off.
    """
    drop_status: int | None = None
    """What those others are answered instead of being cut off. At 403 clients give up at once."""
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process a client of this Hub."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self.token,
            # Where hf_xet is installed, newer clients upload by it without asking the Hub.
            "HF_HUB_DISABLE_XET": "1",
            # They are counted on another host.
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        }

    def reset(self) -> None:
        """Be empty, and take everything again."""
        self.repositories.clear()
        self.requests.clear()
        self.cut_commits, self.drop_after, self.drop_status = False, None, None

    def takes_upload(self) -> bool:
        """Tell whether an upload that begins is to be taken."""
        with self.lock:
            if self.drop_after:
                self.drop_after -= 1
                return True
            return self.drop_after is None


class _Server(ThreadingHTTPServer):
    hub: LoopbackHub
    request_queue_size = 64  # the usual 5 makes clients that connect all at once wait a second

    def handle_error(self, *args: Any) -> None:
        """Keep quiet about clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*args)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def respond(self) -> None:
        """Answer a request of any method, or cut it off."""
        self.hub, self.url = self.server.hub, urlsplit(self.path)
        self.hub.requests.append((self.command, self.url.path))
        length = int(self.headers.get("Content-Length", 0))
        dropped = self.command == "PUT" and not self.hub.takes_upload()
        cut = self.hub.cut_commits and "/commit/" in self.url.path
        if cut or (dropped and not self.hub.drop_status):
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        self.body = self.rfile.read(length)
        refused = Answer({"error": "Uploads are refused"}, self.hub.drop_status or 500)
        self.send(refused if dropped else self.answer())

    do_GET = do_HEAD = do_POST = do_PUT = respond  # noqa: N815

    def answer(self) -> Answer:
        """Let the route of a request answer it."""
        method = "GET" if self.command == "HEAD" else self.command
        try:
            self.caller = self.identify()
            for pattern, route in self.routes.items():
                if match := re.fullmatch(pattern, f"{method} {self.url.path}"):
                    return route(self, *map(unquote, match.groups(default="")))
            raise RefusalError(404, f"There is no {self.url.path}")
        except RefusalError as refusal:
            return Answer({"error": str(refusal)}, refusal.status, refusal.headers)

    def send(self, answer: Answer) -> None:
        """Send an answer."""
        raw = isinstance(answer.content, bytes)
        content = answer.content if raw else json.dumps(answer.content).encode()
        kind = "application/octet-stream" if raw else "application/json"
        self.send_response(answer.status)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def identify(self) -> str | None:
        """Return who asks, if they say."""
        said = self.headers.get("Authorization")
        if said not in (None, f"Bearer {self.hub.token}"):
            raise RefusalError(401, "Invalid credentials in Authorization header")
        return self.hub.user if said else None

    def authorize(self, owner: str) -> None:
        """Let nobody pass but the owner of a namespace."""
        if not self.caller:
            raise RefusalError(401, "Invalid username or password.")
        if self.caller != owner:
            raise RefusalError(403, f'You don\'t have the rights to write under "{owner}"')

    def repository(self, name: str, *, write: bool = False) -> Repository:
        """Return a repository that the caller may read, or also write to."""
        found, owner = self.hub.repositories.get(name), name.partition("/")[0]
        if not found or (found.private and self.caller != owner):
            # Whoever may not read it is not told whether it exists.
            raise RefusalError(404 if self.caller else 401, "Repository not found", "RepoNotFound")
        if write:
            self.authorize(owner)
        return found

    def whoami(self) -> Answer:
        self.authorize(self.hub.user)
        auth = {"type": "access_token", "accessToken": {"displayName": "hub", "role": "write"}}
        return Answer({"type": "user", "name": self.caller, "orgs": [], "auth": auth})

    def create(self) -> Answer:
        asked = json.loads(self.body)
        owner = asked.get("organization") or self.hub.user
        self.authorize(owner)
        if asked.get("type") != "dataset":
            raise RefusalError(400, "Only datasets can be created here")
        name = f"{owner}/{asked['name']}"
        created = {"name": name, "url": f"{self.hub.url}/datasets/{name}"}
        if name in self.hub.repositories:
            return Answer({"error": "You already created this dataset repo", **created}, 409)
        private = asked.get("private") or asked.get("visibility") == "private"
        self.hub.repositories[name] = Repository(bool(private))
        return Answer(created)

    def validate(self) -> Answer:
        block = FRONT_MATTER.match(json.loads(self.body)["content"])
        if not block or not block[1].strip():
            missing = {"message": "empty or missing yaml metadata in repo card"}
            return Answer({"errors": [], "warnings": [missing]})
        errors = [{"message": message} for message in errors_in_card(block[1])]
        return Answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def info(self, name: str, revision: str) -> Answer:
        repository, blobs = self.repository(name), flag(self.url.query, "blobs")
        snapshot = repository.history(revision or "main")[-1]
        siblings = [
            {"rfilename": path, **(blob.describe() if blobs else {})}
            for path, blob in sorted(snapshot.blobs.items())
        ]
        about = {"id": name, "sha": snapshot.sha, "lastModified": snapshot.date, "gated": False}
        return Answer({**about, "private": repository.private, "siblings": siblings})

    def tree(self, name: str, revision: str, path: str) -> Answer:
        history, folder = self.repository(name).history(revision), PurePosixPath(path)
        expand, recursive = (flag(self.url.query, name) for name in ("expand", "recursive"))
        found = listing(history[-1].blobs, folder, recursive=recursive)
        if path and not found:
            raise RefusalError(404, "Entry not found", "EntryNotFound", history[-1].sha)
        return Answer([describe(history, path, expand=expand) for path in found])

    def paths_info(self, name: str, revision: str) -> Answer:
        history, form = self.repository(name).history(revision), self.body.decode()
        found = [path for path in parse_qs(form)["paths"] if under(history[-1].blobs, path)]
        return Answer([describe(history, path, expand=flag(form, "expand")) for path in found])

    def preupload(self, name: str, revision: str) -> Answer:
        blobs = self.repository(name, write=True).history(revision)[-1].blobs
        told = []
        for file in json.loads(self.body)["files"]:
            path, sample = file["path"], base64.b64decode(file["sample"])
            mode = upload_mode(path, file["size"], sample)
            present = {"oid": blobs[path].etag} if path in blobs else {}
            told.append({"path": path, "uploadMode": mode, "shouldIgnore": False, **present})
        return Answer({"files": told})

    def batch(self, name: str) -> Answer:
        present = self.repository(name, write=True).objects
        url = self.hub.url + self.url.path.removesuffix("batch")
        files = json.loads(self.body)["objects"]
        for file in files:
            if file["oid"] not in present:
                upload, verify = {"href": url + file["oid"]}, {"href": url + "verify"}
                file["actions"] = {"upload": upload, "verify": verify}
        return Answer({"transfer": "basic", "objects": files})

    def upload(self, name: str, oid: str) -> Answer:
        # Clients do not say here who they are: to know the address is to be allowed.
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise RefusalError(400, "The content is another one")
        self.hub.repositories[name].objects[oid] = self.body
        return Answer()

    def verify(self, name: str) -> Answer:
        asked = json.loads(self.body)
        if len(self.repository(name, write=True).objects.get(asked["oid"], b"")) != asked["size"]:
            raise RefusalError(404, "The content was not uploaded")
        return Answer({})

    def commit(self, name: str) -> Answer:
        repository = self.repository(name, write=True)
        header, *operations = map(json.loads, self.body.splitlines())
        with self.hub.lock:
            sha = repository.commit(header["value"], operations)
        url = f"{self.hub.url}/datasets/{name}/commit/{sha}"
        return Answer({"commitUrl": url, "commitOid": sha})

    def resolve(self, name: str, revision: str, path: str) -> Answer:
        snapshot = self.repository(name).history(revision)[-1]
        if path not in snapshot.blobs:
            raise RefusalError(404, "Entry not found", "EntryNotFound", snapshot.sha)
        return serve_blob(snapshot.blobs[path], snapshot.sha, self.headers.get("Range", ""))

    routes: ClassVar[Mapping[str, Callable[..., Answer]]] = {
        "GET /api/whoami-v2": whoami,
        "POST /api/repos/create": create,
        "POST /api/validate-yaml": validate,
        f"GET {API}(?:/revision/([^/]+))?": info,
        f"GET {API}/tree/([^/]+)(?:/(.+))?": tree,
        f"POST {API}/paths-info/([^/]+)": paths_info,
        f"POST {API}/preupload/([^/]+)": preupload,
        f"POST {API}/commit/main": commit,
        f"POST {LFS}/batch": batch,
        f"PUT {LFS}/([0-9a-f]+)": upload,
        f"POST {LFS}/verify": verify,
        "GET /datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)": resolve,
    }


@contextmanager
def serve_hub() -> Iterator[LoopbackHub]:
    """Serve an empty Hub on a free port of 127.0.0.1."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hub = LoopbackHub(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.hub
        finally:
            server.shutdown()
