"""Descriptors: how many connections a process may have, by how many files it may have open."""

from movie_posters_decade.errors import DownloadError
from movie_posters_decade.io import open_files, raise_open_files

MAX_CONNECTIONS = 1024
"""To all hosts together, of one process, where it may open enough files."""

MAX_LOOKUPS = 64
"""Host names that are looked up at a time, at most."""

SPARE = 16
"""Descriptors for all else: the event loop, certificates, the file that is written, progress."""

_EACH = 2
"""Descriptors of a connection, which may try IPv4 and IPv6 at once, and those of a lookup."""


def connection_limit() -> int:
    """Return how many connections to all hosts together this process may have.

    Connections that are kept alive count, too. The limit of open files is raised first, where the
    system allows it.

    Raises:
        DownloadError: too few files may be open for any connection.
    """
    taken = open_files()
    limit = raise_open_files(taken + SPARE + _EACH * (MAX_CONNECTIONS + MAX_LOOKUPS))
    pairs = (limit - taken - SPARE) // _EACH
    if pairs < 2:
        raise DownloadError(
            f"Open files: expected a limit of at least {taken + SPARE + 2 * _EACH}; found "
            f"{limit}, of which {taken} are open. Run `ulimit -n 1024` and build again."
        )
    return min(MAX_CONNECTIONS, max(pairs // 2, pairs - MAX_LOOKUPS))


def lookup_limit(connections: int) -> int:
    """Return how many host names may be looked up at a time, beside so many connections."""
    return min(MAX_LOOKUPS, connections)
