"""Architecture: who imports whom, what each folder may touch, and what an import costs."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import movie_posters_decade

PACKAGE = Path(movie_posters_decade.__file__).parent
NAME = PACKAGE.name

LAYERS: list[set[str]] = [
    {"build_warnings"},
    {"text"},
    {"errors"},
    {"__init__"},
    {"crop_code", "records", "schema", "texts"},
    {"io", "options"},
    {"lock_lines", "report"},
    {"demo", "download", "images", "lockfile"},
    {"catalogue", "data_statement", "dataset_info", "sampling"},
    {"builds", "fallbacks"},
    {"analysis", "exports", "hub", "pipeline", "showing"},
    {"builder"},
    {"cli"},
    {"__main__"},
]
"""Folders and top-level modules, lowest layer first. Each imports from lower layers only.

So `download` and `images` never import each other, and nothing below `pipeline` knows the builder.
"""

ALLOWED: dict[str, set[str]] = {
    "PIL": {"images", "analysis", "demo"},
    "jinja2": {"analysis"},
    "matplotlib": {"analysis"},
    "pandas": {"catalogue", "sampling"},
    "pycurl": {"download"},
    "requests": {"download"},
    "sklearn": {"analysis"},
    "socket": {"download"},
    "urllib3": {"catalogue", "download"},
}
"""Which folders may import a library."""

PARTS = {part for layer in LAYERS for part in layer}


def part_of(path: Path) -> str:
    """Return the folder or top-level module that a file belongs to."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Return a file as Python understands it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def is_name(node: ast.expr, name: str) -> bool:
    """Return whether an expression is a name alone."""
    return isinstance(node, ast.Name) and node.id == name


@cache
def imported_modules(path: Path) -> list[str]:
    """Return the modules that a file imports, except those for type checkers alone."""
    tree = syntax_tree(path)
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and is_name(node.test, "TYPE_CHECKING")
        for child in ast.walk(node)
    }
    modules = []
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(str(node.module))
    return modules


def own_parts(path: Path) -> set[str]:
    """Return the folders and top-level modules of this package that a file imports."""
    modules = [name.split(".") for name in imported_modules(path)]
    return {(name[1] if len(name) > 1 else "__init__") for name in modules if name[0] == NAME}


def test_layers_hold_every_folder_and_module() -> None:
    assert {part_of(path) for path in PACKAGE.rglob("*.py")} == PARTS


@pytest.mark.parametrize("part", sorted(PARTS - {"__init__"}))
def test_imports_come_from_lower_layers(part: str) -> None:
    number = next(number for number, layer in enumerate(LAYERS) if part in layer)
    allowed = {part}.union(*LAYERS[:number])
    for path in PACKAGE.rglob("*.py"):
        if part_of(path) == part:
            assert own_parts(path) <= allowed, path


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {}
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if not module.endswith("__init__"):
            graph[module] = {name for name in imported_modules(path) if name.startswith(f"{NAME}.")}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("library", ALLOWED)
def test_library_is_imported_where_it_is_allowed(library: str) -> None:
    users = {
        part_of(path)
        for path in PACKAGE.rglob("*.py")
        if library in {name.split(".")[0] for name in imported_modules(path)}
    }
    assert users <= ALLOWED[library]


def test_only_the_command_line_prints() -> None:
    printing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Call) and is_name(node.func, "print")
    }
    assert printing == {"cli/output.py"}


def test_all_offered_names_exist() -> None:
    assert movie_posters_decade.__all__ == sorted(movie_posters_decade.__all__)
    assert all(hasattr(movie_posters_decade, name) for name in movie_posters_decade.__all__)


def test_import_is_light() -> None:
    """The builder is registered once `datasets` is imported, and ``--help`` needs none of these."""
    heavy = "{'datasets', 'matplotlib', 'numpy', 'pandas', 'PIL', 'pyarrow', 'pycurl', 'sklearn'}"
    code = f"import sys, {NAME}.cli.main; print({heavy} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert finished.stdout == "set()\n"


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").exists()


def test_no_module_is_named_like_the_package() -> None:
    """`datasets` would take it for a loading script, and refuse it."""
    assert not (PACKAGE / f"{NAME}.py").exists()


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    """A longer one holds two ideas, and its name explains one of them."""
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 300} == {}
