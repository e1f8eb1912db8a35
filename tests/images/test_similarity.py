"""Similarity: a poster is found again in its copies, and in no other poster."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps
from samples import REAL_DATA, encode, paint

from movie_posters_decade.images import PictureComparison, check_poster
from movie_posters_decade.images.similarity import (
    MIN_SIMILARITY,
    equalize_contrast,
    read_lightness,
    similarity,
)
from movie_posters_decade.records import Checksum, Movie, Poster
from movie_posters_decade.sampling.dedup import NearDuplicates


def trim(share: float) -> Callable[[Image.Image], Image.Image]:
    """Return a function that trims a share of width and height at each edge."""

    def trimmed(poster: Image.Image) -> Image.Image:
        width, height = poster.size
        edge = (share * width, share * height, (1 - share) * width, (1 - share) * height)
        return poster.resize(poster.size, Image.Resampling.LANCZOS, edge)

    return trimmed


def frame(poster: Image.Image) -> Image.Image:
    return ImageOps.expand(poster, round(0.05 * poster.width), "black").resize(poster.size)


def add_banner(poster: Image.Image) -> Image.Image:
    copy = poster.copy()
    ImageDraw.Draw(copy).rectangle((0, 0, poster.width, 0.15 * poster.height), "yellow")
    return copy


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "trimmed by 3 % at each edge": trim(0.03),
    "trimmed by 6 % at each edge": trim(0.06),
    "trimmed by 10 % at each edge": trim(0.1),
    "framed": frame,
    "mirrored": ImageOps.mirror,
    "with a banner": add_banner,
    "shrunk": lambda poster: poster.resize((45, 67)),
}


def poster_at(path: Path, content: bytes) -> Poster:
    path.write_bytes(content)
    movie = Movie(path.stem, "A", 1990, ("Action",), 7.0, path.name, "1990s", 1, "train")
    return Poster(movie, path, Checksum.of(content), check_poster(content).phashes)


def painted(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(paint("1990s", seed))).convert("RGB")


def similarity_of(one: bytes, other: bytes, *, mirrored: bool = False) -> float:
    pictures = (equalize_contrast(read_lightness(content)) for content in (one, other))
    return similarity(*pictures, mirrored=mirrored)


@pytest.mark.parametrize("kind", COPIES)
def test_copy_is_similar(kind: str) -> None:
    original = painted(1)
    copy = encode(COPIES[kind](original), quality=70)
    mirrored = kind == "mirrored"
    assert similarity_of(copy, encode(original), mirrored=mirrored) > MIN_SIMILARITY
    assert similarity_of(encode(original), copy, mirrored=mirrored) > MIN_SIMILARITY


def test_other_poster_is_not_similar() -> None:
    posters = [encode(painted(seed)) for seed in range(10)]
    for number, one in enumerate(posters):
        assert all(similarity_of(one, other) < 0.6 for other in posters[:number])


def test_tint_and_brightness_do_not_matter() -> None:
    original = painted(1).convert("L")
    pale = ImageOps.colorize(original, (40, 60, 90), (250, 220, 180))
    assert similarity_of(encode(pale), encode(original.convert("RGB"))) > 0.95


def test_flat_pictures_are_the_same_only_if_their_bytes_are(tmp_path: Path) -> None:
    """Without contrast there is nothing to compare."""
    flat = [encode(Image.new("RGB", (91, 134), color)) for color in ("white", "black")]
    one, other = (poster_at(tmp_path / f"{n}.jpg", content) for n, content in enumerate(flat))
    pictures = PictureComparison()
    assert pictures.is_same(one, one, mirrored=False)
    assert not pictures.is_same(one, other, mirrored=False)


def test_remembered_poster_needs_no_file(tmp_path: Path) -> None:
    one = poster_at(tmp_path / "one.jpg", encode(painted(1)))
    copy = poster_at(tmp_path / "copy.jpg", encode(frame(painted(1))))
    pictures = PictureComparison()
    pictures.remember(one)
    one.path.unlink()
    assert pictures.is_same(one, copy, mirrored=False)


@pytest.mark.real
@pytest.mark.usefixtures("real_catalogue")
def test_no_two_real_posters_are_near_duplicates_and_their_copies_are(tmp_path: Path) -> None:
    near_duplicates = NearDuplicates(PictureComparison())
    originals = []
    for number, path in enumerate(sorted((REAL_DATA / "images" / "M").iterdir())):
        content = path.read_bytes()
        check = check_poster(content)
        movie = Movie(path.stem, "A", 1990, ("Action",), 7.0, path.name, "1990s", 1, "train")
        original = Poster(movie, path, check.checksum, check.phashes)
        if check.reason is None:
            near_duplicates.add(original)
            assert near_duplicates.of(original) == []
            if number % 170 == 0:
                originals.append(original)
    for kind, make in COPIES.items():
        found = 0
        for original in originals:
            with Image.open(original.path) as image:
                content = encode(make(image.convert("RGB")), quality=75)
            copy = poster_at(tmp_path / f"{original.movie.imdb_id[:40]}.jpg", content)
            found += near_duplicates.find(copy) == [original]
        assert found >= 0.95 * len(originals), kind
