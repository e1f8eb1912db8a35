"""Contents are examined alike with and without a helper, and whatever becomes of that."""

import asyncio
import io
import os
import signal

import pytest
from conftest import paint

from movie_posters_decade.examining import WORTH_A_PROCESS, Examiner, answer, examine
from movie_posters_decade.funnel import Reason

CONTENTS = [paint("1990s", 1), paint("1990s", 1, mode="L"), b"<html>", paint("1980s", 2)[:500], b""]
FAULTS = [None, Reason.BLACK_AND_WHITE, Reason.NOT_AN_IMAGE, Reason.TRUNCATED, Reason.NOT_AN_IMAGE]


def test_color_decides_and_without_one_anything_is_taken() -> None:
    assert [examine(content, "rgb") for content in CONTENTS] == FAULTS
    assert examine(CONTENTS[1], "any") is None
    assert [examine(content, None) for content in CONTENTS] == [None] * len(CONTENTS)


def test_helper_answers_each_question_with_a_line() -> None:
    questions = b"".join(len(content).to_bytes(4, "big") + content for content in CONTENTS)
    answers = io.BytesIO()
    answer(io.BytesIO(questions), answers, "rgb")
    lines = answers.getvalue().decode().split("\n")
    assert lines == ["ready", *((fault or "") for fault in FAULTS), ""]


async def wait_for_helper(examiner: Examiner) -> int:
    """Return the helper's process id once it answers."""
    for _ in range(1000):
        if examiner.helper is not None:
            return examiner.helper
        await asyncio.sleep(0.01)
    raise AssertionError("the helper never got ready")


@pytest.mark.parametrize("posters", [1, WORTH_A_PROCESS])
def test_answers_belong_to_their_questions(posters: int) -> None:
    async def ask() -> list[Reason | None]:
        async with Examiner("rgb", posters) as examiner:
            if posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1:
                await wait_for_helper(examiner)
            return await asyncio.gather(*map(examiner.examine, CONTENTS * 20))

    assert asyncio.run(ask()) == FAULTS * 20


@pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there is no helper")
def test_helper_that_dies_leaves_nothing_unanswered() -> None:
    async def ask() -> list[Reason | None]:
        async with Examiner("rgb", WORTH_A_PROCESS) as examiner:
            process = await wait_for_helper(examiner)
            os.kill(process, signal.SIGSTOP)
            asked = [asyncio.create_task(examiner.examine(content)) for content in CONTENTS]
            await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            answered = await asyncio.gather(*asked)
            return answered + await asyncio.gather(*map(examiner.examine, CONTENTS))

    assert asyncio.run(ask()) == FAULTS * 2


@pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there is no helper")
def test_helper_that_hangs_is_done_without() -> None:
    async def ask() -> list[Reason | None]:
        async with Examiner("rgb", WORTH_A_PROCESS, patience=0.05) as examiner:
            os.kill(await wait_for_helper(examiner), signal.SIGSTOP)
            return await asyncio.gather(*map(examiner.examine, CONTENTS * 2))

    assert asyncio.run(ask()) == FAULTS * 2


def test_helper_is_gone_afterwards() -> None:
    async def start() -> int:
        async with Examiner("rgb", WORTH_A_PROCESS) as examiner:
            return await wait_for_helper(examiner)

    process = asyncio.run(start())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
