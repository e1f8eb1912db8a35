"""What img2dataset does at its best, without decoding an image: URLS FOLDER PROCESSES THREADS."""

import sys
from pathlib import Path

from img2dataset import download


def main(urls: Path, folder: Path, processes: int, threads: int) -> None:
    """Download in shards, several for each process so that none is idle at the end."""
    count = len(urls.read_text().split("\n"))
    download(
        url_list=str(urls),
        output_folder=str(folder),
        processes_count=processes,
        thread_count=threads,
        number_sample_per_shard=max(1, -(-count // (4 * processes))),
        output_format="parquet",
        disable_all_reencoding=True,
        extract_exif=False,
        compute_hash=None,
        timeout=10,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
