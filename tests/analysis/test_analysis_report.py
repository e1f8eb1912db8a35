"""The page shows its data, and the data are those of the build, also in a real browser."""

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from datasets import Image
from samples import DECADES, SampleCatalogue, make_sample, serve_host

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.analysis.report import write_report
from movie_posters_decade.builds.artifacts import Build
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
    with serve_host() as host:
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
def resized(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a second report, with the audit after resizing, which holds another file."""
    folder = tmp_path_factory.mktemp("resized")
    (folder / "mine.txt").write_text("mine")
    write_report(build, folder, image_size=(32, 48), resize_mode="pad")
    return folder


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
    assert data["tried"] == {
        decade: counts.downloaded for decade, counts in build.report.decade_counts().items()
    }
    assert data["overview"]["per_decade"] == {
        split: next(iter(sizes.values())) for split, sizes in build.report.splits.items()
    }
    assert data["distributions"]["width in pixels"] == {decade: [91.0] * 5 for decade in DECADES}
    assert data["ranges"]["width in pixels"] == [91, 91]
    colors = [movie["colorfulness"] for movie in data["borderline"]]
    assert colors == sorted(colors)
    assert len(colors) == 12


def test_page_refers_to_nothing_outside_itself(page: Page) -> None:
    assert page.links
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_tables_hold_the_data(page: Page, data: Any) -> None:
    report, tried = data["report"], data["tried"]
    rejected, funnel, dropped = page.tables[:3]
    options = page.tables[-1]
    assert dict(options[1:])["seed"] == "42"
    assert funnel[1:] == [
        *([step["step"], str(step["movies"])] for step in report["funnel"]),
        ["kept", str(report["kept"])],
    ]
    assert dict(dropped[1:]) == {why: str(count) for why, count in report["dropped"].items()}
    assert [row[0] for row in rejected[1:]] == list(DECADES)
    for row in rejected[1:]:
        counts = data["rejected"][row[0]]
        total = sum(counts.values())
        assert row[1:3] == [str(tried[row[0]]), f"{total} ({total / tried[row[0]]:.0%})"]
        assert dict(zip(rejected[0][3:], map(int, row[3:]), strict=True)) == {
            reason: counts.get(reason, 0) for reason in rejected[0][3:]
        }


def test_answer_stands_before_everything_else(page: Page, data: Any) -> None:
    text = " ".join(" ".join(page.texts).split())
    answer = text.partition("Sample posters")[0]
    kept = data["report"]["kept"]
    assert f"{kept} posters of 5 decades, from a catalogue of 152 movies." in answer
    sizes = data["overview"]["per_decade"]
    assert f"Balanced Each decade has {sizes['train']} train and {sizes['test']} test" in answer
    model = data["overview"]["model"]
    shown = f"{model['accuracy']['value']:.0%} right, chance {model['chance']:.0%}"
    assert shown in answer
    for warning in data["overview"]["warnings"]:
        assert warning["sentence"] in answer
        assert all(cure in answer for cure in warning["cures"])


def test_what_all_posters_share_is_a_line_and_no_chart(page: Page) -> None:
    text = " ".join(" ".join(page.texts).split())
    assert "Width in pixels: 91 for all posters." in text
    assert "Height in pixels: 134 for all posters." in text
    assert "Colorfulness: " not in text


def test_words_are_explained_on_the_page(output: Path) -> None:
    html = (output / "index.html").read_text(encoding="utf-8")
    explained = {word.lower() for word in re.findall(r"<dfn>([^<]+)</dfn>", html)}
    assert {"chance", "stratum", "balanced accuracy", "shortcut", "predictive"} <= explained
    assert {"near-duplicates", "macro-f1", "not_found"} <= explained


def test_posters_are_embedded_as_they_are_stored(build: Build, page: Page) -> None:
    train = build.dataset["train"].cast_column("image", Image(decode=False))
    stored = {base64.b64encode(row["image"]["bytes"]).decode() for row in train}
    embedded = [link.partition(",")[2] for link in page.links if link.startswith("data:")]
    assert set(embedded[:50]) <= stored


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
        assert [tuple(row) for row in table[1:]] == [
            (result["name"], "not measured", "not measured")
            for result in data["evaluation"][results]
        ]
    text = "".join(page.texts)
    assert all(finding in text for finding in data["evaluation"]["findings"])


def test_audit_is_shown_before_and_after_resizing(resized: Path) -> None:
    page = Page((resized / "index.html").read_text(encoding="utf-8"))
    [table] = [table for table in page.tables if table[0][0] == "shortcut"]
    assert table[0][3:] == ["after resizing to 32x48", "still predictive"]
    assert {len(row) for row in table} == {5}


def test_titles_are_escaped(page: Page, data: Any) -> None:
    text = "".join(page.texts)
    for movie in data["contact_sheet"]:
        assert movie["title"].startswith("<script>alert(")
        assert f"{movie['title']} ({movie['year']})" in text


def test_second_report_of_a_build_has_the_same_data_and_charts(output: Path, resized: Path) -> None:
    """But for the audit after resizing, which the first one does not have."""
    pages = [(one / "index.html").read_text(encoding="utf-8") for one in (output, resized)]
    charts, same_charts = (re.findall(r"<svg.*?</svg>", page, re.DOTALL) for page in pages)
    assert charts
    assert charts == same_charts
    data, same_data = (json.loads((one / "report.json").read_bytes()) for one in (output, resized))
    for one in (data, same_data):
        del one["evaluation"]["transform"], one["evaluation"]["transformed"]
    assert data == same_data


def test_other_files_in_the_folder_stay(resized: Path) -> None:
    names = {path.name for path in resized.iterdir()}
    assert names == {"index.html", "report.json", "mine.txt"}


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
