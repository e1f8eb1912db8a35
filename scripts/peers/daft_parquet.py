"""What Daft does at its best, without decoding an image: URLS FOLDER CONNECTIONS."""

import os
import sys
from pathlib import Path

import daft
from daft.functions import download


def main(urls: Path, folder: Path, connections: int) -> None:
    """Download into Parquet files, with that many requests at a time; a failed one gives null."""
    posters = daft.read_text(str(urls)).with_column_renamed("text", "url")
    image = download(posters["url"], max_connections=per_core(connections), on_error="null")
    posters.with_column("image", image).write_parquet(str(folder))


def per_core(connections: int) -> int:
    """Return the ``max_connections`` with which Daft has this many requests at a time in all.

    Daft 0.7 works on a batch on each core. In each batch, ``max_connections`` are for each core
    again, but it holds only four times ``max_connections`` URLs.
    """
    cores = os.cpu_count() or 1
    return max(1, connections // (cores * min(cores, 4)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
