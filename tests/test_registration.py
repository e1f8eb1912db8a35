"""The builder is registered with datasets by name, and no other name is affected."""

import subprocess
import sys
from pathlib import Path

import pytest
from datasets import (
    get_dataset_config_info,
    get_dataset_config_names,
    get_dataset_default_config_name,
    get_dataset_split_names,
    load_dataset,
    load_dataset_builder,
)
from sample_builds import NAME, build_sample, load_sample
from samples import SampleCatalogue

import movie_posters_decade
from movie_posters_decade import MoviePostersDecade


def test_dataset_can_be_inspected_without_a_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    names = get_dataset_config_names(NAME)
    assert {"action", "comedy", "sci-fi", "film-noir", "all", "demo"} <= set(names)
    assert get_dataset_default_config_name(NAME) == "action"
    assert get_dataset_split_names(NAME, "comedy") == ["train", "test"]
    info = get_dataset_config_info(NAME, "action", data_files=str(sample.path))
    assert (info.supervised_keys.input, info.supervised_keys.output) == ("image", "label")
    assert all((info.description, info.homepage, info.license, info.citation))
    builder = load_dataset_builder(NAME, data_files=str(sample.path), cache_dir=tmp_path)
    assert isinstance(builder, MoviePostersDecade)
    assert sample.host.requests == []


def test_name_is_registered_if_datasets_was_imported_first() -> None:
    """As in this process; the next tests have one of their own."""
    builder = load_dataset_builder(NAME, "demo")
    assert type(builder).__module__ == f"{NAME}.builder"


def test_name_is_registered_if_datasets_is_imported_later() -> None:
    code = (
        "from movie_posters_decade import *\n"
        "import datasets\n"
        f"assert datasets.get_dataset_default_config_name({NAME!r}) == 'action'\n"
        f"print(datasets.load_dataset_builder({NAME!r}, 'demo').__module__)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert finished.stdout == f"{NAME}.builder\n"


def test_import_waits_for_the_import_of_datasets_in_another_thread() -> None:
    code = (
        "import sys, threading, time\n"
        "other = threading.Thread(target=__import__, args=('datasets',))\n"
        "other.start()\n"
        "while 'datasets.load' not in sys.modules:\n"
        "    time.sleep(0)\n"
        "import movie_posters_decade\n"
        "other.join()\n"
        "import datasets\n"
        f"datasets.load_dataset_builder({NAME!r}, 'demo')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_class_and_name_give_the_same_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    builder = build_sample(sample, tmp_path, config_name="action", max_per_decade=5)
    assert len(builder.as_dataset(split="train")) == 20
    by_name = load_dataset_builder(
        NAME,
        data_files=str(sample.path),
        cache_dir=tmp_path,
        max_per_decade=5,
        allow_private_hosts=True,
    )
    assert by_name.cache_dir == builder.cache_dir


def test_folder_of_the_same_name_is_not_taken_for_data(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the package's own folder, in a clone of the repository."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "other.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    assert len(load_sample(sample, tmp_path / "cache")["train"]) == 25


def test_other_names_are_left_to_datasets(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    loaded = load_dataset("text", data_files=str(tmp_path / "a.txt"), cache_dir=tmp_path / "cache")
    assert loaded["train"][0] == {"text": "one"}


def test_name_is_registered_even_if_another_library_wraps_datasets(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    """A wrapper made with functools.wraps copies attributes, so ours must not be mistaken."""
    code = (
        "import functools, datasets.load\n"
        "find = datasets.load.dataset_module_factory\n"
        "@functools.wraps(find)\n"
        "def traced(*args, **kwargs):\n"
        "    return find(*args, **kwargs)\n"
        "datasets.load.dataset_module_factory = traced\n"
        "import movie_posters_decade\n"
        f"datasets.load_dataset_builder({NAME!r}, data_files={str(sample.path)!r}, "
        f"cache_dir={str(tmp_path)!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_package_offers_exactly_its_public_names() -> None:
    assert dir(movie_posters_decade) == movie_posters_decade.__all__
    for name in movie_posters_decade.__all__:
        assert getattr(movie_posters_decade, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'exprot'"):
        _ = movie_posters_decade.exprot
