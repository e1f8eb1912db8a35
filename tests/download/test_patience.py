"""How long to wait and when to stop, decided without waiting."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.download.retry import (
    Patience,
    opts_out,
    parse_retry_after,
    reason_for_status,
)
from movie_posters_decade.records import RejectReason

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@given(st.integers(1, 10), st.floats(0, 1))
def test_waits_grow_and_are_capped(tries: int, chance: float) -> None:
    patience = Patience(first_wait=0.5, longest_wait=30)
    wait = patience.wait(tries, chance)
    doubled = 0.5 * 2 ** (tries - 1)
    assert min(doubled / 2, 30) <= wait <= min(doubled * 1.5, 30)


@pytest.mark.parametrize(("asked", "wait"), [(7.0, 7.0), (3600.0, 30.0), (-5.0, 0.0)])
def test_server_is_obeyed_up_to_the_cap(asked: float, wait: float) -> None:
    assert Patience().wait(1, 0.5, retry_after=asked) == wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", -3600.0),
        ("soon", None),
        ("²", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, RejectReason.NOT_FOUND),
        (410, RejectReason.NOT_FOUND),
        (400, RejectReason.ACCESS_DENIED),
        (401, RejectReason.ACCESS_DENIED),
        (403, RejectReason.ACCESS_DENIED),
        (451, RejectReason.ACCESS_DENIED),
        (408, RejectReason.TIMEOUT),
        (504, RejectReason.TIMEOUT),
        (425, RejectReason.SERVER_ERROR),
        (429, RejectReason.SERVER_ERROR),
        (500, RejectReason.SERVER_ERROR),
        (204, RejectReason.SERVER_ERROR),
    ],
)
def test_status_says_why_there_is_no_poster(status: int, reason: RejectReason) -> None:
    assert reason_for_status(status) is reason


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["noai"], True),
        (["NoImageAI"], True),
        (["nofollow, noindex"], True),
        (["nofollow", "noimageindex"], True),
        (["movie_posters_decade: noai"], True),
        (["*: noai"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noai"], True),
        (["googlebot: noindex"], False),
        (["googlebot: nofollow, noindex"], False),
        (["all, nofollow, max-snippet:5"], False),
        ([], False),
    ],
)
def test_opt_out_is_for_everybody_or_for_this_client(headers: list[str], expected: bool) -> None:
    assert opts_out(headers, "movie_posters_decade") is expected
