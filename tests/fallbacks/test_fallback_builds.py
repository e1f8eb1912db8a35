"""Whole builds with fallbacks and larger posters, against a loopback archive."""

import csv
import io
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sample_builds import QuickBuilder, encoded_examples
from samples import DECADES, encode, paint, row, write_catalogue
from servers.archive import Archive, answer
from servers.faulty import Request

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import REJECTED_FILE
from movie_posters_decade.errors import CatalogueError

HOST = "http://posters.movie-posters-decade.org"
TIMESTAMP = "20150314092653"
MOVIES = 8


def link_of(number: int, code: str = "_V1_UX182_CR0,0,182,268_AL_") -> str:
    return f"{HOST}/M/{number}@@.{code}.jpg"


class World:
    """A catalogue of which most links of the 1970s are dead, and an archive that holds some."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive({}, {})
        self.captures: dict[str, Any] = {}
        self.posters: dict[str, tuple[int, bytes]] = {}
        rows = []
        self.dead: list[str] = []
        for place, decade in enumerate(DECADES):
            for number in range(100 * place + 1, 100 * place + MOVIES + 1):
                link, content = link_of(number), paint(decade, number)
                rows.append(row(number, f"Movie {number} ({decade[:4]})", "Action", link))
                if decade == "1970s" and number % 2:
                    self.dead.append(link)
                    if number % 4 == 1:
                        self.captures[link] = [(TIMESTAMP, content)]
                else:
                    self.posters[link] = (200, content)
        self.catalogue = write_catalogue(folder / "MovieGenre.csv", rows)
        self.archive = Archive(self.captures, self.posters)

    def builder(self, cache: Path, **options: Any) -> MoviePostersDecade:
        settings: dict[str, Any] = {"data_files": str(self.catalogue), "test_size": 0.34} | options
        return QuickBuilder(str(cache), **settings)

    def build(self, cache: Path, **options: Any) -> MoviePostersDecade:
        builder = self.builder(cache, **options)
        builder.download_and_prepare()
        return builder


@contextmanager
def running_world(folder: Path) -> Iterator[World]:
    """Run the archive of a new world, to which the environment's proxies lead."""
    world = World(folder)
    with world.archive as environment, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_world(tmp_path) as world:
        yield world


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, MoviePostersDecade]:
    """A build with posters from the archive, and its world; tests only read them."""
    folder = tmp_path_factory.mktemp("recovered")
    with running_world(folder) as world:
        return world, world.build(folder, fallbacks="wayback")


def examples(builder: MoviePostersDecade) -> dict[str, list[dict[str, Any]]]:
    return encoded_examples(builder.as_dataset())


def test_dead_posters_come_back_and_no_movie_changes_its_split(
    world: World, recovered: tuple[World, MoviePostersDecade], tmp_path: Path
) -> None:
    plain, (_, builder) = world.build(tmp_path), recovered
    assert builder.report().kept > plain.report().kept
    splits = {one["imdb_id"]: split for split, some in examples(plain).items() for one in some}
    for split, some in examples(builder).items():
        assert len(set(Counter(one["label"] for one in some).values())) == 1
        for one in some:
            assert splits.get(one["imdb_id"], split) == split


def test_each_poster_says_where_it_came_from(recovered: tuple[World, MoviePostersDecade]) -> None:
    world, builder = recovered
    rows = [one for some in examples(builder).values() for one in some]
    for one in rows:
        link = one["poster_url"]
        is_dead = link in world.dead
        archived = f"https://web.archive.org/web/{TIMESTAMP}id_/{link}"
        assert one["source"] == ("wayback" if is_dead else "catalogue")
        assert one["downloaded_url"] == (archived if is_dead else link)
    sources = Counter(one["source"] for one in rows)
    recovery = builder.report().recovery
    assert recovery is not None
    assert recovery.recovered == {"wayback": sources["wayback"]}
    of_1970s = [one["source"] for one in rows if one["year"] < 1980]
    assert recovery.fallback_share["1970s"] == of_1970s.count("wayback") / len(of_1970s)
    assert recovery.fallback_share["2010s"] == 0
    report = builder.report()
    assert report.kept + sum(report.dropped.values()) == report.funnel["rows"]


def test_the_rejected_list_says_what_the_fallbacks_gave(
    recovered: tuple[World, MoviePostersDecade],
) -> None:
    _, builder = recovered
    table = builder.built().tables[REJECTED_FILE].decode()
    rejected = list(csv.DictReader(io.StringIO(table)))
    assert {(one["reason"], one["tried"]) for one in rejected} == {
        ("not_found", "wayback: not there")
    }


def test_two_builds_and_one_from_the_lock_file_are_the_same(world: World, tmp_path: Path) -> None:
    one = world.build(tmp_path / "one", fallbacks="wayback", poster_scale=2)
    other = world.build(tmp_path / "other", fallbacks="wayback", poster_scale=2)
    assert examples(one) == examples(other)
    assert one.built().lock_file == other.built().lock_file
    lock = tmp_path / "build.lock"
    lock.write_bytes(one.built().lock_file)
    world.archive.index_requests.clear()
    locked = QuickBuilder(str(tmp_path / "locked"), lock_file=str(lock))
    locked.download_and_prepare()
    assert examples(locked) == examples(one)
    assert not world.archive.index_requests


def test_no_capture_is_requested_after_the_index_refused(world: World, tmp_path: Path) -> None:
    busy = answer(b"", "429 Too Many Requests", "Retry-After: 0\r\n")
    world.archive.index_faults[world.dead[-1]] = busy
    world.build(tmp_path / "one", fallbacks="wayback")
    assert world.archive.index_requests[world.dead[-1]] == 2
    assert world.archive.playback_requests.total() == 0
    world.archive.index_faults.clear()
    world.build(tmp_path / "two", fallbacks="wayback")
    assert world.archive.playback_requests.total() > 0


def test_a_second_build_queries_the_archive_for_nothing(world: World, tmp_path: Path) -> None:
    world.build(tmp_path, fallbacks="wayback")
    assert set(world.archive.index_requests.values()) == {1}
    before = world.archive.requests.total()
    builder = world.builder(tmp_path, fallbacks="wayback", max_per_decade=5)
    builder.download_and_prepare()
    assert world.archive.requests.total() == before


def test_a_plan_sends_no_request_and_says_how_long_the_archive_takes(
    world: World, tmp_path: Path
) -> None:
    plan = world.builder(tmp_path, fallbacks="wayback").plan()
    assert plan.archive is not None
    assert (plan.archive.dead, plan.archive.at_most) == (0, 5 * MOVIES)
    assert not world.archive.requests
    world.build(tmp_path)
    before = world.archive.requests.total()
    plan = world.builder(tmp_path, fallbacks="wayback").plan()
    assert plan.archive is not None
    assert plan.archive.dead == len(world.dead)
    assert f"look up {len(world.dead)} links at the Wayback Machine" in str(plan)
    assert world.archive.requests.total() == before


def test_a_table_with_one_picture_for_many_ids_recovers_none(world: World, tmp_path: Path) -> None:
    world.posters[f"{HOST}/same.jpg"] = (200, paint("1990s", 77))
    rows = [f"{number},{HOST}/same.jpg" for number in range(1, MOVIES + 1)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["imdb_id,poster_url", *rows]))
    plain = world.build(tmp_path / "plain")
    builder = world.build(tmp_path / "table", fallbacks=str(table))
    assert examples(builder) == examples(plain)
    assert builder.report().rejected == {"placeholder": len(world.dead)}


def test_a_changed_table_gives_another_build(world: World, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"imdb_id,poster_url\n1,{HOST}/a.jpg\n")
    one = world.builder(tmp_path, fallbacks=str(table))
    table.write_text(f"imdb_id,poster_url\n1,{HOST}/b.jpg\n")
    assert world.builder(tmp_path, fallbacks=str(table)).cache_dir != one.cache_dir


def test_a_table_that_changes_after_the_builder_was_created_is_an_error(
    world: World, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"imdb_id,poster_url\n1,{HOST}/a.jpg\n")
    builder = world.builder(tmp_path, fallbacks=str(table))
    table.write_text(f"imdb_id,poster_url\n1,{HOST}/b.jpg\n")
    with pytest.raises(CatalogueError, match="found other content"):
        builder.download_and_prepare()


def test_a_plan_reads_the_tables(world: World, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("imdb_id,poster_url\n1,a.jpg\n")
    with pytest.raises(CatalogueError, match="row 1"):
        world.builder(tmp_path, fallbacks=str(table)).plan()


def test_a_stream_recovers_the_same_posters(
    world: World, recovered: tuple[World, MoviePostersDecade], tmp_path: Path
) -> None:
    _, builder = recovered
    stream = world.builder(tmp_path, fallbacks="wayback").as_streaming_dataset()
    streamed = {one["imdb_id"]: one["downloaded_url"] for one in stream["test"]}
    assert streamed == {one["imdb_id"]: one["downloaded_url"] for one in examples(builder)["test"]}


def test_larger_posters_are_counted(world: World, tmp_path: Path) -> None:
    link, other = link_of(401), link_of(402)
    code = "_V1_UX364_CR0,0,364,536_AL_"
    world.posters[link_of(401, code)] = (200, paint("2010s", 401))
    large = Image.open(io.BytesIO(paint("2010s", 403))).resize((364, 536))
    world.posters[link_of(403, code)] = (200, encode(large))
    builder = world.build(tmp_path, poster_scale=2, balance="none")
    found = {one["poster_url"]: one for some in examples(builder).values() for one in some}
    assert found[link]["downloaded_url"] == link_of(401, code)
    assert found[other]["downloaded_url"] == other
    recovery = builder.report().recovery
    assert recovery is not None
    assert recovery.scaled == {"from_original": len(found) - 2, "larger": 1, "not_larger": 1}


def test_a_build_with_fallbacks_warns_that_the_source_tells_the_decade(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world.build(tmp_path / "plain")
    assert "not spread evenly" not in caplog.text
    world.build(tmp_path / "recovered", fallbacks="wayback")
    assert "export --image-size 224x224" in caplog.text


def test_fallbacks_are_checked_against_living_links(world: World, tmp_path: Path) -> None:
    for decade, number in (("2010s", 401), ("2000s", 301)):
        world.captures[link_of(number)] = [(TIMESTAMP, paint(decade, number))]
    world.captures[link_of(402)] = [(TIMESTAMP, paint("1980s", 5))]
    agreements = world.builder(tmp_path, fallbacks="wayback").check_fallbacks()
    found = {one.decade: (one.living, one.found, one.alike) for one in agreements}
    assert {one.unanswered for one in agreements} == {0}
    assert found["2010s"] == (MOVIES, 2, 1)
    assert found["2000s"] == (MOVIES, 1, 1)
    assert found["1980s"] == (MOVIES, 0, 0)
    assert json.loads(json.dumps(agreements[-1].to_json()))["share"] == 0.5


def test_the_archive_may_want_to_know_whom_to_write_to(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world.build(tmp_path / "named", fallbacks="wayback", user_agent="test (me@example.org)")
    assert "address for questions" not in caplog.text
    assert any(b"test (me@example.org)" in head for head in world.archive.heads)
    world.build(tmp_path / "unnamed", fallbacks="wayback")
    assert caplog.text.count("address for questions") == 1


KILLED = """
import sys
sys.path[:0] = sys.argv[3:]
from sample_builds import QuickBuilder
QuickBuilder(sys.argv[1], data_files=sys.argv[2], test_size=0.34, fallbacks="wayback"
             ).download_and_prepare()
"""


def test_a_build_that_was_killed_sends_no_answered_query_again(
    world: World, tmp_path: Path
) -> None:
    asked, goes_on = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        asked.set()
        goes_on.wait(60)
        request.hang_up()

    last = world.dead[-1]
    world.archive.index_faults[last] = hold
    words = [sys.executable, "-c", KILLED, str(tmp_path), str(world.catalogue), *sys.path]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as build:
        assert asked.wait(60)
        build.kill()
    goes_on.set()
    del world.archive.index_faults[last]
    answered = set(world.archive.index_requests) - {last}
    assert answered
    requested = {url: count for url, count in world.archive.requests.items() if HOST in url}
    world.build(tmp_path, fallbacks="wayback")
    assert {world.archive.index_requests[link] for link in answered} == {1}
    assert world.archive.index_requests[last] == 2
    posters = {url for url in requested if url.startswith(HOST)}
    assert {world.archive.requests[url] for url in posters} == {1}
