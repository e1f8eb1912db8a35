"""A build in a cache that cannot be written is loaded, in Python and on the command line."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import sample_arguments
from read_only import read_only
from sample_builds import build_sample, make_builder
from samples import SampleCatalogue

PYTHON = [sys.executable, "-c"]

LOAD = """
import sys
import datasets
import movie_posters_decade
options = {"data_files": sys.argv[1], "cache_dir": sys.argv[2], "allow_private_hosts": True}
print(datasets.load_dataset("movie_posters_decade", **options).num_rows)
builder = movie_posters_decade.MoviePostersDecade(**options)
builder.download_and_prepare()
print(builder.as_dataset().num_rows)
print(builder.built().report.kept, builder.plan().kept)
print(len(movie_posters_decade.list_builds(sys.argv[2])))
"""


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, check=False, text=True)


def test_finished_build_is_loaded_from_a_read_only_cache(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    build_sample(sample, cache)
    with read_only(cache) as start:
        loaded = run([*start, *PYTHON, LOAD, str(sample.path), str(cache)])
        command = [sys.executable, "-m", "movie_posters_decade", "build"]
        built = run([*start, *command, *sample_arguments(sample, tmp_path)])
    rows = "{'train': 25, 'test': 5}"
    assert loaded.stdout.splitlines() == [rows, rows, "30 30", "1"], loaded.stderr
    assert loaded.stderr == ""
    assert built.returncode == 0


@pytest.mark.parametrize("damaged", ["", "movie_posters_decade-test.arrow", "dataset_info.json"])
def test_build_that_would_have_to_be_written_is_an_error(
    sample: SampleCatalogue, tmp_path: Path, damaged: str
) -> None:
    cache = tmp_path / "cache"
    if damaged:
        (Path(build_sample(sample, cache).cache_dir) / damaged).write_text("garbage")
    else:
        make_builder(sample, cache)
    with read_only(cache) as start:
        command = [sys.executable, "-m", "movie_posters_decade", "build"]
        finished = run([*start, *command, *sample_arguments(sample, tmp_path)])
    assert finished.returncode == 6
    assert "cannot be read or written" in finished.stderr
    assert "Traceback" not in finished.stderr
