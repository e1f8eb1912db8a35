"""Every failure a user can meet.

MoviePostersError
├── OptionError         an option has a value that cannot be used
├── CatalogueError      the catalogue is missing, unreadable or not a table of movies
├── SelectionError      no movie is left for a decade or a split
├── LockError           a lock file cannot be used, or posters are not as it says
├── DownloadError       posters cannot be stored, or may not be asked for
├── CollectionError     no usable poster is left for a decade and split
├── BuildError          there is no build in the cache, or a damaged one
├── ExportError         the folder to write into cannot be used
├── EvidenceError       baselines and reports cannot be made
└── HubError            the Hub cannot be reached, or does not let a dataset be published

Each message is one sentence or two: where, what was expected, what was found, what to do.
"""

PRIVATE = (
    "Only http and https are spoken; addresses that are not public are asked only with "
    "allow_private_hosts=True (--allow-private-hosts), and paths taken only from a catalogue on "
    "this machine."
)
"""What to do about addresses that are forbidden."""


class MoviePostersError(Exception):
    """Base of all errors that this package raises on purpose."""


class OptionError(MoviePostersError, ValueError):
    """An option has a value that cannot be used."""


class CatalogueError(MoviePostersError, ValueError):
    """The catalogue is missing, unreadable or not a table of movies."""


class SelectionError(MoviePostersError, ValueError):
    """No movie is left for a decade or a split."""


class LockError(MoviePostersError, ValueError):
    """A lock file cannot be used, or posters are not as it says."""


class DownloadError(MoviePostersError, OSError):
    """Posters cannot be stored, or may not be asked for."""


class CollectionError(MoviePostersError, RuntimeError):
    """No usable poster is left for a decade and split."""


class BuildError(MoviePostersError, FileNotFoundError):
    """There is no build in the cache, or a damaged one."""


class ExportError(MoviePostersError, OSError):
    """The folder to write into cannot be used."""


class EvidenceError(MoviePostersError, RuntimeError):
    """Baselines and reports cannot be made: a library is missing, or a second decade."""


class HubError(MoviePostersError, RuntimeError):
    """The Hub cannot be reached, or does not let a dataset be published."""
