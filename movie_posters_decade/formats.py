"""The formats that a dataset can be exported in."""

FORMATS = ("folders", "parquet", "webdataset")

SHARD_BYTES = 500_000_000
"""How large a shard of Parquet or WebDataset is, about, unless something else is asked for."""
