"""A build in the cache is used again until something changes that it depends on."""

import shutil
from pathlib import Path
from typing import Any

import datasets
import pytest
from sample_builds import arrow_files, encoded_examples, load_sample, make_builder
from samples import DECADES, SampleCatalogue, make_sample, painted_decade

from movie_posters_decade.builds.artifacts import code_version
from movie_posters_decade.errors import CatalogueError, DownloadError

PACKAGE = Path(__file__).resolve().parents[2] / "movie_posters_decade"


def test_builds_in_two_caches_have_the_same_bytes(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    one, other = (load_sample(sample, tmp_path / name) for name in ("one", "other"))
    assert encoded_examples(one) == encoded_examples(other)
    files = arrow_files(tmp_path / "one")
    assert len(files) == 2
    assert files == arrow_files(tmp_path / "other")


def test_dataset_does_not_need_its_downloads_any_more(
    shared_sample: SampleCatalogue, copied_cache: Path
) -> None:
    dataset = load_sample(shared_sample, copied_cache)
    shutil.rmtree(copied_cache / "downloads")
    assert painted_decade(dataset["train"][0]["image"]) in DECADES


def test_same_catalogue_and_options_give_the_cached_build(
    shared_sample: SampleCatalogue, copied_cache: Path
) -> None:
    shared_sample.host.requests.clear()
    shared_sample.path.touch()
    load_sample(shared_sample, copied_cache, seed=42, genres="action")
    assert shared_sample.host.requests == []
    assert len(arrow_files(copied_cache)) == 2


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
        {"columns": {"title": "Title"}},
        {"config_name": "comedy"},
    ],
)
def test_changed_option_gives_a_new_build(
    sample: SampleCatalogue, tmp_path: Path, options: dict[str, Any]
) -> None:
    default, changed = make_builder(sample, tmp_path), make_builder(sample, tmp_path, **options)
    assert changed.cache_dir != default.cache_dir


@pytest.mark.parametrize(
    "source",
    [
        {"data_files": ["MovieGenre.csv"], "data_dir": "catalogue"},
        {"data_files": None, "data_dir": "catalogue"},
        {"data_files": "catalogue"},
        {"data_files": {"train": "./catalogue/MovieGenre.csv"}},
    ],
)
def test_each_way_to_name_the_catalogue_gives_the_same_build(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: dict[str, Any]
) -> None:
    monkeypatch.chdir(sample.path.parent.parent)
    builder = make_builder(sample, tmp_path, **source)
    assert builder.cache_dir == make_builder(sample, tmp_path).cache_dir


def test_case_of_a_urls_scheme_gives_the_same_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    urls = ("HTTP://host/MovieGenre.csv", "http://host/MovieGenre.csv")
    upper, lower = (make_builder(sample, tmp_path, data_files=url) for url in urls)
    assert upper.cache_dir == lower.cache_dir
    assert upper.cache_dir != make_builder(sample, tmp_path, data_files=None).cache_dir


def test_changed_catalogue_gives_a_new_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    before = load_sample(sample, tmp_path)
    sample = make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 10))
    after = load_sample(sample, tmp_path)
    assert (len(before["train"]), len(after["train"])) == (25, 40)


def test_catalogue_that_changes_after_the_builder_was_created_is_not_built(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    builder = make_builder(sample, tmp_path)
    make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 10))
    with pytest.raises(CatalogueError) as error:
        builder.download_and_prepare()
    assert str(error.value) == (
        f"{sample.path}: expected the catalogue that this builder was created for; found other "
        "content. Create the builder again."
    )


def test_forced_build_downloads_all_posters_again_and_a_rebuild_none(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    load_sample(sample, tmp_path)
    sample.host.requests.clear()
    load_sample(sample, tmp_path, download_mode="reuse_cache_if_exists")
    assert sample.host.requests == []
    sample.kill("tt0001004")
    again = load_sample(sample, tmp_path, download_mode="force_redownload")
    assert len(sample.host.requests) == 30
    assert len(again["train"]) + len(again["test"]) < 30


def test_remote_catalogue_is_downloaded_once_and_again_when_forced(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    sample.host.answers["/kaggle"] = (200, sample.path.read_bytes())
    url = f"{sample.host.url}/kaggle"
    for options in ({}, {"seed": 7}):
        assert len(load_sample(sample, tmp_path, data_files=url, **options)["train"]) == 25
        assert sample.host.requests.count("/kaggle") == 1
    load_sample(sample, tmp_path, data_files=url, download_mode="force_redownload")
    assert sample.host.requests.count("/kaggle") == 2


def test_offline_build_uses_cached_posters_and_counts_missing_ones(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.kill("tt0001004")
    load_sample(sample, tmp_path)
    sample.host.requests.clear()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    load_sample(sample, tmp_path, download_mode="reuse_cache_if_exists")
    with pytest.raises(DownloadError, match=r"found at least \d+ missing, such as http://127"):
        load_sample(sample, tmp_path / "other")
    assert sample.host.requests == []


def test_other_features_and_other_code_have_their_own_builds(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    default = make_builder(sample, tmp_path)
    features = default.info.features.copy()
    features["year"] = datasets.Value("int64")
    folders = {default.cache_dir, make_builder(sample, tmp_path, hash="other").cache_dir}
    folders.add(make_builder(sample, tmp_path, features=features).cache_dir)
    assert len(folders) == 3
    assert default.hash == code_version()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    return Path(
        shutil.copytree(PACKAGE, tmp_path / "package", ignore=shutil.ignore_patterns("*.pyc"))
    )


def append_comment(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("# A comment.\n")


def test_changed_code_that_shapes_a_dataset_gives_a_new_build(package: Path) -> None:
    names = (
        "options/options.py",
        "pipeline.py",
        "lockfile.py",
        "builds/artifacts.py",
        "report/counts.py",
        "catalogue/clean.py",
        "catalogue/readers.py",
        "demo/paint.py",
        "download/client.py",
        "images/checks.py",
        "sampling/selection.py",
    )
    versions = {code_version()}
    for number, name in enumerate(names):
        # In another folder each time, as the version of a folder is remembered.
        package = package.rename(package.with_name(f"package-{number}"))
        assert (package / name).is_file()
        append_comment(package / name)
        versions.add(code_version(package))
    assert len(versions) == 1 + len(names)


def test_changed_code_that_shapes_no_dataset_gives_the_cached_build(package: Path) -> None:
    names = (
        "cli/main.py",
        "cli/parser.py",
        "builds/builder_text.py",
        "builds/cache.py",
        "builds/record.py",
        "report/count_warnings.py",
        "text/html_tables.py",
        "text/sentences.py",
        "hub/card.py",
        "hub/card_template.md",
        "exports/writers.py",
        "exports/exporter.py",
        "analysis/features.py",
        "analysis/report_template.html",
    )
    for name in names:
        assert (package / name).is_file()
        append_comment(package / name)
    assert code_version(package) == code_version()


def test_new_module_that_shapes_a_dataset_gives_a_new_build(package: Path) -> None:
    append_comment(package / "images" / "other.py")
    assert code_version(package) != code_version()


def test_report_can_be_read_by_another_builder(
    shared_sample: SampleCatalogue, copied_cache: Path
) -> None:
    assert make_builder(shared_sample, copied_cache).report().kept == 30
