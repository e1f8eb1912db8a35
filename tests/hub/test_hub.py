"""What is pushed is what was built, for whoever loads it without this package.

The true clients push to a Hub on loopback and load from it, each in a process of its own, as they
read `HF_ENDPOINT` once.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
from pushes import (
    READ,
    REPO_ID,
    Pusher,
    b64encode,
    beside,
    check,
    paths,
    sentence,
    start,
)
from samples import DECADES, PosterHost, SampleCatalogue, make_sample
from servers.hub import LoopbackHub, serve_hub
from servers.hub_repositories import Repository

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.artifacts import Build
from movie_posters_decade.demo.server import serve_on_loopback
from movie_posters_decade.errors import HubError
from movie_posters_decade.hub.access import check_access
from movie_posters_decade.hub.push import COPYRIGHT_REMINDER


def built(sample: SampleCatalogue, folder: Path, name: str) -> Build:
    builder = MoviePostersDecade(
        str(folder), config_name=name, data_files=sample.path, allow_private_hosts=True
    )
    builder.download_and_prepare()
    return builder.built()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def crowd(folder: Path) -> Iterator[SampleCatalogue]:
    """Twenty movies, action and drama, whose posters are all there."""
    host = PosterHost()
    with serve_on_loopback(host.answer) as host.url:
        yield make_sample(folder / "catalogue", host, dict.fromkeys(DECADES, 4))


@pytest.fixture(scope="module")
def push(folder: Path, crowd: SampleCatalogue) -> Iterator[Pusher]:
    with serve_hub() as hub:
        pusher = Pusher(hub, crowd, folder / "home")
        yield pusher
        pusher.end()


@pytest.fixture
def hub(push: Pusher) -> LoopbackHub:
    """The Hub that is pushed to, empty."""
    push.hub.reset()
    return push.hub


@pytest.fixture(scope="module")
def pushed(folder: Path, crowd: SampleCatalogue) -> Iterator[LoopbackHub]:
    """A Hub to which two configurations were pushed, the default one last."""
    with serve_hub() as hub:
        push = Pusher(hub, crowd, folder / "pushed")
        check(push("--config", "drama", audit=True))
        check(push())
        push.end()
        yield hub


def test_pushed_dataset_is_the_built_one_for_whoever_loads_it(
    pushed: LoopbackHub, folder: Path, crowd: SampleCatalogue
) -> None:
    told = json.loads(start(pushed, folder / "reader", "-c", READ, REPO_ID).communicate()[0])
    assert told.pop("labels") == list(DECADES)
    for name in ("action", "drama"):
        build = built(crowd, folder / "cache", name)
        lock = [json.loads(line) for line in build.lock.splitlines()[1:]]
        hashes = {movie["imdb_id"]: movie["sha256"] for movie in lock if "sha256" in movie}
        expected = {
            split: [
                {**example, "image": hashes[example["imdb_id"]]}
                for example in part.cast_column("image", datasets.Image(decode=False))
            ]
            for split, part in build.dataset.items()
        }
        assert told[f"{name} False"] == told[f"{name} True"] == expected
        assert told["features"] == repr(build.dataset["train"].features)
    assert told["None False"] == told["None True"] == told["action False"]


def test_repository_is_private_and_holds_what_tells_of_the_builds(pushed: LoopbackHub) -> None:
    repository = pushed.repositories[REPO_ID]
    assert repository.private
    assert paths(repository) == {
        "LICENSE.md",
        "README.md",
        *beside("action"),
        *beside("drama"),
        *(
            f"{name}/{split}-00000-of-00001.parquet"
            for name in ("action", "drama")
            for split in ("train", "test")
        ),
    }


def test_card_tells_of_all_configurations_and_is_valid(pushed: LoopbackHub) -> None:
    """As `huggingface_hub` has it validated before it commits it."""
    assert ("POST", "/api/validate-yaml") in pushed.requests
    card = pushed.repositories[REPO_ID].files["README.md"].decode()
    assert "Configurations: `action`, `drama`; the first is the default." in card
    assert card.count("default: true") == 1
    for name in ("action", "drama"):
        assert f"](builds/{name}/contact_sheet.jpg)" in card
    assert "tell the decade in `action` was not looked into" in card
    assert "alone tell the decade in `drama` beyond chance" in card


def test_pushed_again_the_repository_is_as_it_was(hub: LoopbackHub, push: Pusher) -> None:
    check(push("--json"))
    before = hub.repositories[REPO_ID].files
    check(push("--json"))
    assert hub.repositories[REPO_ID].files == before


def test_card_of_another_dataset_is_not_replaced(hub: LoopbackHub, push: Pusher) -> None:
    hub.repositories[REPO_ID] = Repository(private=True)
    mine = {"key": "file", "value": {"path": "README.md", "content": b64encode(b"# Mine")}}
    hub.repositories[REPO_ID].commit({"summary": "mine"}, [mine])
    assert sentence(push()) == (
        f"{REPO_ID}: expected a repository of its own for this dataset; found one with another "
        "card, which a push would replace. Name another repository."
    )
    assert paths(hub.repositories[REPO_ID]) == {"README.md"}


def test_metadata_that_others_added_to_the_card_stay(hub: LoopbackHub, push: Pusher) -> None:
    check(push())
    card = hub.repositories[REPO_ID].files["README.md"]
    added = card.replace(b"tags:\n", b"viewer: false\nlanguage: en\ntags:\n- mine\n", 1)
    edit = {"key": "file", "value": {"path": "README.md", "content": b64encode(added)}}
    hub.repositories[REPO_ID].commit({"summary": "edit"}, [edit])
    check(push("--max-per-decade", "3"))
    again = hub.repositories[REPO_ID].files["README.md"].decode()
    for line in ("viewer: false", "language: en", "- mine", "- movie-posters"):
        assert f"\n{line}\n" in again
    assert "15 movie posters" in again


def test_first_that_was_pushed_is_the_default_where_there_is_no_action(
    hub: LoopbackHub, push: Pusher
) -> None:
    check(push("--genres", "drama"))
    check(push("--genres", "drama", "action"))
    card = hub.repositories[REPO_ID].files["README.md"].decode()
    assert "Configurations: `drama`, `action-drama`; the first is the default." in card


def test_push_that_broke_off_is_made_whole_by_the_next(hub: LoopbackHub, push: Pusher) -> None:
    hub.drop_after, hub.drop_status = 1, 403
    told = sentence(push())
    assert told.startswith(
        f"{REPO_ID}: the push broke off: Error while uploading "
        "'action/test-00000-of-00001.parquet' to the Hub."
    )
    assert told.endswith(" Push again: what was uploaded is not uploaded again.")
    assert paths(hub.repositories[REPO_ID]) == set()
    hub.drop_after = hub.drop_status = None
    check(push())
    assert beside("action") < paths(hub.repositories[REPO_ID])
    uploads = [path for method, path in hub.requests if method == "PUT"]
    assert len(uploads) == len(set(uploads)) + 1, "what was uploaded is not uploaded again"


def test_commit_that_is_cut_off_is_made_good_by_the_next(hub: LoopbackHub, push: Pusher) -> None:
    hub.cut_commits = True
    told = sentence(push())
    assert told.startswith(f"The Hub at {hub.url}: cannot be reached: ")
    assert paths(hub.repositories[REPO_ID]) == set()
    hub.cut_commits = False
    check(push())
    uploads = [path for method, path in hub.requests if method == "PUT"]
    assert len(uploads) == len(set(uploads))
    assert beside("action") < paths(hub.repositories[REPO_ID])


def test_without_images_no_poster_is_published(
    hub: LoopbackHub, push: Pusher, folder: Path, crowd: SampleCatalogue
) -> None:
    check(push())
    check(push("--no-images"))
    files = hub.repositories[REPO_ID].files
    posters = {body for _, body in crowd.host.answers.values()}
    for path, content in files.items():
        assert not path.endswith(".jpg")
        assert not any(poster in content for poster in posters), path
    place = folder / "train.parquet"
    place.write_bytes(files["action/train-00000-of-00001.parquet"])
    table = pq.read_table(place)
    assert "image" not in table.column_names
    build = built(crowd, folder / "cache", "action")
    hashes = {json.loads(line).get("sha256") for line in build.lock.splitlines()}
    assert set(table.column("sha256").to_pylist()) < hashes
    assert "Of `action` there are links and hashes alone." in files["README.md"].decode()


def test_public_has_to_be_said_and_is_reminded_of(hub: LoopbackHub, push: Pusher) -> None:
    said = push("--public", "--json")
    assert not hub.repositories[REPO_ID].private
    assert json.loads(check(said))["url"] == f"{hub.url}/datasets/{REPO_ID}"
    assert said.err.endswith(f"{COPYRIGHT_REMINDER}\n")
    refused = push()
    assert sentence(refused) == (
        f"{REPO_ID}: expected a private repository; found a public one. "
        "Change that in its settings on the Hub, say --public (public=True), or name another "
        "repository."
    )
    hub.repositories[REPO_ID].private = True
    refused = push("--public")
    assert sentence(refused) == (
        f"{REPO_ID}: expected a public repository; found a private one. "
        "Change that in its settings on the Hub, leave --public out, or name another repository."
    )


def test_token_that_is_missing_or_wrong_is_told_in_a_sentence(
    hub: LoopbackHub, push: Pusher
) -> None:
    missing = push(HF_TOKEN="")
    assert sentence(missing) == (
        f"The Hub at {hub.url}: expected a token that may write; found none. Log in with "
        "`hf auth login`, or set HF_TOKEN."
    )
    wrong = push(HF_TOKEN="hf_wrong")  # noqa: S106
    assert sentence(wrong) == (
        f"The Hub at {hub.url}: expected a valid token; found one that it refuses. Log in again "
        "with `hf auth login`, or set HF_TOKEN."
    )


@pytest.mark.usefixtures("hub")
def test_owner_that_the_token_is_not_of_is_told_in_a_sentence(push: Pusher) -> None:
    refused = push("--repo-id", "someone/posters")
    assert sentence(refused) == (
        "someone/posters: expected a token that may write there; found one that may not. Name an "
        "owner that it belongs to, or take a token with write access."
    )


def test_hub_that_cannot_be_reached_is_told_in_a_sentence(
    folder: Path, crowd: SampleCatalogue
) -> None:
    push = Pusher(LoopbackHub("http://127.0.0.1:9"), crowd, folder / "home")
    told = sentence(push())
    push.end()
    assert told.startswith("The Hub at http://127.0.0.1:9: cannot be reached: ")
    assert told.endswith(
        f"Push again when it can; what {REPO_ID} has already is not uploaded again."
    )


@pytest.mark.parametrize("repo_id", ["posters", "you/", "/posters", "a/b/c", "you/my posters"])
def test_name_without_owner_is_told_before_anything_is_built(repo_id: str) -> None:
    with pytest.raises(HubError) as error:
        check_access(repo_id)
    assert str(error.value) == (
        f"{repo_id}: expected a repository with its owner, as in you/movie_posters_decade; found "
        "no such name. Name the owner, a slash, and the repository."
    )


def test_build_is_handed_on_with_its_tables(folder: Path, crowd: SampleCatalogue) -> None:
    build = built(crowd, folder / "cache", "action")
    assert (build.name, build.source, build.report.kept) == ("action", "MovieGenre.csv", 20)
    assert set(build.tables) == {"rejected.csv", "movie_posters_decade.lockfile"}
    assert (build.options["genres"], build.options["respect_opt_out"]) == (["action"], True)


def test_build_is_called_by_its_genres(folder: Path, crowd: SampleCatalogue) -> None:
    """So that no configuration is published under the name of another."""
    cache = str(folder / "cache")
    drama = built(crowd, folder / "cache", "drama")
    lock = folder / "drama.lock"
    lock.write_bytes(drama.lock)
    for options, name in (
        ({"lock_file": str(lock)}, "drama"),
        ({"data_files": crowd.path, "genres": ["Drama", "Action"]}, "action-drama"),
    ):
        builder = MoviePostersDecade(cache, allow_private_hosts=True, **options)
        builder.download_and_prepare()
        assert builder.built().name == name


def test_token_of_strange_letters_is_told_in_a_sentence(hub: LoopbackHub, push: Pusher) -> None:
    told = sentence(push(HF_TOKEN="hf_\u0142"))  # noqa: S106
    assert told == (
        f"The Hub at {hub.url}: expected a token of plain letters and digits; found others in it. "
        "Log in again with `hf auth login`, or set HF_TOKEN."
    )
