"""The page shows its data, and the data are those of the build, also in a real browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from samples import DECADES, PosterHost, SampleCatalogue, make_sample

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.analysis.report import write_report
from movie_posters_decade.artifacts import Build
from movie_posters_decade.demo.server import serve_on_loopback
from movie_posters_decade.errors import ExportError

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


class Page(HTMLParser):
    """Parses the tables, the texts and the links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self._in_cell = True
        self.links += [
            value for name, value in attributes if name in {"src", "href", "xlink:href"} and value
        ]

        self.ids += [value for name, value in attributes if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, text: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += text
        self.texts.append(text)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("build")
    host = PosterHost()
    with serve_on_loopback(host.answer) as host.url:
        sample = make_sample(folder / "catalogue", host, dict.fromkeys(DECADES, 30))
        spoil(sample)
        builder = MoviePostersDecade(str(folder), data_files=sample.path, allow_private_hosts=True)
        builder.download_and_prepare()
    return builder.built()


def spoil(sample: SampleCatalogue) -> None:
    """Make one link dead, two posters alike, and all titles hostile."""
    first, second, third, *_ = sample.paths
    sample.kill(first)
    sample.host.answers[sample.paths[second]] = sample.host.answers[sample.paths[third]]
    text = sample.path.read_text(encoding="latin-1")
    sample.path.write_text(
        re.sub(r"Movie (\d+) \(", r"<script>alert(\1)</script> & Co (", text), encoding="latin-1"
    )


@pytest.fixture(scope="module")
def output(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("page") / "report"
    write_report(build, output)
    return output


@pytest.fixture(scope="module")
def data(output: Path) -> Any:
    return json.loads((output / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(params=["as written", "in a browser"])
def page(output: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Page:
    """The page as it was written, and as a browser parses it."""
    path = output / "index.html"
    if request.param == "as written":
        return Page(path.read_text(encoding="utf-8"))
    if BROWSER is None:
        pytest.skip("Chromium is not installed")
    background = ("--no-first-run", "--disable-background-networking", "--disable-component-update")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    finished = subprocess.run(
        [BROWSER, *flags, *background, "--dump-dom", path.as_uri()],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return Page(finished.stdout.decode("utf-8"))


def test_data_are_those_of_the_build(build: Build, data: Any) -> None:
    assert data["configuration"] == "action"
    assert data["report"] == build.report.to_json()
    assert {decade: sum(rejected.values()) for decade, rejected in data["rejected"].items()} == {
        decade: sum(
            sum(stratum["rejected"].values())
            for stratum in build.report.strata or []
            if stratum["decade"] == decade
        )
        for decade in DECADES
    }
    [pair] = data["near_duplicates"]
    assert {pair["imdb_id"], pair["duplicate_of"]} == {"tt0001003", "tt0001004"}
    assert [movie["decade"] for movie in data["contact_sheet"]] == [
        decade for decade in DECADES for _ in range(10)
    ]
    assert data["distributions"]["width in pixels"] == {decade: [91.0] * 5 for decade in DECADES}
    colors = [movie["colorfulness"] for movie in data["borderline"]]
    assert colors == sorted(colors)
    assert len(colors) == 12


def test_page_refers_to_nothing_outside_itself(page: Page) -> None:
    assert page.links
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_tables_hold_the_data(page: Page, data: Any) -> None:
    report = data["report"]
    options, funnel, dropped, rejected, classes, *_ = page.tables
    assert dict(options[1:])["seed"] == "42"
    assert funnel[1:] == [
        *([step["step"], str(step["movies"])] for step in report["funnel"]),
        ["kept", str(report["kept"])],
    ]
    assert dict(dropped[1:]) == {why: str(count) for why, count in report["dropped"].items()}
    assert [row[0] for row in rejected[1:]] == list(DECADES)
    assert {reason: count for reason, count in zip(*rejected[:2], strict=True) if count != "0"} == {
        "decade": "1970s",
        **{reason: str(count) for reason, count in data["rejected"]["1970s"].items()},
    }
    assert classes[0] == ["decade", "train", "test"]
    for decade, train, test in classes[1:]:
        assert int(train) == report["splits"]["train"][decade]
        assert int(test) == report["splits"]["test"][decade]


def test_page_shows_baselines_and_shortcuts(page: Page, data: Any) -> None:
    [models] = [table for table in page.tables if table[0][0] == "model"]
    for row, result in zip(models[1:], data["evaluation"]["baselines"], strict=True):
        accuracy = result["accuracy"]
        assert row[:2] == [
            result["name"],
            f"{accuracy['value']:.3f} [{accuracy['low']:.3f}, {accuracy['high']:.3f}]",
        ]
    confusions = [table for table in page.tables if table[0][0] == "true decade"]
    for table, result in zip(confusions, data["evaluation"]["baselines"][1:], strict=True):
        assert [[int(cell) for cell in row[1:]] for row in table[1:]] == result["confusion"]
    for kind, results in (("shortcut", "shortcuts"), ("column", "columns")):
        [table] = [table for table in page.tables if table[0][0] == kind]
        assert [(row[0], row[1], row[3]) for row in table[1:]] == [
            (result["name"], "not measured", "not measured")
            for result in data["evaluation"][results]
        ]
    text = "".join(page.texts)
    assert all(finding in text for finding in data["evaluation"]["findings"])


def test_titles_are_escaped(page: Page, data: Any) -> None:
    text = "".join(page.texts)
    for movie in data["contact_sheet"]:
        assert movie["title"].startswith("<script>alert(")
        assert f"{movie['title']} ({movie['year']})" in text


def test_same_build_gives_the_same_bytes_and_other_files_stay(
    build: Build, output: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    write_report(build, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "report.json", "mine.txt"}
    for name in ("index.html", "report.json"):
        assert (tmp_path / name).read_bytes() == (output / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index.html", b"mine \xff"),
        ("report.json", b"mine"),
        ("report.json", b'{"dependencies": {"movie_posters_decade": "0.1.0"}}'),
    ],
)
def test_file_that_no_report_wrote_is_not_overwritten(
    build: Build, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExportError) as error:
        write_report(build, tmp_path)
    assert str(error.value) == (
        f"{tmp_path / name}: expected no such file, or one that an earlier report wrote; found "
        "another. Choose another folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == content
