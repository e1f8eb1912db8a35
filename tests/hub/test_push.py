"""Push: the dataset on the Hub is the dataset that was built."""

import json
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow.parquet as pq
from push_process import (
    LOAD_SCRIPT,
    REPO_ID,
    PushProcess,
    build_files,
    commit_card,
    file_paths,
    start_python,
)
from samples import DECADES, SampleCatalogue
from servers.hub import LoopbackHub

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import Build


def test_loaded_dataset_equals_the_built_dataset(
    hub_with_two_configurations: LoopbackHub, folder: Path, make_build: Callable[[str], Build]
) -> None:
    reader = start_python(
        hub_with_two_configurations, folder / "reader", "-c", LOAD_SCRIPT, REPO_ID
    )
    loaded = json.loads(reader.communicate()[0])
    assert loaded.pop("labels") == list(DECADES)
    for name in ("action", "drama"):
        build = make_build(name)
        lock = [json.loads(line) for line in build.lock_file.splitlines()[1:]]
        hashes = {movie["imdb_id"]: movie["sha256"] for movie in lock if "sha256" in movie}
        expected = {
            split: [
                {**example, "image": hashes[example["imdb_id"]]}
                for example in examples.cast_column("image", datasets.Image(decode=False))
            ]
            for split, examples in build.dataset.items()
        }
        assert loaded[f"{name} False"] == loaded[f"{name} True"] == expected
        assert loaded["features"] == repr(build.dataset["train"].features)
    assert loaded["None False"] == loaded["None True"] == loaded["action False"]


def test_repository_is_private_and_contains_data_card_license_and_build_files(
    hub_with_two_configurations: LoopbackHub,
) -> None:
    repository = hub_with_two_configurations.repositories[REPO_ID]
    assert repository.private
    assert file_paths(repository) == {
        "LICENSE.md",
        "README.md",
        *build_files("action"),
        *build_files("drama"),
        *(
            f"{name}/{split}-00000-of-00001.parquet"
            for name in ("action", "drama")
            for split in ("train", "test")
        ),
    }


def test_card_describes_all_configurations_and_is_valid(
    hub_with_two_configurations: LoopbackHub, make_build: Callable[[str], Build]
) -> None:
    """The client has the Hub validate the card before it commits it."""
    assert ("POST", "/api/validate-yaml") in hub_with_two_configurations.requests
    repository = hub_with_two_configurations.repositories[REPO_ID]
    card = repository.files["README.md"].decode()
    assert "Configurations: `action`, `drama`; the first is the default." in card
    assert card.count("default: true") == 1
    for name in ("action", "drama"):
        assert f"](builds/{name}/contact_sheet.jpg)" in card
    assert "`action`: nobody checked whether file size, encoding or border predict" in card
    assert "\n- `drama`: Too few posters to check for shortcuts: the check needs" in card
    assert "a check found that none" not in card
    info = make_build("action").dataset["train"].info
    for field in info.features:
        assert f"\n| `{field}` | " in card
    for text in (info.description, info.license, info.citation):
        assert text in card
    assert repository.files["LICENSE.md"].decode() == f"{info.license}\n"


def test_second_push_of_the_same_build_changes_nothing(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    push_process.push("--json").check()
    before = hub.repositories[REPO_ID].files
    push_process.push("--json").check()
    assert hub.repositories[REPO_ID].files == before


def test_metadata_that_others_added_to_the_card_stays(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    push_process.push().check()
    card = hub.repositories[REPO_ID].files["README.md"]
    edited = card.replace(b"tags:\n", b"viewer: false\nlanguage: en\ntags:\n- mine\n", 1)
    commit_card(hub.repositories[REPO_ID], edited)
    push_process.push("--max-per-decade", "3").check()
    card = hub.repositories[REPO_ID].files["README.md"]
    for line in ("viewer: false", "language: en", "- mine", "- movie-posters"):
        assert f"\n{line}\n".encode() in card
    assert b"15 movie posters" in card


def test_first_pushed_configuration_is_the_default_without_action(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    push_process.push("--genres", "drama").check()
    push_process.push("--genres", "drama", "action").check()
    card = hub.repositories[REPO_ID].files["README.md"].decode()
    assert "Configurations: `drama`, `action-drama`; the first is the default." in card


def test_next_push_completes_an_interrupted_push(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    hub.drop_after, hub.drop_status = 1, 403
    message = push_process.push().error_message
    assert message.startswith(
        f"{REPO_ID}: the push was interrupted: Error while uploading "
        "'action/test-00000-of-00001.parquet' to the Hub."
    )
    assert message.endswith(" Push again. Files that were uploaded are not uploaded again.")
    assert file_paths(hub.repositories[REPO_ID]) == set()
    hub.drop_after = hub.drop_status = None
    push_process.push().check()
    assert build_files("action") < file_paths(hub.repositories[REPO_ID])
    uploads = [path for method, path in hub.requests if method == "PUT"]
    assert len(uploads) == len(set(uploads)) + 1, "what was uploaded is not uploaded again"


def test_next_push_completes_a_commit_that_was_cut_off(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    hub.cut_commits = True
    message = push_process.push().error_message
    assert message.startswith(f"The Hub at {hub.url}: cannot be reached: ")
    assert file_paths(hub.repositories[REPO_ID]) == set()
    hub.cut_commits = False
    push_process.push().check()
    uploads = [path for method, path in hub.requests if method == "PUT"]
    assert len(uploads) == len(set(uploads))
    assert build_files("action") < file_paths(hub.repositories[REPO_ID])


def test_no_images_publishes_hashes_and_no_poster(
    hub: LoopbackHub,
    push_process: PushProcess,
    folder: Path,
    twenty_movies: SampleCatalogue,
    make_build: Callable[[str], Build],
) -> None:
    push_process.push().check()
    push_process.push("--no-images").check()
    files = hub.repositories[REPO_ID].files
    posters = {body for _, body in twenty_movies.host.answers.values()}
    for path, content in files.items():
        assert not path.endswith(".jpg")
        assert not any(poster in content for poster in posters), path
    parquet_file = folder / "train.parquet"
    parquet_file.write_bytes(files["action/train-00000-of-00001.parquet"])
    table = pq.read_table(parquet_file)
    assert "image" not in table.column_names
    lock = make_build("action").lock_file
    hashes = {json.loads(line).get("sha256") for line in lock.splitlines()}
    assert set(table.column("sha256").to_pylist()) < hashes
    card = files["README.md"].decode()
    assert "`action` has no images, only links and hashes." in card
    for field in table.column_names:
        assert f"\n| `{field}` | " in card


def test_build_has_name_source_options_and_tables(make_build: Callable[[str], Build]) -> None:
    build = make_build("action")
    assert (build.name, build.source, build.report.kept) == ("action", "MovieGenre.csv", 20)
    assert set(build.tables) == {"rejected.csv", "movie_posters_decade.lock"}
    assert (build.options["genres"], build.options["respect_opt_out"]) == (["action"], True)


def test_build_is_named_after_its_genres(
    folder: Path, twenty_movies: SampleCatalogue, make_build: Callable[[str], Build]
) -> None:
    """Otherwise a configuration could be published under the name of another one."""
    lock_file = folder / "drama.lock"
    lock_file.write_bytes(make_build("drama").lock_file)
    for options, name in (
        ({"lock_file": str(lock_file)}, "drama"),
        ({"data_files": twenty_movies.path, "genres": ["Drama", "Action"]}, "action-drama"),
    ):
        builder = MoviePostersDecade(str(folder / "cache"), allow_private_hosts=True, **options)
        builder.download_and_prepare()
        assert builder.built().name == name
