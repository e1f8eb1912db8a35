"""A sample catalogue, painted posters, and the real data where they are."""

import csv
import io
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.config import Options

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
    return encode(poster.convert(mode), quality=95)


def encode(image: Image.Image, image_format: str = "JPEG", **options: object) -> bytes:
    """Encode an image in a format of Pillow."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
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


@dataclass
class SampleCatalogue:
    """A catalogue file and the host that its links lead to."""

    path: Path
    host: PosterHost
    paths: dict[str, str]
    """The path of each movie's poster on the host, by IMDb id."""

    def kill(self, imdb_id: str) -> None:
        """Let a movie's link be dead."""
        self.host.answers[self.paths[imdb_id]] = (404, b"Not Found")


def make_sample(folder: Path, host: PosterHost, counts: dict[str, int]) -> SampleCatalogue:
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
    return SampleCatalogue(write_catalogue(folder / "MovieGenre.csv", rows), host, paths)


def row(number: int, title: str, genres: str, link: str, score: str = "7.5") -> tuple[object, ...]:
    """Return a row of a catalogue in Kaggle's columns."""
    return number, f"http://www.imdb.com/title/tt{number}", title, score, genres, link


def write_catalogue(path: Path, rows: list[tuple[object, ...]], encoding: str = "latin-1") -> Path:
    """Write a catalogue as Kaggle does."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def read_movies(path: Path, **options: Any) -> list[dict[str, Any]]:
    return read_catalogue(path, options=Options(**options)).movies.to_dict("records")  # type: ignore[return-value]
