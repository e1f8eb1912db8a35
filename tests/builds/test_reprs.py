"""What is printed fits a screen, and a notebook displays tables without foreign markup."""

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from sample_builds import NAME, build_sample, make_builder
from samples import DECADES, SampleCatalogue, make_sample, paint

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.analysis.features import measure_poster
from movie_posters_decade.builds.artifacts import REPORT_FILE, Build
from movie_posters_decade.errors import BuildError, MoviePostersError, OptionError
from movie_posters_decade.sampling import Collection

SCREEN = 40
"""Lines of a screen, each of at most a few hundred characters."""


def fits_a_screen(value: object) -> bool:
    text = repr(value)
    return len(text.splitlines()) <= SCREEN and len(text) < 4000


def test_everything_of_a_build_fits_a_screen(sample: SampleCatalogue, tmp_path: Path) -> None:
    more = make_sample(tmp_path / "more", sample.host, dict.fromkeys(DECADES, 12))
    builder = build_sample(more, tmp_path / "cache")
    build, pipeline = builder.built(), builder._pipeline(builder._download_manager())
    result = pipeline.build()
    selection, _ = pipeline._select()
    features = measure_poster(paint("1970s", 1))
    collection = Collection(list(result.posters), list(result.rejections), {})
    shown = [build, build.report, result, result.lock, selection, features, builder]
    shown += [pipeline, collection, builder.config, builder.plan()]
    assert [value for value in shown if not fits_a_screen(value)] == []


def test_report_is_shown_as_it_is_printed(shared_build: MoviePostersDecade) -> None:
    report = shared_build.report()
    assert repr(report) == str(report)
    assert repr(report).splitlines()[0].split() == ["step", "movies", "dropped"]


def cells(table: str) -> list[list[str]]:
    """Return the cells of the rows of an HTML table."""
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_notebook_displays_a_build_as_a_table(shared_build: MoviePostersDecade) -> None:
    shown = shared_build.built()._repr_html_()
    rows = [[decade, "5", "1"] for decade in DECADES]
    assert cells(shown) == [["decade", "train", "test"], *rows]
    assert "<p>Build &#x27;action&#x27; of MovieGenre.csv: 25 train, 5 test posters" in shown


def test_notebook_displays_a_report_as_the_printed_tables(
    shared_build: MoviePostersDecade,
) -> None:
    for report in (shared_build.report(), shared_build.plan()):
        shown = report._repr_html_()
        texts = re.sub(r"<[^>]*>", " ", shown)
        assert html.unescape(texts).split() == str(report).split()
        assert shown.count("<table>") == (2 if report.strata is None else 3)


def test_no_text_from_outside_is_markup(shared_build: MoviePostersDecade) -> None:
    build = shared_build.built()
    foreign = "<script>alert(1)</script>\x1b[31m&"
    counts = {foreign: 3}
    report = replace(
        build.report,
        funnel=counts,
        decades=counts,
        splits={foreign: counts},
        dropped=counts,
        repaired=counts,
        landscape_crops=counts,
        strata=[{**stratum, "split": foreign} for stratum in build.report.strata or []],
    )
    other = Build(foreign, build.dataset, report, {}, foreign, {})
    for shown in (report._repr_html_(), other._repr_html_()):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m&amp;" in shown
        assert "<script" not in shown
        assert "\x1b" not in shown


def test_builder_prints_its_options_its_catalogue_and_whether_it_is_built(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    builder = make_builder(sample, tmp_path, config_name="drama", seed=7, max_per_decade=5)
    title, catalogue, state = repr(builder).splitlines()
    options = "max_per_decade=5, seed=7, allow_private_hosts=True"
    assert title == f"MoviePostersDecade 'drama': {options}"
    assert catalogue == f"  catalogue: {sample.path}"
    assert state.startswith("  not built: ")
    assert state.endswith("Call download_and_prepare() first.")
    builder.download_and_prepare()
    state = repr(builder).splitlines()[2]
    assert state == f"  built: 20 train, 5 test posters, in {builder.cache_dir}"
    Path(builder.cache_dir, REPORT_FILE).write_text("{")
    assert "  not built: " in repr(builder)
    assert "found it damaged" in repr(builder)


def test_builder_that_datasets_returns_prints_the_same(tmp_path: Path) -> None:
    builder = datasets.load_dataset_builder(NAME, "demo", cache_dir=tmp_path)
    assert repr(builder).startswith("MoviePostersDecade 'demo': the default options\n")
    assert "  catalogue: demo\n" in repr(builder)


def test_configuration_prints_what_is_not_the_default(tmp_path: Path) -> None:
    config = MoviePostersDecade(str(tmp_path), config_name="demo", seed=7).config
    assert repr(config) == (
        "MoviePostersConfig(name='demo', description='painted Action movies, without any network', "
        "genres=('Action',), seed=7, allow_private_hosts=True)"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"config_name": "acton"}, r"found 'acton'\. Did you mean action\?$"),
        ({"config_name": "x" * 9}, r"expected one of action, .*, demo; found 'xxxxxxxxx'\.$"),
        ({"max_per_decad": 3}, r"^Option max_per_decad: .* Did you mean max_per_decade\?$"),
        ({"zzz": 3}, r"^Option zzz: expected an option of docs/options\.md; .* of that name\.$"),
    ],
)
def test_misspelled_name_is_an_error_that_says_which_is_meant(
    arguments: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=sentence):
        MoviePostersDecade(str(tmp_path), **arguments)


def test_build_that_is_missing_is_an_error_without_another_one_before_it(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        make_builder(sample, tmp_path).built()
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_notebook_shows_an_error_as_its_sentence() -> None:
    """IPython asks an error for `_render_traceback_` before it formats a traceback itself."""
    lines = MoviePostersError("Folder: expected \x1b.")._render_traceback_()
    assert lines[0] == "MoviePostersError: Folder: expected \\x1b."
    assert "traceback.print_last()" in lines[1]
    assert len(lines) == 2
