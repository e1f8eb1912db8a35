"""A command that runs out of memory says so, as any other failure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from movie_posters_decade.cli.main import NO_MEMORY

PROGRAM = """
import resource, sys
from pathlib import Path
import movie_posters_decade.builder
from movie_posters_decade.cli.main import main
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**27,) * 2)
sys.exit(main(["plan", "--data-files", sys.argv[1], "--json"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the memory in use")
def test_command_without_memory_is_one_message_and_valid_json(tmp_path: Path) -> None:
    catalogue = tmp_path / "movies.csv"
    with catalogue.open("wb") as file:
        file.truncate(2**29)
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(catalogue)], capture_output=True, check=False, text=True
    )
    error = {"code": "memory", "message": NO_MEMORY}
    assert json.loads(finished.stdout) == {"error": error, "warnings": []}
    assert finished.stderr == f"movie-posters-decade: {NO_MEMORY}\n"
    assert finished.returncode == 1
