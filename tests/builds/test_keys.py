"""A catalogue's bytes name its build, and its folder only where links are paths of files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sample_builds import build_sample, make_builder
from samples import COLUMNS, DECADES, SampleCatalogue, paint


def copy(sample: SampleCatalogue, tmp_path: Path) -> Path:
    """Copy the catalogue, alone, into another folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Path(shutil.copy(sample.path, folder))


def use_paths(sample: SampleCatalogue) -> None:
    """Change the links of the catalogue to paths in its folder, of posters that are there."""
    text = sample.path.read_text(encoding="latin-1").replace(f"{sample.host.url}/", "")
    sample.path.write_text(text, encoding="latin-1")
    for number, path in enumerate(sample.paths.values()):
        file = sample.path.parent / path.lstrip("/")
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(paint(DECADES[number % 5], number))


def as_json(path: Path, link: str) -> Path:
    rows = [
        dict(zip(COLUMNS, (1, "", f"A ({1970 + n})", 5, "Action", link), strict=True))
        for n in (1, 2)
    ]
    path.write_text(json.dumps(rows))
    return path


def test_same_catalogue_in_another_folder_gives_the_same_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    built = build_sample(sample, tmp_path / "cache")
    sample.host.requests.clear()
    again = build_sample(sample, tmp_path / "cache", data_files=copy(sample, tmp_path))
    assert again.cache_dir == built.cache_dir
    assert sample.host.requests == []


def test_catalogue_of_paths_in_another_folder_gives_another_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    use_paths(sample)
    built = build_sample(sample, tmp_path / "cache")
    assert built.report().kept == 30
    other = copy(sample, tmp_path)
    assert make_builder(sample, tmp_path / "cache", data_files=other).cache_dir != built.cache_dir
    assert make_builder(sample, tmp_path / "cache").cache_dir == built.cache_dir


def test_paths_at_a_base_url_give_the_same_build_in_another_folder(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    use_paths(sample)
    options = {"base_url": sample.host.url}
    one = make_builder(sample, tmp_path / "cache", **options)
    other = make_builder(sample, tmp_path / "cache", data_files=copy(sample, tmp_path), **options)
    assert one.cache_dir == other.cache_dir


def test_existing_build_and_the_catalogue_say_the_same(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    """An existing build spares a look at the links, and so must not change the name."""
    for change in (lambda _: None, use_paths):
        change(sample)
        built = build_sample(sample, tmp_path / "cache")
        elsewhere = make_builder(sample, tmp_path / "empty")
        assert elsewhere.config_id == built.config_id


@pytest.mark.parametrize(
    ("link", "is_same"), [("http://host/1.jpg", True), ("", True), ("posters/1.jpg", False)]
)
def test_links_of_other_file_types_are_looked_at(
    sample: SampleCatalogue, tmp_path: Path, link: str, is_same: bool
) -> None:
    names = set()
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        file = as_json(folder / "movies.json", link)
        names.add(make_builder(sample, tmp_path / "cache", data_files=file).config_id)
    assert (len(names) == 1) is is_same


def test_file_that_is_no_catalogue_has_a_name_for_each_folder(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    sample.path.write_text("no table")
    one = make_builder(sample, tmp_path)
    other = make_builder(sample, tmp_path, data_files=copy(sample, tmp_path))
    assert one.config_id != other.config_id


@pytest.mark.parametrize("paths", [False, True])
def test_folder_of_a_lock_file_counts_only_where_links_are_paths(
    sample: SampleCatalogue, tmp_path: Path, paths: bool
) -> None:
    if paths:
        use_paths(sample)
    lock_file = build_sample(sample, tmp_path / "cache").files.lock_path
    names = set()
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        file = shutil.copy(lock_file, folder)
        builder = make_builder(sample, tmp_path / "cache", data_files=None, lock_file=file)
        names.add(builder.config_id)
    assert len(names) == (2 if paths else 1)


@pytest.mark.parametrize(
    "options",
    [
        {"allow_private_hosts": False},
        {"allow_outside_files": True},
        {"connections_per_host": 2},
        {"workers": 2},
        {"user_agent": "me"},
    ],
)
def test_option_that_shapes_no_dataset_gives_the_same_build(
    sample: SampleCatalogue, tmp_path: Path, options: dict[str, Any]
) -> None:
    default, changed = make_builder(sample, tmp_path), make_builder(sample, tmp_path, **options)
    assert changed.cache_dir == default.cache_dir
