"""What a plain datasets builder does: download and write the same dataset: CATALOGUE CACHE."""

import sys
from pathlib import Path

import datasets
import pandas as pd

DECADES = [f"{year}s" for year in range(1970, 2020, 10)]


class Stock(datasets.GeneratorBasedBuilder):
    """Movies of a catalogue by decade, a fifth of each for testing; no poster may be lost."""

    VERSION = datasets.Version("1.0.0")

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(
            features=datasets.Features(
                {
                    "image": datasets.Image(mode="RGB"),
                    "label": datasets.ClassLabel(names=DECADES),
                    "imdb_id": datasets.Value("string"),
                    "title": datasets.Value("string"),
                    "year": datasets.Value("int32"),
                    "genres": datasets.List(datasets.Value("string")),
                    "imdb_score": datasets.Value("float64"),
                    "poster_url": datasets.Value("string"),
                }
            )
        )

    def _split_generators(self, dl_manager):  # noqa: ANN001, ANN202
        movies = pd.read_csv(self.config.data_files["train"][0])
        parts = movies["Title"].str.extract(r"(?P<title>.*) \((?P<year>\d{4})\)")
        movies = movies.assign(title=parts["title"], year=parts["year"].astype(int))
        movies = movies.rename(columns={"IMDB Score": "score"})
        movies["path"] = dl_manager.download(movies["Poster"].tolist())
        decade = movies["year"] // 10
        is_test = movies.groupby(decade).cumcount() % 5 == 0
        return [
            datasets.SplitGenerator("train", gen_kwargs={"movies": movies[~is_test]}),
            datasets.SplitGenerator("test", gen_kwargs={"movies": movies[is_test]}),
        ]

    def _generate_examples(self, movies):  # noqa: ANN001, ANN202
        for movie in movies.itertuples():
            yield (
                movie.Index,
                {
                    "image": {"bytes": Path(movie.path).read_bytes(), "path": None},
                    "label": f"{movie.year // 10 * 10}s",
                    "imdb_id": str(movie.imdbId),
                    "title": movie.title,
                    "year": movie.year,
                    "genres": movie.Genre.split("|"),
                    "imdb_score": movie.score,
                    "poster_url": movie.Poster,
                },
            )


def main(catalogue: Path, cache: Path) -> None:
    """Build with the manager's own 16 threads."""
    datasets.disable_progress_bars()
    builder = Stock(cache_dir=str(cache), data_files=str(catalogue))
    builder.download_and_prepare()
    print(builder.as_dataset())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
