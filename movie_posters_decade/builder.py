"""The Hugging Face door: configurations, features, splits, examples."""

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import datasets
from datasets.data_files import DataFilesDict, DataFilesList

from movie_posters_decade.about import CITATION, DESCRIPTION, LICENSE
from movie_posters_decade.addresses import is_url
from movie_posters_decade.build import Build
from movie_posters_decade.cache import DownloadCache, hand_out
from movie_posters_decade.catalogue import Catalogue, parse_catalogue
from movie_posters_decade.collection import (
    Collection,
    collect,
    collect_locked,
    stream,
    stream_locked,
)
from movie_posters_decade.configurations import CONFIGURATIONS, DEFAULT, DEMO, Configuration
from movie_posters_decade.counting import built_report, planned_report
from movie_posters_decade.downloads import Fetcher, temporary_cache
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.kaggle import KAGGLE_PAGE
from movie_posters_decade.limits import Limits, user_agent
from movie_posters_decade.lock import Lock, make_lock
from movie_posters_decade.movies import SIDES, Poster, decade_names
from movie_posters_decade.options import shaping
from movie_posters_decade.places import locate
from movie_posters_decade.posters import Posters
from movie_posters_decade.records import Records
from movie_posters_decade.report import Report
from movie_posters_decade.selection import Selection, select, select_locked
from movie_posters_decade.sources import load_catalogue
from movie_posters_decade.version import NAME, __version__, code_hash


@dataclass
class MoviePostersConfig(Configuration, datasets.BuilderConfig):
    """A configuration as `datasets` takes it."""

    version: str = __version__

    def create_config_id(self, config_kwargs: Any, custom_features: Any = None) -> str:  # noqa: ARG002
        """Return a name for the cache that changes with all that the content depends on.

        Raises:
            OptionError: an option has a value that cannot be used.
            CatalogueError: the catalogue is on this machine, and not to be found.
        """
        return self.build_id(custom_features)


class MoviePostersDecade(datasets.GeneratorBasedBuilder):
    """Builds posters labelled by decade from a catalogue of links.

    Posters that cannot be used are replaced until all decades are equal again, on each side; the
    examples come in the order of the movies' ranks, in which the decades are mixed.

    With ``streaming=True`` nothing but the catalogue is stored and posters are fetched as they are
    asked for, decade by decade in turn. The same movies come as in a build, in another order, save
    that of two of a side whose posters look alike the one that comes first stays; but the length
    is not known beforehand, a link that dies between two passes changes what comes after it, and a
    decade without any usable poster is only found at the end.

    Args:
        cache_dir: where builds and downloads are kept; by default where `datasets` keeps its own.
        dataset_name: the name of the folder in the cache.
        config_name: "action" by default, another genre such as "sci-fi", "all" or "demo".
        hash: what tells this builder's code from other versions of it.
        data_files: the catalogue, a path or URL.
        data_dir: the folder that ``data_files`` is relative to, or that holds the catalogue.
        **kwargs: what else `datasets.DatasetBuilder` takes, and the options.

    Raises:
        OptionError: an option has a value that cannot be used.
        CatalogueError: the catalogue is on this machine, and not to be found.
        LockError: the lock file cannot be used.
    """

    BUILDER_CONFIG_CLASS = MoviePostersConfig
    BUILDER_CONFIGS: ClassVar = [MoviePostersConfig(**vars(one)) for one in CONFIGURATIONS.values()]
    DEFAULT_CONFIG_NAME = DEFAULT
    VERSION = datasets.Version(__version__)
    config: MoviePostersConfig

    def __init__(
        self,
        cache_dir: str | None = None,
        dataset_name: str | None = None,
        config_name: str | None = None,
        hash: str | None = None,  # noqa: A002, the name is the base class's
        *,
        data_files: Any = None,
        data_dir: str | None = None,
        **kwargs: Any,
    ) -> None:
        folder = data_dir and str(Path(data_dir).expanduser().resolve())
        super().__init__(
            cache_dir=cache_dir,
            dataset_name=dataset_name or NAME,
            config_name=config_name,
            hash=hash or code_hash(),
            data_files=None if data_files is None else _resolve(data_files, folder),
            data_dir=folder,
            **kwargs,
        )
        self._made_for = self.config.identity()

    def _info(self) -> datasets.DatasetInfo:
        options = self.config.checked()
        return datasets.DatasetInfo(
            description=DESCRIPTION,
            features=datasets.Features(
                {
                    "image": datasets.Image(mode="RGB"),
                    "label": datasets.ClassLabel(
                        names=decade_names(options.min_year, options.max_year)
                    ),
                    "imdb_id": datasets.Value("string"),
                    "title": datasets.Value("string"),
                    "year": datasets.Value("int32"),
                    "genres": datasets.List(datasets.Value("string")),
                    "imdb_score": datasets.Value("float64"),
                    "poster_url": datasets.Value("string"),
                }
            ),
            supervised_keys=datasets.info.SupervisedKeysData("image", "label"),
            homepage=KAGGLE_PAGE,
            license=LICENSE,
            citation=CITATION,
        )

    def plan(self) -> Report:
        """Report what a build would keep if no poster were lost. No request is sent.

        Raises:
            CatalogueError: the catalogue cannot be read or is not there without a request.
            SelectionError: no movie is left for a decade or a side.
        """
        return planned_report(self._select(self._download_manager(), may_fetch=False)[0])

    def report(self) -> Report:
        """Report what was kept and lost, of a build that is in the cache.

        Raises:
            BuildError: there is none.
        """
        return self.records.report()

    def built(self) -> Build:
        """Return the build that is in the cache, to be exported or published."""
        options = self.config.checked()
        return Build(
            name=self.config.title(),
            dataset=self.as_dataset(),
            report=self.report(),
            options=shaping(options) | {"respect_opt_out": options.respect_opt_out},
            source=self.config.source(),
            tables=self.records.tables(),
        )

    @property
    def records(self) -> Records:
        """The files beside a build that is in the cache."""
        return Records(self._fs, self._output_dir)

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        """Collect the posters; when streaming, leave everything to the first pass."""
        posters: dict[str, Any] = (
            {side: StreamedPosters(self, side) for side in SIDES}
            if dl_manager.is_streaming
            else self._collect(dl_manager)
        )
        return [
            datasets.SplitGenerator(name=side, gen_kwargs={"posters": posters[side]})
            for side in SIDES
        ]

    def _generate_examples(self, posters: Iterable[Poster]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield an example for each poster."""
        for poster in posters:
            yield poster.movie.imdb_id, _example(poster)

    def _collect(self, manager: datasets.DownloadManager) -> dict[str, list[Poster]]:
        # Links die: a rebuild need not have the sizes of the build it replaces.
        self.info.splits = None
        if self._made_for != self.config.identity():
            raise CatalogueError(
                f"{self.config.place()}: expected the catalogue that this builder was made for; "
                "found another content. Make the builder again."
            )
        posters = _handed_out(manager, self._collected(manager))
        return {side: [poster for poster in posters if poster.movie.side == side] for side in SIDES}

    def _collected(self, manager: datasets.DownloadManager) -> list[Poster]:
        """Bring the posters, and write down what was kept and lost."""
        selection, sha256 = self._select(manager)
        collection = self._bring(selection, manager)
        report, lock = built_report(selection, collection), self._lock_of(sha256, collection)
        self.records.write(report, collection.losses, lock)
        return collection.posters

    def _lock_of(self, sha256: str, collection: Collection) -> Lock:
        lock = self.config.lock()
        if lock is not None:
            return lock.without(collection.losses)
        return make_lock(sha256, self.config.checked(), collection.posters, collection.losses)

    def _bring(self, selection: Selection, manager: datasets.DownloadManager) -> Collection:
        lock = self.config.lock()
        with self._network() as proxies:
            posters = self._posters(DownloadCache.of(manager), manager.download_config, proxies)
            if lock is None:
                return collect(selection, posters, equal=self._is_equal)
            place, allow_missing = str(self.config.locked), self.config.allow_missing
            return collect_locked(lock, place, posters, allow_missing=allow_missing)

    def stream_posters(self, side: str) -> Iterator[Poster]:
        """Yield the posters of a side, bringing them on the way.

        Raises:
            CatalogueError: the catalogue cannot be fetched or read.
            SelectionError: no movie is left for a decade or a side.
            CollectionError: at the end, a decade has no usable poster.
            LockError: a poster is not as the lock file says.
        """
        manager = self._download_manager()
        selection, _ = self._select(manager)
        with self._network() as proxies, temporary_cache() as cache:
            posters = self._posters(cache, manager.download_config, proxies)
            lock = self.config.lock()
            if lock is None:
                yield from stream(selection, side, posters, cache.forget, equal=self._is_equal)
            else:
                place, allow_missing = str(self.config.locked), self.config.allow_missing
                yield from stream_locked(
                    *(lock, place, side, posters, cache.forget), allow_missing=allow_missing
                )

    def _catalogue(self, manager: datasets.DownloadManager, *, may_fetch: bool) -> Catalogue:
        if self.config.name == DEMO:
            # Here, as no other configuration needs what paints and serves.
            from movie_posters_decade.demo import paint_catalogue  # noqa: PLC0415

            return parse_catalogue(paint_catalogue(), name=DEMO)
        limits = self._limits(manager.download_config)
        options = self.config.checked()
        return load_catalogue(self.config.place(), manager, limits, options, may_fetch=may_fetch)

    def _select(
        self, manager: datasets.DownloadManager, *, may_fetch: bool = True
    ) -> tuple[Selection, str]:
        """Return the selection, with the catalogue's steps, and the hash of the catalogue."""
        lock = self.config.lock()
        if lock is not None:
            return select_locked(lock), lock.catalogue
        catalogue = self._catalogue(manager, may_fetch=may_fetch)
        selection = select(catalogue.movies, self.config.checked())
        return replace(selection, steps=(*catalogue.steps, *selection.steps)), catalogue.sha256

    @property
    def _is_equal(self) -> bool:
        return self.config.balance == "undersample"

    def _network(self) -> AbstractContextManager[dict[str, str] | None]:
        """Give the proxies to fetch posters through; the demo's stands for its poster host."""
        if self.config.name != DEMO:
            return nullcontext()
        from movie_posters_decade.demo import serve  # noqa: PLC0415

        return serve()

    def _limits(
        self, download_config: datasets.DownloadConfig, proxies: dict[str, str] | None = None
    ) -> Limits:
        options = self.config.checked()
        return Limits(
            allow_private_hosts=options.allow_private_hosts,
            respect_opt_out=options.respect_opt_out,
            user_agent=user_agent(download_config.user_agent),
            proxies=proxies,
        )

    def _posters(
        self,
        cache: DownloadCache,
        download_config: datasets.DownloadConfig,
        proxies: dict[str, str] | None,
    ) -> Posters:
        fetcher = Fetcher(
            cache,
            color=self.config.checked().color,
            limits=self._limits(download_config, proxies),
            connections=self.config.connections,
            refresh=bool(download_config.force_download),
            # The demo's host is no network.
            is_offline=False if self.config.name == DEMO else None,
        )
        return Posters(fetcher.fetch, self.config.checked().color, self.config.folder())

    def _download_manager(self) -> datasets.DownloadManager:
        """Return a manager for the catalogue alone, where `datasets` gives none that stores."""
        download_config = datasets.DownloadConfig(
            cache_dir=self._cache_downloaded_dir, use_etag=False, token=self.token
        )
        return datasets.DownloadManager(self.dataset_name, download_config=download_config)


class StreamedPosters:
    """The posters of a side, brought anew each time they are iterated over.

    Args:
        builder: what brings them.
        side: "train" or "test".
    """

    def __init__(self, builder: MoviePostersDecade, side: str) -> None:
        self._builder, self._side = builder, side

    def __iter__(self) -> Iterator[Poster]:
        return self._builder.stream_posters(self._side)


def _handed_out(manager: datasets.DownloadManager, posters: list[Poster]) -> list[Poster]:
    """Let the download manager hand out the posters, and return them where it says they are."""
    paths = {poster.movie.poster_url: poster.path for poster in posters}
    urls = [link for link in paths if is_url(link)]
    # Usually nowhere else, and the same paths twice would take some memory.
    elsewhere = {url: path for url, path in hand_out(manager, urls) if path != paths[url]}
    if not elsewhere:
        return posters
    return [
        replace(poster, path=elsewhere.get(poster.movie.poster_url, poster.path))
        for poster in posters
    ]


def _example(poster: Poster) -> dict[str, Any]:
    movie = poster.movie
    return {
        "image": {"bytes": poster.read(), "path": None},
        "label": movie.decade,
        "imdb_id": movie.imdb_id,
        "title": movie.title,
        "year": movie.year,
        "genres": list(movie.genres),
        "imdb_score": None if math.isnan(movie.imdb_score) else movie.imdb_score,
        "poster_url": movie.poster_url,
    }


def _resolve(data_files: Any, data_dir: str | None) -> DataFilesDict:
    """Name the catalogue without a request, which `datasets` would send to resolve a URL."""
    place = locate(data_files, data_dir)
    return DataFilesDict({"train": DataFilesList([place], [()])})
