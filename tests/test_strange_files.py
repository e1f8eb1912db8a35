"""Strange files: whatever a catalogue or a lock file holds, a build or one sentence comes of it."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sample_builds import build_sample
from samples import SampleCatalogue, read_movies

from movie_posters_decade import MoviePostersDecade, MoviePostersError
from movie_posters_decade.text.terminal import visible

FILES = 50
"""How many files of each kind are tried."""

TOKENS = [
    *(b"\0", b"\x1b[2J", b'"', b"'", b"\\", b",", b"\n", b"\r", b"\t", b"[", b"{", b"]}", b"\xff"),
    *(b"1e999", b"-1", b"NaN", b"9" * 5000, b"tt", b"http://", b"/dev/zero", b"../", b"file:///"),
    *(b"\xe2\x80\xae", b"\\ud800", b"=1+1", b"x" * 70_000, b"1995", b"null", b"true", b"__proto__"),
]

VALUES: list[Any] = [
    *(None, True, -1, 0, 1, 0.5, 2**70, 10**30, float("nan"), "", "a", "\x1b[2J", "\u202e"),
    *("\ud800", "x" * 3000, [], {}, ["a"], [1], {"a": 1}, "1970s", "train", "not_found", "0" * 64),
]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Change some bytes: flip, remove, repeat or insert them, or cut the end."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 2, 5, 20])):
        start = chance.randrange(len(changed) + 1)
        stop = min(len(changed), start + chance.choice([1, 4, 50]))
        kind = chance.randrange(5)
        if kind == 0 and start < len(changed):
            changed[start] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[start:stop]
        elif kind == 2:
            changed[start:start] = changed[start:stop] * chance.choice([1, 100])
        elif kind == 3:
            changed[start:start] = chance.choice(TOKENS)
        elif chance.random() < 0.2:
            del changed[start:]
    return bytes(changed)


def is_done(run: Callable[[], object]) -> bool:
    """Return whether something succeeds, and fail if it raises anything but one sentence."""
    sentence = None
    try:
        run()
    except MoviePostersError as error:
        sentence = str(error)
    if sentence is not None:
        assert sentence == visible(sentence)
        assert ": expected " in sentence or "movie" in sentence
        assert len(sentence) < 6000
    return sentence is None


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "xlsx", "gz"])
def test_random_catalogues_are_planned_or_one_sentence(
    sample: SampleCatalogue, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"movies.{kind}"
    frame = pd.DataFrame(read_movies(sample.path)).drop(columns="extra")
    frame["genres"] = frame["genres"].map(list if kind in {"json", "parquet"} else "|".join)
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "json":
        frame.to_json(path, orient="records")
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    else:
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode(), mtime=0))
    intact, planned = path.read_bytes(), 0
    for seed in range(FILES // 5):
        path.write_bytes(mutate(intact, random.Random(f"{kind} {seed}")))
        options: dict[str, Any] = {"data_files": path, "balance": "none", "test_size": 0.5}
        planned += is_done(
            lambda options=options: MoviePostersDecade(str(tmp_path), **options).plan()  # type: ignore[misc]
        )
    assert planned < FILES // 5


def strange_lock(text: str, chance: random.Random) -> str:
    """Change some values of a lock file, or its text."""
    head, *lines = [json.loads(line) for line in text.splitlines()]
    for _ in range(chance.choice([1, 1, 2, 5])):
        kind, line = chance.randrange(6), chance.choice([head, head["options"], *lines])
        if kind < 3:
            line[chance.choice([*line, "extra", "stored_sha256"])] = chance.choice(VALUES)
        elif kind == 3:
            del line[chance.choice([*line])]
        elif kind == 4 and line in lines:
            lines.insert(0, line)
        else:
            chance.shuffle(lines)
        if not all([head.get("options"), *lines]):
            break
    changed = "\n".join(map(json.dumps, [head, *lines]))
    if chance.random() < 0.2:
        changed = mutate(changed.encode(), chance).decode(errors="replace")
    return changed


def test_random_lock_files_are_built_or_one_sentence(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    first = build_sample(sample, tmp_path / "first")
    text, path = Path(first.files.lock_path).read_text(), tmp_path / "strange.lock"
    refused = 0
    for seed in range(FILES):
        path.write_text(strange_lock(text, random.Random(seed)))
        cache = tmp_path / str(seed)

        def build(cache: Path = cache) -> None:
            options: dict[str, Any] = {"data_files": None, "lock_file": str(path)}
            build_sample(sample, cache, **options).built()

        refused += not is_done(build)
    assert 0 < refused < FILES
