"""The builder behaves like any other one of datasets, and keeps the promises of its options."""

import csv
import json
import pickle
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from sample_builds import NAME, build_sample, encoded_examples, load_sample, make_builder
from samples import (
    DECADES,
    SampleCatalogue,
    make_sample,
    paint,
    painted_decade,
    read_movies,
    row,
    write_catalogue,
)

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.errors import (
    BuildError,
    CatalogueError,
    CollectionError,
    OptionError,
    SelectionError,
)


def test_streaming_with_workers_is_an_error(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        load_sample(sample, tmp_path, streaming=True, workers=2)
    assert str(error.value) == (
        "Option workers: expected none while streaming, which downloads a few posters at a time; "
        "found 2. Leave it out, or build without streaming=True."
    )


@pytest.mark.parametrize(
    "options", [{"executor": 3}, {"executor": ThreadPoolExecutor, "workers": 2}]
)
def test_executor_must_be_one_and_stand_alone(
    sample: SampleCatalogue, tmp_path: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(OptionError, match=r"^Option executor: expected an executor of concurrent"):
        build_sample(sample, tmp_path, **options)


def test_movies_are_labelled_by_decade_and_split(
    shared_sample: SampleCatalogue, copied_cache: Path
) -> None:
    dataset = load_sample(shared_sample, copied_cache)
    assert {split: Counter(dataset[split]["label"]) for split in dataset} == {
        "train": Counter(dict.fromkeys(range(5), 5)),
        "test": Counter(dict.fromkeys(range(5), 1)),
    }
    train = dataset["train"]
    assert train.features["label"].names == list(DECADES)
    for example in train:
        assert example["image"].mode == "RGB"
        assert painted_decade(example["image"]) == DECADES[example["label"]]
        assert example["year"] // 10 * 10 == int(DECADES[example["label"]][:4])
    example = train[0]
    number = int(example["imdb_id"].removeprefix("tt"))
    assert example["title"] == f"Movie {number}"
    assert example["genres"] == ["Action", "Drama"]
    assert example["imdb_score"] == 7.5
    link = shared_sample.host.url + shared_sample.paths[example["imdb_id"]]
    assert example["poster_url"] == link


def test_posters_are_the_bytes_that_the_host_sent(
    shared_sample: SampleCatalogue, shared_build: MoviePostersDecade
) -> None:
    for examples in encoded_examples(shared_build.as_dataset()).values():
        for example in examples:
            _, content = shared_sample.host.answers[shared_sample.paths[example["imdb_id"]]]
            assert example["image"] == {"bytes": content, "path": None}


def test_number_of_processes_changes_nothing(
    shared_sample: SampleCatalogue, shared_build: MoviePostersDecade, tmp_path: Path
) -> None:
    two = load_sample(shared_sample, tmp_path, num_proc=2)
    assert encoded_examples(shared_build.as_dataset()) == encoded_examples(two)


def test_stream_holds_the_movies_of_the_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    streamed = load_sample(sample, tmp_path, streaming=True)
    built = load_sample(sample, tmp_path)
    for split in ("train", "test"):
        examples = {example["imdb_id"]: example for example in streamed[split]}
        assert sorted(examples) == sorted(built[split]["imdb_id"])
        for example in built[split]:
            other = examples[example["imdb_id"]]
            assert other["image"].tobytes() == example["image"].tobytes()
            assert {**other, "image": None} == {**example, "image": None}


def test_stream_sends_no_request_before_its_first_movie_is_read(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    streamed = load_sample(sample, tmp_path, streaming=True, split="train")
    assert sample.host.requests == []
    assert next(iter(streamed))["label"] in range(5)
    assert sample.host.requests != []
    assert [path.suffix for path in (tmp_path / "downloads").iterdir()] == [".stream"]


def test_stream_can_be_pickled(sample: SampleCatalogue, tmp_path: Path) -> None:
    streamed = load_sample(sample, tmp_path, streaming=True, split="test")
    copy = pickle.loads(pickle.dumps(streamed))  # noqa: S301
    assert [movie["imdb_id"] for movie in copy] == [movie["imdb_id"] for movie in streamed]


def test_slice_of_a_split_holds_every_decade(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample = make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 15))
    part = load_sample(sample, tmp_path, split="train[:30%]")
    assert len(part) == 18
    assert set(part["label"]) == set(range(5))


def test_catalogue_is_found_in_a_folder(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder starts where the builder was created, not where the stream is read."""
    monkeypatch.chdir(sample.path.parent.parent)
    streamed = load_sample(
        sample, tmp_path, data_files=None, data_dir=sample.path.parent.name, streaming=True
    )
    monkeypatch.chdir(tmp_path)
    assert len(list(streamed["train"])) == 25


def test_folder_may_hold_a_zipped_catalogue(sample: SampleCatalogue, tmp_path: Path) -> None:
    with zipfile.ZipFile(sample.path.with_suffix(".zip"), "w") as file:
        file.write(sample.path, "MovieGenre.csv")
    sample.path.unlink()
    folder = str(sample.path.parent)
    assert len(load_sample(sample, tmp_path, data_files=None, data_dir=folder)["train"]) == 25


def test_relative_data_files_start_in_data_dir(sample: SampleCatalogue, tmp_path: Path) -> None:
    folder = str(sample.path.parent)
    builder = MoviePostersDecade(str(tmp_path), data_dir=folder, data_files="MovieGenre.csv")
    assert builder.plan().funnel["rows"] == 32


def test_default_catalogue_is_kaggles_and_a_plan_does_not_download_it(tmp_path: Path) -> None:
    builder = MoviePostersDecade(str(tmp_path))
    url = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
    with pytest.raises(CatalogueError) as error:
        builder.plan()
    assert str(error.value).startswith(f"{url}: expected this catalogue in the cache")


@pytest.mark.parametrize("nothing", ["", []])
def test_empty_data_files_do_not_mean_kaggles_catalogue(nothing: Any, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="data_files: expected"):
        MoviePostersDecade(str(tmp_path), data_files=nothing)


def test_links_may_be_paths_on_this_machine(sample: SampleCatalogue, tmp_path: Path) -> None:
    rows = []
    for number, imdb_id in enumerate(sample.paths):
        decade = DECADES[number % 5]
        (sample.path.parent / f"{number}.jpg").write_bytes(paint(decade, number))
        link = f"{number}.jpg" if number % 2 else str(sample.path.parent / f"{number}.jpg")
        rows.append(row(int(imdb_id[2:]), f"A ({decade[:4]})", "Action", link))
    write_catalogue(sample.path, rows)
    dataset = load_sample(sample, tmp_path)
    assert len(dataset["train"]) == 25
    assert len(list(load_sample(sample, tmp_path, streaming=True, split="test"))) == 5
    assert sample.host.requests == []


@pytest.mark.parametrize(
    ("keep_grayscale", "rejected"), [(False, {"grayscale": 1}), (True, {})], ids=["drop", "keep"]
)
def test_black_and_white_posters_are_rejected_unless_they_are_kept(
    sample: SampleCatalogue, tmp_path: Path, keep_grayscale: bool, rejected: dict[str, int]
) -> None:
    sample.host.answers[sample.paths["tt0001004"]] = (200, paint("1970s", 1004, mode="L"))
    builder = build_sample(sample, tmp_path, keep_grayscale=keep_grayscale)
    ids = {imdb_id for part in builder.as_dataset().values() for imdb_id in part["imdb_id"]}
    assert ("tt0001004" in ids) is keep_grayscale
    assert builder.report().rejected == rejected


def test_poster_of_any_mode_is_decoded_to_rgb(sample: SampleCatalogue, tmp_path: Path) -> None:
    path = sample.paths["tt0001004"]
    sample.host.answers[path] = (200, paint("1970s", 1004, mode="CMYK"))
    images = [image for part in load_sample(sample, tmp_path).values() for image in part["image"]]
    assert {image.mode for image in images} == {"RGB"}


def test_unknown_score_is_none(sample: SampleCatalogue, tmp_path: Path) -> None:
    text = sample.path.read_text().replace(",7.5,", ",,")
    sample.path.write_text(text)
    assert set(load_sample(sample, tmp_path)["test"]["imdb_score"]) == {None}


def test_download_size_is_the_size_of_all_posters(
    shared_sample: SampleCatalogue, shared_build: MoviePostersDecade
) -> None:
    posters = [shared_sample.host.answers[path][1] for path in shared_sample.paths.values()]
    assert shared_build.info.download_size == sum(map(len, posters))


def test_plan_and_report_count_every_movie(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    builder = make_builder(sample, tmp_path)
    planned = builder.plan()
    assert sample.host.requests == []
    with pytest.raises(BuildError) as error:
        builder.report()
    assert str(error.value) == (
        f"{builder.cache_dir}: expected a build; found none. Call download_and_prepare() first."
    )
    builder.download_and_prepare()
    built = builder.report()
    assert planned.funnel == built.funnel
    assert planned.funnel == {"rows": 32, "complete": 32, "unique": 32, "genre": 31, "years": 30}
    assert planned.decades == dict.fromkeys(DECADES, 6)
    assert planned.splits == {
        "train": dict.fromkeys(DECADES, 5),
        "test": dict.fromkeys(DECADES, 1),
    }
    assert built.rejected == {"not_found": 1}
    for report in (planned, built):
        assert report.kept + sum(report.dropped.values()) == 32
    dataset = builder.as_dataset()
    assert sum(built.splits["train"].values()) == len(dataset["train"])
    assert sum(built.splits["test"].values()) == len(dataset["test"])


def test_text_that_is_no_url_is_rejected_and_ends_no_build(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    links = [
        "http://[]@",
        "http://a/\ud800",
        "http://b/\0",
        "http:///a",
        f"http://a/{'b' * 10_000}",
    ]
    rows = [
        {"imdbId": one["imdb_id"], "Title": one["title"], "Year": one["year"], "Genre": "Action"}
        | {"Poster": one["poster_url"]}
        for one in read_movies(sample.path)
    ]
    rows += [
        {"imdbId": f"tt77{number}", "Title": "Odd \ud800", "Year": 1985, "Genre": "Action"}
        | {"Poster": link}
        for number, link in enumerate(links)
    ]
    path = sample.path.with_name("odd.jsonl")
    path.write_text("\n".join(map(json.dumps, rows)))
    options = {"data_files": path, "columns": {"year": "Year"}, "balance": "none"}
    builder = build_sample(sample, tmp_path, **options)
    with builder._fs.open(builder.files.rejected_path, "r", newline="") as file:
        reasons = {one["imdb_id"]: one["reason"] for one in csv.DictReader(file)}
    odd = {name: reason for name, reason in reasons.items() if name.startswith("tt000077")}
    assert odd == {f"tt000077{number}": "invalid_url" for number in range(len(links))}


def test_decade_without_posters_is_an_error_that_keeps_the_downloads(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    for imdb_id, path in sample.paths.items():
        if path.startswith("/1980s/"):
            sample.kill(imdb_id)
    with pytest.raises(CollectionError, match=r"The 1980s have no usable (train|test) poster"):
        load_sample(sample, tmp_path)
    assert (tmp_path / "downloads").is_dir()


def test_demo_takes_no_catalogue(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        load_sample(sample, tmp_path, "demo")
    assert str(error.value) == (
        "Configuration demo: expected no data_files and no data_dir, as the demo paints its own "
        "catalogue; found one. Choose another configuration for it."
    )


def test_demo_takes_no_fallbacks(tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        MoviePostersDecade(str(tmp_path), config_name="demo", fallbacks="wayback")
    assert str(error.value) == (
        "Configuration demo: expected no fallbacks, as the demo uses no network; found wayback. "
        "Leave the option out."
    )


def test_unusable_cache_dir_is_one_sentence(sample: SampleCatalogue) -> None:
    with pytest.raises(OptionError) as error:
        MoviePostersDecade("foo://cache", data_files=sample.path)
    assert str(error.value) == (
        "Option cache_dir: expected a folder; found 'foo://cache', which cannot be used: Protocol "
        "not known: foo."
    )


def test_private_host_has_to_be_allowed(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(CollectionError) as error:
        load_sample(sample, tmp_path, allow_private_hosts=False)
    assert str(error.value) == (
        "The 1970s have no usable train poster: all 5 movies were rejected (100% private_address). "
        "What was downloaded is kept. Only http and https links are downloaded; addresses that are "
        "not public need allow_private_hosts=True (--allow-private-hosts), and links that are "
        "paths need a catalogue on this machine."
    )
    assert sample.host.requests == []


def test_errors_are_raised_before_examples_are_generated(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    """Otherwise datasets would wrap them in an error of its own."""
    with pytest.raises(OptionError, match="Option seed"):
        load_sample(sample, tmp_path, seed="x")
    with pytest.raises(SelectionError, match="No movie of the catalogue has the genre western"):
        load_sample(sample, tmp_path, "western")
    with pytest.raises(CatalogueError, match="found no file of that name"):
        load_dataset(NAME, data_files=str(tmp_path / "none.csv"), cache_dir=tmp_path)
    with pytest.raises(ValueError, match=r"found 'actoin'. Did you mean action?"):
        load_sample(sample, tmp_path, "actoin")
