"""What datasets alone does: download a list of URLs and write a dataset: URLS CACHE."""

import sys
from pathlib import Path

from datasets import (
    Dataset,
    DownloadConfig,
    DownloadManager,
    Features,
    Image,
    Value,
    disable_progress_bars,
)


def main(urls: Path, cache: Path) -> None:
    """Download with the manager's own 16 threads, and write the images into Arrow files."""
    disable_progress_bars()
    links = urls.read_text().split("\n")
    config = DownloadConfig(cache_dir=cache / "downloads", use_etag=False)
    paths = DownloadManager(download_config=config).download(links)
    features = Features({"image": Image(), "poster_url": Value("string")})

    def examples():  # noqa: ANN202
        for link, path in zip(links, paths, strict=True):
            yield {"image": {"bytes": Path(path).read_bytes(), "path": None}, "poster_url": link}

    dataset = Dataset.from_generator(examples, features=features, cache_dir=str(cache))
    print(len(dataset))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
