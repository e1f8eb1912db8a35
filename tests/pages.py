"""The pages of the documentation, and their blocks of code."""

import ast
import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
RECIPES = "docs/recipes.md"
"""The page whose sections each run for themselves, with libraries that are no dependencies."""

NO_DEPENDENCIES = {"keras", "tensorflow", "torch", "torchvision"}


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a page in a language."""
    return blocks_in(PAGES[page], language)


def blocks_in(text: str, language: str) -> list[str]:
    """Return the blocks of a text in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def with_blocks(language: str) -> list[str]:
    """Return the pages that have blocks in a language."""
    return [page for page in PAGES if blocks(page, language)]


def missing_libraries(block: str) -> set[str]:
    """Return the libraries that a block imports, are no dependencies, and are not installed."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(block))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    return {name for name in imported & NO_DEPENDENCIES if not importlib.util.find_spec(name)}
