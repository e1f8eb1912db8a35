"""What the article did in 2018, one poster after the other: URLS FOLDER."""

import sys
import urllib.request
from pathlib import Path


def main(urls: Path, folder: Path) -> None:
    """Download each URL into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, url in enumerate(urls.read_text().split("\n")):
        urllib.request.urlretrieve(url, folder / f"{number}.jpg")  # noqa: S310


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
