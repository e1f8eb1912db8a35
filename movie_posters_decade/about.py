"""What the dataset says of itself."""

DESCRIPTION = """\
Movie posters labelled by the decade of their movie, made from a catalogue of poster links and \
split into train and test within each decade. A poster that cannot be used is replaced by \
another of its decade and split; unless asked otherwise, all decades have the same number of \
posters, and none is black-and-white."""

LICENSE = """\
The posters belong to their copyright holders, and nothing here licenses them: whether you may \
use them, for research for instance, is for the law where you are to say. The code that builds \
the dataset is under the Apache License 2.0."""

LICENSE_FILE = "LICENSE.md"
"""Where the license stands in a repository on the Hub."""

CITATION = """\
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
