"""The recipes run on the demo where their libraries are installed, and their models learn."""

from pathlib import Path
from typing import Any

import pytest
from pages import PAGES, RECIPES, blocks_in, missing_libraries

START, *SECTIONS = PAGES[RECIPES].split("\n## ")
TITLES = {section.partition("\n")[0]: section for section in SECTIONS}

# Those libraries warn of each other.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("title", TITLES)
def test_recipe_runs(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe needs the page's first block alone. What cannot run here is skipped by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    names: dict[str, Any] = {}
    missing: set[str] = set()
    for block in blocks_in(START, "python") + blocks_in(TITLES[title], "python"):
        missing |= missing_libraries(block)
        if not missing:
            exec(block, names)  # noqa: S102
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")
    assert names.get("accuracy", 1) > 0.4, "chance is 0.2"


def test_class_weights_make_each_decade_count_the_same(tmp_path: Path) -> None:
    options = f'config_name="demo", balance="none", cache_dir={str(tmp_path)!r}'
    names: dict[str, Any] = {}
    exec(blocks_in(START, "python")[0].replace('config_name="demo"', options), names)  # noqa: S102
    exec(blocks_in(TITLES["Class weights"], "python")[0], names)  # noqa: S102
    weighted = names["counts"] * names["weights"]
    assert len(set(names["counts"])) > 1
    assert weighted == pytest.approx([len(names["labels"]) / 5] * 5)
