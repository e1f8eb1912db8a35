"""A Hugging Face Hub in memory, on loopback. The real clients can push and load datasets there."""

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

from servers.hub_answers import Answer, flag, serve_blob, upload_mode, validate_card
from servers.hub_repositories import (
    HubRequestError,
    Repository,
    describe,
    list_paths,
    under,
)

API = r"/api/datasets/([^/]+/[^/]+)"
LFS = r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects"


@dataclass
class LoopbackHub:
    """A Hub with one user, in memory."""

    url: str
    token: str = "hf_loopback"  # noqa: S105
    user: str = "you"
    repositories: dict[str, Repository] = field(default_factory=dict)
    """The repositories by "owner/name"."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """The method and path of each request, in order of arrival."""
    cut_commits: bool = False
    """Whether the server closes the connection instead of answering a commit."""
    drop_after: int | None = None
    """How many more uploads to LFS succeed. The server cuts off later ones halfway.

    Clients need 23 seconds to give up an upload that was cut off.
    """
    drop_status: int | None = None
    """The status that later uploads get instead. At 403, clients give up at once."""
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which a process uses this Hub."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self.token,
            # With hf_xet installed, newer clients use it for uploads without checking the Hub.
            "HF_HUB_DISABLE_XET": "1",
        }

    def reset(self) -> None:
        """Remove all repositories, and accept all requests again."""
        self.repositories.clear()
        self.requests.clear()
        self.cut_commits, self.drop_after, self.drop_status = False, None, None

    def accepts_upload(self) -> bool:
        """Return whether to accept the next upload, and count it."""
        with self.lock:
            if self.drop_after:
                self.drop_after -= 1
                return True
            return self.drop_after is None


class _Server(ThreadingHTTPServer):
    hub: LoopbackHub
    request_queue_size = 64  # with the usual 5, clients that connect at once wait a second

    def handle_error(self, *args: Any) -> None:
        """Ignore clients that close their connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*args)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def respond(self) -> None:
        """Answer a request of any method, or close its connection."""
        self.hub, self.url = self.server.hub, urlsplit(self.path)
        self.hub.requests.append((self.command, self.url.path))
        length = int(self.headers.get("Content-Length", 0))
        rejected = self.command == "PUT" and not self.hub.accepts_upload()
        cut = self.hub.cut_commits and "/commit/" in self.url.path
        if cut or (rejected and not self.hub.drop_status):
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        self.body = self.rfile.read(length)
        rejection = Answer({"error": "Uploads are rejected"}, self.hub.drop_status or 500)
        self.send(rejection if rejected else self.answer())

    do_GET = do_HEAD = do_POST = do_PUT = respond  # noqa: N815

    def answer(self) -> Answer:
        """Find the route of the request, and return its answer."""
        method = "GET" if self.command == "HEAD" else self.command
        try:
            self.caller = self.identify()
            for pattern, route in self.routes.items():
                if match := re.fullmatch(pattern, f"{method} {self.url.path}"):
                    return route(self, *map(unquote, match.groups(default="")))
            raise HubRequestError(404, f"There is no {self.url.path}")
        except HubRequestError as error:
            return Answer({"error": str(error)}, error.status, error.headers)

    def send(self, answer: Answer) -> None:
        """Send an answer: bytes as they are, anything else as JSON."""
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
        """Log nothing."""

    def identify(self) -> str | None:
        """Return the user of the request's token; None without a token."""
        authorization = self.headers.get("Authorization")
        if authorization not in (None, f"Bearer {self.hub.token}"):
            raise HubRequestError(401, "Invalid credentials in Authorization header")
        return self.hub.user if authorization else None

    def authorize(self, owner: str) -> None:
        """Check that the caller owns a namespace."""
        if not self.caller:
            raise HubRequestError(401, "Invalid username or password.")
        if self.caller != owner:
            raise HubRequestError(403, f'You don\'t have the rights to write under "{owner}"')

    def repository(self, name: str, *, write: bool = False) -> Repository:
        """Return a repository, after a check that the caller may read it, or write to it."""
        found, owner = self.hub.repositories.get(name), name.partition("/")[0]
        if not found or (found.private and self.caller != owner):
            # A caller who may not read it must not learn whether it exists.
            raise HubRequestError(
                404 if self.caller else 401, "Repository not found", "RepoNotFound"
            )
        if write:
            self.authorize(owner)
        return found

    def whoami(self) -> Answer:
        self.authorize(self.hub.user)
        auth = {"type": "access_token", "accessToken": {"displayName": "hub", "role": "write"}}
        return Answer({"type": "user", "name": self.caller, "orgs": [], "auth": auth})

    def create(self) -> Answer:
        request = json.loads(self.body)
        owner = request.get("organization") or self.hub.user
        self.authorize(owner)
        if request.get("type") != "dataset":
            raise HubRequestError(400, "Only datasets can be created here")
        name = f"{owner}/{request['name']}"
        created = {"name": name, "url": f"{self.hub.url}/datasets/{name}"}
        if name in self.hub.repositories:
            return Answer({"error": "You already created this dataset repo", **created}, 409)
        private = request.get("private") or request.get("visibility") == "private"
        self.hub.repositories[name] = Repository(bool(private))
        return Answer(created)

    def validate(self) -> Answer:
        return validate_card(json.loads(self.body)["content"])

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
        found = list_paths(history[-1].blobs, folder, recursive=recursive)
        if path and not found:
            raise HubRequestError(404, "Entry not found", "EntryNotFound", history[-1].sha)
        return Answer([describe(history, path, expand=expand) for path in found])

    def paths_info(self, name: str, revision: str) -> Answer:
        history, form = self.repository(name).history(revision), self.body.decode()
        found = [path for path in parse_qs(form)["paths"] if under(history[-1].blobs, path)]
        return Answer([describe(history, path, expand=flag(form, "expand")) for path in found])

    def preupload(self, name: str, revision: str) -> Answer:
        blobs = self.repository(name, write=True).history(revision)[-1].blobs
        answers = []
        for file in json.loads(self.body)["files"]:
            path, sample = file["path"], base64.b64decode(file["sample"])
            mode = upload_mode(path, file["size"], sample)
            present = {"oid": blobs[path].etag} if path in blobs else {}
            answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False, **present})
        return Answer({"files": answers})

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
        # Clients send no token here: whoever knows the URL may upload.
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise HubRequestError(400, "The content does not match its hash")
        self.hub.repositories[name].objects[oid] = self.body
        return Answer()

    def verify(self, name: str) -> Answer:
        request = json.loads(self.body)
        if (
            len(self.repository(name, write=True).objects.get(request["oid"], b""))
            != request["size"]
        ):
            raise HubRequestError(404, "The content was not uploaded")
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
            raise HubRequestError(404, "Entry not found", "EntryNotFound", snapshot.sha)
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
