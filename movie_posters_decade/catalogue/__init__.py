"""Catalogue: find the file, load it, and clean it into a table of movies."""

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.links import has_file_links
from movie_posters_decade.catalogue.source import (
    catalogue_folder,
    expand_home,
    hash_file,
    identify_catalogue,
    load_catalogue,
    locate_catalogue,
    read_catalogue,
)

__all__ = [
    "Catalogue",
    "catalogue_folder",
    "expand_home",
    "has_file_links",
    "hash_file",
    "identify_catalogue",
    "load_catalogue",
    "locate_catalogue",
    "parse_catalogue",
    "read_catalogue",
]
