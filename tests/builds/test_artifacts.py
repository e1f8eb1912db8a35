"""A finished build prints as a few lines, and a damaged one is an error of one sentence."""

from contextlib import suppress
from pathlib import Path

import pytest
from command_line import sample_arguments
from sample_builds import build_sample, make_builder
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import INFO_FILE, LOCK_FILE, REPORT_FILE
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import BuildError
from movie_posters_decade.lockfile import read_lock_file


@pytest.fixture
def builder(shared_sample: SampleCatalogue, copied_cache: Path) -> MoviePostersDecade:
    """A builder with a finished build, which tests damage."""
    shared_sample.host.requests.clear()
    return make_builder(shared_sample, copied_cache)


def test_build_prints_as_a_few_lines_without_its_bytes(shared_build: MoviePostersDecade) -> None:
    build = shared_build.built()
    assert len(build.lock_file) > 1000
    assert repr(build) == (
        "Build 'action' of MovieGenre.csv: 25 train, 5 test posters, 1970s to 2010s\n"
        "  .dataset: the posters; .contact_sheet(): a look at them; print(.report): the counts"
    )
    assert str(build) == repr(build)
    assert len(repr(build)) < 400


def test_build_holds_the_files_beside_it(builder: MoviePostersDecade) -> None:
    build = builder.built()
    assert Path(builder.files.lock_path).name == LOCK_FILE == "movie_posters_decade.lock"
    assert build.lock_file == Path(builder.files.lock_path).read_bytes()
    assert build.tables["rejected.csv"] == Path(builder.files.rejected_path).read_bytes()
    assert build.report == builder.report()


@pytest.mark.parametrize("cache", [None, "cache", "./cache/", "~/cache"])
def test_files_are_in_the_builds_folder_in_any_cache_dir(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    builder = build_sample(sample, tmp_path, cache_dir=cache, max_per_decade=4)
    folder = Path(builder.cache_dir).absolute()
    assert builder.files.folder == str(folder)
    assert (folder / REPORT_FILE).is_file()
    assert folder.is_relative_to(tmp_path / "home" / "cache") is (cache == "~/cache")
    again = make_builder(sample, tmp_path, cache_dir=cache, max_per_decade=4)
    assert again.report() == builder.report()
    other_seed = make_builder(sample, tmp_path, cache_dir=cache, max_per_decade=4, seed=8)
    with pytest.raises(BuildError, match="found none"):
        other_seed.report()


def test_tilde_of_an_unknown_user_is_part_of_a_folders_name(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    builder = build_sample(sample, tmp_path, cache_dir="~no-such-user/cache")
    folder = Path(builder.cache_dir).absolute()
    assert folder.is_relative_to(tmp_path / "~no-such-user" / "cache")
    assert Path(builder.files.folder).absolute() == folder
    assert builder.report().kept == 30


@pytest.mark.parametrize("damaged", ["", "{", "{}", "[]", "null"])
def test_damaged_report_is_one_sentence(
    shared_sample: SampleCatalogue, builder: MoviePostersDecade, damaged: str
) -> None:
    (Path(builder.cache_dir) / REPORT_FILE).write_text(damaged)
    for read in (builder.report, builder.built):
        with pytest.raises(BuildError) as error:
            read()
        assert str(error.value).startswith(
            f"{builder.cache_dir}: expected a complete build; found it damaged: "
        )
        assert str(error.value).endswith(
            'Build again with --rebuild (download_mode="reuse_cache_if_exists").'
        )
    builder.download_and_prepare(download_mode="reuse_cache_if_exists")
    assert builder.report().kept == 30
    assert shared_sample.host.requests == []


def test_missing_report_is_a_damaged_build(builder: MoviePostersDecade) -> None:
    (Path(builder.cache_dir) / REPORT_FILE).unlink()
    with pytest.raises(BuildError, match="expected a complete build; found it damaged"):
        builder.report()


def test_missing_arrow_file_is_one_sentence(builder: MoviePostersDecade) -> None:
    [arrow, *_] = Path(builder.cache_dir).glob("*.arrow")
    arrow.unlink()
    with pytest.raises(BuildError, match=r"found it damaged: .* Build again with --rebuild"):
        builder.built()


@pytest.mark.parametrize("part", ["image", "id"])
def test_poster_that_changed_after_the_build_is_one_sentence(
    shared_sample: SampleCatalogue,
    builder: MoviePostersDecade,
    tmp_path: Path,
    part: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    [movie, *_] = read_lock_file(Path(builder.files.lock_path)).kept
    [arrow] = Path(builder.cache_dir).glob(f"*{movie.split}*.arrow")
    content = bytearray(arrow.read_bytes())
    poster = shared_sample.host.answers[shared_sample.paths[movie.imdb_id]][1]
    position = content.index(poster if part == "image" else movie.imdb_id.encode())
    content[position + (len(poster) // 2 if part == "image" else 5)] ^= 1
    arrow.write_bytes(content)
    arguments = sample_arguments(shared_sample, tmp_path)
    sentence = (
        f"{builder.cache_dir}: expected the poster of {movie.imdb_id} in {movie.split} as the lock "
        "file lists it; found that it is missing or was changed after the build. Build again with "
        '--rebuild (download_mode="reuse_cache_if_exists").'
    )
    if part == "id":
        with pytest.raises(BuildError, match="missing or was changed after the build"):
            builder.built()
        return
    with pytest.raises(BuildError) as error:
        builder.built()
    assert str(error.value) == sentence
    export = ("export", *arguments, "--output", str(tmp_path / "posters"))
    assert main([*export]) == 6
    assert capsys.readouterr().err == f"movie-posters-decade: {sentence}\n"
    assert not (tmp_path / "posters").exists()
    assert main([*export, "--rebuild"]) == 0


def test_no_flipped_bit_of_a_build_is_another_error_than_its_own(
    builder: MoviePostersDecade,
) -> None:
    [arrow] = Path(builder.cache_dir).glob("*test*.arrow")
    intact = arrow.read_bytes()
    for position in range(len(intact) // 2, len(intact), 997):
        content = bytearray(intact)
        content[position] ^= 0x40
        arrow.write_bytes(content)
        with suppress(BuildError):  # the metadata of `datasets` holds nothing that is checked
            builder.built()


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"null", b'{"features": 3}', b"\xff"])
def test_damaged_info_of_datasets_is_one_sentence(
    shared_sample: SampleCatalogue, builder: MoviePostersDecade, copied_cache: Path, damaged: bytes
) -> None:
    (Path(builder.cache_dir) / INFO_FILE).write_bytes(damaged)
    with pytest.raises(BuildError) as error:
        make_builder(shared_sample, copied_cache).built()
    assert str(error.value).startswith(
        f"{builder.cache_dir}: expected a complete build; found it damaged: "
    )


def test_empty_info_of_datasets_is_a_damaged_build(
    shared_sample: SampleCatalogue, builder: MoviePostersDecade, copied_cache: Path
) -> None:
    (Path(builder.cache_dir) / INFO_FILE).write_text("{}")
    builder = make_builder(shared_sample, copied_cache)
    with pytest.raises(BuildError, match="expected a complete build; found it damaged"):
        builder.built()
    builder.download_and_prepare(download_mode="reuse_cache_if_exists")
    assert builder.built().report.kept == 30


def test_unknown_option_is_not_reported_as_damage(
    shared_sample: SampleCatalogue, copied_cache: Path
) -> None:
    with pytest.raises(ValueError, match="Option actoin: expected an option"):
        make_builder(shared_sample, copied_cache, actoin=1)
