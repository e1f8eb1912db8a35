"""Paint posters, and a catalogue of them in Kaggle's columns: COUNT FOLDER BASE_URL..."""

import csv
import io
import random
import sys
from collections.abc import Sequence
from multiprocessing import Pool
from pathlib import Path

from PIL import Image

SIZE = (182, 268)
DECADES = (1970, 1980, 1990, 2000, 2010)


def paint(number: int) -> bytes:
    """Paint a poster like no other: colored blots with some grain, some 17 kB as a JPEG."""
    chance = random.Random(number)
    blots = Image.frombytes("RGB", (13, 19), chance.randbytes(13 * 19 * 3))
    grain = Image.frombytes("RGB", SIZE, chance.randbytes(SIZE[0] * SIZE[1] * 3))
    poster = Image.blend(blots.resize(SIZE, Image.Resampling.BICUBIC), grain, 0.12)
    file = io.BytesIO()
    poster.save(file, "JPEG", quality=85)
    return file.getvalue()


def store(task: tuple[int, Path]) -> None:
    """Paint one poster into its file."""
    number, path = task
    path.write_bytes(paint(number))


def main(count: int, folder: Path, base_urls: Sequence[str]) -> None:
    """Write ``posters/``, ``urls.txt`` and ``catalogue.csv``, with links to each host in turn."""
    posters = folder / "posters"
    posters.mkdir(parents=True, exist_ok=True)
    with Pool() as pool:
        pool.map(store, [(number, posters / f"{number}.jpg") for number in range(count)], 64)
    urls = [f"{base_urls[number % len(base_urls)]}/{number}.jpg" for number in range(count)]
    (folder / "urls.txt").write_text("\n".join(urls))
    with (folder / "catalogue.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["imdbId", "Imdb Link", "Title", "IMDB Score", "Genre", "Poster"])
        for number, url in enumerate(urls):
            title = f"Movie {number} ({DECADES[number % 5] + number // 5 % 8})"
            table.writerow([number + 1, "", title, 5.5, "Action", url])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
