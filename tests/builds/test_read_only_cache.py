"""A build in a cache that cannot be written is loaded, in Python and on the command line."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from read_only import read_only
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade

PROGRAM = """if True:
    import contextlib, io, json, sys
    import datasets
    import movie_posters_decade
    from movie_posters_decade.cli.main import main
    data_files, folder = sys.argv[1:]

    def load(cache):
        options = {"data_files": data_files, "cache_dir": cache, "allow_private_hosts": True}
        dataset = datasets.load_dataset("movie_posters_decade", **options)
        builder = movie_posters_decade.MoviePostersDecade(**options)
        builder.download_and_prepare()
        return [
            dataset.num_rows, builder.as_dataset().num_rows,
            builder.built().report.kept, builder.plan().kept,
            len(movie_posters_decade.list_builds(cache)),
        ]

    def build(cache):
        words = ["--data-files", data_files, "--cache-dir", cache, "--allow-private-hosts"]
        with contextlib.redirect_stderr(io.StringIO()) as error:
            code = main(["build", *words, "--json"])
        return [code, error.getvalue()]

    loaded = load(f"{folder}/whole")
    caches = ("whole", "empty", "garbage in test", "garbage in info")
    with contextlib.redirect_stdout(io.StringIO()):
        built = {name: build(f"{folder}/{name}") for name in caches}
    print(json.dumps({"loaded": loaded, "built": built}))
"""


@pytest.fixture(scope="module")
def found(
    shared_sample: SampleCatalogue,
    shared_build: MoviePostersDecade,
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """What a process finds that may only read the caches, and its standard error."""
    folder = tmp_path_factory.mktemp("caches")
    (folder / "empty").mkdir()
    for name in ("whole", "garbage in test", "garbage in info"):
        shutil.copytree(shared_build._cache_dir_root, folder / name)
    build = Path(shared_build.cache_dir).relative_to(shared_build._cache_dir_root)
    for name, file in (("test", "movie_posters_decade-test.arrow"), ("info", "dataset_info.json")):
        (folder / f"garbage in {name}" / build / file).write_text("garbage")
    with read_only(folder) as start:
        command = [*start, sys.executable, "-c", PROGRAM, str(shared_sample.path), str(folder)]
        finished = subprocess.run(command, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stderr
    return {**json.loads(finished.stdout), "error": finished.stderr}


def test_finished_build_is_loaded_from_a_read_only_cache(found: Any) -> None:
    rows = {"train": 25, "test": 5}
    assert found["loaded"] == [rows, rows, 30, 30, 1]
    assert found["error"] == ""
    assert found["built"]["whole"][0] == 0


@pytest.mark.parametrize("cache", ["empty", "garbage in test", "garbage in info"])
def test_build_that_would_have_to_be_written_is_an_error(found: Any, cache: str) -> None:
    code, error = found["built"][cache]
    assert code == 6
    assert "cannot be read or written" in error
    assert "Traceback" not in error
    assert error.count("It is built again from the download cache.\n") == (cache != "empty")
