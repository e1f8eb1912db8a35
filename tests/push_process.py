"""Processes that push to a loopback Hub or load from it. Clients read HF_ENDPOINT only once."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samples import SampleCatalogue
from servers.hub import LoopbackHub
from servers.hub_repositories import Repository

REPO_ID = "you/movie_posters_decade"

# Loads the dataset as a stranger does: without this package, and with an empty cache.
LOAD_SCRIPT = """
import hashlib, json, sys
from datasets import Image, config, load_dataset
config.USE_PARQUET_EXPORT = False  # another host serves the exports to Parquet
loaded = {}
for name in (None, "action", "drama"):
    for streaming in (False, True):
        dataset = load_dataset(sys.argv[1], name, streaming=streaming)
        loaded[f"{name} {streaming}"] = {
            split: [
                {**example, "image": hashlib.sha256(example["image"]["bytes"]).hexdigest()}
                for example in examples.cast_column("image", Image(decode=False))
            ]
            for split, examples in dataset.items()
        }
        loaded["labels"] = dataset["train"].features["label"].names
        loaded["features"] = repr(dataset["train"].features)
assert "movie_posters_decade" not in sys.modules
print(json.dumps(loaded))
"""

# Runs one command for each line of stdin, as Python takes longer to start than to push.
PUSH_SCRIPT = """
import contextlib, io, json, os, sys
from movie_posters_decade.cli.main import main
for line in sys.stdin:
    command, environment, folder = json.loads(line)
    os.environ.update(environment)
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            try:
                exit_code = main(command)
            except SystemExit as end:  # for wrong arguments
                exit_code = end.code
    print(json.dumps([exit_code, stdout.getvalue(), stderr.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class CommandResult:
    """Exit code and output of a command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def error_message(self) -> str:
        """The message of a command that failed as expected."""
        assert self.exit_code in {1, 5, 6}
        assert "Traceback" not in self.stderr
        return self.stderr.splitlines()[-1].removeprefix("movie-posters-decade: ")

    def check(self) -> str:
        """Check that the command succeeded, and return its output."""
        assert self.exit_code == 0, self.stderr
        return self.stdout


def start_python(hub: LoopbackHub, cache: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start Python with its own cache, and with the loopback Hub in place of the Hub."""
    environment = os.environ | hub.environment | {"HF_HOME": str(cache)}
    command = [sys.executable, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe)


class CommandProcess:
    """A process that runs commands, for which a loopback server is the Hub."""

    def __init__(self, hub: LoopbackHub, cache: Path) -> None:
        self.hub = hub
        self.process = start_python(hub, cache, "-c", PUSH_SCRIPT)

    def run(self, command: Sequence[str], **environment: str) -> CommandResult:
        """Run a command in the current folder, with these environment variables."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = json.dumps([[*command], self.hub.environment | environment, str(Path.cwd())])
        print(line, file=self.process.stdin, flush=True)
        result = self.process.stdout.readline()
        assert result, "the process has ended"
        return CommandResult(*json.loads(result))

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


class PushProcess(CommandProcess):
    """A process that pushes builds of a catalogue."""

    def __init__(self, hub: LoopbackHub, sample: SampleCatalogue, cache: Path) -> None:
        super().__init__(hub, cache)
        self.catalogue = ("--data-files", str(sample.path), "--allow-private-hosts")

    def push(self, *flags: str, audit: bool = False, **environment: str) -> CommandResult:
        """Run ``push`` with these flags and environment variables."""
        repository = () if "--repo-id" in flags else ("--repo-id", REPO_ID)
        audit_flag = () if audit else ("--no-audit",)
        command = ["push", *self.catalogue, *flags, *repository, *audit_flag]
        return self.run(command, **environment)


def commit_card(repository: Repository, card: bytes) -> None:
    """Commit a card as somebody else would."""
    content = base64.b64encode(card).decode()
    operation = {"key": "file", "value": {"path": "README.md", "content": content}}
    repository.commit({"summary": "edit"}, [operation])


def file_paths(repository: Repository) -> set[str]:
    """Return the paths of all files that a push can write."""
    return set(repository.files) - {".gitattributes"}


def build_files(name: str) -> set[str]:
    """Return the paths of the files that describe a configuration."""
    files = ("summary.json", "contact_sheet.jpg", "rejected.csv", "movie_posters_decade.lock")
    return {f"builds/{name}/{file}" for file in files}
