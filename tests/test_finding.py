"""A build is found again where `datasets` keeps it, without asking `datasets`."""

from dataclasses import replace
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

import pytest
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.artifacts import INFO_FILE, REPORT_FILE
from movie_posters_decade.catalogue.locate import expanded
from movie_posters_decade.configurations import CONFIGURATIONS, Configuration
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.finding import find_build, usual_cache


def asked_for(sample: SampleCatalogue, name: str = "action", **options: Any) -> Configuration:
    source: dict[str, Any] = {"data_files": str(sample.path), "allow_private_hosts": True}
    return replace(CONFIGURATIONS[name], **source | options)


def builder_for(asked: Configuration, cache: str | None) -> MoviePostersDecade:
    options = {name: value for name, value in vars(asked).items() if name != "description"}
    return MoviePostersDecade(cache, config_name=options.pop("name"), **options)


def build(cache: str | None, asked: Configuration) -> MoviePostersDecade:
    builder = builder_for(asked, cache)
    builder.download_and_prepare()
    return builder


@pytest.mark.parametrize("cache", [None, "cache", "./cache/"])
def test_build_is_found_where_datasets_keeps_it(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = asked_for(sample, max_per_decade=4)
    assert find_build(asked, cache) is None
    builder = build(cache, asked)
    found = find_build(asked, cache)
    assert found is not None
    records, report = found
    assert records.folder == builder.records.folder == str(Path(builder.cache_dir).absolute())
    assert report == builder.report()
    assert find_build(replace(asked, seed=8), cache) is None


def test_build_that_is_not_whole_is_left_to_datasets(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    asked = asked_for(sample)
    folder = Path(build(str(tmp_path), asked).cache_dir)
    for name in (INFO_FILE, REPORT_FILE):
        content = (folder / name).read_text()
        for damaged in ("", "{", "{}", "[]", "null"):
            (folder / name).write_text(damaged)
            assert find_build(asked, str(tmp_path)) is None
        (folder / name).unlink()
        assert find_build(asked, str(tmp_path)) is None
        (folder / name).write_text(content)
        assert find_build(asked, str(tmp_path)) is not None


def test_cache_may_start_at_home(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    asked = asked_for(sample)
    builder = build("~/cache", asked)
    found = find_build(asked, "~/cache")
    assert found is not None
    assert found[0].folder == builder.cache_dir == builder.records.folder
    assert find_build(asked, "~nobody/cache") is None


@pytest.mark.parametrize(
    "options",
    [
        {
            "name": "comedy",
            "seed": 7,
            "max_per_decade": 5,
            "balance": "none",
            "connections_per_host": 4,
        },
        {"name": "all", "genres": ["War", " drama"], "columns": {"title": "Title"}},
        {"data_files": ["MovieGenre.csv"], "data_dir": "catalogue"},
        {"data_files": None, "data_dir": "catalogue"},
        {"data_files": "catalogue"},
        {"data_files": {"train": "./catalogue/MovieGenre.csv"}},
        {"data_files": "HTTP://host/MovieGenre.csv"},
        {"data_files": None},
    ],
)
def test_builds_are_told_apart_as_datasets_tells_them(
    sample: SampleCatalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
) -> None:
    monkeypatch.chdir(sample.path.parent.parent)
    asked = asked_for(sample, **options)
    assert builder_for(asked, str(tmp_path)).config_id == asked.build_id()


@pytest.mark.parametrize("nothing", ["", []])
def test_no_catalogue_is_not_kaggles(sample: SampleCatalogue, nothing: Any) -> None:
    asked = asked_for(sample, data_files=nothing)
    for identify in (asked.build_id, lambda: MoviePostersDecade(data_files=nothing)):
        with pytest.raises(CatalogueError, match="data_files: expected"):
            identify()


@pytest.mark.parametrize(
    ("environment", "cache"),
    [
        ({}, "~/.cache/huggingface/datasets"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/datasets"),
        ({"XDG_CACHE_HOME": "/x", "HF_HOME": "$HF"}, "$HF/datasets"),
        ({"HF_HOME": "/hf", "HF_DATASETS_CACHE": "./here"}, "./here"),
    ],
)
def test_usual_cache_is_the_one_of_datasets(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], cache: str
) -> None:
    for name in ("XDG_CACHE_HOME", "HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert usual_cache() == cache
    # As datasets reads the environment only once, its module is run once more, aside.
    spec = find_spec("datasets.config")
    assert spec is not None
    assert spec.loader is not None
    config = module_from_spec(spec)
    spec.loader.exec_module(config)
    assert expanded(cache) == config.HF_DATASETS_CACHE
