"""What dies, what is added and how posters are downloaded changes as little as can be."""

import csv
import random
from pathlib import Path
from typing import Any

import pytest
from samples import DECADES, PosterHost, SampleCatalogue, make_sample, paint, row

from movie_posters_decade import MoviePostersDecade

Splits = dict[str, str]


@pytest.fixture
def large_sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Thirty movies of each decade."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 30))


def build(sample: SampleCatalogue, cache: Path, **options: Any) -> MoviePostersDecade:
    builder = MoviePostersDecade(
        str(cache), data_files=sample.path, allow_private_hosts=True, **options
    )
    builder.download_and_prepare()
    return builder


def splits_of(builder: MoviePostersDecade) -> Splits:
    return {
        movie: split
        for split, examples in builder.as_dataset().items()
        for movie in examples["imdb_id"]
    }


def test_links_that_die_move_no_movie_and_change_no_more_than_they_must(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    before = splits_of(build(large_sample, tmp_path / "before", max_per_decade=20))
    dead = set(random.Random(1).sample(sorted(large_sample.paths), 15))
    for movie in dead:
        large_sample.kill(movie)
    builder = build(large_sample, tmp_path / "after", max_per_decade=20)
    after = splits_of(builder)
    assert all(after[movie] == before[movie] for movie in before.keys() & after.keys())
    assert before.keys() - after.keys() == dead & before.keys()
    assert len(after) == len(before)
    for decades in builder.report().splits.values():
        assert len(set(decades.values())) == 1


def test_appended_movies_move_no_more_movies_than_they_are(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    """A movie that is new and of low rank takes the place in test of one that goes to train."""
    before = splits_of(build(large_sample, tmp_path / "before", balance="none"))
    appended = 15
    with large_sample.path.open("a", newline="", encoding="latin-1") as file:
        for number in range(appended):
            path = f"/new/{number}.jpg"
            large_sample.host.answers[path] = (200, paint("1990s", 5000 + number))
            link = large_sample.host.url + path
            year = 1970 + 3 * number
            csv.writer(file).writerow(row(8000 + number, f"New ({year})", "Action", link))
    after = splits_of(build(large_sample, tmp_path / "after", balance="none"))
    assert len(after) == len(before) + appended
    moved = [movie for movie, split in before.items() if after[movie] != split]
    assert 0 < len(moved) <= appended // 3


def test_fewer_per_decade_are_some_of_more(large_sample: SampleCatalogue, tmp_path: Path) -> None:
    few = splits_of(build(large_sample, tmp_path, max_per_decade=10))
    many = splits_of(build(large_sample, tmp_path, max_per_decade=20))
    assert few.items() < many.items()


def test_connections_and_the_order_of_rows_change_no_byte(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    large_sample.kill("tt0001010")

    def arrow_files(builder: MoviePostersDecade) -> list[bytes]:
        return [path.read_bytes() for path in sorted(Path(builder.cache_dir).glob("*.arrow"))]

    one = arrow_files(build(large_sample, tmp_path / "one", connections_per_host=1))
    many = arrow_files(build(large_sample, tmp_path / "many", connections_per_host=64))
    head, *rows = large_sample.path.read_text().splitlines()
    random.Random(2).shuffle(rows)
    large_sample.path.write_text("\n".join([head, *rows]))
    shuffled = arrow_files(build(large_sample, tmp_path / "shuffled"))
    assert one == many == shuffled
