"""How the tests of the Hub push, each in a process of its own, and what they look for there."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from samples import SampleCatalogue
from servers.hub import LoopbackHub
from servers.hub_repositories import Repository

REPO_ID = "you/movie_posters_decade"

# In the reading process this package must not be imported, nor anything be in the cache.
READ = """
import hashlib, json, sys
from datasets import Image, load_dataset
told = {}
for name in (None, "action", "drama"):
    for streaming in (False, True):
        dataset = load_dataset(sys.argv[1], name, streaming=streaming)
        told[f"{name} {streaming}"] = {
            split: [
                {**example, "image": hashlib.sha256(example["image"]["bytes"]).hexdigest()}
                for example in part.cast_column("image", Image(decode=False))
            ]
            for split, part in dataset.items()
        }
        told["labels"] = dataset["train"].features["label"].names
        told["features"] = repr(dataset["train"].features)
assert "movie_posters_decade" not in sys.modules
print(json.dumps(told))
"""


# Runs the command line again and again, as loading it takes longer than a push.
PUSH = """
import contextlib, io, json, os, sys
from movie_posters_decade.cli import main
for line in sys.stdin:
    words, environment = json.loads(line)
    os.environ.update(environment)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            code = main(words)
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class Finished:
    """What a command gave."""

    code: int
    out: str
    err: str


def start(hub: LoopbackHub, folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start Python with a cache of its own, where the loopback Hub is taken for the Hub."""
    variables = os.environ | hub.environment | {"HF_HOME": str(folder)}
    command = [sys.executable, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=variables, text=True, stdin=pipe, stdout=pipe)


class Pusher:
    """A process that pushes builds of a catalogue."""

    def __init__(self, hub: LoopbackHub, sample: SampleCatalogue, folder: Path) -> None:
        self.source = ("--data-files", str(sample.path), "--allow-private-hosts")
        self.hub = hub
        self.process = start(hub, folder, "-c", PUSH)

    def __call__(self, *words: str, audit: bool = False, **environment: str) -> Finished:
        repository = () if "--repo-id" in words else ("--repo-id", REPO_ID)
        command = ["push", *self.source, *words, *repository, *(() if audit else ("--no-audit",))]
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        told = json.dumps([command, self.hub.environment | environment])
        print(told, file=self.process.stdin, flush=True)
        return Finished(*json.loads(self.process.stdout.readline()))

    def end(self) -> None:
        self.process.communicate()


def check(finished: Finished) -> str:
    assert finished.code == 0, finished.err
    return finished.out


def sentence(finished: Finished) -> str:
    assert finished.code == 1
    assert "Traceback" not in finished.err
    return finished.err.splitlines()[-1].removeprefix("movie-posters-decade: ")


def b64encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def paths(repository: Repository) -> set[str]:
    return set(repository.files) - {".gitattributes"}


def beside(name: str) -> set[str]:
    files = ("build.json", "contact_sheet.jpg", "rejected.csv", "movie_posters_decade.lockfile")
    return {f"builds/{name}/{file}" for file in files}
