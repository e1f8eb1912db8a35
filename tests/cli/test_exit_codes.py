"""Each kind of failure has an exit code, and a code in JSON, as docs/exit_codes.md lists."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import sample_arguments
from sample_builds import build_sample
from samples import SampleCatalogue
from servers.hub import serve_hub

from movie_posters_decade import errors
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import ExitCode, MoviePostersError

PROGRAM = (sys.executable, "-m", "movie_posters_decade")
ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"


def run(*words: str, environment: dict[str, str] | None = None, **settings: Any) -> tuple[int, Any]:
    """Run a command as a process, and return its exit code and the object that it prints."""
    finished = subprocess.run(
        [*PROGRAM, *words, "--json"],
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | {"NO_PROXY": "127.0.0.1"} | (environment or {}),
        **settings,
    )
    assert "Traceback" not in finished.stderr
    printed = json.loads(finished.stdout)
    if finished.returncode:
        assert printed["error"]["message"] in finished.stderr
        assert isinstance(printed["warnings"], list)
    return finished.returncode, printed


def failed(code: int, printed: Any) -> tuple[int, str]:
    return code, printed["error"]["code"]


def test_success_is_0(sample: SampleCatalogue, tmp_path: Path) -> None:
    code, printed = run("plan", *sample_arguments(sample, tmp_path))
    assert (code, printed["warnings"]) == (0, [])


def test_token_that_the_hub_rejects_is_1(tmp_path: Path) -> None:
    words = ("push", "--config", "demo", "--repo-id", "you/posters", "--cache-dir", str(tmp_path))
    with serve_hub() as hub:
        environment = hub.environment | {"HF_TOKEN": "hf_wrong"}
        assert failed(*run(*words, environment=environment)) == (1, "hub")


@pytest.mark.parametrize("words", [["plan", "--seed", "many"], ["plant"], []])
def test_wrong_arguments_are_2(words: list[str]) -> None:
    assert failed(*run(*words)) == (2, "usage")


def test_invalid_option_is_2(sample: SampleCatalogue, tmp_path: Path) -> None:
    words = ("plan", *sample_arguments(sample, tmp_path), "--max-year", "1")
    assert failed(*run(*words)) == (2, "option")


def test_catalogue_that_is_missing_is_3(tmp_path: Path) -> None:
    assert failed(*run("plan", "--data-files", str(tmp_path / "a.csv"))) == (3, "catalogue")


def test_decade_without_a_usable_poster_is_4(sample: SampleCatalogue, tmp_path: Path) -> None:
    for path in sample.paths.values():
        sample.host.answers[path] = (404, b"")
    words = ("build", *sample_arguments(sample, tmp_path))
    assert failed(*run(*words)) == (4, "too_few_posters")


def test_unreachable_catalogue_is_5(tmp_path: Path) -> None:
    words = ("build", "--data-files", f"{CLOSED}/a.csv", "--cache-dir", str(tmp_path))
    assert failed(*run(*words, "--allow-private-hosts")) == (5, "catalogue_unreachable")


def test_forbidden_requests_are_5(sample: SampleCatalogue, tmp_path: Path) -> None:
    words = ("build", *sample_arguments(sample, tmp_path))
    assert failed(*run(*words, environment={"HF_HUB_OFFLINE": "1"})) == (5, "network")


def test_unreachable_hub_is_5(tmp_path: Path) -> None:
    words = ("push", "--config", "demo", "--repo-id", "you/posters", "--cache-dir", str(tmp_path))
    environment = {"HF_ENDPOINT": CLOSED, "HF_TOKEN": "hf_secret"}
    assert failed(*run(*words, environment=environment)) == (5, "hub_unreachable")


def test_hosts_that_do_not_answer_are_5(sample: SampleCatalogue, tmp_path: Path) -> None:
    text = sample.path.read_bytes().replace(sample.host.url.encode(), CLOSED.encode())
    sample.path.write_bytes(text)
    code, printed = run("build", *sample_arguments(sample, tmp_path))
    assert failed(code, printed) == (5, "hosts_unreachable")
    assert "host_no_answer" in {warning["code"] for warning in printed["warnings"]}


@pytest.mark.parametrize("limit", [2000, 100_000], ids=["posters", "dataset"])
def test_full_disk_is_6(sample: SampleCatalogue, tmp_path: Path, limit: int) -> None:
    """A limit on file sizes stands for a full disk: posters exceed it, or the dataset does."""
    words = ("build", *sample_arguments(sample, tmp_path))
    small = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}
    assert failed(*run(*words, **small)) == (6, "storage")  # type: ignore[arg-type]


def test_full_disk_while_the_catalogue_is_stored_is_6(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    sample.host.answers["/a.csv"] = (200, sample.path.read_bytes())
    words = ("build", "--data-files", f"{sample.host.url}/a.csv", "--cache-dir", str(tmp_path))
    small = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))}
    found = run(*words, "--allow-private-hosts", **small)  # type: ignore[arg-type]
    assert failed(*found) == (6, "storage")


def test_lock_file_that_differs_is_7(sample: SampleCatalogue, tmp_path: Path) -> None:
    lock = build_sample(sample, tmp_path / "first").files.lock_path
    sample.kill("tt0001004")
    words = ("--lock-file", lock, "--cache-dir", str(tmp_path / "second"), "--allow-private-hosts")
    assert failed(*run("build", *words)) == (7, "lock_file")


def test_catalogue_that_does_not_exist_is_not_the_network(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.host.answers["/a.csv"] = (404, b"")
    words = ["build", "--data-files", f"{sample.host.url}/a.csv", "--cache-dir", str(tmp_path)]
    assert main([*words, "--allow-private-hosts", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "catalogue"


def test_page_lists_each_code() -> None:
    page = (ROOT / "docs" / "exit_codes.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(errors).values() if _is_error(kind)]
    for kind in kinds:
        assert f"| `{kind.code}` | {kind.exit_code:d} |" in page
    assert all(f"\n| {code:d} |" in page for code in ExitCode)


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, MoviePostersError)
