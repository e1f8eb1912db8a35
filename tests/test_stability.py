"""Dead links, new movies and the way of the download change as few movies as possible."""

import csv
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sample_builds import arrow_files, build_sample, make_builder
from samples import DECADES, PosterHost, SampleCatalogue, make_sample, paint, row

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import REJECTED_FILE


@pytest.fixture
def large_sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Twelve movies of each decade."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 12))


def splits_by_id(builder: MoviePostersDecade) -> dict[str, str]:
    """Return the split of each kept movie, by IMDb id."""
    return {
        movie: split
        for split, examples in builder.as_dataset().items()
        for movie in examples["imdb_id"]
    }


def test_dead_links_move_no_movie_and_remove_only_their_own(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    before = splits_by_id(build_sample(large_sample, tmp_path / "before", max_per_decade=5))
    dead = set(random.Random(1).sample(sorted(large_sample.paths), 6))
    for movie in dead:
        large_sample.kill(movie)
    builder = build_sample(large_sample, tmp_path / "after", max_per_decade=5)
    after = splits_by_id(builder)
    assert all(after[movie] == before[movie] for movie in before.keys() & after.keys())
    assert before.keys() - after.keys() == dead & before.keys()
    assert len(after) == len(before)
    for decades in builder.report().splits.values():
        assert len(set(decades.values())) == 1


def test_new_movies_move_at_most_as_many_others(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    """A new movie of low rank joins test, and the one of the highest rank there moves to train."""
    before = splits_by_id(build_sample(large_sample, tmp_path / "before", balance="none"))
    appended = 15
    with large_sample.path.open("a", newline="", encoding="latin-1") as file:
        for number in range(appended):
            path = f"/new/{number}.jpg"
            large_sample.host.answers[path] = (200, paint("1990s", 5000 + number))
            link = large_sample.host.url + path
            year = 1970 + 3 * number
            csv.writer(file).writerow(row(8000 + number, f"New ({year})", "Action", link))
    after = splits_by_id(build_sample(large_sample, tmp_path / "after", balance="none"))
    assert len(after) == len(before) + appended
    moved = [movie for movie, split in before.items() if after[movie] != split]
    assert 0 < len(moved) <= appended // 3


def test_smaller_sample_is_a_part_of_a_larger_one(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    few = splits_by_id(build_sample(large_sample, tmp_path, max_per_decade=4))
    many = splits_by_id(build_sample(large_sample, tmp_path, max_per_decade=8))
    assert few.items() < many.items()


def test_workers_change_no_byte(large_sample: SampleCatalogue, tmp_path: Path) -> None:
    large_sample.kill("tt0001010")
    build_sample(large_sample, tmp_path / "here")
    build_sample(large_sample, tmp_path / "processes", workers=2)
    with ThreadPoolExecutor(2) as executor:
        builder = make_builder(large_sample, tmp_path / "threads", executor=executor)
        builder.download_and_prepare(num_proc=2)
    here, processes, threads = (
        (arrow_files(tmp_path / name), rejected(tmp_path / name))
        for name in ("here", "processes", "threads")
    )
    assert here == processes
    assert here[1] == threads[1]


def rejected(cache: Path) -> str:
    """Return the table of rejected candidates of the only build in a cache."""
    [path] = cache.rglob(REJECTED_FILE)
    return path.read_text()


def test_number_of_connections_and_order_of_rows_change_no_byte(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    large_sample.kill("tt0001010")
    build_sample(large_sample, tmp_path / "one", connections_per_host=1)
    build_sample(large_sample, tmp_path / "many", connections_per_host=64)
    head, *rows = large_sample.path.read_text().splitlines()
    random.Random(2).shuffle(rows)
    large_sample.path.write_text("\n".join([head, *rows]))
    build_sample(large_sample, tmp_path / "shuffled")
    one, many, shuffled = (arrow_files(tmp_path / name) for name in ("one", "many", "shuffled"))
    assert len(one) == 2
    assert one == many == shuffled
