"""The builder works as any other of datasets does, and gives what the configuration asks for."""

import hashlib
import pickle
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from builds import NAME, builder_of, load, raw
from datasets import (
    load_dataset,
)
from samples import (
    DECADES,
    SampleCatalogue,
    make_sample,
    paint,
    painted_decade,
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


def test_movies_are_labelled_by_decade_and_split(sample: SampleCatalogue, tmp_path: Path) -> None:
    dataset = load(sample, tmp_path)
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
    assert example["poster_url"] == sample.host.url + sample.paths[example["imdb_id"]]


def test_posters_are_the_hosts_bytes(sample: SampleCatalogue, tmp_path: Path) -> None:
    for examples in raw(load(sample, tmp_path)).values():
        for example in examples:
            _, content = sample.host.answers[sample.paths[example["imdb_id"]]]
            assert example["image"] == {"bytes": content, "path": None}


def test_two_builds_into_two_caches_are_equal(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    one, other = load(sample, tmp_path / "one"), load(sample, tmp_path / "other")
    assert raw(one) == raw(other)


def test_processes_change_nothing(sample: SampleCatalogue, tmp_path: Path) -> None:
    one, two = load(sample, tmp_path / "one"), load(sample, tmp_path / "two", num_proc=2)
    assert raw(one) == raw(two)


def test_streaming_gives_the_movies_of_the_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    streamed = load(sample, tmp_path, streaming=True)
    built = load(sample, tmp_path)
    for split in ("train", "test"):
        examples = {example["imdb_id"]: example for example in streamed[split]}
        assert sorted(examples) == sorted(built[split]["imdb_id"])
        for example in built[split]:
            other = examples[example["imdb_id"]]
            assert other["image"].tobytes() == example["image"].tobytes()
            assert {**other, "image": None} == {**example, "image": None}


def test_streaming_asks_for_nothing_before_the_first_movie(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    streamed = load(sample, tmp_path, streaming=True, split="train")
    assert sample.host.requests == []
    assert next(iter(streamed))["label"] == 0
    assert sample.host.requests != []
    assert not (tmp_path / "downloads").exists()


def test_slices_of_a_split_hold_every_decade(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample = make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 25))
    some = load(sample, tmp_path, split="train[:30%]")
    assert len(some) == 30
    assert set(some["label"]) == set(range(5))


def test_folder_gives_the_catalogue_in_it(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample.path.parent.parent)
    streamed = load(
        sample, tmp_path, data_files=None, data_dir=sample.path.parent.name, streaming=True
    )
    monkeypatch.chdir(tmp_path)
    assert len(list(streamed["train"])) == 25


def test_folder_may_hold_a_zip_of_it(sample: SampleCatalogue, tmp_path: Path) -> None:
    with zipfile.ZipFile(sample.path.with_suffix(".zip"), "w") as file:
        file.write(sample.path, "MovieGenre.csv")
    sample.path.unlink()
    folder = str(sample.path.parent)
    assert len(load(sample, tmp_path, data_files=None, data_dir=folder)["train"]) == 25


def test_without_a_catalogue_kaggles_is_taken(tmp_path: Path) -> None:
    """Which no request is sent for by a plan."""
    builder = MoviePostersDecade(str(tmp_path))
    url = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
    with pytest.raises(CatalogueError) as error:
        builder.plan()
    assert str(error.value).startswith(f"{url}: expected this catalogue in the cache")


def test_posters_beside_the_catalogue_need_no_host(sample: SampleCatalogue, tmp_path: Path) -> None:
    rows = []
    for number, imdb_id in enumerate(sample.paths):
        decade = DECADES[number % 5]
        (sample.path.parent / f"{number}.jpg").write_bytes(paint(decade, number))
        link = f"{number}.jpg" if number % 2 else str(sample.path.parent / f"{number}.jpg")
        rows.append(row(int(imdb_id[2:]), f"A ({decade[:4]})", "Action", link))
    write_catalogue(sample.path, rows)
    dataset = load(sample, tmp_path)
    assert len(dataset["train"]) == 25
    assert len(list(load(sample, tmp_path, streaming=True, split="test"))) == 5
    assert sample.host.requests == []


def test_black_and_white_posters_are_left_out_unless_wanted(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    path = sample.paths["tt0001004"]
    sample.host.answers[path] = (200, paint("1970s", 1004, mode="L"))

    def ids_and_rejected(keep_grayscale: bool) -> tuple[set[str], dict[str, int] | None]:
        builder = builder_of(sample, tmp_path, keep_grayscale=keep_grayscale)
        builder.download_and_prepare()
        ids = {imdb_id for part in builder.as_dataset().values() for imdb_id in part["imdb_id"]}
        return ids, builder.report().rejected

    ids, rejections = ids_and_rejected(False)
    assert ("tt0001004" in ids, rejections) == (False, {"grayscale": 1})
    ids, rejections = ids_and_rejected(True)
    assert ("tt0001004" in ids, rejections) == (True, {})


def test_poster_of_any_mode_is_decoded_to_rgb(sample: SampleCatalogue, tmp_path: Path) -> None:
    path = sample.paths["tt0001004"]
    sample.host.answers[path] = (200, paint("1970s", 1004, mode="CMYK"))
    images = [image for part in load(sample, tmp_path).values() for image in part["image"]]
    assert {image.mode for image in images} == {"RGB"}


def test_unknown_score_is_none(sample: SampleCatalogue, tmp_path: Path) -> None:
    text = sample.path.read_text().replace(",7.5,", ",,")
    sample.path.write_text(text)
    assert set(load(sample, tmp_path)["test"]["imdb_score"]) == {None}


def test_build_knows_the_sizes_of_its_downloads(sample: SampleCatalogue, tmp_path: Path) -> None:
    builder = builder_of(sample, tmp_path)
    builder.download_and_prepare()
    posters = [sample.host.answers[path][1] for path in sample.paths.values()]
    assert builder.info.download_size == sum(map(len, posters))


def test_stream_can_be_pickled(sample: SampleCatalogue, tmp_path: Path) -> None:
    streamed = load(sample, tmp_path, streaming=True, split="test")
    again = pickle.loads(pickle.dumps(streamed))  # noqa: S301
    assert [movie["imdb_id"] for movie in again] == [movie["imdb_id"] for movie in streamed]


def test_report_adds_up(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    builder = builder_of(sample, tmp_path)
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
    assert planned.funnel == {
        "rows": 32,
        "complete": 32,
        "unique": 32,
        "genre": 31,
        "years": 30,
    }
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


def test_bytes_of_a_built_dataset_do_not_depend_on_when(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    def digest(cache: Path) -> str:
        load(sample, cache)
        [arrow] = (cache / NAME).rglob("*-train.arrow")
        return hashlib.sha256(arrow.read_bytes()).hexdigest()

    assert digest(tmp_path / "one") == digest(tmp_path / "other")


def test_dead_decade_is_one_error_and_what_was_fetched_is_kept(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    for imdb_id, path in sample.paths.items():
        if path.startswith("/1980s/"):
            sample.kill(imdb_id)
    with pytest.raises(CollectionError, match=r"The 1980s have no usable (train|test) poster"):
        load(sample, tmp_path)
    assert (tmp_path / "downloads").is_dir()


def test_demo_takes_no_catalogue(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        load(sample, tmp_path, "demo")
    assert str(error.value) == (
        "Configuration demo: expected no data_files and no data_dir, as it paints its own "
        "catalogue; found one. Choose another configuration for that catalogue."
    )


def test_data_files_are_found_in_data_dir(sample: SampleCatalogue, tmp_path: Path) -> None:
    folder = str(sample.path.parent)
    builder = MoviePostersDecade(str(tmp_path), data_dir=folder, data_files="MovieGenre.csv")
    assert builder.plan().funnel["rows"] == 32


def test_cache_that_cannot_be_used_is_one_sentence(sample: SampleCatalogue) -> None:
    with pytest.raises(OptionError) as error:
        MoviePostersDecade("foo://cache", data_files=sample.path)
    assert str(error.value) == (
        "Option cache_dir: expected a folder; found 'foo://cache', which cannot be used: Protocol "
        "not known: foo."
    )


def test_damaged_build_is_one_sentence(sample: SampleCatalogue, tmp_path: Path) -> None:
    builder = builder_of(sample, tmp_path)
    builder.download_and_prepare()
    [one, *_] = Path(builder.cache_dir).glob("*.arrow")
    one.unlink()
    with pytest.raises(BuildError, match=r"found it damaged: .* Build again with --rebuild"):
        builder.built()
    for damaged in ("", "{}", "[]"):
        (Path(builder.cache_dir) / "report.json").write_text(damaged)
        with pytest.raises(BuildError, match="expected a whole build; found it damaged"):
            builder.report()
    (Path(builder.cache_dir) / "dataset_info.json").write_text("{")
    with pytest.raises(BuildError) as error:
        builder_of(sample, tmp_path)
    assert str(error.value).startswith(
        f"{builder.cache_dir}: expected a whole build; found its dataset_info.json damaged: "
        "JSONDecodeError: "
    )
    assert str(error.value).endswith(". Remove this folder and build again.")


def test_host_that_is_not_public_has_to_be_allowed(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(CollectionError) as error:
        load(sample, tmp_path, allow_private_hosts=False)
    assert str(error.value) == (
        "The 1970s have no usable train poster: of 5 movies none is left (private_address 5). "
        "What was downloaded is kept. Only http and https are spoken; addresses that are not public "
        "are asked only with allow_private_hosts=True (--allow-private-hosts), and paths taken "
        "only from a catalogue on this machine."
    )
    assert sample.host.requests == []


def test_errors_come_before_anything_is_generated(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="Option seed"):
        load(sample, tmp_path, seed="x")
    with pytest.raises(SelectionError, match="No movie of the catalogue has the genre western"):
        load(sample, tmp_path, "western")
    with pytest.raises(CatalogueError, match="found no file of that name"):
        load_dataset(NAME, data_files=str(tmp_path / "none.csv"), cache_dir=tmp_path)
    with pytest.raises(ValueError, match="'actoin' not found"):
        load(sample, tmp_path, "actoin")
