"""All errors that a user can meet, each with a code and the exit code of the command line.

MoviePostersError
├── OptionError             an option has an invalid value
├── CatalogueError          the catalogue is missing, unreadable or not a table of movies
│   ├── CatalogueUnreachableError   its host does not answer, or requests are forbidden
│   └── CatalogueStorageError       it cannot be stored in the cache
├── SelectionError          a stratum has no candidate
├── LockFileError           a lock file is invalid, or posters do not match it
├── DownloadError           posters cannot be downloaded or checked on this machine
│   ├── NetworkError                requests are forbidden, or a proxy or scheduler is of no use
│   └── StorageError                posters cannot be stored
├── CollectionError         a stratum has no usable poster, or a decade too few
│   └── HostsUnreachableError       as no host of a stratum's posters answers
├── BuildError              the cache holds no build, or a damaged one
├── ExportError             the output folder cannot be used
├── AnalysisError           baselines and reports cannot be made
└── HubError                the Hub refuses the dataset
    ├── HubUnreachableError         it cannot be reached, or the connection ended
    └── HubStorageError             a file cannot be read or written on the way to it

A message has one sentence or two: where, what was expected, what was found, what to do.
Control characters in what it quotes are shown escaped. docs/exit_codes.md lists the codes.
"""

from enum import IntEnum
from typing import ClassVar

from movie_posters_decade.text.terminal import visible

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


class ExitCode(IntEnum):
    """Exit codes of the command line; after a signal it is 128 and the signal's number."""

    OK = 0
    ERROR = 1
    USAGE = 2
    CATALOGUE = 3
    TOO_FEW_POSTERS = 4
    NETWORK = 5
    STORAGE = 6
    LOCK_FILE = 7


class MoviePostersError(Exception):
    """Base class of all errors that this package raises on purpose.

    A notebook shows its sentence alone, without the frames that lead to it.

    Attributes:
        code: what the error is called in JSON. It does not change between versions.
        exit_code: with what the command line ends.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __str__(self) -> str:
        return visible(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {self}", _ALL_FRAMES]


class OptionError(MoviePostersError, ValueError):
    """An option has an invalid value."""

    code = "option"
    exit_code = ExitCode.USAGE


class CatalogueError(MoviePostersError, ValueError):
    """The catalogue is missing, unreadable or not a table of movies."""

    code = "catalogue"
    exit_code = ExitCode.CATALOGUE


class CatalogueUnreachableError(CatalogueError):
    """The catalogue's host does not answer, or requests are forbidden."""

    code = "catalogue_unreachable"
    exit_code = ExitCode.NETWORK


class CatalogueStorageError(CatalogueError):
    """The catalogue cannot be stored in the cache."""

    code = "storage"
    exit_code = ExitCode.STORAGE


class SelectionError(MoviePostersError, ValueError):
    """A stratum has no candidate."""

    code = "selection"
    exit_code = ExitCode.CATALOGUE


class LockFileError(MoviePostersError, ValueError):
    """A lock file is invalid, or posters do not match it."""

    code = "lock_file"
    exit_code = ExitCode.LOCK_FILE


class DownloadError(MoviePostersError, OSError):
    """Posters cannot be downloaded or checked on this machine."""

    code = "download"


class NetworkError(DownloadError):
    """Requests are forbidden, or a proxy or the scheduler of workers is of no use."""

    code = "network"
    exit_code = ExitCode.NETWORK


class StorageError(DownloadError):
    """Posters cannot be stored, or were changed since."""

    code = "storage"
    exit_code = ExitCode.STORAGE


class CollectionError(MoviePostersError, RuntimeError):
    """A stratum has no usable poster, or a decade has fewer than the smallest number."""

    code = "too_few_posters"
    exit_code = ExitCode.TOO_FEW_POSTERS


class HostsUnreachableError(CollectionError):
    """A stratum has no usable poster, as no host of its posters answers."""

    code = "hosts_unreachable"
    exit_code = ExitCode.NETWORK


class BuildError(MoviePostersError, FileNotFoundError):
    """The cache holds no build, or a damaged one."""

    code = "build"
    exit_code = ExitCode.STORAGE


class ExportError(MoviePostersError, OSError):
    """The output folder cannot be used."""

    code = "output"
    exit_code = ExitCode.STORAGE


class AnalysisError(MoviePostersError, RuntimeError):
    """Baselines and reports cannot be made: a library is missing, or a second decade."""

    code = "analysis"


class HubError(MoviePostersError, RuntimeError):
    """The Hub refuses the dataset, the token or the repository."""

    code = "hub"


class HubUnreachableError(HubError):
    """The Hub cannot be reached, or the connection ended."""

    code = "hub_unreachable"
    exit_code = ExitCode.NETWORK


class HubStorageError(HubError):
    """A file cannot be read or written on the way to the Hub."""

    code = "storage"
    exit_code = ExitCode.STORAGE
