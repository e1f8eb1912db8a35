"""The world the tests live in: caches of their own, painted posters, a host on loopback."""

import csv
import io
import os
import random
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Set before anything imports datasets, which reads it once.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hf-home-")
os.environ["HF_HUB_OFFLINE"] = "0"

import datasets
import pytest
from PIL import Image

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.demo import serve_on_loopback
from movie_posters_decade.files import read_catalogue
from movie_posters_decade.options import Options

datasets.disable_progress_bars()

COLUMNS = ("imdbId", "Imdb Link", "Title", "IMDB Score", "Genre", "Poster")
DECADES = ("1970s", "1980s", "1990s", "2000s", "2010s")
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def paint(decade: str, seed: int, mode: str = "RGB") -> bytes:
    """Paint a poster whose decade can be read back from its top and which no other resembles."""
    chance = random.Random(seed)
    poster = Image.new("RGB", (6, 8))
    poster.putdata([tuple(chance.randbytes(3)) for _ in range(48)])
    poster = poster.resize((91, 134), Image.Resampling.NEAREST)
    poster.paste((40 + 40 * DECADES.index(decade), 0, 220), (0, 0, 91, 30))
    file = io.BytesIO()
    poster.convert(mode).save(file, "JPEG", quality=95)
    return file.getvalue()


def painted_decade(image: Image.Image) -> str:
    """Read back the decade that `paint` painted."""
    red = image.getchannel("R").getpixel((45, 15))
    assert isinstance(red, int)
    return DECADES[round((red - 40) / 40)]


@dataclass
class PosterHost:
    """A poster host on loopback: what it answers by path, and what it was asked for."""

    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    hold_after: int | None = None
    """After how many requests nothing is answered until `released` is set."""
    holding: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str) -> tuple[int, bytes]:
        self.requests.append(path)
        if self.hold_after is not None and len(self.requests) > self.hold_after:
            self.holding.set()
            self.released.wait(30)
        return self.answers.get(path, (404, b"Not Found"))


@pytest.fixture
def host() -> Iterator[PosterHost]:
    """A host without posters, to be given some."""
    host = PosterHost()
    with serve_on_loopback(host.answer) as host.url:
        yield host


@dataclass
class World:
    """A catalogue file and the host that its links lead to."""

    catalogue: Path
    host: PosterHost
    paths: dict[str, str]
    """The path of each movie's poster on the host, by IMDb id."""

    def kill(self, imdb_id: str) -> None:
        """Let a movie's link be dead."""
        self.host.answers[self.paths[imdb_id]] = (404, b"Not Found")


@pytest.fixture
def world(tmp_path: Path, host: PosterHost) -> World:
    """Thirty Action movies of 1970 to 2017, six of each decade, whose posters are all there."""
    return make_world(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 6))


@pytest.fixture
def dataset(world: World, tmp_path: Path) -> datasets.DatasetDict:
    """What is built of these movies."""
    builder = MoviePostersDecade(
        str(tmp_path / "cache"), data_files=world.catalogue, allow_private_hosts=True
    )
    builder.download_and_prepare()
    return builder.as_dataset()


def make_world(folder: Path, host: PosterHost, counts: dict[str, int]) -> World:
    """Write a catalogue of so many Action movies of each decade, and give the host their posters.

    The catalogue begins with a drama, and a movie of 1950, which nobody should want.
    """
    rows = [row(1, "Quiet (1994)", "Drama", f"{host.url}/1.jpg")]
    rows += [row(2, "Old (1950)", "Action", f"{host.url}/2.jpg")]
    paths = {}
    for decade, count in counts.items():
        for _ in range(count):
            number = len(rows) + 1000
            year = int(decade[:4]) + number % 8
            path = f"/{decade}/{number}.jpg"
            rows.append(row(number, f"Movie {number} ({year})", "Action|Drama", host.url + path))
            host.answers[path] = (200, paint(decade, number))
            paths[f"tt{number:07}"] = path
    folder.mkdir(parents=True, exist_ok=True)
    return World(write_catalogue(folder / "MovieGenre.csv", rows), host, paths)


def row(number: int, title: str, genres: str, link: str, score: str = "7.5") -> tuple[object, ...]:
    """Return a row of a catalogue in Kaggle's columns."""
    return number, f"http://www.imdb.com/title/tt{number}", title, score, genres, link


def write_catalogue(path: Path, rows: list[tuple[object, ...]], encoding: str = "latin-1") -> Path:
    """Write a catalogue as Kaggle does."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


@pytest.fixture
def real_catalogue() -> Path:
    """The real catalogue, where it is."""
    catalogue = REAL_DATA / "MovieGenre.csv"
    if not catalogue.is_file():
        pytest.skip("the folder shared/data with the real catalogue and posters is absent")
    return catalogue


def read_movies(path: Path, **options: Any) -> list[dict[str, Any]]:
    return read_catalogue(path, options=Options(**options)).movies.to_dict("records")  # type: ignore[return-value]
