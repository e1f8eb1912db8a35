"""Findings name what was measured, with the cure in the sentence that warns."""

import argparse

import pytest

from movie_posters_decade.analysis.columns import ORDER
from movie_posters_decade.analysis.intervals import Score
from movie_posters_decade.analysis.shortcuts import Shortcut
from movie_posters_decade.analysis.wording import (
    RECOMMENDED,
    Remeasured,
    name_transform,
    transform_flags,
    write_findings,
)
from movie_posters_decade.cli.parser import parser, transform_options
from movie_posters_decade.options.transform import ImageTransform

TELLING, CHANCE = Score(0.45, 0.4, 0.5), Score(0.2, 0.15, 0.25)


def result(name: str, accuracy: Score | None) -> Shortcut:
    return Shortcut(name, accuracy, 0.2, 0.997)


def test_shortcut_is_told_with_what_was_measured_after_the_transform() -> None:
    shortcuts = [result("file size", TELLING), result("border color", CHANCE)]
    warning = (
        "File size alone tells the decade with an accuracy of 0.450 [0.400, 0.500], where chance "
        "is 0.200, so that a network may learn it instead of style; "
    )
    texts = {CHANCE: "no longer clearly above chance", TELLING: "still above chance"}
    for after, text in texts.items():
        again = Remeasured(RECOMMENDED, [result("file size", after)])
        assert write_findings(shortcuts, again) == [
            f"{warning}after resizing to 224x224 (`movie-posters-decade export --image-size "
            f"224x224`) it is {after}, {text}."
        ]
    assert write_findings(shortcuts) == [
        f"{warning}what resizing to 224x224 does to it is measured by `movie-posters-decade "
        "baseline --image-size 224x224`."
    ]


def test_all_clear_names_what_was_measured() -> None:
    assert write_findings([result("file size", CHANCE), result("border color", CHANCE)]) == [
        "None of file size and border color alone was measured to tell the decade better than "
        "chance, which is 0.200. Other features were not measured."
    ]


def test_columns_and_order_are_told_apart_from_shortcuts_in_the_image() -> None:
    shortcuts = [
        result(name, TELLING) for name in ("file size", "imdb_id", "genres", "title", ORDER)
    ]
    shortcuts[3] = result("title", CHANCE)
    _, columns, order = write_findings(shortcuts)
    assert columns == (
        "Columns that tell the decade alone: imdb_id (0.450 [0.400, 0.500]) and genres (0.450 "
        "[0.400, 0.500]); chance is 0.200. A network that sees only pixels cannot learn from them. "
        "Keep them out of the inputs of any other model."
    )
    assert order == (
        "The position in the split tells the decade with an accuracy of 0.450 [0.400, 0.500], "
        "where chance is 0.200. Shuffle the rows before training."
    )


def test_too_few_posters_are_no_all_clear() -> None:
    assert write_findings([result("file size", None), result("imdb_id", None)]) == [
        "Too few posters to check for shortcuts: the check needs 50 in test and 20 of each decade "
        "in train, and two decades that are in both. Nothing was measured, so any feature may tell "
        "the decade."
    ]


@pytest.mark.parametrize(
    ("transform", "name"),
    [
        (RECOMMENDED, "resizing to 224x224"),
        (ImageTransform((182, 268), "pad"), "resizing to 182x268"),
        (ImageTransform((10, 20), encode_format="webp"), "resizing to 10x20 as WEBP of quality 90"),
        (ImageTransform((10, 20), encode_quality=60), "resizing to 10x20 as JPEG of quality 60"),
        (ImageTransform(encode_format="png"), "re-encoding as PNG"),
        (ImageTransform(encode_format="jpeg"), "re-encoding as JPEG of quality 90"),
    ],
)
def test_flags_of_a_transform_are_those_that_the_command_line_reads(
    transform: ImageTransform, name: str
) -> None:
    assert name_transform(transform) == name
    chosen: argparse.Namespace = parser().parse_args(
        ["baseline", *transform_flags(transform).split()]
    )
    assert ImageTransform(**transform_options(chosen)) == transform
