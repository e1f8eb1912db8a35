"""Each kind of failure has an exit code, and a code in JSON, as docs/exit_codes.md lists."""

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import PROGRAM, full_disk, sample_arguments
from sample_builds import build_sample
from samples import SampleCatalogue
from servers.hub import serve_hub

import movie_posters_decade
from movie_posters_decade import errors
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import ExitCode, MoviePostersError

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"
Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *words: str) -> tuple[int, Any]:
    """Run a command, and return its exit code and the object that it prints."""
    try:
        code = main([*words, "--json"])
    except SystemExit as end:
        code = int(str(end))
    printed = capsys.readouterr()
    return code, _object(code, printed.out, printed.err)


def _object(code: int, printed: str, noted: str) -> Any:
    """Return the object that a command printed; an error is on standard error, too."""
    assert "Traceback" not in noted
    found = json.loads(printed)
    if code:
        assert found["error"]["message"] in noted
        assert isinstance(found["warnings"], list)
    return found


def failed(code: int, printed: Any) -> tuple[int, str]:
    return code, printed["error"]["code"]


def test_success_is_0(sample: SampleCatalogue, tmp_path: Path, capsys: Captured) -> None:
    code, printed = run(capsys, "plan", *sample_arguments(sample, tmp_path))
    assert (code, printed["warnings"]) == (0, [])


@pytest.mark.parametrize(
    ("words", "error"),
    [(["plan", "--options", "none.toml"], "option"), (["plan", "--seed", "many"], "usage")],
)
def test_process_ends_with_the_code_of_its_command(words: list[str], error: str) -> None:
    command = [*PROGRAM, *words, "--json"]
    finished = subprocess.run(command, capture_output=True, check=False, text=True)
    printed = _object(finished.returncode, finished.stdout, finished.stderr)
    assert failed(finished.returncode, printed) == (2, error)


def test_token_that_the_hub_rejects_is_1(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with serve_hub() as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        found = run(capsys, "push", "--config", "demo", "--repo-id", "you/posters")
    assert failed(*found) == (1, "hub")


def test_unreachable_hub_is_5(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", CLOSED)
    found = run(capsys, "push", "--config", "demo", "--repo-id", "you/posters")
    assert failed(*found) == (5, "hub_unreachable")


@pytest.mark.parametrize("words", [["plan", "--seed", "many"], ["plant"], []])
def test_wrong_arguments_are_2(words: list[str], capsys: Captured) -> None:
    assert failed(*run(capsys, *words)) == (2, "usage")


def test_invalid_option_is_2(sample: SampleCatalogue, tmp_path: Path, capsys: Captured) -> None:
    words = ("plan", *sample_arguments(sample, tmp_path), "--max-year", "1")
    assert failed(*run(capsys, *words)) == (2, "option")


def test_catalogue_that_is_missing_is_3(tmp_path: Path, capsys: Captured) -> None:
    words = ("plan", "--data-files", str(tmp_path / "a.csv"))
    assert failed(*run(capsys, *words)) == (3, "catalogue")


def test_decade_without_a_usable_poster_is_4(
    sample: SampleCatalogue, tmp_path: Path, capsys: Captured
) -> None:
    for path in sample.paths.values():
        sample.host.answers[path] = (404, b"")
    words = ("build", *sample_arguments(sample, tmp_path))
    assert failed(*run(capsys, *words)) == (4, "too_few_posters")


def test_unreachable_catalogue_is_5(tmp_path: Path, capsys: Captured) -> None:
    words = ("build", "--data-files", f"{CLOSED}/a.csv", "--cache-dir", str(tmp_path))
    found = run(capsys, *words, "--allow-private-hosts")
    assert failed(*found) == (5, "catalogue_unreachable")


def test_forbidden_requests_are_5(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    words = ("build", *sample_arguments(sample, tmp_path))
    assert failed(*run(capsys, *words)) == (5, "network")


def test_hosts_that_do_not_answer_are_5(
    sample: SampleCatalogue, tmp_path: Path, capsys: Captured
) -> None:
    text = sample.path.read_bytes().replace(sample.host.url.encode(), CLOSED.encode())
    sample.path.write_bytes(text)
    code, printed = run(capsys, "build", *sample_arguments(sample, tmp_path))
    assert failed(code, printed) == (5, "hosts_unreachable")
    assert "host_no_answer" in {warning["code"] for warning in printed["warnings"]}


def test_full_disk_while_the_catalogue_is_stored_is_6(
    sample: SampleCatalogue, tmp_path: Path, capsys: Captured
) -> None:
    """How it is with posters and the dataset, test_ended_builds.py shows."""
    sample.host.answers["/a.csv"] = (200, sample.path.read_bytes())
    words = ("--data-files", f"{sample.host.url}/a.csv", "--cache-dir", str(tmp_path / "cache"))
    with full_disk(900):
        found = run(capsys, "build", *words, "--allow-private-hosts")
    assert failed(*found) == (6, "storage")


def test_lock_file_that_differs_is_7(
    sample: SampleCatalogue, tmp_path: Path, capsys: Captured
) -> None:
    lock = build_sample(sample, tmp_path / "first").files.lock_path
    sample.kill("tt0001004")
    words = ("--lock-file", lock, "--cache-dir", str(tmp_path / "second"), "--allow-private-hosts")
    assert failed(*run(capsys, "build", *words)) == (7, "lock_file")


def test_catalogue_that_does_not_exist_is_not_the_network(
    sample: SampleCatalogue, tmp_path: Path, capsys: Captured
) -> None:
    sample.host.answers["/a.csv"] = (404, b"")
    words = ("build", "--data-files", f"{sample.host.url}/a.csv", "--cache-dir", str(tmp_path))
    found = run(capsys, *words, "--allow-private-hosts")
    assert failed(*found) == (3, "catalogue")


def literal_codes() -> set[str]:
    """Return the codes of warnings and failures that the code names where it creates them."""
    places = {"BuildWarning": 0, "Failure": 1}
    calls = [
        (places[node.func.id], node.args)
        for path in Path(movie_posters_decade.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places
    ]
    codes = [arguments[place] for place, arguments in calls if len(arguments) > place]
    return {str(code.value) for code in codes if isinstance(code, ast.Constant)}


def test_page_lists_each_code() -> None:
    page = (ROOT / "docs" / "exit_codes.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(errors).values() if _is_error(kind)]
    for kind in kinds:
        assert f"| `{kind.code}` | {kind.exit_code:d} |" in page
    assert all(f"\n| {code:d} |" in page for code in ExitCode)
    for code in literal_codes():
        assert f"`{code}`" in page


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, MoviePostersError)
