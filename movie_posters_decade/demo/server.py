"""A painted catalogue with known flaws, and a loopback server for its posters.

A demo build takes the real path from catalogue to dataset, without any network. The links name a
host that cannot exist, and the loopback server answers for it as a proxy. So the links, and with
them the cache and the examples, are the same in every run, whatever port the server has.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from movie_posters_decade.demo.paint import encode_jpeg, paint_poster

HOST = "http://posters.movie-posters-decade.invalid"

_FIRST_ID = 9_900_000_000  # IMDb has not reached it
_MOVIES_BY_DECADE = {1960: 20, 1970: 80, 1980: 88, 1990: 100, 2000: 110, 2010: 72}
_DEAD_SHARE_BY_DECADE = {1970: 0.3, 1980: 0.25, 1990: 0.2, 2000: 0.15, 2010: 0.1}
_FLAWS = ("grayscale", "grayscale stored as RGB", "truncated", "web page", "empty", "copy")
_FLAWED_SHARE = 0.1

_ADJECTIVES = "Last Silent Crimson Broken Golden Hidden Iron Midnight Savage Endless"
_NOUNS = "Harbor River Empire Horizon Promise Winter Signal Garden Thunder Mirror"
_GENRES = ("Action", "Action|Thriller", "Action|Sci-Fi", "Action|Comedy", "Drama", "Comedy")

Answer = Callable[[str], tuple[int, bytes]]
"""Answers a request: takes a path, returns an HTTP status and a body."""


@dataclass(frozen=True)
class PaintedMovie:
    """An invented movie."""

    imdb_id: int  # a number that IMDb has not reached
    title: str  # with the year in parentheses, as in catalogues, or without
    year: int
    genres: str  # joined by "|"
    flaw: str  # of its poster: "dead", one of the other flaws, or ""

    @property
    def path(self) -> str:
        """The path of its poster's link."""
        return f"/{self.year // 10}0s/{self.imdb_id}.jpg"


@cache
def paint_movies() -> tuple[PaintedMovie, ...]:
    """Return the movies of the painted catalogue, the same in every run."""
    chance = random.Random("movie_posters_decade")
    movies: list[PaintedMovie] = []
    for decade, count in _MOVIES_BY_DECADE.items():
        for _ in range(count):
            year = decade + chance.randrange(10 if decade < 2010 else 8)
            name = f"The {chance.choice(_ADJECTIVES.split())} {chance.choice(_NOUNS.split())}"
            movies.append(
                PaintedMovie(
                    imdb_id=_FIRST_ID + len(movies),
                    title=f"{name} ({year})" if chance.random() > 0.02 else name,
                    year=year,
                    genres=chance.choice(_GENRES),
                    flaw=_choose_flaw(chance, _DEAD_SHARE_BY_DECADE.get(decade, 0.0)),
                )
            )
    return tuple(movies)


def _choose_flaw(chance: random.Random, dead_share: float) -> str:
    if chance.random() < dead_share:
        return "dead"
    return chance.choice(_FLAWS) if chance.random() < _FLAWED_SHARE else ""


def paint_catalogue() -> bytes:
    """Return the painted catalogue as a CSV table with Kaggle's columns.

    Beside the movies it holds rows without a poster, and rows that share one poster link.
    """
    rows = [_row(movie, HOST + movie.path) for movie in paint_movies()]
    without_poster = [_row(movie, "") for movie in paint_movies()[20::60]]
    sharing = [_row(movie, f"{HOST}/shared.jpg") for movie in paint_movies()[30::60]]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["imdbId", "Imdb Link", "Title", "IMDB Score", "Genre", "Poster"])
    writer.writerows(rows + without_poster + sharing)
    return text.getvalue().encode()


def _row(movie: PaintedMovie, link: str) -> list[object]:
    score = 3 + movie.imdb_id % 60 / 10
    page = f"http://www.imdb.com/title/tt{movie.imdb_id}"
    return [movie.imdb_id, page, movie.title, score, movie.genres, link]


def answer_for_poster(path: str) -> tuple[int, bytes]:
    """Answer a request for a painted poster, with its flaw."""
    movie = _movies_by_path().get(path)
    if movie is None or movie.flaw == "dead":
        return 404, b"Not Found"
    if movie.flaw == "web page":
        return 200, b"<!doctype html><title>Moved</title>"
    if movie.flaw == "empty":
        return 200, b""
    if movie.flaw == "copy":
        before = paint_movies()[movie.imdb_id - _FIRST_ID - 1]
        return 200, encode_jpeg(paint_poster(before.title, before.year, before.imdb_id), quality=60)
    poster = paint_poster(movie.title, movie.year, movie.imdb_id)
    if movie.flaw.startswith("grayscale"):
        poster = poster.convert("L")
    if movie.flaw == "grayscale stored as RGB":
        poster = poster.convert("RGB")
    content = encode_jpeg(poster)
    return 200, content[: len(content) // 2] if movie.flaw == "truncated" else content


@cache
def _movies_by_path() -> dict[str, PaintedMovie]:
    return {movie.path: movie for movie in paint_movies()}


@contextmanager
def serve() -> Iterator[dict[str, str]]:
    """Serve the painted posters, and give the proxies that lead there, by scheme."""
    with serve_on_loopback(answer_for_poster) as url:
        yield {"http": url}


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # with the default of 5, many clients at once wait a second

    def handle_error(self, *_: Any) -> None:
        """Print nothing when a client closes its connection."""


@contextmanager
def serve_on_loopback(answer: Answer) -> Iterator[str]:
    """Serve answers over HTTP on a free port of 127.0.0.1, and give the server's URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            # A proxy receives a whole URL, any other server a path.
            status, body = answer(urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing: standard error is for the user."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
