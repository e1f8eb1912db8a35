"""Sources: the fallbacks that the options name, and how long their queries take."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from movie_posters_decade.catalogue import expand_home
from movie_posters_decade.crop_code import scale_link
from movie_posters_decade.download import DownloadCache
from movie_posters_decade.download.pace import Pace
from movie_posters_decade.fallbacks.fallback import Fallback
from movie_posters_decade.fallbacks.table import read_fallback_table
from movie_posters_decade.fallbacks.wayback import INDEX_PACE, PLAYBACK_PACE, Wayback
from movie_posters_decade.options.options import WAYBACK
from movie_posters_decade.records import Movie, is_url
from movie_posters_decade.report.recovery import ArchiveEstimate


@dataclass(frozen=True)
class ArchivePaces:
    """The paces of the requests to the Wayback Machine."""

    index: Pace = INDEX_PACE
    playback: Pace = PLAYBACK_PACE  # of captures


def open_fallbacks(
    names: Sequence[str], movies: Iterable[Movie], archive: Callable[[], Wayback]
) -> list[Fallback]:
    """Open the fallbacks that an option names, in their order.

    Args:
        names: "wayback", or the paths of tables.
        movies: the candidates.
        archive: opens the index of the Wayback Machine.

    Raises:
        CatalogueError: a table cannot be read, or is none of other addresses.
    """
    ids = {movie.poster_url: movie.imdb_id for movie in movies} if names else {}
    return [
        archive() if name == WAYBACK else read_fallback_table(expand_home(name), ids)
        for name in names
    ]


def estimate(
    links: Iterable[str], scale: int, cache: DownloadCache, archive: Wayback
) -> ArchiveEstimate:
    """Estimate for how many links the archive would be queried, from what the cache knows."""
    urls = [link for link in links if is_url(link)]
    dead = [link for link in urls if cache.not_found_status(link) is not None]
    left = [
        link
        for link in urls
        if not any(cache.path(one).exists() for one in (link, scale_link(link, scale)))
    ]
    pace = archive.pace
    return ArchiveEstimate(
        len(dead) - archive.answered(dead),
        len(left) - archive.answered(left),
        round(60 * pace.requests / pace.seconds),
    )
