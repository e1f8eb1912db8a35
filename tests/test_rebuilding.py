"""What was built is taken again as long as nothing that it depends on has changed."""

import shutil
from pathlib import Path
from typing import Any

import datasets
import pytest
from builds import builder_of, load
from samples import DECADES, SampleCatalogue, make_sample, painted_decade

from movie_posters_decade.artifacts import code_version
from movie_posters_decade.errors import (
    CatalogueError,
    DownloadError,
)


def test_dataset_does_not_need_its_downloads_any_more(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    dataset = load(sample, tmp_path)
    shutil.rmtree(tmp_path / "downloads")
    assert painted_decade(dataset["train"][0]["image"]) in DECADES


def test_same_catalogue_and_options_give_the_cached_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    load(sample, tmp_path)
    sample.host.requests.clear()
    sample.path.touch()
    load(sample, tmp_path, seed=42, genres="action")
    assert sample.host.requests == []


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
    sample: SampleCatalogue, tmp_path: Path, options: dict[str, Any]
) -> None:
    default, changed = builder_of(sample, tmp_path), builder_of(sample, tmp_path, **options)
    assert changed.cache_dir != default.cache_dir


def test_number_of_connections_gives_the_cached_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    one, many = (builder_of(sample, tmp_path, connections_per_host=number) for number in (1, 64))
    assert one.cache_dir == many.cache_dir


def test_changed_catalogue_gives_a_new_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    before = load(sample, tmp_path)
    sample = make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 10))
    after = load(sample, tmp_path)
    assert (len(before["train"]), len(after["train"])) == (25, 40)


def test_forced_build_asks_for_posters_again_and_reuse_does_not(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    load(sample, tmp_path)
    sample.host.requests.clear()
    load(sample, tmp_path, download_mode="reuse_cache_if_exists")
    assert sample.host.requests == []
    sample.kill("tt0001004")
    again = load(sample, tmp_path, download_mode="force_redownload")
    assert len(sample.host.requests) == 30
    assert len(again["train"]) + len(again["test"]) < 30


def test_catalogue_at_a_url_is_fetched_once_and_anew_when_forced(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    sample.host.answers["/kaggle"] = (200, sample.path.read_bytes())
    url = f"{sample.host.url}/kaggle"
    for options in ({}, {"seed": 7}):
        assert len(load(sample, tmp_path, data_files=url, **options)["train"]) == 25
        assert sample.host.requests.count("/kaggle") == 1
    load(sample, tmp_path, data_files=url, download_mode="force_redownload")
    assert sample.host.requests.count("/kaggle") == 2


def test_catalogue_that_changes_under_the_builder_is_not_built(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    builder = builder_of(sample, tmp_path)
    make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 10))
    with pytest.raises(CatalogueError) as error:
        builder.download_and_prepare()
    assert str(error.value) == (
        f"{sample.path}: expected the catalogue that this builder was made for; found another "
        "content. Make the builder again."
    )


def test_builds_of_other_features_and_other_code_have_other_folders(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    default = builder_of(sample, tmp_path)
    features = default.info.features.copy()
    features["year"] = datasets.Value("int64")
    folders = {default.cache_dir, builder_of(sample, tmp_path, hash="other").cache_dir}
    folders.add(builder_of(sample, tmp_path, features=features).cache_dir)
    assert len(folders) == 3
    (tmp_path / "a.py").write_text("1")
    one = code_version(tmp_path)
    (tmp_path / "a.py").write_text("2")
    assert code_version(tmp_path) != one


def test_offline_build_takes_what_is_there_and_says_what_is_not(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.kill("tt0001004")
    load(sample, tmp_path)
    sample.host.requests.clear()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    load(sample, tmp_path, download_mode="reuse_cache_if_exists")
    with pytest.raises(DownloadError, match=r"found at least \d+ missing, such as http://127"):
        load(sample, tmp_path / "other")
    assert sample.host.requests == []


def test_builds_report_is_there_for_another_process(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    load(sample, tmp_path)
    again = builder_of(sample, tmp_path)
    assert again.report().kept == 30
