"""The pages on downloads and rejections say what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from movie_posters_decade.builds.artifacts import REJECTED_COLUMNS
from movie_posters_decade.download import RetryPolicy
from movie_posters_decade.download.retry import RETRY_STATUSES
from movie_posters_decade.records import RejectReason

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOWNLOADS = (DOCS / "downloads.md").read_text()
REJECTIONS, COLUMNS = (DOCS / "rejections.md").read_text().split("## rejected.csv")


def test_page_explains_each_reason_in_order() -> None:
    assert re.findall(r"^\| `(\w+)` \|", REJECTIONS, re.MULTILINE) == list(RejectReason)


def test_page_explains_each_column_of_rejected_csv() -> None:
    cells = re.findall(r"^\| (`.*?`) \|", COLUMNS, re.MULTILINE)
    assert re.findall(r"\w+", " ".join(cells)) == list(REJECTED_COLUMNS)


def test_page_gives_the_defaults_of_the_retry_policy() -> None:
    settings = dict(re.findall(r"^\| `(\w+)` \| ([0-9.]+)(?: s)? \|", DOWNLOADS, re.MULTILINE))
    defaults = {one.name: one.default for one in fields(RetryPolicy)}
    assert {name: float(value) for name, value in settings.items()} == defaults


def test_page_lists_the_statuses_that_are_retried() -> None:
    [listed] = re.findall(r"HTTP ((?:\d{3}, )+\d{3} and \d{3})\. Other", DOWNLOADS)
    assert set(map(int, re.findall(r"\d+", listed))) == RETRY_STATUSES
