"""The posters of movies, wherever they are: on the network or on this machine."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from movie_posters_decade.addresses import is_url
from movie_posters_decade.funnel import RejectReason
from movie_posters_decade.keeping import examine
from movie_posters_decade.movies import Movie, Poster, Rejection
from movie_posters_decade.outcomes import Missed, Outcome


@dataclass(frozen=True)
class Posters:
    """Brings the posters of movies and finds those that can be used.

    Attributes:
        download: brings those that are on the network, examined: URLs in, in any order an outcome
            for each out.
        color: "rgb" to refuse black-and-white posters among the files, "any" to accept them.
        folder: where paths start from; None if links may not be paths.
    """

    download: Callable[[Sequence[str]], Generator[Outcome, None, None]]
    color: str = "rgb"
    folder: Path | None = None

    def bring(self, movies: Sequence[Movie]) -> Generator[Poster | Rejection, None, None]:
        """Yield for each movie its poster or its rejection, as they come in."""
        by_link = {movie.poster_url: movie for movie in movies}
        urls = [link for link in by_link if is_url(link)]
        paths = [link for link in by_link if not is_url(link)]
        with closing(self.download(urls)) as downloaded:
            for outcome in chain(map(self._look_up, paths), downloaded):
                movie = by_link[outcome.url]
                if isinstance(outcome, Missed):
                    yield Rejection(movie, outcome.reason, outcome.status, outcome.final_url)
                else:
                    yield Poster(movie, outcome.path, outcome.content, outcome.phash)

    def _look_up(self, link: str) -> Outcome:
        if self.folder is None:
            return Missed(link, RejectReason.PRIVATE_ADDRESS)
        path = self.folder / link
        try:
            examined = examine(path.read_bytes(), self.color)
        except OSError:
            return Missed(link, RejectReason.NOT_FOUND)
        return examined.outcome(link, str(path))
