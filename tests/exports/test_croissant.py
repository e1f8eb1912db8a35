"""Croissant: the library mlcroissant loads every poster of each format as the manifest lists it."""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
from PIL import Image
from sample_builds import build_sample
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade, __version__
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.exports.croissant import describe_export
from movie_posters_decade.exports.exporter import export
from movie_posters_decade.options.configurations import KAGGLE_PAGE, KAGGLE_URL
from movie_posters_decade.options.options import EXPORT_FORMATS

# mlcroissant uses what rdflib and pandas deprecate, and leaves the files of archives open.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*FileIO.*:pytest.PytestUnraisableExceptionWarning"),
]

RAI_VOCABULARY = {
    "annotationsPerItem",
    "annotatorDemographics",
    "dataAnnotationAnalysis",
    "dataAnnotationPlatform",
    "dataAnnotationProtocol",
    "dataBiases",
    "dataCollection",
    "dataCollectionMissingData",
    "dataCollectionRawData",
    "dataCollectionTimeframe",
    "dataCollectionType",
    "dataImputationProtocol",
    "dataLimitations",
    "dataManipulationProtocol",
    "dataPreprocessingProtocol",
    "dataReleaseMaintenancePlan",
    "dataSocialImpact",
    "dataUseCases",
    "machineAnnotationTools",
    "personalSensitiveInformation",
}
"""The properties of RAI 1.0, as docs/croissant_rai.ttl of mlcommons/croissant defines them."""


Row = dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The painted demo, with five posters of each decade."""
    builder = MoviePostersDecade(
        config_name="demo", max_per_decade=5, cache_dir=str(tmp_path_factory.mktemp("cache"))
    )
    builder.download_and_prepare()
    return builder.built()


@pytest.fixture(scope="module")
def exports(demo: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export of the demo in each format."""
    folder = tmp_path_factory.mktemp("exports")
    for export_format in EXPORT_FORMATS:
        export(demo, folder / export_format, export_format, max_shard_size="20KB")
    return folder


@pytest.fixture(autouse=True)
def _no_extracted_archives() -> Iterator[None]:
    """Mlcroissant takes archives of the same name for the same archive."""
    yield
    shutil.rmtree(os.environ["CROISSANT_CACHE"], ignore_errors=True)


def read_json(folder: Path) -> Any:
    return json.loads((folder / "croissant.json").read_text("ascii"))


def read_manifest(folder: Path) -> list[Row]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(folder: Path, records: str, filters: dict[str, str] | None = None) -> list[Row]:
    """Load the records of a record set, each as a row of the manifest, with the image's hash."""
    dataset = mlcroissant.Dataset(folder / "croissant.json")
    return [as_row(folder, record) for record in dataset.records(records, filters=filters)]


def as_row(folder: Path, record: dict[str, Any]) -> Row:
    values = {name.split("/")[1]: value for name, value in record.items()}
    image = values.pop("image", None)
    row = {name: as_text(value) for name, value in values.items() if name != "key"}
    return row if image is None else row | {"image": hash_of_image(image, folder, row)}


def as_text(value: Any) -> str:
    """Return a value of a record as it stands in the manifest."""
    if isinstance(value, list):
        return "|".join(map(as_text, value))
    return "" if value is None else value.decode() if isinstance(value, bytes) else str(value)


def hash_of_image(image: Any, folder: Path, row: Row) -> str:
    """Return the hash of a loaded poster's bytes, or of the file that has its pixels."""
    if image.format is not None:
        return hashlib.sha256(image.fp.getvalue()).hexdigest()
    path = folder / row["file"]
    with Image.open(path) as stored:
        assert np.array_equal(np.asarray(stored), np.asarray(image))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def are_listed(rows: Sequence[Row], manifest: Sequence[Row]) -> bool:
    """Return whether rows are those of a manifest, in any order, in the columns that they have."""
    complete = [row | {"image": row["sha256"]} for row in manifest]
    listed = [{name: row[name] for name in rows[0]} for row in complete]
    return sorted(map(str, rows)) == sorted(map(str, listed))


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_description_is_valid_but_for_the_date_of_publication(
    exports: Path, export_format: str, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = mlcroissant.Dataset(exports / export_format / "croissant.json")
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    [warning] = issues.warnings
    assert "datePublished" in warning
    assert [warning in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("export_format", "records", "filters", "expected"),
    [
        ("folders", "images", None, {}),
        ("folders", "images", {"images/split": "test"}, {"split": "test"}),
        ("folders", "images", {"images/decade": "1980s"}, {"decade": "1980s"}),
        ("folders", "posters", None, {}),
        ("folders", "posters", {"posters/split": "test"}, {"split": "test"}),
        ("parquet", "posters", None, {}),
        ("parquet", "posters", {"posters/split": "test"}, {"split": "test"}),
        ("webdataset", "posters", None, {}),
        ("webdataset", "train", None, {"split": "train"}),
        ("webdataset", "test", None, {"split": "test"}),
        ("folders", "manifest", None, {}),
    ],
)
def test_every_poster_is_loaded_as_the_manifest_lists_it(
    exports: Path,
    export_format: str,
    records: str,
    filters: dict[str, str] | None,
    expected: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = exports / export_format
    listed = [row for row in read_manifest(folder) if expected.items() <= row.items()]
    assert are_listed(load(folder, records, filters), listed)
    assert len(caplog.records) == 1  # about the date of publication


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_every_column_is_in_a_record_with_its_type(
    exports: Path, demo: Build, export_format: str
) -> None:
    folder = exports / export_format
    described = {records["@id"]: records["field"] for records in read_json(folder)["recordSet"]}
    names = [field["name"] for field in described["manifest"]]
    assert names == list(read_manifest(folder)[0])
    assert {"image", *demo.dataset["train"].column_names, "split", "decade"} <= {
        field["name"] for field in described["posters"]
    }
    [record, *_] = mlcroissant.Dataset(folder / "croissant.json").records("posters")
    types = {name.split("/")[1]: type(value) for name, value in record.items()}
    assert (types["label"], types["year"], types["imdb_score"]) == (int, int, float)
    assert types["genres"] is list


def test_splits_and_decades_are_enumerated(exports: Path, demo: Build) -> None:
    described = read_json(exports / "folders")["recordSet"]
    splits, decades, manifest = described[:3]
    assert splits["dataType"] == "cr:Split"
    assert [(row["splits/name"], row["splits/url"]) for row in splits["data"]] == [
        ("train", "cr:TrainingSplit"),
        ("test", "cr:TestSplit"),
    ]
    assert [row["decades/name"] for row in decades["data"]] == demo.dataset["train"].features[
        "label"
    ].names
    references = {
        one["name"]: one["references"] for one in manifest["field"] if "references" in one
    }
    assert references == {
        "split": {"field": {"@id": "splits/name"}},
        "decade": {"field": {"@id": "decades/name"}},
    }


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_single_files_are_listed_with_size_and_hash(exports: Path, export_format: str) -> None:
    folder = exports / export_format
    files = {
        one["contentUrl"]: (one["contentSize"], one["sha256"])
        for one in read_json(folder)["distribution"]
        if one["@type"] == "cr:FileObject"
    }
    shards = [path for path in folder.rglob("*") if path.suffix in {".parquet", ".tar"}]
    assert len(shards) > 2 or export_format == "folders"
    names = ("manifest.csv", "rejected.csv", "movie_posters_decade.lock", "export.json")
    assert files == {
        path.relative_to(folder).as_posix(): (
            f"{path.stat().st_size} B",
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in [*shards, *(folder / name for name in names)]
    }


def test_names_of_responsible_ai_are_those_of_its_vocabulary(exports: Path) -> None:
    """The library ignores other names, so that a misspelt one is lost."""
    described = read_json(exports / "folders")
    names = {name.removeprefix("rai:") for name in described if name.startswith("rai:")}
    assert names <= RAI_VOCABULARY
    assert {"dataBiases", "dataLimitations", "personalSensitiveInformation"} <= names
    assert "http://mlcommons.org/croissant/RAI/1.0" in described["conformsTo"]
    loaded = mlcroissant.Dataset(exports / "folders" / "croissant.json").metadata
    for name in names:
        value = getattr(loaded, "".join(f"_{c.lower()}" if c.isupper() else c for c in name))
        expected = described[f"rai:{name}"]
        assert {*(value if isinstance(value, list) else [value])} == {
            *(expected if isinstance(expected, list) else [expected])
        }


def test_rejections_are_counted_by_decade(exports: Path, demo: Build) -> None:
    described = read_json(exports / "folders")
    for decade, counts in demo.report.decade_counts().items():
        rejected = counts.rejected.total()
        line = f"{decade} {counts.downloaded} downloaded, {rejected} rejected"
        assert line in described["rai:dataCollectionMissingData"]
        share = f"{decade} {rejected / counts.downloaded:.0%}"
        assert any(share in bias for bias in described["rai:dataBiases"])


def test_build_from_a_lock_file_refers_to_it_for_rejections(demo: Build, exports: Path) -> None:
    report = replace(demo.report, funnel={"locked": 50})
    locked = replace(demo, report=report, source="posters.lock")
    described = describe_export(locked, exports / "folders", settings_of(exports / "folders"))
    assert described["rai:dataCollectionMissingData"].startswith("The lock file lists the posters")
    assert not any("were rejected:" in bias for bias in described["rai:dataBiases"])
    assert described["prov:wasDerivedFrom"]["name"] == "catalogue of posters.lock"


def settings_of(folder: Path) -> Any:
    return json.loads((folder / "export.json").read_text())


@pytest.mark.parametrize(
    ("source", "link"),
    [
        (KAGGLE_URL, {"url": KAGGLE_PAGE}),
        ("https://x.example/a.csv", {"url": "https://x.example/a.csv"}),
        ("movies.csv", {}),
    ],
)
def test_catalogue_and_programs_are_named(
    demo: Build, exports: Path, source: str, link: dict[str, str]
) -> None:
    folder = exports / "folders"
    described = describe_export(replace(demo, source=source), folder, settings_of(folder))
    catalogue = described["prov:wasDerivedFrom"]
    head = json.loads(demo.lock_file.split(b"\n")[0])
    assert catalogue == {
        "@type": "prov:Entity",
        "name": source,
        "sha256": head["catalogue"],
        **link,
    }
    activities = described["prov:wasGeneratedBy"]
    assert [one["prov:label"] for one in activities] == ["build", "export"]
    assert {one["prov:wasAssociatedWith"]["version"] for one in activities} == {__version__}
    assert json.loads(activities[0]["description"]) == demo.options
    [personal] = described["rai:personalSensitiveInformation"]
    assert "actors, and often their names" in personal
    assert "the account that uploaded the picture" in personal


def test_nothing_unknown_is_invented(exports: Path, demo: Build) -> None:
    described = read_json(exports / "folders")
    assert not {"creator", "publisher", "url", "datePublished"} & set(described)
    assert described["license"]["description"] == demo.dataset["train"].info.license


def test_same_build_gives_the_same_description(demo: Build, exports: Path, tmp_path: Path) -> None:
    export(demo, tmp_path / "again")
    again = (tmp_path / "again" / "croissant.json").read_bytes()
    assert again == (exports / "folders" / "croissant.json").read_bytes()
    assert str(tmp_path).encode() not in again
    assert not export(demo, tmp_path / "again")


def test_missing_or_damaged_poster_differs_from_the_manifest(exports: Path, tmp_path: Path) -> None:
    """Mlcroissant loads what is there, so that only a comparison shows what is not."""
    folder = tmp_path / "folders"
    shutil.copytree(exports / "folders", folder)
    manifest = read_manifest(folder)
    missing, damaged = (folder / manifest[number]["file"] for number in (0, 1))
    missing.unlink()
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    rows = load(folder, "posters")
    assert len(rows) == len(manifest) - 1
    assert not are_listed(rows, manifest[1:])
    intact = [row for row in rows if row["imdb_id"] != manifest[1]["imdb_id"]]
    assert are_listed(intact, manifest[2:])


@pytest.mark.parametrize(
    ("export_format", "name"),
    [("folders", "manifest.csv"), ("parquet", "manifest.csv"), ("webdataset", "test-000000.tar")],
)
def test_damaged_file_is_an_error(
    exports: Path, tmp_path: Path, export_format: str, name: str
) -> None:
    folder = tmp_path / export_format
    shutil.copytree(exports / export_format, folder)
    path = folder / name
    path.write_bytes(path.read_bytes() + b"\0")
    records = "manifest" if name == "manifest.csv" else "test"
    with pytest.raises(mlcroissant.GenerationError) as error:
        load(folder, records)
    assert "is not identical with the reference" in str(error.value.__cause__)


@pytest.fixture(scope="module")
def extra(shared_sample: SampleCatalogue, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build with an extra column whose name needs quotes everywhere."""
    cache = tmp_path_factory.mktemp("extra")
    build = build_sample(shared_sample, cache, extra_columns=("Imdb Link",)).built()
    return replace(build, dataset=build.dataset.rename_columns({"Imdb Link": "a.b / ä?#%"}))


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_extra_columns_of_any_name_are_loaded(
    extra: Build, tmp_path: Path, export_format: str
) -> None:
    export(extra, tmp_path / "posters", export_format)
    rows = load(tmp_path / "posters", "posters")
    manifest = read_manifest(tmp_path / "posters")
    assert manifest[0]["a.b / ä?#%"].startswith("http://www.imdb.com/")
    quoted = "a%2Eb%20%2F%20%C3%A4%3F%23%25"
    assert are_listed(rows, [row | {quoted: row["a.b / ä?#%"]} for row in manifest])
    assert quoted in rows[0]


def test_tars_of_movies_with_other_ids_are_loaded_without_the_manifest(
    demo: Build, tmp_path: Path
) -> None:
    """A table in CSV would give such ids back as numbers."""
    numbered = demo.dataset.map(lambda example: {"imdb_id": example["imdb_id"][2:]})
    export(replace(demo, dataset=numbered), tmp_path / "posters", "webdataset")
    dataset = mlcroissant.Dataset(tmp_path / "posters" / "croissant.json")
    records = list(dataset.records("posters"))
    assert {name for record in records for name in record} == {"posters/key", "posters/image"}
    keys = {record["posters/key"].decode() for record in records}
    assert keys == {row["imdb_id"] for row in read_manifest(tmp_path / "posters")}


@pytest.mark.parametrize(
    ("options", "sentence", "media_type"),
    [
        ({}, "The image is the poster, byte for byte as it was downloaded", "image/jpeg"),
        (
            {"image_size": (32, 48), "resize_mode": "pad"},
            "The posters were resized to 32 x 48 pixels (pad) and re-encoded as jpeg.",
            "image/jpeg",
        ),
        ({"encode_format": "webp"}, "The posters were re-encoded as webp.", "image/webp"),
    ],
)
def test_changes_of_the_posters_are_described(
    demo: Build, tmp_path: Path, options: dict[str, Any], sentence: str, media_type: str
) -> None:
    few = demo.dataset["test"].select(range(3))
    part = replace(demo, dataset=type(demo.dataset)(train=few, test=few))
    export(part, tmp_path / "posters", **options)
    described = read_json(tmp_path / "posters")
    assert described["rai:dataPreprocessingProtocol"][1].startswith(sentence)
    assert described["distribution"][-1]["encodingFormat"] == [media_type]
