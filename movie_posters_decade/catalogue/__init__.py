"""The catalogue: find the file, read it, and clean it into a table of movies."""

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.locate import expanded as expand_home
from movie_posters_decade.catalogue.locate import folder_of, hash_file, identify, locate
from movie_posters_decade.catalogue.source import load_catalogue

__all__ = [
    "Catalogue",
    "expand_home",
    "folder_of",
    "hash_file",
    "identify",
    "load_catalogue",
    "locate",
    "parse_catalogue",
]
