"""Named configurations: one for each genre of Kaggle's catalogue, one for all, and the demo."""

from typing import Any

KAGGLE_PAGE = "https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster"
KAGGLE_URL = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
KAGGLE_FILE = "MovieGenre.csv"
GENRES = (
    "Action Adult Adventure Animation Biography Comedy Crime Documentary Drama Family Fantasy "
    "Film-Noir Game-Show History Horror Music Musical Mystery News Reality-TV Romance Sci-Fi "
    "Short Sport Talk-Show Thriller War Western"
)
"""The genres of Kaggle's catalogue, separated by spaces."""

DEFAULT = "action"
"""The default configuration."""

DEMO = "demo"

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    **{
        genre.lower(): {"description": f"{genre} movies of the catalogue", "genres": (genre,)}
        for genre in GENRES.split()
    },
    "all": {"description": "movies of any genre"},
    DEMO: {
        "description": "painted Action movies, without any network",
        "genres": ("Action",),
        "allow_private_hosts": True,
    },
}
"""The named configurations: one for each genre, one for all genres, and the demo."""


def configured_values(name: str) -> dict[str, Any]:
    """Return the values that a named configuration gives to options; none if it is no name."""
    values = CONFIGURATIONS.get(name, {})
    return {key: value for key, value in values.items() if key != "description"}
