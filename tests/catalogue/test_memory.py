"""Memory: a small file that would become a large table is one sentence, and no full machine."""

import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.catalogue.excel import MAX_STYLE_BYTES
from movie_posters_decade.catalogue.memory import check_text, memory_limit
from movie_posters_decade.errors import CatalogueError

READ = """
import resource, sys
from pathlib import Path
from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.errors import CatalogueError
for path in sys.argv[1:]:
    try:
        print(len(read_catalogue(Path(path)).movies))
    except CatalogueError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Reads catalogues, and prints the rows or the error of each, and then the peak memory in KiB."""

HEADER = b"title,poster,year\n"
COLUMNS = ("title", "poster", "year")


def read(paths: list[Path]) -> tuple[list[str], int]:
    """Return what `READ` prints for some files: the results, and the peak in MiB."""
    arguments = [sys.executable, "-c", READ, *map(str, paths)]
    finished = subprocess.run(arguments, capture_output=True, check=True, text=True, timeout=120)
    *results, peak = finished.stdout.splitlines()
    return results, int(peak) // 1024


def workbook(sheet: str, parts: dict[str, str] | None = None) -> bytes:
    """Return a workbook whose sheet, and some other parts, are replaced."""
    file, output = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.save(file)
    rows = '<row r="1">' + "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("ABC", COLUMNS, strict=True)
    )
    xmlns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{xmlns}"><sheetData>{rows}</row>{sheet}</sheetData></worksheet>'
    with (
        zipfile.ZipFile(file) as old,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        replaced = {"xl/worksheets/sheet1.xml": sheet} | (parts or {})
        for member in old.namelist():
            new.writestr(member, replaced.get(member, old.read(member)))
    return output.getvalue()


def parquet(**columns: pa.Array) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd")
    return file.getvalue()


def repeated(text: str, count: int) -> pa.Array:
    indices = pa.array([0], pa.int32()).take(pa.array([0] * count))
    return pa.DictionaryArray.from_arrays(indices, pa.array([text]))


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c.csv", content)
    return file.getvalue()


@cache
def long_line() -> bytes:
    """Return a gzip file with a line of 140 MB."""
    return gzip.compress(HEADER + b"a" * 140_000_000, 1)


def rows_of_a_wide_sheet() -> str:
    return "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 3000))


BOMBS: dict[str, Callable[[], bytes]] = {
    "one long line.csv.gz": long_line,
    "short rows.csv.gz": lambda: gzip.compress(HEADER + b"a,b,1\n" * 2_000_000),
    "short rows.zip": lambda: zipped(HEADER + b"\n" * 2_000_000),
    "gzip in a zip.zip": lambda: zipped(long_line()),
    "empty objects.json.gz": lambda: gzip.compress(b"[" + b"{}," * 2_000_000 + b"{}]"),
    "empty lists.json.gz": lambda: gzip.compress(b'[{"title":[' + b"[]," * 7_000_000 + b"[]]}]"),
    "rows.parquet": lambda: parquet(**dict.fromkeys(COLUMNS, repeated("1990", 1_500_000))),
    "long text.parquet": lambda: parquet(
        **dict.fromkeys(COLUMNS, repeated("a" * 1_000_000, 5_000))
    ),
    "list.parquet": lambda: parquet(
        title=pa.array(["a"]),
        poster=pa.array(["b"]),
        genres=pa.ListArray.from_arrays([0, 3_000_000], repeated("x", 3_000_000)),
    ),
    "long list.parquet": lambda: parquet(
        title=pa.array(["a"]),
        poster=pa.array(["b"]),
        genres=pa.ListArray.from_arrays([0, 5_000], repeated("x" * 1_000_000, 5_000)),
    ),
    "wide.xlsx": lambda: workbook(rows_of_a_wide_sheet()),
    "tall.xlsx": lambda: workbook('<row r="999999999999"><c><v>1</v></c></row>'),
    "blank.xlsx": lambda: workbook(" " * 140_000_000),
    "one row.xlsx": lambda: workbook('<row r="2">' + "<c/>" * 15_000_000 + "</row>"),
    "styles.xlsx": lambda: workbook("", {"xl/styles.xml": "<xf/>" * 1_000_000}),
}
"""Files of at most a few MB, by name, that become more than a gigabyte if nothing stops them."""


def test_small_files_that_become_large_are_one_sentence_each(tmp_path: Path) -> None:
    paths = []
    for name, make in BOMBS.items():
        path = tmp_path / name
        path.write_bytes(make())
        assert path.stat().st_size < 6 * 1024**2
        paths.append(path)
    results, peak = read(paths)
    for path, result in zip(paths, results, strict=True):
        assert result.startswith(str(path).removesuffix(".gz"))
        assert "bytes" in result or "rows" in result, result
        assert result.endswith("Split it, or leave columns out."), result
    assert peak < 1024


def test_usual_table_in_a_compressed_file_is_within_the_limit() -> None:
    lines = [
        f"The Long Title of Movie {n},https://images.example.org/posters/{n}.jpg,{1970 + n % 48}\n"
        for n in range(100_000)
    ]
    content = HEADER + "".join(lines).encode()
    check_text(content, "c.csv", memory_limit(len(gzip.compress(content, 6))))


def test_usual_tables_that_compress_well_are_within_the_limit() -> None:
    """Spreadsheets write empty rows, and Python writes each value of JSON on its own line."""
    movie = b'{\n "title": "A",\n "year": 1990,\n "genres": [\n  "War"\n ]\n},\n'
    limit = memory_limit(1000)
    check_text(b"[" + 500_000 * movie + b"]", "c.json", limit)
    check_text(HEADER + 800_000 * b",,,,,\r\n", "c.csv", limit)
    with pytest.raises(CatalogueError, match=r"c\.csv: expected a table that needs at most"):
        check_text(HEADER + 3_000_000 * b",,,,,\r\n", "c.csv", limit)


def test_workbook_may_have_a_link_in_each_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for number in range(1000):
        link = f"https://images.example.org/posters/{number}/{1000 * 'a'}.jpg"
        book.active.append((f"Movie {number}", link, 1990))
        book.active.cell(number + 2, 2).hyperlink = link
    book.save(tmp_path / "c.xlsx")
    with zipfile.ZipFile(tmp_path / "c.xlsx") as archive:
        assert (
            archive.getinfo("xl/worksheets/_rels/sheet1.xml.rels").file_size > MAX_STYLE_BYTES / 2
        )
    assert len(read_catalogue(tmp_path / "c.xlsx").movies) == 1000


def test_limit_grows_with_the_file() -> None:
    assert memory_limit(1000) == memory_limit(6 * 1024**2) == 768 * 1024**2
    assert memory_limit(10**9) == 128 * 10**9
