"""Exports: a build as an image folder, Parquet or WebDataset."""
