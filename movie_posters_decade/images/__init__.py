"""Images: decode posters, check them, and transform them. Pillow is used here."""

from movie_posters_decade.images.canonical import read_stored, stored_form
from movie_posters_decade.images.checks import check_poster, check_version, colorfulness
from movie_posters_decade.images.decode import decode_poster, file_extension
from movie_posters_decade.images.similarity import PictureComparison
from movie_posters_decade.images.transform import (
    POSTERS_A_ROW,
    draw_contact_sheet,
    draw_thumbnail,
    first_of_each_decade,
    transform_image,
)

__all__ = [
    "POSTERS_A_ROW",
    "PictureComparison",
    "check_poster",
    "check_version",
    "colorfulness",
    "decode_poster",
    "draw_contact_sheet",
    "draw_thumbnail",
    "file_extension",
    "first_of_each_decade",
    "read_stored",
    "stored_form",
    "transform_image",
]
