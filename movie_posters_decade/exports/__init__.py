"""Exports: a build as an image folder, Parquet or WebDataset."""

from movie_posters_decade.exports.exporter import check_output, export

__all__ = ["check_output", "export"]
