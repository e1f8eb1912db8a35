"""The notebook of the documentation runs, and shows what it stores."""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import nbformat
import pytest
from run_notebook import NOTEBOOK, run_notebook

MAX_BYTES = 1_000_000


def texts(notebook: Any) -> list[str]:
    """Return the texts that the cells of a notebook show, without warnings."""
    return [
        output["text"] if output.output_type == "stream" else output["data"]["text/plain"]
        for output in outputs(notebook)
        if output.get("name") != "stderr"
    ]


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


MISTAKE = ['show("posters")', "import traceback; traceback.print_last()"]
"""Two cells: a mistake, and what its error says will show more."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook as it runs now, with the mistake at its end."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells += map(nbformat.v4.new_code_cell, MISTAKE)
    nbformat.write(notebook, folder / "notebook.ipynb")
    return run_notebook(folder / "notebook.ipynb", folder, allow_errors=True)


def test_notebook_shows_what_it_stores(run: Any) -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    fresh = copy(run)
    fresh.cells = run.cells[: -len(MISTAKE)]
    assert texts(fresh) == texts(stored)
    shown = "".join(texts(stored))
    assert "115 train, 30 test posters" in shown
    accuracy = re.search(r"accuracy on 30 test posters: (\d+)%", shown)
    assert accuracy is not None
    assert int(accuracy[1]) > 60, "chance is 20"


def test_stored_notebook_is_small_and_names_no_machine() -> None:
    content = NOTEBOOK.read_text(encoding="utf-8")
    assert len(content) < MAX_BYTES
    assert "image/png" not in content
    stored = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(stored)
    pictures = [output for output in outputs(stored) if "image/jpeg" in output.get("data", {})]
    assert len(pictures) == 2
    seen = "".join(map(str, outputs(stored)))
    assert re.findall(r"/(?:tmp|home|root|usr)/|site-packages|[A-Z]:\\", seen) == []
    assert all(not cell.metadata for cell in stored.cells)
    assert all(cell.get("execution_count", 1) for cell in stored.cells)


def test_notebook_shows_an_error_as_its_sentence_and_how_to_see_more(run: Any) -> None:
    *_, error, frames = outputs(run)
    sentence, hint = error["traceback"]
    assert sentence.startswith("OptionError: show: expected a dataset of posters; found a str.")
    assert "traceback.print_last()" in hint
    assert "showing.py" in frames["text"]
