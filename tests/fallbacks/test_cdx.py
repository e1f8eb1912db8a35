"""CDX index: answers may be anything, and captures are checked."""

import json
from typing import Any

import pytest
from archived import LINK
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.archive import FIELDS

from movie_posters_decade.fallbacks.cdx import Capture, index_address, parse_captures

CELLS = {
    "urlkey": st.just("key"),
    "timestamp": st.sampled_from(["20150314092653", "20140314092653", "2015", ""]),
    "original": st.sampled_from([LINK, "/M/a.jpg", "http://[", "http://other.example/"]),
    "mimetype": st.sampled_from(["image/jpeg", "text/html", "warc/revisit"]),
    "statuscode": st.sampled_from(["200", "404", "-"]),
    "digest": st.sampled_from(["A" * 32, "B" * 32, "-", "a" * 32]),
    "length": st.just("1"),
}
ROWS = st.tuples(*CELLS.values()).map(list)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
    max_leaves=6,
)


def parse(content: bytes) -> tuple[Capture, ...] | None:
    """Return the captures of an answer, or None if it is not a valid one."""
    try:
        return parse_captures(content, LINK)
    except ValueError:
        return None


@settings(deadline=None)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_answer_may_be_anything(content: bytes) -> None:
    assert parse(content) in (None, ())


@settings(deadline=None)
@given(st.lists(ROWS))
def test_captures_are_valid_and_ordered_and_differ(rows: list[list[str]]) -> None:
    captures = parse(json.dumps([FIELDS, *rows]).encode()) or ()
    assert all(Capture.checked(*capture) for capture in captures)
    assert sorted(captures) == list(captures)
    assert len({capture.sha1 for capture in captures}) == len(captures)
    held = [row[1:6:4] for row in rows if row[2:5] == [LINK, "image/jpeg", "200"]]
    assert all(list(capture) in held for capture in captures)


def test_captures_are_ordered_by_time_whatever_the_order_of_the_rows() -> None:
    captures = [Capture("20160101000000", "B" * 32), Capture("20150101000000", "A" * 32)]
    rows = [["key", time, LINK, "image/png", "200", sha1, "1"] for time, sha1 in captures]
    assert parse(json.dumps([FIELDS, *rows]).encode()) == tuple(reversed(captures))


@pytest.mark.parametrize("values", [("2015", "A" * 32), ("20150314092653", None), (7, "A" * 32)])
def test_capture_is_checked(values: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="without a valid timestamp and digest"):
        Capture.checked(*values)


def test_address_of_a_capture_gives_its_bytes_unchanged() -> None:
    capture = Capture("20150314092653", "A" * 32)
    assert capture.address(LINK) == f"https://web.archive.org/web/20150314092653id_/{LINK}"


def test_link_with_a_star_finds_itself_alone() -> None:
    """The index would take it for a pattern."""
    assert "url=http%3A%2F%2Fa.example%2F%2A&" in index_address("http://a.example/*")
    assert "&matchType=exact&" in index_address("http://a.example/*")
