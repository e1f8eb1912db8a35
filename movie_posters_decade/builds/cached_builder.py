"""A builder whose builds are looked at before they are used again, also in a read-only cache.

`datasets` takes a build for complete if its dataset_info.json is there, and writes a lock file into
the cache even to read from it.
"""

import errno
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
from datasets.utils._filelock import FileLock
from datasets.utils.file_utils import is_remote_url
from fsspec.core import url_to_fs

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.builds.artifacts import INFO_FILE, REPORT_FILE, BuildFiles
from movie_posters_decade.builds.builder_config import MoviePostersConfig
from movie_posters_decade.builds.record import (
    BuildRecord,
    builds_folder,
    find_damage,
    make_record,
)
from movie_posters_decade.errors import BuildError
from movie_posters_decade.text.terminal import get_logger

logger = get_logger(__name__)

_USE_AGAIN = datasets.DownloadMode.REUSE_DATASET_IF_EXISTS

_DAMAGED_INFO = (ValueError, LookupError, TypeError, AttributeError)
"""What `datasets` raises for a damaged dataset_info.json."""

_READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class CachedBuilder(datasets.GeneratorBasedBuilder):
    """Builds into the cache of `datasets`, and uses a build again only if it is complete.

    Args:
        cache_dir: the folder of builds and downloads; by default the cache of `datasets`.
        **kwargs: what `datasets.DatasetBuilder` takes.
    """

    config: MoviePostersConfig
    _cache_dir: str
    _cache_dir_root: str
    _cache_downloaded_dir: str

    def __init__(self, cache_dir: str | None = None, **kwargs: Any) -> None:
        kwargs["builds"] = _builds_folder(cache_dir, kwargs.get("dataset_name"))
        try:
            super().__init__(cache_dir, **kwargs)
        except OSError as error:
            if error.errno not in _READ_ONLY or not hasattr(self, "_cache_dir"):
                raise
            self._open_elsewhere(**kwargs)
            if self._is_finished():
                with suppress(*_DAMAGED_INFO):
                    self.info = self._load_info()
        except _DAMAGED_INFO:
            # Once it knows its folder, `datasets` reads the file dataset_info.json in it.
            if not hasattr(self, "_cache_dir"):
                raise
            self._open_elsewhere(**kwargs)
        if self.info.features is None:  # they were lost, and a build would guess them
            self._open_elsewhere(**kwargs)

    def download_and_prepare(
        self,
        output_dir: str | None = None,
        download_config: datasets.DownloadConfig | None = None,
        download_mode: datasets.DownloadMode | str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Build, or use the build in the cache if it is complete; a damaged one is built again.

        Args:
            output_dir: the folder for the build; by default the one in the cache.
            download_config: as in `datasets`.
            download_mode: "reuse_dataset_if_exists" by default, "reuse_cache_if_exists" to build
                again from the download cache, or "force_redownload".
            *args: as in `datasets`.
            **kwargs: as in `datasets`.
        """
        mode = datasets.DownloadMode(download_mode or _USE_AGAIN)
        if output_dir is None and mode is _USE_AGAIN and self._is_finished():
            self._fs, self._output_dir = url_to_fs(self._cache_dir)
            reason, is_writable = self._look_at_build()
            if reason is not None:
                cure = "It is built again from the download cache."
                logger.warning(BuildWarning("built_again", reason, cure))
                mode = datasets.DownloadMode.REUSE_CACHE_IF_EXISTS
            elif not is_writable:
                self.info = self._load_info()
                return
        super().download_and_prepare(output_dir, download_config, mode, *args, **kwargs)

    @property
    def files(self) -> BuildFiles:
        """The files beside the build in the cache."""
        return BuildFiles(self._fs, self._output_dir)

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        super()._download_and_prepare(*args, **kwargs)
        # Now all files of the build are there but the one that makes it complete.
        config, place = self.config, (self._fs, self._output_dir)
        record = make_record(config.title(), config.source(), config.checked(), *place)
        record.write(*place)

    def _is_finished(self) -> bool:
        is_local = not is_remote_url(self._cache_dir)
        return is_local and (Path(self._cache_dir) / INFO_FILE).is_file()

    def _look_at_build(self) -> tuple[str | None, bool]:
        """Return why the build must be replaced, or None, and whether its cache can be written."""
        # The lock of `datasets`, under which another process may be replacing the build.
        lock = FileLock(f"{self._output_dir}_builder.lock")
        try:
            lock.acquire()
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
            return self._reason_to_rebuild(), False
        try:
            return self._reason_to_rebuild(), True
        finally:
            lock.release()

    def _reason_to_rebuild(self) -> str | None:
        """Return a sentence that says why the build cannot be used again, or None if it can."""
        if not self._is_finished():
            return None  # another process has removed it, and it is built in any case
        folder = Path(self._output_dir)
        if damage := find_damage(folder):
            return f"{folder}: expected a complete build; found it damaged: {damage}."
        try:
            report = self.files.read_report()
        except BuildError:
            return f"{folder}: expected a complete build; found its {REPORT_FILE} damaged."
        option = BuildRecord.read(folder).lacks_permission(report, self.config.checked())
        if option is None:
            return None
        return f"{folder}: this build rejected posters that {option} permits now."

    def _open_elsewhere(self, **kwargs: Any) -> None:
        """Create the builder in an empty cache, and then let it use its own."""
        root, downloads = self._cache_dir_root, self._cache_downloaded_dir
        with TemporaryDirectory() as folder:
            super().__init__(folder, **kwargs)
        self._cache_dir_root, self._cache_downloaded_dir = root, downloads
        self._cache_dir = self._output_dir = self._build_cache_dir()


def _builds_folder(cache_dir: str | None, dataset_name: str | None) -> Path | None:
    """Return the folder of builds, or None if it is not on this machine."""
    is_remote = cache_dir is not None and is_remote_url(str(cache_dir))
    return None if is_remote else builds_folder(cache_dir, dataset_name)
