"""Garbled titles are repaired where that is certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.catalogue.clean import repair_title

TITLES = [
    "Les mis\u00e9rables",
    "\u00c6on Flux",
    "A la playa ma\u00f1ana",
    "\u00bfQui\u00e9n diablos?",
    "Der ganz gro\u00dfe Traum",
]


def misread(title: str, turns: int) -> str:
    """Return what became of titles on their way into Kaggle's catalogue."""
    text = title.encode("utf-8").decode("cp1252")
    for _ in range(turns):
        text = text.encode("mac_roman").decode("latin-1")
    return text


@pytest.mark.parametrize("turns", [0, 1, 2])
@pytest.mark.parametrize("title", TITLES)
def test_garbled_title_is_repaired(title: str, turns: int) -> None:
    assert repair_title(misread(title, turns)) == title


@pytest.mark.parametrize(
    "title",
    [
        *TITLES,
        "\u0141\u00f3d\u017a",
        "L\u2019\u00e9t\u00e9 \u2013 \u00e0 Paris",
        # A character of these was rejected for good.
        "H\u00ed_xan",
        "Sal\u00ed_, or the 120 Days of Sodom",
        "Cube\u008c_: Hypercube",
    ],
)
def test_title_is_left_alone_where_nothing_is_certain(title: str) -> None:
    assert repair_title(title) == title


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_titles_are_never_touched(title: str) -> None:
    assert repair_title(title) == title
