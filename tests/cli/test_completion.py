"""Completion in a shell: shtab writes it from the parser, as docs/exit_codes.md shows."""

import shutil
import subprocess
from pathlib import Path

import pytest
from shtab.main import main as write_completion

from movie_posters_decade.cli.signals import PROGRAM
from movie_posters_decade.options.options import NAME

COMPLETE = """
source "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_shtab_movie_posters_decade
printf "%s\\n" "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pl",), {"plan"}),
        (("build", "--bal"), {"--balance"}),
        (("build", "--balance", ""), {"undersample", "none"}),
        (("build", "--data-files", "mov"), {"movies.csv"}),
    ],
)
def test_bash_completes_commands_flags_and_values(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    expected: set[str],
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    write_completion(["--shell", "bash", "--prog", PROGRAM, f"{NAME}.cli.parser.parser"])
    (tmp_path / "movies.csv").touch()
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out)
    finished = subprocess.run(
        [bash, "-c", COMPLETE, "bash", str(script), PROGRAM, *words],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
    )
    assert set(finished.stdout.split()) == expected
