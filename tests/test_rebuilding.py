"""What was built is taken again as long as nothing that it depends on has changed."""

import shutil
from pathlib import Path
from typing import Any

import datasets
import pytest
from building import builder_of, load
from conftest import DECADES, World, make_world, painted_decade

from movie_posters_decade.errors import (
    CatalogueError,
    DownloadError,
)
from movie_posters_decade.version import code_hash


def test_dataset_does_not_need_its_downloads_any_more(world: World, tmp_path: Path) -> None:
    dataset = load(world, tmp_path)
    shutil.rmtree(tmp_path / "downloads")
    assert painted_decade(dataset["train"][0]["image"]) in DECADES


def test_same_catalogue_and_options_give_the_cached_build(world: World, tmp_path: Path) -> None:
    load(world, tmp_path)
    world.host.requests.clear()
    world.catalogue.touch()
    load(world, tmp_path, seed=42, genres="action")
    assert world.host.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 7},
        {"min_year": 1975},
        {"test_size": 0.4},
        {"max_per_decade": 5},
        {"keep_grayscale": True},
        {"balance": "none"},
        {"genres": ["Drama"]},
        {"respect_opt_out": False},
        {"allow_private_hosts": False},
    ],
)
def test_changed_option_gives_a_new_build(
    world: World, tmp_path: Path, options: dict[str, Any]
) -> None:
    default, changed = builder_of(world, tmp_path), builder_of(world, tmp_path, **options)
    assert changed.cache_dir != default.cache_dir


def test_number_of_connections_gives_the_cached_build(world: World, tmp_path: Path) -> None:
    one, many = (builder_of(world, tmp_path, connections_per_host=number) for number in (1, 64))
    assert one.cache_dir == many.cache_dir


def test_changed_catalogue_gives_a_new_build(world: World, tmp_path: Path) -> None:
    before = load(world, tmp_path)
    world = make_world(world.catalogue.parent, world.host, dict.fromkeys(DECADES, 10))
    after = load(world, tmp_path)
    assert (len(before["train"]), len(after["train"])) == (25, 40)


def test_forced_build_asks_for_posters_again_and_reuse_does_not(
    world: World, tmp_path: Path
) -> None:
    load(world, tmp_path)
    world.host.requests.clear()
    load(world, tmp_path, download_mode="reuse_cache_if_exists")
    assert world.host.requests == []
    world.kill("tt0001004")
    again = load(world, tmp_path, download_mode="force_redownload")
    assert len(world.host.requests) == 30
    assert len(again["train"]) + len(again["test"]) < 30


def test_catalogue_at_a_url_is_fetched_once_and_anew_when_forced(
    world: World, tmp_path: Path
) -> None:
    world.host.answers["/kaggle"] = (200, world.catalogue.read_bytes())
    url = f"{world.host.url}/kaggle"
    for options in ({}, {"seed": 7}):
        assert len(load(world, tmp_path, data_files=url, **options)["train"]) == 25
        assert world.host.requests.count("/kaggle") == 1
    load(world, tmp_path, data_files=url, download_mode="force_redownload")
    assert world.host.requests.count("/kaggle") == 2


def test_catalogue_that_changes_under_the_builder_is_not_built(
    world: World, tmp_path: Path
) -> None:
    builder = builder_of(world, tmp_path)
    make_world(world.catalogue.parent, world.host, dict.fromkeys(DECADES, 10))
    with pytest.raises(CatalogueError) as error:
        builder.download_and_prepare()
    assert str(error.value) == (
        f"{world.catalogue}: expected the catalogue that this builder was made for; found another "
        "content. Make the builder again."
    )


def test_builds_of_other_features_and_other_code_have_other_folders(
    world: World, tmp_path: Path
) -> None:
    default = builder_of(world, tmp_path)
    features = default.info.features.copy()
    features["year"] = datasets.Value("int64")
    folders = {default.cache_dir, builder_of(world, tmp_path, hash="other").cache_dir}
    folders.add(builder_of(world, tmp_path, features=features).cache_dir)
    assert len(folders) == 3
    (tmp_path / "a.py").write_text("1")
    one = code_hash(tmp_path)
    (tmp_path / "a.py").write_text("2")
    assert code_hash(tmp_path) != one


def test_offline_build_takes_what_is_there_and_says_what_is_not(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.kill("tt0001004")
    load(world, tmp_path)
    world.host.requests.clear()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    load(world, tmp_path, download_mode="reuse_cache_if_exists")
    with pytest.raises(DownloadError, match=r"found at least \d+ missing, such as http://127"):
        load(world, tmp_path / "other")
    assert world.host.requests == []


def test_builds_report_is_there_for_another_process(world: World, tmp_path: Path) -> None:
    load(world, tmp_path)
    again = builder_of(world, tmp_path)
    assert again.report().kept == 30
