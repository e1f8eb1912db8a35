"""All errors that a user can meet.

MoviePostersError
├── OptionError         an option has an invalid value
├── CatalogueError      the catalogue is missing, unreadable or not a table of movies
├── SelectionError      a stratum has no candidate
├── LockFileError       a lock file is invalid, or posters do not match it
├── DownloadError       posters cannot be stored, or requests are forbidden
├── CollectionError     a stratum has no usable poster
├── BuildError          the cache holds no build, or a damaged one
├── ExportError         the output folder cannot be used
├── AnalysisError       baselines and reports cannot be made
└── HubError            the Hub cannot be reached, or refuses the dataset

A message has one sentence or two: where, what was expected, what was found, what to do.
Control characters in what it quotes are shown escaped.
"""

from movie_posters_decade.terminal import visible

PRIVATE_HINT = (
    "Only http and https links are downloaded; addresses that are not public need "
    "allow_private_hosts=True (--allow-private-hosts), and links that are paths need a catalogue "
    "on this machine."
)
"""What to do about links that are rejected as private addresses."""

OUTSIDE_HINT = (
    "Links that are paths may lead to files in the catalogue's folder alone. If you trust the "
    "catalogue, allow_outside_files=True (--allow-outside-files) lets them lead elsewhere."
)
"""What to do about links that are rejected because they lead out of the catalogue's folder."""


_ALL_FRAMES = "(all frames: import traceback; traceback.print_last())"
"""What a notebook shows below an error's sentence."""


class MoviePostersError(Exception):
    """Base class of all errors that this package raises on purpose.

    A notebook shows its sentence alone, without the frames that lead to it.
    """

    def __str__(self) -> str:
        return visible(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {self}", _ALL_FRAMES]


class OptionError(MoviePostersError, ValueError):
    """An option has an invalid value."""


class CatalogueError(MoviePostersError, ValueError):
    """The catalogue is missing, unreadable or not a table of movies."""


class SelectionError(MoviePostersError, ValueError):
    """A stratum has no candidate."""


class LockFileError(MoviePostersError, ValueError):
    """A lock file is invalid, or posters do not match it."""


class DownloadError(MoviePostersError, OSError):
    """Posters cannot be stored, or requests are forbidden."""


class CollectionError(MoviePostersError, RuntimeError):
    """A stratum has no usable poster."""


class BuildError(MoviePostersError, FileNotFoundError):
    """The cache holds no build, or a damaged one."""


class ExportError(MoviePostersError, OSError):
    """The output folder cannot be used."""


class AnalysisError(MoviePostersError, RuntimeError):
    """Baselines and reports cannot be made: a library is missing, or a second decade."""


class HubError(MoviePostersError, RuntimeError):
    """The Hub cannot be reached, or refuses the dataset."""
