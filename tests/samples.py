"""Sample catalogues with painted posters, and the folder of the real data."""

import csv
import io
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.demo.server import serve_on_loopback
from movie_posters_decade.options.options import Options

COLUMNS = ("imdbId", "Imdb Link", "Title", "IMDB Score", "Genre", "Poster")
DECADES = ("1970s", "1980s", "1990s", "2000s", "2010s")
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@cache
def paint(decade: str, seed: int, mode: str = "RGB") -> bytes:
    """Paint a poster as a JPEG. Its top shows the decade, the rest differs with each seed.

    It has so many fields that perceptual hashes hardly ever propose two as near-duplicates, the
    second look at which takes long.
    """
    chance = random.Random(seed)
    poster = Image.new("RGB", (8, 11))
    poster.putdata([tuple(chance.randbytes(3)) for _ in range(88)])
    poster = poster.resize((91, 134), Image.Resampling.NEAREST)
    poster.paste((40 + 40 * DECADES.index(decade), 0, 220), (0, 0, 91, 30))
    return encode(poster.convert(mode), quality=95)


def encode(image: Image.Image, image_format: str = "JPEG", **options: object) -> bytes:
    """Encode an image in a format of Pillow."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def painted_decade(image: Image.Image) -> str:
    """Read the decade back from a painted poster."""
    red = image.getchannel("R").getpixel((45, 15))
    assert isinstance(red, int)
    return DECADES[round((red - 40) / 40)]


@dataclass
class PosterHost:
    """A poster host on loopback: the answer for each path, and the paths that were requested."""

    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    hold_after: int | None = None
    """The number of requests after which each answer waits for `released`."""
    holding: threading.Event = field(default_factory=threading.Event)
    """Set when the first answer waits."""
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return HTTP status and body for a path."""
        self.requests.append(path)
        if self.hold_after is not None and len(self.requests) > self.hold_after:
            self.holding.set()
            self.released.wait(30)
        return self.answers.get(path, (404, b"Not Found"))

    def release(self) -> None:
        """Send the answers that wait, and let no further one wait."""
        self.hold_after = None
        self.released.set()


@contextmanager
def serve_host() -> Iterator[PosterHost]:
    """Run a host that has no posters yet."""
    host = PosterHost()
    with serve_on_loopback(host.answer) as host.url:
        yield host


@dataclass
class SampleCatalogue:
    """A catalogue file, and the host of its posters.

    Attributes:
        path: of the file.
        host: of its posters.
        paths: the path of each poster on the host, by IMDb id.
    """

    path: Path
    host: PosterHost
    paths: dict[str, str]

    def kill(self, imdb_id: str) -> None:
        """Make a movie's link dead: the host answers with 404."""
        self.host.answers[self.paths[imdb_id]] = (404, b"Not Found")


def make_sample(folder: Path, host: PosterHost, counts: dict[str, int]) -> SampleCatalogue:
    """Write a catalogue of Action movies, and give their posters to the host.

    The first two rows are a drama and a movie of 1950, which a default build drops.

    Args:
        folder: for the catalogue.
        host: for the posters.
        counts: the number of movies of each decade.
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
    """Return a row of a catalogue in Kaggle's columns, for the IMDb id with this number."""
    return number, f"http://www.imdb.com/title/tt{number}", title, score, genres, link


def write_catalogue(
    path: Path, rows: Sequence[Sequence[object]], encoding: str = "latin-1"
) -> Path:
    """Write a catalogue in Kaggle's format, and return its path."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def read_movies(path: Path, **options: Any) -> list[dict[str, Any]]:
    """Read the movies of a catalogue, as one dictionary each."""
    return read_catalogue(path, options=Options(**options)).movies.to_dict("records")  # type: ignore[return-value]
