"""Dataset card: the Hub's sections, with the numbers of the builds."""

import json
import re
from dataclasses import replace
from typing import Any

import jinja2
import pytest
from datasets import DatasetInfo
from huggingface_hub import DatasetCard

from movie_posters_decade.analysis.wording import RECOMMENDED, transform_flags
from movie_posters_decade.hub import card
from movie_posters_decade.hub.card import ConfigurationSummary, size_category
from movie_posters_decade.report.counts import Report

REPO_ID = "you/posters"
INFO = DatasetInfo(
    description="Posters.",
    license="Ask the copyright holders.",
    citation="@misc{posters}",
    homepage="https://x.example/catalogue",
)

METADATA = {
    "configs": [{"config_name": "action", "data_files": "action/*", "default": True}],
    "dataset_info": {"config_name": "action"},
}


def make_card(*configurations: ConfigurationSummary) -> DatasetCard:
    return card.make_card(REPO_ID, configurations, METADATA, INFO)


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
def action() -> ConfigurationSummary:
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
    return ConfigurationSummary(
        name="action",
        source="MovieGenre.csv",
        report=report,
        options={"seed": 42},
        catalogue="ab" * 32,
        versions={"datasets": "5.2.0"},
        example={"image": "<poster>", "label": 0, "title": "A ``` in a title"},
        contact_sheet="builds/action/contact_sheet.jpg",
    )


def test_sections_are_the_hubs_in_its_order(action: ConfigurationSummary) -> None:
    text = make_card(action).text
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


def test_numbers_come_from_the_build(action: ConfigurationSummary) -> None:
    text = make_card(action).text
    for line in (
        "2,004 movie posters of the 1970s to the 1980s, labelled",
        "| rows | 4000 |  |",
        "| kept | 2004 | movies in the dataset |",
        "| decade | target | downloaded | not_found | timeout | set aside | kept |",
        "| 1970s | 1002 | 1142 | 130 | 10 | 0 | 1002 |",
        "| 1980s | 1002 | 1012 | 10 | 0 | 0 | 1002 |",
        "decade (not_found: HTTP 404 or 410; timeout: no answer in time; set aside:",
        "| 1980s | 801 | 201 |",
        "`action`: share of downloaded posters that were rejected: 1970s 12%, 1980s 1%. Of the "
        "kept posters, 20% are test.",
        "- **Catalogue of `action`:** `MovieGenre.csv`",
        f"SHA-256 `{action.catalogue}`. 3 titles were repaired. Pushed with datasets 5.2.0.",
        "![Posters of each decade](builds/action/contact_sheet.jpg)",
    ):
        assert line in text


def test_metadata_is_complete_and_can_be_read_back(action: ConfigurationSummary) -> None:
    data = DatasetCard(str(make_card(action))).data
    assert {name: value for name, value in vars(data).items() if value is not None} == {
        "license": "other",
        "license_name": "posters-belong-to-their-copyright-holders",
        "license_link": "LICENSE.md",
        "pretty_name": "Movie Posters by Decade",
        "task_categories": ["image-classification"],
        "size_categories": ["1K<n<10K"],
        "tags": ["movie-posters", "movies", "posters", "decades"],
        **METADATA,
    }


def test_card_describes_all_configurations(action: ConfigurationSummary) -> None:
    bare = {"label": 0, "sha256": "ab"}
    drama = replace(
        action, name="drama", contact_sheet=None, example=bare, source="https://x.example/a"
    )
    text = make_card(action, drama).text
    assert (
        'dataset = load_dataset("you/posters")  # action\n'
        'dataset = load_dataset("you/posters", "drama")\n'
    ) in text
    assert "4,008 movie posters" in text
    assert "`drama` has no images, only links and hashes." in text
    assert text.count("| 1970s | 1002 | 1142 | 130 | 10 | 0 | 1002 |") == 2
    assert text.count("![Posters") == text.count("This configuration has no `image`") == 1
    assert "| `image` |" in text
    assert "| `sha256` |" in text
    assert "- **Catalogue of `drama`:** <https://x.example/a>" in text


def test_build_from_a_lock_file_refers_to_it_for_rejections(action: ConfigurationSummary) -> None:
    report = replace(action.report, funnel={"locked": 2004})
    text = make_card(replace(action, report=report)).text
    assert "| locked | 2004 | movies that a lock file names |" in text
    assert "`action`: its lock file lists the rejected posters." in text
    assert "were rejected:" not in text
    assert "| decade | target |" not in text


def test_demo_is_described_as_painted(action: ConfigurationSummary) -> None:
    text = make_card(replace(action, source="demo")).text
    assert "painted for a demonstration; none of its movies and posters is real" in text
    assert "`movie-posters-decade build --config demo` builds the same dataset again" in text


@pytest.mark.parametrize("findings", [None, []])
def test_unmeasured_shortcuts_are_said_not_to_be_measured(
    action: ConfigurationSummary, findings: list[str] | None
) -> None:
    """An empty list, which says nothing of what was measured, is no all-clear."""
    text = make_card(replace(action, findings=findings)).text
    assert "- `action`: nobody checked whether file size, encoding or border predict" in text
    assert "shortcuts were not measured.\n" in text


def test_measured_shortcuts_are_listed(action: ConfigurationSummary) -> None:
    listed = make_card(replace(action, findings=["file size alone is predictive"])).text
    assert "- `action`: file size alone is predictive\n" in listed


def test_recommendation_says_what_removes_compression_traces(action: ConfigurationSummary) -> None:
    text = make_card(action).text
    [recommendation] = re.findall(r"^### Recommendations\n\n(.+)$", text, re.MULTILINE)
    assert "Re-encoding at the same size does not remove the traces" in recommendation
    assert f"baseline {transform_flags(RECOMMENDED)}`" in recommendation


def test_backticks_in_a_title_do_not_end_the_code_block(action: ConfigurationSummary) -> None:
    text = make_card(action).text
    [example] = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert json.loads(example) == action.example


def test_summary_survives_json(action: ConfigurationSummary) -> None:
    assert ConfigurationSummary.from_json(json.loads(json.dumps(action.to_json()))) == action


def test_template_uses_no_unknown_variable(action: ConfigurationSummary) -> None:
    """Jinja renders an unknown variable as an empty text, and so hides a typing error."""
    strict = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701
    template = strict.from_string(card.TEMPLATE_FILE.read_text("utf-8"))
    bare = replace(action, name="bare", contact_sheet=None, findings=["w"], source="demo")
    locked = replace(action.report, funnel={"locked": 1}, rejected={})
    summaries = [action, bare, replace(action, name="locked", report=locked, findings=[])]
    variables = card.template_variables(REPO_ID, summaries, INFO)
    assert template.render(card_data="x: 1", **variables).endswith("\n```\n")


def test_card_counts_strips_of_landscape_pictures(action: ConfigurationSummary) -> None:
    assert "strips cut from pictures" not in make_card(action).text
    report = replace(action.report, landscape_crops={"1970s": 1, "2010s": 4})
    text = make_card(replace(action, report=report)).text
    assert "`action`: 5 posters are strips cut from pictures" in text
    assert "(1970s 1, 2010s 4)" in text


def test_card_has_a_column_for_validation_where_there_is_such_a_split(
    action: ConfigurationSummary,
) -> None:
    assert "| decade | train | test |" in make_card(action).text
    splits = {**action.report.splits, "validation": {"1970s": 3}}
    report = replace(action.report, splits=splits)
    text = make_card(action, replace(action, name="other", report=report)).text
    assert "| decade | train | validation | test |" in text


def test_size_categories_are_the_hubs() -> None:
    sizes = (999, 1_000, 10_000, 999_999, 1_000_000, 10_000_000)
    assert [size_category(size) for size in sizes] == [
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "100K<n<1M",
        "1M<n<10M",
        "10M<n<100M",
    ]


def test_texts_of_a_catalogue_cannot_break_the_card(action: ConfigurationSummary) -> None:
    title = "A\u202e ``` | # x\n---\n<script>"
    evil = replace(
        action,
        source="a`b\n# Heading\n\x1b[2J|.csv",
        example={"title": title, "genres": ["```\n", "---"]},
        options={"extra_columns": ["`x`", "---"], "base_url": "`\u2066"},
    )
    text = make_card(evil).text
    [example] = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert json.loads(example)["title"] == title
    assert r"- **Catalogue of `action`:** `a'b # Heading \x1b[2J|.csv`" in text
    assert re.findall(r"^# (.+)$", text, re.MULTILINE) == [
        "Dataset Card for Movie Posters by Decade"
    ]
    assert not set(text) & set("\x1b\u202e\u2066")
    link = replace(action, source="https://h/a b>`\n<x|")
    assert "<https://h/a%20b%3E%60%0A%3Cx%7C>" in make_card(link).text


def test_names_of_columns_cannot_break_the_metadata(action: ConfigurationSummary) -> None:
    names = ["--- x", "a: b", "'\"`", "- y", "# z", "{x}"]
    features = [{"name": name, "dtype": "string"} for name in names]
    metadata = METADATA | {"dataset_info": {"config_name": "action", "features": features}}
    read = DatasetCard(str(card.make_card(REPO_ID, [action], metadata, INFO)))
    found = vars(read.data)
    assert [one["name"] for one in found["dataset_info"]["features"]] == names
    assert found["license_name"] == "posters-belong-to-their-copyright-holders"
