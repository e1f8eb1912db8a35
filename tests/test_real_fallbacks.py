"""Fallbacks on the real catalogue: an archive on loopback holds half of the dead posters.

The posters that come back are painted; the links, and the living posters, are the real ones.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_builds import QuickBuilder, encoded_examples
from samples import DECADES, REAL_DATA, paint, read_movies
from servers.archive import Archive

from movie_posters_decade import MoviePostersDecade

pytestmark = pytest.mark.real

POSTERS = REAL_DATA / "images" / "M"


@pytest.fixture
def archive(real_catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """The real posters of action movies, and painted captures of every second dead link."""
    posters: dict[str, tuple[int, bytes]] = {}
    captures: dict[str, Any] = {}
    action = [one for one in read_movies(real_catalogue) if "Action" in one["genres"]]
    for number, movie in enumerate(action):
        link = movie["poster_url"]
        file = POSTERS / link.rsplit("/", 1)[-1]
        if file.is_file():
            posters[link] = (200, file.read_bytes())
        elif number % 2:
            captures[link] = [("20170101000000", paint(DECADES[number % 5], number))]
    archive = Archive(captures, posters)
    with archive as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield archive


def build(catalogue: Path, cache: Path, **options: Any) -> MoviePostersDecade:
    builder = QuickBuilder(str(cache), data_files=str(catalogue), **options)
    builder.download_and_prepare()
    return builder


def rows_of(builder: MoviePostersDecade) -> dict[str, list[dict[str, Any]]]:
    return encoded_examples(builder.as_dataset())


def test_dead_posters_of_the_sample_come_back(
    real_catalogue: Path, archive: Archive, tmp_path: Path
) -> None:
    plain = build(real_catalogue, tmp_path / "plain", max_per_decade=25)
    builder = build(real_catalogue, tmp_path / "recovered", fallbacks="wayback", max_per_decade=25)
    report, rows = builder.report(), rows_of(builder)
    assert report.kept > 2 * plain.report().kept
    assert report.kept + sum(report.dropped.values()) == report.funnel["rows"]
    for some in rows.values():
        assert len(set(Counter(one["label"] for one in some).values())) == 1
    splits = {one["imdb_id"]: split for split, some in rows_of(plain).items() for one in some}
    for split, some in rows.items():
        assert all(splits.get(one["imdb_id"], split) == split for one in some)
    sources = Counter(one["source"] for some in rows.values() for one in some)
    assert report.recovery is not None
    assert report.recovery.recovered == {"wayback": sources["wayback"]}
    assert set(archive.index_requests.values()) == {1}
