"""Dataset info: the features of the dataset, its description, licence and citation."""

import datasets

from movie_posters_decade.options.configurations import KAGGLE_PAGE
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import decade_names

_DESCRIPTION = """\
Movie posters labelled by the decade of their movie, built from a catalogue of poster links and \
split into train and test, and validation on request, within each decade. A poster that cannot be \
used is replaced by another one of its decade and split. By default all decades have the same \
number of posters, and no poster is black and white."""

_LICENSE = """\
The posters belong to their copyright holders, and no license is granted here. Whether you may use \
them, for research for instance, depends on the law where you are. The code that builds the \
dataset is under the Apache License 2.0."""

_CITATION = """\
@misc{movie_genre_from_its_poster,
  author = {{neha1703}},
  title = {Movie Genre from its Poster},
  howpublished = {Kaggle},
  url = {https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster}
}
@misc{boehm2018,
  author = {B{\\"o}hm, Timo},
  year = {2018},
  note = {The article that first made a dataset of poster decades from this catalogue}
}"""


def dataset_info(options: Options) -> datasets.DatasetInfo:
    """Return what `datasets` shows of the dataset, given validated options."""
    text = datasets.Value("string")
    labels = datasets.ClassLabel(names=decade_names(options.min_year, options.max_year))
    return datasets.DatasetInfo(
        description=_DESCRIPTION,
        features=datasets.Features(
            {
                "image": datasets.Image(mode="RGB"),
                "label": labels,
                "imdb_id": text,
                "title": text,
                "year": datasets.Value("int32"),
                "genres": datasets.List(text),
                "imdb_score": datasets.Value("float64"),
                "poster_url": text,
                "source": text,
                "downloaded_url": text,
            }
            | dict.fromkeys(options.extra_columns or (), text)
        ),
        supervised_keys=datasets.info.SupervisedKeysData("image", "label"),
        homepage=KAGGLE_PAGE,
        license=_LICENSE,
        citation=_CITATION,
    )
