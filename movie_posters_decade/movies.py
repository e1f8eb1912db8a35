"""A movie on its way into the dataset: a candidate, then a usable poster or a rejection."""

from dataclasses import dataclass, fields

from movie_posters_decade.contents import Content
from movie_posters_decade.funnel import RejectReason
from movie_posters_decade.storing import read

SPLITS = ("train", "test")

Stratum = tuple[str, str]
"""The name of a stratum: decade and split, e.g. ("1970s", "train")."""


@dataclass(frozen=True, slots=True)
class Movie:
    """A candidate.

    Attributes:
        imdb_id: such as "tt0114709".
        title: without the year.
        year: of the movie.
        genres: their names.
        imdb_score: 0 to 10, or NaN.
        poster_url: a URL, or a path for a local file.
        decade: such as "1970s".
        rank: its place in the order of everything.
        split: "train" or "test".
    """

    imdb_id: str
    title: str
    year: int
    genres: tuple[str, ...]
    imdb_score: float
    poster_url: str
    decade: str
    rank: int
    split: str

    @property
    def stratum(self) -> Stratum:
        """The decade and the split."""
        return self.decade, self.split

    @property
    def place(self) -> tuple[int, str]:
        """What movies are sorted by."""
        return self.rank, self.poster_url


MOVIE_FIELDS = [field.name for field in fields(Movie)]


@dataclass(frozen=True, slots=True)
class Poster:
    """A movie whose poster can be used.

    Attributes:
        movie: the candidate.
        path: the file that holds the poster as it was downloaded.
        content: what its bytes are known by.
        phash: what it looks like: 64 bits, of which near_duplicates differ in few.
    """

    movie: Movie
    path: str
    content: Content
    phash: int | None = None

    def read(self) -> bytes:
        """Return the poster's bytes, as they were downloaded."""
        return read(self.path)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A movie whose poster was asked for and cannot be used.

    Attributes:
        movie: the candidate.
        reason: why its poster cannot be used.
        status: the HTTP status of the last answer, if there was one.
        final_url: where redirects led, if it was asked for just now.
        duplicate_of: the IMDb id of the movie that is kept with a poster that looks alike.
    """

    movie: Movie
    reason: RejectReason
    status: int | None = None
    final_url: str | None = None
    duplicate_of: str | None = None


def decade_names(min_year: int, max_year: int) -> list[str]:
    """Return the decades that the years touch, in order: 1970 and 1985 give 1970s and 1980s."""
    return [f"{decade}0s" for decade in range(min_year // 10, max_year // 10 + 1)]
