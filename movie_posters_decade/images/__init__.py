"""Images: decode posters, check them, and transform them. Pillow is used here."""

from movie_posters_decade.images.canonical import read_stored, stored_form
from movie_posters_decade.images.checks import check_poster, check_version, colorfulness
from movie_posters_decade.images.contact_sheet import (
    POSTERS_A_ROW,
    Section,
    draw_contact_sheet,
    draw_sections,
    first_of_a_stream,
    first_of_each_decade,
    thumbnails_of_each_decade,
)
from movie_posters_decade.images.decode import decode_poster, file_extension
from movie_posters_decade.images.similarity import PictureComparison
from movie_posters_decade.images.transform import transform_image

__all__ = [
    "POSTERS_A_ROW",
    "PictureComparison",
    "Section",
    "check_poster",
    "check_version",
    "colorfulness",
    "decode_poster",
    "draw_contact_sheet",
    "draw_sections",
    "file_extension",
    "first_of_a_stream",
    "first_of_each_decade",
    "read_stored",
    "stored_form",
    "thumbnails_of_each_decade",
    "transform_image",
]
