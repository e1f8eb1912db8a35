"""Findings of an audit as sentences, the same in text, on the page, in JSON and on the card.

The cure stands in the sentence that warns, with what it was measured to bring.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from movie_posters_decade.analysis.columns import ORDER
from movie_posters_decade.analysis.shortcuts import (
    MIN_TEST_POSTERS,
    MIN_TRAIN_POSTERS,
    Shortcut,
)
from movie_posters_decade.options.transform import ImageTransform

RECOMMENDED = ImageTransform(image_size=(224, 224))
"""Resizing moves the pixels off the blocks that a first compression left; re-encoding does not."""


@dataclass(frozen=True)
class Remeasured:
    """An audit of transformed posters, of all features of the image or of some."""

    transform: ImageTransform
    shortcuts: Sequence[Shortcut]


def write_findings(shortcuts: Sequence[Shortcut], after: Remeasured | None = None) -> list[str]:
    """Return what an audit found, at least one sentence.

    Args:
        shortcuts: the results of the audit.
        after: the results for transformed posters, if there are any.
    """
    if any(shortcut.is_predictive is None for shortcut in shortcuts):
        return [
            f"Too few posters to check for shortcuts: the check needs {MIN_TEST_POSTERS} in test "
            f"and {MIN_TRAIN_POSTERS} of each decade in train, and two decades that are in both. "
            "Nothing was measured, so any feature may tell the decade."
        ]
    in_image = [shortcut for shortcut in shortcuts if shortcut.is_in_image]
    predictive = [shortcut for shortcut in in_image if shortcut.is_predictive]
    findings = [_image_finding(shortcut, after) for shortcut in predictive]
    if not predictive:
        findings = [
            f"None of {_join([shortcut.name for shortcut in in_image])} alone was measured to tell "
            f"the decade better than chance, which is {in_image[0].chance:.3f}. Other features "
            "were not measured."
        ]
    return findings + _column_findings(shortcuts)


def name_transform(transform: ImageTransform) -> str:
    """Return a transform as words, such as "resizing to 224x224"."""
    encoding = (transform.encode_format or "jpeg").upper()
    quality = "" if encoding == "PNG" else f" of quality {transform.encode_quality}"
    if transform.image_size is None:
        return f"re-encoding as {encoding}{quality}"
    width, height = transform.image_size
    is_usual = encoding == "JPEG" and transform.encode_quality == ImageTransform.encode_quality
    added = "" if is_usual else f" as {encoding}{quality}"
    return f"resizing to {width}x{height}{added}"


def transform_flags(transform: ImageTransform) -> str:
    """Return the flags of `export` and `baseline` that ask for a transform."""
    flags = []
    if transform.image_size is not None:
        flags.append("--image-size {}x{}".format(*transform.image_size))
    if transform.image_size is not None and transform.resize_mode != ImageTransform.resize_mode:
        flags.append(f"--resize-mode {transform.resize_mode}")
    if transform.encode_format is not None:
        flags.append(f"--encode-format {transform.encode_format}")
    if transform.encode_quality != ImageTransform.encode_quality:
        flags.append(f"--encode-quality {transform.encode_quality}")
    return " ".join(flags)


def _image_finding(shortcut: Shortcut, after: Remeasured | None) -> str:
    warning = (
        f"{_capitalize(shortcut.name)} alone tells the decade with an accuracy of "
        f"{shortcut.accuracy}, where chance is {shortcut.chance:.3f}, so that a network may learn "
        "it instead of style;"
    )
    [again] = [one for one in after.shortcuts if one.name == shortcut.name] if after else [None]
    if after is None or again is None:
        flags = transform_flags(RECOMMENDED)
        return (
            f"{warning} what {name_transform(RECOMMENDED)} does to it is measured by "
            f"`movie-posters-decade baseline {flags}`."
        )
    still = "still above chance" if again.is_predictive else "no longer clearly above chance"
    return (
        f"{warning} after {name_transform(after.transform)} "
        f"(`movie-posters-decade export {transform_flags(after.transform)}`) it is "
        f"{again.accuracy}, {still}."
    )


def _column_findings(shortcuts: Sequence[Shortcut]) -> list[str]:
    telling = [one for one in shortcuts if one.is_predictive and not one.is_in_image]
    columns = [f"{one.name} ({one.accuracy})" for one in telling if one.name != ORDER]
    findings = []
    if columns:
        findings.append(
            f"Columns that tell the decade alone: {_join(columns)}; chance is "
            f"{telling[0].chance:.3f}. A network that sees only pixels cannot learn from them. "
            "Keep them out of the inputs of any other model."
        )
    findings += [
        f"The {ORDER} tells the decade with an accuracy of {one.accuracy}, where chance is "
        f"{one.chance:.3f}. Shuffle the rows before training."
        for one in telling
        if one.name == ORDER
    ]
    return findings


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def _join(texts: Sequence[str]) -> str:
    return ", ".join(texts[:-1]) + " and " + texts[-1] if len(texts) > 1 else texts[0]
