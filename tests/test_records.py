"""A build is found again where `datasets` keeps it, without asking `datasets`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import World

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.configurations import CONFIGURATIONS
from movie_posters_decade.records import REPORT_FILE, find_records


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("action", {}),
        ("comedy", {"seed": 7, "per_decade": 5, "balance": "none", "connections": 4}),
        ("all", {"genres": ["War", " drama"], "columns": {"title": "Title"}, "color": "any"}),
    ],
)
@pytest.mark.parametrize("is_usual", [True, False])
def test_build_is_found_where_datasets_keeps_it(
    world: World, tmp_path: Path, name: str, options: dict[str, Any], is_usual: bool
) -> None:
    cache = None if is_usual else str(tmp_path / "cache")
    source = {"data_files": str(world.catalogue), **options}
    kept = Path(MoviePostersDecade(cache, config_name=name, **source).cache_dir)
    asked = replace(CONFIGURATIONS[name], **source)
    assert find_records(asked, cache) is None
    kept.mkdir(parents=True)
    assert find_records(asked, cache) is None
    (kept / REPORT_FILE).touch()
    found = find_records(asked, cache)
    assert found is not None
    assert found.folder == str(kept)
    assert find_records(replace(asked, seed=8), cache) is None


def test_folder_is_told_as_a_whole_wherever_one_is(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after the build itself."""
    monkeypatch.chdir(tmp_path)
    builder = MoviePostersDecade("cache", data_files=world.catalogue, allow_private_hosts=True)
    builder.download_and_prepare()
    source: dict[str, Any] = {"data_files": str(world.catalogue), "allow_private_hosts": True}
    found = find_records(replace(CONFIGURATIONS["action"], **source), "cache")
    assert found is not None
    assert found.folder == builder.records.folder == str(Path(builder.records.folder).absolute())
