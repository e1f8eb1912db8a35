"""Contents are kept alike with and without a helper, and whatever becomes of that."""

import asyncio
import io
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from movie_posters_decade.download.helping import from_line, help_keeping, to_question
from movie_posters_decade.download.keeper import WORTH_A_PROCESS, Keeper
from movie_posters_decade.download.keeping import PASSING_FAULTS, examine, keep
from samples import paint

from movie_posters_decade.io import discard, write_aside
from movie_posters_decade.records import Examined, RejectReason

CONTENTS = [paint("1990s", 1), paint("1990s", 1, mode="L"), b"<html>", paint("1980s", 2)[:500], b""]
EXAMINED = [examine(content, "rgb") for content in CONTENTS]
FAULTS = [
    None,
    RejectReason.GRAYSCALE,
    RejectReason.NOT_AN_IMAGE,
    RejectReason.TRUNCATED,
    RejectReason.NOT_AN_IMAGE,
]

has_helper = pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there is no helper")


def names(folder: Path, contents: Sequence[bytes]) -> list[str]:
    return [str(folder / str(number)) for number in range(len(contents))]


def assert_kept(
    folder: Path, contents: Sequence[bytes], faults: Sequence[RejectReason | None]
) -> None:
    """See that just those contents are there, and whole, that are worth keeping."""
    worth_it = [
        (name, content)
        for name, content, fault in zip(names(folder, contents), contents, faults, strict=True)
        if fault not in PASSING_FAULTS
    ]
    assert sorted(map(str, folder.iterdir())) == sorted(name for name, _ in worth_it)
    assert all(Path(name).read_bytes() == content for name, content in worth_it)


async def keep_all(keeper: Keeper, folder: Path, contents: Sequence[bytes]) -> list[Examined]:
    return await asyncio.gather(*map(keeper.keep, contents, names(folder, contents)))


async def wait_for_helper(keeper: Keeper) -> int:
    """Return the helper's process id once it answers."""
    for _ in range(1000):
        if keeper.helper is not None:
            return keeper.helper
        await asyncio.sleep(0.01)
    raise AssertionError("the helper never got ready")


def test_color_decides_and_without_one_anything_is_taken() -> None:
    assert [examine(content, "rgb").fault for content in CONTENTS] == FAULTS
    assert examine(CONTENTS[1], "any").fault is None
    assert [examine(content, None).fault for content in CONTENTS] == [None] * len(CONTENTS)


def test_content_is_stored_unless_its_fault_may_pass(tmp_path: Path) -> None:
    found = [
        keep(*pair, "rgb").fault for pair in zip(CONTENTS, names(tmp_path, CONTENTS), strict=True)
    ]
    assert found == FAULTS
    assert_kept(tmp_path, CONTENTS, FAULTS)


def test_helper_answers_each_question_with_a_line(tmp_path: Path) -> None:
    files = names(tmp_path, CONTENTS)
    aside = [write_aside(*pair) for pair in zip(files, CONTENTS, strict=True)]
    questions = b"".join(map(to_question, [*aside, str(tmp_path / "not there")]))
    answers = io.BytesIO()
    help_keeping(io.BufferedReader(io.BytesIO(questions)), answers, "rgb")
    ready, *lines, in_vain = answers.getvalue().splitlines()
    assert (ready, in_vain) == (b"ready", b"in vain")
    assert [from_line(line) for line in lines] == EXAMINED
    for unfinished in aside:
        discard(unfinished)
    assert_kept(tmp_path, CONTENTS, FAULTS)


@pytest.mark.parametrize("posters", [1, WORTH_A_PROCESS])
def test_answers_belong_to_their_questions(tmp_path: Path, posters: int) -> None:
    async def ask() -> list[Examined]:
        async with Keeper("rgb", posters) as keeper:
            has_helper = posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
            if has_helper:
                await wait_for_helper(keeper)
            found = await keep_all(keeper, tmp_path, CONTENTS * 20)
            assert (keeper.helper is not None) == has_helper
            return found

    assert asyncio.run(ask()) == EXAMINED * 20
    assert_kept(tmp_path, CONTENTS * 20, FAULTS * 20)


@has_helper
def test_nothing_waits_for_a_helper_that_is_not_ready(tmp_path: Path) -> None:
    async def ask() -> list[Examined]:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            found = await keep_all(keeper, tmp_path, CONTENTS)
            assert keeper.helper is None
            return found

    assert asyncio.run(ask()) == EXAMINED


@has_helper
def test_helper_that_dies_leaves_nothing_undone(tmp_path: Path) -> None:
    async def ask() -> list[Examined]:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            process = await wait_for_helper(keeper)
            os.kill(process, signal.SIGSTOP)
            asked = asyncio.create_task(keep_all(keeper, tmp_path, CONTENTS * 2))
            await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            return await asked

    assert asyncio.run(ask()) == EXAMINED * 2
    assert_kept(tmp_path, CONTENTS * 2, FAULTS * 2)


@has_helper
def test_content_that_a_helper_stored_before_it_died_is_kept(tmp_path: Path) -> None:
    """As it may have had no time to tell."""

    async def ask() -> list[Examined]:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            process = await wait_for_helper(keeper)
            os.kill(process, signal.SIGSTOP)
            asked = asyncio.create_task(keep_all(keeper, tmp_path, CONTENTS[:1]))
            await asyncio.sleep(0.01)
            [unfinished] = tmp_path.iterdir()
            unfinished.rename(names(tmp_path, CONTENTS)[0])
            os.kill(process, signal.SIGKILL)
            return await asked

    assert asyncio.run(ask()) == EXAMINED[:1]
    assert_kept(tmp_path, CONTENTS[:1], FAULTS[:1])


@has_helper
def test_helper_that_hangs_is_done_without(tmp_path: Path) -> None:
    async def ask() -> list[Examined]:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            os.kill(await wait_for_helper(keeper), signal.SIGSTOP)
            keeper._patience = 0.5
            return await keep_all(keeper, tmp_path, CONTENTS * 2)

    assert asyncio.run(ask()) == EXAMINED * 2


def test_what_cannot_be_stored_is_an_error_with_and_without_a_helper(tmp_path: Path) -> None:
    async def ask(posters: int) -> None:
        async with Keeper("rgb", posters) as keeper:
            if posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1:
                await wait_for_helper(keeper)
            await keeper.keep(CONTENTS[0], str(tmp_path / "not there" / "file"))

    for posters in (1, WORTH_A_PROCESS):
        with pytest.raises(FileNotFoundError):
            asyncio.run(ask(posters))


@has_helper
def test_what_the_helper_cannot_store_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    async def ask() -> None:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            await wait_for_helper(keeper)
            async with asyncio.timeout(10):
                await keeper.keep(CONTENTS[0], str(tmp_path / "folder"))

    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        asyncio.run(ask())
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@has_helper
def test_what_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    async def ask() -> None:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            helper = await wait_for_helper(keeper)
            os.kill(helper, signal.SIGSTOP)
            asked = asyncio.create_task(keep_all(keeper, tmp_path, CONTENTS))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert len(list(tmp_path.glob("*.incomplete"))) == len(CONTENTS)
            asked.cancel()
            os.kill(helper, signal.SIGKILL)

    asyncio.run(ask())
    assert list(tmp_path.iterdir()) == []


def test_questions_and_answers_may_come_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("movie_posters_decade.download.helping.READ_BYTES", 7)
    monkeypatch.setattr("movie_posters_decade.download.keeper.READ_BYTES", 7)
    test_helper_answers_each_question_with_a_line(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    test_answers_belong_to_their_questions(tmp_path, WORTH_A_PROCESS)


@has_helper
def test_helper_is_gone_afterwards() -> None:
    async def start() -> int:
        async with Keeper("rgb", WORTH_A_PROCESS) as keeper:
            return await wait_for_helper(keeper)

    process = asyncio.run(start())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
