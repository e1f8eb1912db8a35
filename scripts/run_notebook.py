"""Run the notebook of the documentation, and store its outputs.

``python scripts/run_notebook.py`` executes ``docs/quickstart.ipynb`` in an empty folder, with an
empty cache, and writes it back. It needs nbclient and ipykernel, of the extra "test".
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"


def run_notebook(path: Path, folder: Path, *, allow_errors: bool = False) -> Any:
    """Execute a notebook in a folder, and return it with fresh outputs.

    Args:
        path: of the notebook, which is not changed.
        folder: an empty one, for the files and the cache of `datasets`.
        allow_errors: whether errors are outputs like others.

    Returns:
        The notebook, of the type of nbformat. Of pictures it has JPEGs alone, which take a fifth of
        the space of the PNGs, and nothing about the machine.

    Raises:
        CellExecutionError: a cell raised an error, and that is not allowed.
    """
    notebook = nbformat.read(path, as_version=4)
    variables = {
        "HF_HOME": str(folder / "cache"),
        "PYTHONPATH": str(ROOT),
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        # Models this small are faster with one thread, most of all on a busy machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # tqdm warns where widgets are not installed.
        "PYTHONWARNINGS": "ignore:IProgress not found",
    }
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=120,
        resources=resources,
        record_timing=False,
        kernel_name="python3",
        allow_errors=allow_errors,
    )
    client.execute(env=os.environ | variables)
    return _portable(notebook)


def _portable(notebook: Any) -> Any:
    """Remove what is large, or differs from machine to machine."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = {"kernelspec": kernel}
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "image/jpeg" in output.get("data", {}):
                del output["data"]["image/png"]
    return notebook


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(run_notebook(NOTEBOOK, Path(folder)), NOTEBOOK)
