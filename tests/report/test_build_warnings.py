"""Warnings are logged for people, kept with a build, and printed by --json with code and cure."""

import json
import logging
from pathlib import Path

import pytest
from command_line import run_json, sample_arguments
from sample_builds import build_sample
from samples import SampleCatalogue

from movie_posters_decade.build_warnings import BuildWarning, collect_warnings
from movie_posters_decade.cli.main import main
from movie_posters_decade.report.count_warnings import count_warnings
from movie_posters_decade.report.counts import Report
from movie_posters_decade.report.recovery import Recovery
from movie_posters_decade.text.terminal import get_logger


def test_warning_is_logged_whole_and_collected_once(caplog: pytest.LogCaptureFixture) -> None:
    logger, warning = get_logger("movie_posters_decade.a"), BuildWarning("a", "It is so.", "Do it.")
    with collect_warnings() as outer, collect_warnings() as inner:
        logger.warning(warning)
        logger.warning(warning)
        logger.info("nothing")
    logger.warning("later")
    assert caplog.messages == ["It is so. Do it."] * 2 + ["later"]
    assert outer == inner == [warning]


def test_message_without_a_code_is_collected_with_control_characters_escaped() -> None:
    with collect_warnings() as warnings:
        get_logger("movie_posters_decade.a").warning("a %s", "\x1b")
        logging.getLogger("movie_posters_decade.a").warning(BuildWarning("b", "\x1b", "\x07"))
    assert warnings == [BuildWarning("other", r"a \x1b"), BuildWarning("b", r"\x1b", r"\x07")]


def test_shortfall_and_temporary_rejections_are_in_json_also_of_a_build_that_is_there(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for imdb_id in ("tt0001004", "tt0001005"):
        sample.host.answers[sample.paths[imdb_id]] = (500, b"")
    words = ("build", *sample_arguments(sample, tmp_path))
    first = run_json(capsys, *words)["warnings"]
    assert {warning["code"] for warning in first} == {"shortfall", "temporary_rejections"}
    assert first[-1]["message"] == "Some rejections may be temporary (server_error 2)."
    assert first[-1]["cure"] == "--rebuild tries them again."
    assert run_json(capsys, *words)["warnings"] == first
    output = str(tmp_path / "posters")
    assert run_json(capsys, "export", *words[1:], "--output", output)["warnings"] == first


def test_report_of_a_build_keeps_its_warnings(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    report = build_sample(sample, tmp_path).report()
    assert "shortfall" in {warning.code for warning in report.warnings}
    assert Report.from_json(report.to_json()).warnings == report.warnings


def test_host_that_does_not_answer_is_warned_of_and_not_kept_with_the_build(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = "http://127.0.0.1:9"
    text = sample.path.read_bytes()
    url = (sample.host.url + sample.paths["tt0001004"]).encode()
    sample.path.write_bytes(text.replace(url, f"{closed}/a.jpg".encode()))
    words = ("build", *sample_arguments(sample, tmp_path))
    [warning] = [one for one in run_json(capsys, *words)["warnings"] if one["code"][:4] == "host"]
    assert warning["message"].startswith(f"{closed} did not answer: ")
    assert warning["cure"] == "--rebuild tries its links again."
    assert all(one["code"][:4] != "host" for one in run_json(capsys, *words)["warnings"])


def test_crops_recovered_posters_and_silent_fallbacks_are_warned_of() -> None:
    recovery = Recovery({"wayback": 2}, {"1970s": 0.5}, unanswered={"wayback": 3})
    report = Report({"rows": 9}, {}, {}, {}, {}, landscape_crops={"1970s": 2}, recovery=recovery)
    warnings = {warning.code: warning for warning in count_warnings(report)}
    assert set(warnings) == {"landscape_crops", "fallback_unanswered", "recovered_posters"}
    assert all(warning.cure for warning in warnings.values())


def test_failure_prints_the_warnings_before_it(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    words = ["build", *sample_arguments(sample, tmp_path), "--min-per-decade", "6", "--json"]
    assert main(words) == 4
    codes = [warning["code"] for warning in json.loads(capsys.readouterr().out)["warnings"]]
    assert codes == ["shortfall"]


def test_quiet_command_shows_no_warning_but_its_error(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    words = ["build", *sample_arguments(sample, tmp_path), "--quiet"]
    assert main([*words, "--min-per-decade", "6"]) == 4
    assert capsys.readouterr().err.splitlines()[0].startswith("movie-posters-decade: The 1970s")
