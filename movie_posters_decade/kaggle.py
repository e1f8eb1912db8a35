"""What is known of Kaggle's catalogue before it is there."""

KAGGLE_PAGE = "https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster"
KAGGLE_URL = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
KAGGLE_FILE = "MovieGenre.csv"
KAGGLE_COLUMNS = {
    "imdb_id": "imdbId",
    "title": "Title",
    "genres": "Genre",
    "poster_url": "Poster",
    "imdb_score": "IMDB Score",
}
"""What each field is called in Kaggle's catalogue; the year is in the title there."""

GENRES = (
    "Action",
    "Adult",
    "Adventure",
    "Animation",
    "Biography",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Family",
    "Fantasy",
    "Film-Noir",
    "Game-Show",
    "History",
    "Horror",
    "Music",
    "Musical",
    "Mystery",
    "News",
    "Reality-TV",
    "Romance",
    "Sci-Fi",
    "Short",
    "Sport",
    "Talk-Show",
    "Thriller",
    "War",
    "Western",
)
"""The genres of Kaggle's catalogue."""
