"""The Hugging Face door: configurations, features, splits, examples."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, ClassVar

import datasets
from datasets.data_files import DataFilesDict, DataFilesList
from fsspec.core import url_to_fs

from movie_posters_decade.about import CITATION, DESCRIPTION, LICENSE
from movie_posters_decade.artifacts import Build, Records, damaged, past_rebuilding
from movie_posters_decade.catalogue.locate import expanded, locate
from movie_posters_decade.config import KAGGLE_PAGE, shaping
from movie_posters_decade.configurations import CONFIGURATIONS, DEFAULT, Configuration
from movie_posters_decade.counting import planned_report
from movie_posters_decade.download.addresses import is_url
from movie_posters_decade.download.cache import hand_out
from movie_posters_decade.errors import CatalogueError, OptionError
from movie_posters_decade.pipeline import Assembly
from movie_posters_decade.records import SPLITS, Poster, decade_names
from movie_posters_decade.report import Report
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
            LockError: the lock file cannot be used.
        """
        return self.build_id(custom_features)


class MoviePostersDecade(datasets.GeneratorBasedBuilder):
    """Builds posters labelled by decade from a catalogue of links.

    Posters that cannot be used are replaced until all decades are equal again, on each split; the
    examples come in the order of the movies' ranks, in which the decades are mixed.

    With ``streaming=True`` nothing but the catalogue is stored and posters are downloaded as they are
    asked for, decade by decade in turn. The same movies come as in a build, in another order, save
    that of two of a split whose posters look alike the one that comes first stays; but the length
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
        OptionError: an option or ``cache_dir`` has a value that cannot be used.
        CatalogueError: the catalogue is on this machine, and not to be found.
        LockError: the lock file cannot be used.
        BuildError: a build is there and so damaged that it cannot be replaced.
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
        _check_cache(cache_dir)
        folder = data_dir and str(expanded(data_dir).resolve())
        files = None if data_files is None else _resolve(data_files, folder)
        try:
            super().__init__(
                cache_dir=cache_dir,
                dataset_name=dataset_name or NAME,
                config_name=config_name,
                hash=hash or code_hash(),
                data_files=files,
                data_dir=folder,
                **kwargs,
            )
        except JSONDecodeError as error:
            raise past_rebuilding(self._cache_dir, error) from error
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
        """Report what a build would keep if no poster were rejected. No request is sent.

        Raises:
            CatalogueError: the catalogue cannot be read or is not there without a request.
            SelectionError: no movie is left for a decade or a split.
        """
        assembly = Assembly(self.config, self._download_manager())
        return planned_report(assembly.select(may_download=False)[0])

    def report(self) -> Report:
        """Report what was kept and rejected, of a build that is in the cache.

        Raises:
            BuildError: there is none, or it is damaged.
        """
        return self.records.report()

    def built(self) -> Build:
        """Return the build that is in the cache, to be exported or published.

        Raises:
            BuildError: there is none, or it is damaged.
        """
        options, report = self.config.checked(), self.report()
        try:
            dataset, tables = self.as_dataset(), self.records.tables()
        except Exception as error:
            # Whatever `datasets` and Arrow raise of files that are not whole.
            raise damaged(self.cache_dir, error) from error
        return Build(
            name=self.config.title(),
            dataset=dataset,
            report=report,
            options=shaping(options) | {"respect_opt_out": options.respect_opt_out},
            source=self.config.source(),
            tables=tables,
        )

    @property
    def records(self) -> Records:
        """The files beside a build that is in the cache."""
        return Records(self._fs, self._output_dir)

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        """Collect the posters; when streaming, leave everything to the first pass."""
        posters: dict[str, Any] = (
            {split: StreamedPosters(self, split) for split in SPLITS}
            if dl_manager.is_streaming
            else self._collect(dl_manager)
        )
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"posters": posters[split]})
            for split in SPLITS
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
        posters = self._assemble(manager)
        # The manager counts and checks them; they are where it keeps its own.
        links = [poster.movie.poster_url for poster in posters]
        deque(hand_out(manager, [link for link in links if is_url(link)]), maxlen=0)
        return {
            split: [poster for poster in posters if poster.movie.split == split] for split in SPLITS
        }

    def _assemble(self, manager: datasets.DownloadManager) -> list[Poster]:
        """Bring the posters, and write down what was kept and rejected."""
        assembled = Assembly(self.config, manager).assemble()
        self.records.write(assembled.report, assembled.rejections, assembled.lock)
        return assembled.posters

    def stream_posters(self, split: str) -> Iterator[Poster]:
        """Yield the posters of a split, as `Assembly.stream` brings them."""
        return Assembly(self.config, self._download_manager()).stream(split)

    def _download_manager(self) -> datasets.DownloadManager:
        """Return a manager for the catalogue alone, where `datasets` gives none that stores."""
        download_config = datasets.DownloadConfig(
            cache_dir=self._cache_downloaded_dir, use_etag=False, token=self.token
        )
        return datasets.DownloadManager(self.dataset_name, download_config=download_config)


class StreamedPosters:
    """The posters of a split, brought anew each time they are iterated over.

    Args:
        builder: what brings them.
        split: "train" or "test".
    """

    def __init__(self, builder: MoviePostersDecade, split: str) -> None:
        self._builder, self._split = builder, split

    def __iter__(self) -> Iterator[Poster]:
        return self._builder.stream_posters(self._split)


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


def _check_cache(cache_dir: str | None) -> None:
    try:
        url_to_fs(str(cache_dir or ""))
    except (ImportError, ValueError, OSError) as error:
        raise OptionError(
            f"Option cache_dir: expected a folder; found {cache_dir!r}, which cannot be used: "
            f"{error}."
        ) from error


def _resolve(data_files: Any, data_dir: str | None) -> DataFilesDict:
    """Name the catalogue without a request, which `datasets` would send to resolve a URL."""
    place = locate(data_files, data_dir)
    return DataFilesDict({"train": DataFilesList([place], [()])})
