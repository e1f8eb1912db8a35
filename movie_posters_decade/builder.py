"""The Hugging Face builder: features, splits and examples.

`datasets` imports it by this path, and patches names of this module while streaming. So it stays
thin: what a build does is in `pipeline`.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import datasets
from datasets.data_files import DataFilesDict, DataFilesList

from movie_posters_decade import __version__
from movie_posters_decade.builds.artifacts import (
    LOCK_FILE,
    Build,
    check_posters,
    code_version,
    damaged_build,
)
from movie_posters_decade.builds.builder_config import (
    MoviePostersConfig,
    check_cache_dir,
    check_names,
)
from movie_posters_decade.builds.builder_text import builder_text
from movie_posters_decade.builds.cached_builder import CachedBuilder
from movie_posters_decade.builds.record import recorded_options
from movie_posters_decade.catalogue import expand_home, locate_catalogue
from movie_posters_decade.dataset_info import dataset_info
from movie_posters_decade.errors import BuildError, CatalogueError, OptionError
from movie_posters_decade.fallbacks import Agreement, ArchivePaces
from movie_posters_decade.images import read_stored
from movie_posters_decade.io import INCOMPLETE, remove_stale
from movie_posters_decade.options.configurations import CONFIGURATIONS, DEFAULT
from movie_posters_decade.options.options import NAME
from movie_posters_decade.pipeline import Pipeline
from movie_posters_decade.records import Poster
from movie_posters_decade.report.counts import Report
from movie_posters_decade.report.minimum import check_build


class MoviePostersDecade(CachedBuilder):
    """Builds a dataset of posters labelled by decade from a catalogue of links.

    Rejected posters are replaced until all decades of a split are equal again.

    With ``streaming=True`` no poster is stored, and posters are downloaded while the stream is
    read. docs/options.md says in what a stream differs from a build.

    Args:
        cache_dir: the folder of builds and downloads; by default the cache of `datasets`.
        dataset_name: the name of the folder in the cache.
        config_name: "action" by default, another genre such as "sci-fi", "all" or "demo".
        hash: distinguishes this builder's code from other versions of it.
        data_files: the catalogue's path or URL.
        data_dir: the folder that ``data_files`` is relative to, or that holds the catalogue.
        executor: runs the downloads instead of ``workers``: any one of `concurrent.futures`.
        **kwargs: the options, and what else `datasets.DatasetBuilder` takes.

    Raises:
        OptionError: an option or ``cache_dir`` has an invalid value.
        CatalogueError: the catalogue is on this machine and does not exist.
        LockFileError: the lock file is invalid.
    """

    BUILDER_CONFIG_CLASS = MoviePostersConfig
    BUILDER_CONFIGS: ClassVar = [
        MoviePostersConfig(name=name, **values) for name, values in CONFIGURATIONS.items()
    ]
    DEFAULT_CONFIG_NAME = DEFAULT
    VERSION = datasets.Version(__version__)
    ARCHIVE_PACES: ClassVar = ArchivePaces()

    def __init__(
        self,
        cache_dir: str | None = None,
        dataset_name: str | None = None,
        config_name: str | None = None,
        hash: str | None = None,  # noqa: A002, the name is the base class's
        *,
        data_files: Any = None,
        data_dir: str | None = None,
        executor: Executor | None = None,
        **kwargs: Any,
    ) -> None:
        self._executor = executor
        check_cache_dir(cache_dir)
        check_names(config_name, kwargs)
        folder = data_dir and str(expand_home(data_dir).resolve())
        files = None if data_files is None else _data_files(data_files, folder)
        super().__init__(
            cache_dir=cache_dir,
            dataset_name=dataset_name or NAME,
            config_name=config_name,
            hash=hash or code_version(),
            data_files=files,
            data_dir=folder,
            **kwargs,
        )
        self._inputs = self.config.inputs()

    def __repr__(self) -> str:
        return builder_text(self.config, self.files)

    def __getstate__(self) -> dict[str, Any]:
        # With num_proc, `datasets` sends the builder to processes that download nothing.
        return {**super().__getstate__(), "_executor": None}

    def _info(self) -> datasets.DatasetInfo:
        return dataset_info(self.config.checked())

    def plan(self) -> Report:
        """Report what a build would keep if no poster were rejected. It sends no request.

        Raises:
            CatalogueError: the catalogue cannot be read without a request.
            SelectionError: a stratum has no candidate.
        """
        return self._pipeline(self._download_manager()).plan()

    def check_fallbacks(self) -> list[Agreement]:
        """Compare posters of living links with those that the fallbacks have for them.

        Up to 20 living links of each decade are looked up at each fallback.

        Raises:
            OptionError: there are no fallbacks to check.
        """
        return self._pipeline(self._download_manager()).check_fallbacks()

    def download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        """Build, as `datasets.DatasetBuilder.download_and_prepare` does, unless it is built.

        Raises:
            CollectionError: a decade has fewer posters than ``min_per_decade``; the build is kept.
        """
        super().download_and_prepare(*args, **kwargs)
        least = self.config.checked().min_per_decade
        if least is not None:
            check_build(self.report(), least, self.files.folder)

    def report(self) -> Report:
        """Return the report of the build in the cache.

        Raises:
            BuildError: there is none, or it is damaged.
        """
        return self.files.read_report()

    def built(self) -> Build:
        """Return the build in the cache, for exports, analysis and the Hub.

        Raises:
            BuildError: there is none, or it is damaged.
        """
        report = self.report()
        try:
            dataset, tables = self.as_dataset(), self.files.read_tables()
            check_posters(self.cache_dir, dataset, tables[LOCK_FILE])
        except BuildError:
            raise
        except Exception as error:
            # Whatever `datasets` and Arrow raise for incomplete files.
            raise damaged_build(self.cache_dir, error) from error
        return Build(
            name=self.config.title(),
            dataset=dataset,
            report=report,
            options=recorded_options(self.config.checked()),
            source=self.config.source(),
            tables=tables,
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        """Build the posters of all splits; while streaming, leave everything to the stream."""
        workers, splits = self._workers(), self.config.checked().splits
        if dl_manager.is_streaming and workers is not None:
            raise OptionError(
                "Option workers: expected none while streaming, which downloads a few posters at a "
                f"time; found {workers!r}. Leave it out, or build without streaming=True."
            )
        posters: dict[str, Any] = (
            {split: StreamedPosters(self, split) for split in splits}
            if dl_manager.is_streaming
            else self._build(dl_manager)
        )
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"posters": posters[split]})
            for split in splits
        ]

    def _generate_examples(self, posters: Iterable[Poster]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield an example for each poster."""
        extra_columns = self.config.checked().extra_columns or ()
        for poster in posters:
            yield poster.movie.imdb_id, _example(poster, extra_columns)

    def _build(self, manager: datasets.DownloadManager) -> dict[str, list[Poster]]:
        """Build the posters of each split, and write the files beside the build."""
        # Links die, so a rebuild may have other sizes than the build that it replaces.
        self.info.splits = None
        if self._inputs != self.config.inputs():
            raise CatalogueError(
                f"{self.config.location()}: expected the catalogue that this builder was created "
                "for; found other content. Create the builder again."
            )
        # What killed builds left, of any configuration and in the folder that this one writes into.
        builds = Path(self._cache_dir_root) / str(self.dataset_name)
        remove_stale(builds.glob(f"*/*/*{INCOMPLETE}"))
        result = self._pipeline(manager).build()
        self.files.write(result.report, result.rejections, result.lock)
        return {
            split: [poster for poster in result.posters if poster.movie.split == split]
            for split in self.config.checked().splits
        }

    def stream_posters(self, split: str) -> Iterator[Poster]:
        """Stream the posters of a split."""
        pipeline = self._pipeline(self._download_manager())
        return pipeline.stream(split, f"{self.config_id} {self.hash}")

    def _pipeline(self, manager: datasets.DownloadManager) -> Pipeline:
        config = self.config
        options, lock = config.checked(), config.lock()
        location, folder = config.location(), config.folder()
        return Pipeline(
            options,
            lock,
            location,
            folder,
            manager,
            workers=self._workers(),
            archive=self.ARCHIVE_PACES,
        )

    def _workers(self) -> int | str | Executor | None:
        if self._executor is None:
            return self.config.workers
        if self.config.workers is not None or not hasattr(self._executor, "submit"):
            raise OptionError(
                "Option executor: expected an executor of concurrent.futures, and no workers "
                f"beside it; found {self._executor!r}, and workers={self.config.workers!r}."
            )
        return self._executor

    def _download_manager(self) -> datasets.DownloadManager:
        """Return a manager for the catalogue, where `datasets` passes none that stores files."""
        download_config = datasets.DownloadConfig(
            cache_dir=self._cache_downloaded_dir, use_etag=False, token=self.token
        )
        return datasets.DownloadManager(self.dataset_name, download_config=download_config)


@dataclass(frozen=True)
class StreamedPosters:
    """The posters of a split, downloaded again in each iteration."""

    builder: MoviePostersDecade
    split: str

    def __iter__(self) -> Iterator[Poster]:
        return self.builder.stream_posters(self.split)


def _example(poster: Poster, extra_columns: Sequence[str]) -> dict[str, Any]:
    movie = poster.movie
    return {
        "image": {"bytes": read_stored(poster), "path": None},
        "label": movie.decade,
        "imdb_id": movie.imdb_id,
        "title": movie.title,
        "year": movie.year,
        "genres": list(movie.genres),
        "imdb_score": None if math.isnan(movie.imdb_score) else movie.imdb_score,
        "poster_url": movie.poster_url,
        "source": poster.source,
        "downloaded_url": poster.downloaded_url,
        **dict(zip(extra_columns, movie.extra, strict=True)),
    }


def _data_files(data_files: Any, data_dir: str | None) -> DataFilesDict:
    """Return the catalogue's location, without the request that `datasets` sends for a URL."""
    return DataFilesDict({"train": DataFilesList([locate_catalogue(data_files, data_dir)], [()])})
