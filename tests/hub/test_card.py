"""The card says in the Hub's words what the builds say in figures."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import DatasetCard

from movie_posters_decade.hub.card import Facts, make_card, size_category
from movie_posters_decade.report import Report

METADATA = {
    "configs": [{"config_name": "action", "data_files": "action/*", "default": True}],
    "dataset_info": {"config_name": "action"},
}


def stratum(
    split: str, decade: str, downloaded: int, rejected: dict[str, int], kept: int
) -> dict[str, Any]:
    return {
        "split": split,
        "decade": decade,
        "target": kept,
        "downloaded": downloaded,
        "rejected": rejected,
        "kept": kept,
    }


@pytest.fixture
def facts() -> Facts:
    report = Report(
        funnel={"rows": 4000, "years": 3000},
        decades={"1970s": 1600, "1980s": 1400},
        splits={"train": {"1970s": 801, "1980s": 801}, "test": {"1970s": 201, "1980s": 201}},
        dropped={"year_out_of_range": 1000, "not_found": 150, "not_sampled": 846},
        repaired={"titles": 3},
        rejected={"not_found": 140, "timeout": 10},
        strata=[
            stratum("train", "1970s", 901, {"not_found": 100}, 801),
            stratum("train", "1980s", 801, {}, 801),
            stratum("test", "1970s", 241, {"not_found": 30, "timeout": 10}, 201),
            stratum("test", "1980s", 211, {"not_found": 10}, 201),
        ],
    )
    return Facts(
        name="action",
        source="MovieGenre.csv",
        report=report,
        options={"seed": 42},
        catalogue="ab" * 32,
        versions={"datasets": "5.2.0"},
        example={"image": "<poster>", "label": 0, "title": "A ``` in a title"},
        picture="builds/action/contact_sheet.jpg",
    )


def test_sections_are_those_of_the_hub_in_its_order(facts: Facts) -> None:
    text = make_card("you/posters", [facts], METADATA).text
    assert re.findall(r"^#{1,2} (.+)$", text, re.MULTILINE) == [
        "Dataset Card for Movie Posters by Decade",
        "Dataset Details",
        "Uses",
        "Dataset Structure",
        "Dataset Creation",
        "Bias, Risks, and Limitations",
        "Copyright and Take-Down",
        "Citation",
    ]


def test_figures_are_those_of_the_build(facts: Facts) -> None:
    text = make_card("you/posters", [facts], METADATA).text
    for line in (
        "2,004 movie posters of the 1970s to the 1980s, labelled",
        "| rows | 4000 |  |",
        "| kept | 2004 |  |",
        "| decade | target | downloaded | not_found | timeout | set aside | kept |",
        "| 1970s | 1002 | 1142 | 130 | 10 | 0 | 1002 |",
        "| 1980s | 1002 | 1012 | 10 | 0 | 0 | 1002 |",
        "asked for (not_found: HTTP 404 or 410; timeout: no answer in time; set aside:",
        "| 1980s | 801 | 201 |",
        "Of the posters asked for in `action` were rejected: 1970s 12%, 1980s 1%. Of those kept, "
        "20% are test.",
        "- **Catalogue of `action`:** `MovieGenre.csv`",
        f"SHA-256 `{facts.catalogue}`. 3 titles were repaired. Pushed with datasets 5.2.0.",
        "![Posters of each decade](builds/action/contact_sheet.jpg)",
    ):
        assert line in text


def test_metadata_is_complete_and_can_be_read_back(facts: Facts) -> None:
    card = DatasetCard(str(make_card("you/posters", [facts], METADATA)))
    told = {name: value for name, value in vars(card.data).items() if value is not None}
    assert told == {
        "license": "other",
        "license_name": "posters-belong-to-their-copyright-holders",
        "license_link": "LICENSE.md",
        "pretty_name": "Movie Posters by Decade",
        "task_categories": ["image-classification"],
        "size_categories": ["1K<n<10K"],
        "tags": ["movie-posters", "movies", "posters", "decades"],
        **METADATA,
    }


def test_several_configurations_are_all_told_of(facts: Facts) -> None:
    bare = {"label": 0, "sha256": "ab"}
    drama = replace(facts, name="drama", picture=None, example=bare, source="https://x.example/a")
    text = make_card("you/posters", [facts, drama], METADATA).text
    assert (
        'dataset = load_dataset("you/posters")  # action\n'
        'dataset = load_dataset("you/posters", "drama")\n'
    ) in text
    assert "4,008 movie posters" in text
    assert "Of `drama` there are links and hashes alone." in text
    assert text.count("| 1970s | 1002 | 1142 | 130 | 10 | 0 | 1002 |") == 2
    assert text.count("![Posters") == text.count("Without `image`:") == 1
    assert "| `image` |" in text
    assert "| `sha256` |" in text
    assert "- **Catalogue of `drama`:** <https://x.example/a>" in text


def test_build_from_a_lock_file_claims_no_losses(facts: Facts) -> None:
    report = replace(facts.report, funnel={"locked": 2004})
    text = make_card("you/posters", [replace(facts, report=report)], METADATA).text
    assert "| locked | 2004 | movies that a lock file names |" in text
    assert "What was rejected for `action` is in its lock file." in text
    assert "were rejected:" not in text


def test_painted_posters_are_called_so(facts: Facts) -> None:
    text = make_card("you/posters", [replace(facts, source="demo")], METADATA).text
    assert "painted for a demonstration; none of its movies and posters is real" in text


def test_shortcuts_are_warned_of_or_said_not_to_be_there_or_not_looked_for(facts: Facts) -> None:
    unknown = make_card("you/posters", [facts], METADATA).text
    assert "tell the decade in `action` was not looked into." in unknown
    fine = make_card("you/posters", [replace(facts, warnings=[])], METADATA).text
    assert "alone tell the decade in `action` beyond chance." in fine
    warned = replace(facts, warnings=["file size alone tells the decade"])
    assert (
        "- In `action`: file size alone tells the decade"
        in make_card("you/posters", [warned], METADATA).text
    )


def test_title_cannot_end_the_example_too_early(facts: Facts) -> None:
    text = make_card("you/posters", [facts], METADATA).text
    [example] = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert json.loads(example) == facts.example


def test_facts_can_be_read_back(facts: Facts) -> None:
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_sizes_are_the_hubs() -> None:
    sizes = (999, 1_000, 10_000, 999_999, 1_000_000, 10_000_000)
    assert [size_category(size) for size in sizes] == [
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "100K<n<1M",
        "1M<n<10M",
        "10M<n<100M",
    ]
