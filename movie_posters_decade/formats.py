"""The formats that a dataset can be exported in."""

FORMATS = ("folders", "parquet", "webdataset")

MAX_SHARD_SIZE = "500MB"
"""How large a shard of Parquet or WebDataset is, about, unless something else is asked for."""
