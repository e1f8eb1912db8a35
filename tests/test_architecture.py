"""The rooms keep their doors: who imports whom, who prints, what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import movie_posters_decade
from movie_posters_decade import keeper

PACKAGE = Path(movie_posters_decade.__file__).parent

FLOORS: list[set[str]] = [
    {
        "about",
        "addresses",
        "background",
        "cache",
        "charts",
        "contents",
        "errors",
        "formats",
        "funnel",
        "kaggle",
        "near_duplicates",
        "names",
        "painting",
        "storing",
        "titles",
        "version",
    },
    {
        "access",
        "demo",
        "inspection",
        "limits",
        "movies",
        "options",
        "outcomes",
        "page",
        "patience",
        "places",
        "transform",
        "replacing",
    },
    {
        "contact_sheet",
        "drawing",
        "exchange",
        "keeping",
        "layouts",
        "lock",
        "looks",
        "report",
        "tables",
        "traits",
    },
    {
        "baselines",
        "catalogue",
        "configurations",
        "export",
        "facts",
        "helping",
        "posters",
        "selection",
        "transport",
    },
    {"arguments", "evidence", "files", "keeper", "strata", "prose", "records"},
    {"asking", "build", "card", "collection", "finding"},
    {"counting", "dossier", "downloads", "hub"},
    {"sources"},
    {"assembly"},
    {"builder"},
    {"__init__", "cli"},
    {"__main__"},
]
"""Rooms by floor, the lowest first: a room imports from lower floors only."""

ROOMS = {room for floor in FLOORS for room in floor}

ONLY_ROOM_OF = {
    "pycurl": {"exchange", "transport"},
    "PIL": {"contact_sheet", "drawing", "inspection", "painting", "traits"},
    "matplotlib": {"charts"},
    "sklearn": {"baselines"},
    "pandas": {"catalogue", "selection", "tables"},
}
"""Which rooms may touch an outside thing."""


def imports(room: str) -> set[str]:
    """Return what a room imports: its own package's rooms by their name, others by theirs."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{room}.py").read_text())):
        if isinstance(node, ast.Import):
            found |= {_room_or_library(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "movie_posters_decade":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(_room_or_library(str(node.module)))
    return found


def _room_or_library(module: str) -> str:
    return module.removeprefix("movie_posters_decade.").split(".")[0]


def test_every_room_has_its_floor() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == ROOMS


def test_rooms_import_from_lower_floors_only() -> None:
    below: set[str] = set()
    for floor in FLOORS:
        for room in floor:
            ours = imports(room) & ROOMS
            assert ours <= below, f"{room} imports {ours - below}"
        below |= floor


def test_each_outside_thing_has_its_rooms() -> None:
    for library, rooms in ONLY_ROOM_OF.items():
        users = {path.stem for path in PACKAGE.glob("*.py") if library in imports(path.stem)}
        assert users == rooms


def test_all_that_is_offered_is_there() -> None:
    assert movie_posters_decade.__all__ == sorted(movie_posters_decade.__all__)
    assert all(hasattr(movie_posters_decade, name) for name in movie_posters_decade.__all__)


def test_import_loads_nothing_large() -> None:
    """As `datasets` is told of the builder once it is loaded."""
    large = "{'datasets', 'matplotlib', 'pandas', 'PIL', 'pyarrow', 'pycurl', 'sklearn'}"
    code = f"import sys, movie_posters_decade; print({large} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert finished.stdout == "set()\n"


def test_helper_loads_neither_datasets_nor_an_event_loop() -> None:
    """As it is to be of help within a tenth of a second."""
    start, _, _ = keeper._PROGRAM.partition("help_keeping(sys")
    code = f"{start}print({{'asyncio', 'datasets', 'pandas', 'pyarrow'}} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-P", "-c", code, PACKAGE], capture_output=True, check=True, text=True
    )
    assert finished.stdout == "set()\n"


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").exists()


def test_builders_module_is_not_named_like_the_package() -> None:
    """As datasets would take that for a loading script, and refuse it."""
    assert not (PACKAGE / "movie_posters_decade.py").exists()
