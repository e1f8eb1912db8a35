"""A lock file gives the same posters, byte for byte, or an account of what is not the same."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from samples import SampleCatalogue, paint

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.cli import main
from movie_posters_decade.errors import CollectionError, LockFileError, OptionError
from movie_posters_decade.lockfile import LISTED_MISMATCHES


def build(sample: SampleCatalogue, cache: Path, **more: Any) -> MoviePostersDecade:
    options: dict[str, Any] = {"data_files": sample.path, "allow_private_hosts": True}
    builder = MoviePostersDecade(str(cache), **options | more)
    builder.download_and_prepare()
    return builder


def lock_of(builder: MoviePostersDecade) -> str:
    return builder.files.lock_path


def arrow_files(builder: MoviePostersDecade) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(builder.cache_dir).glob("*.arrow")}


def change(sample: SampleCatalogue, movie: str) -> None:
    sample.host.answers[sample.paths[movie]] = (200, paint("1990s", 99_999))


@pytest.fixture
def built(sample: SampleCatalogue, tmp_path: Path) -> MoviePostersDecade:
    sample.kill("tt0001004")
    return build(sample, tmp_path / "first", max_per_decade=5)


def test_lock_holds_a_line_for_each_movie_in_the_order_of_ids(built: MoviePostersDecade) -> None:
    head, *lines = [json.loads(line) for line in Path(lock_of(built)).read_text().splitlines()]
    assert head["options"]["max_per_decade"] == 5
    assert len(head["catalogue"]) == 64
    ids = [line["imdb_id"] for line in lines]
    assert ids == sorted(ids)
    assert {line["imdb_id"]: line["rejected"] for line in lines if "rejected" in line} == {
        "tt0001004": "not_found"
    }
    assert sum("sha256" in line for line in lines) == built.report().kept


@pytest.mark.parametrize("is_without_catalogue", [False, True])
def test_locked_build_is_the_same_to_the_byte(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade, is_without_catalogue: bool
) -> None:
    source = {"data_files": None} if is_without_catalogue else {}
    again = build(sample, tmp_path / "second", lock_file=lock_of(built), **source)
    assert arrow_files(again) == arrow_files(built)
    kept = read_lock_file(Path(lock_of(again)))
    assert kept == read_lock_file(Path(lock_of(built)))
    assert again.info.features == built.info.features


def test_what_changed_or_died_is_named_and_nothing_is_built(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    capsys: pytest.CaptureFixture[str],
) -> None:
    datasets.disable_progress_bars()
    kept = read_lock_file(Path(lock_of(built))).kept
    changed, gone, *_ = [movie.imdb_id for movie in kept if movie.split == "train"]
    change(sample, changed)
    sample.kill(gone)
    command = ["build", "--lock-file", lock_of(built), "--cache-dir", str(tmp_path / "second")]
    assert main([*command, "--allow-private-hosts"]) == 1
    sentence, *movies = capsys.readouterr().err.strip().splitlines()
    assert sentence == (
        f"movie-posters-decade: {lock_of(built)}: expected its {built.report().kept} posters, "
        "byte for byte; found 2 of them changed or not to be had. What was downloaded is kept. Build "
        "with --force-redownload to ask for all anew, or with allow_missing=True (--allow-missing) "
        "to leave these out:"
    )
    assert [line.split()[0] for line in movies] == sorted([changed, gone])
    assert {line.split(": ")[1].split(",")[0] for line in movies} == {"hash_mismatch", "not_found"}
    assert main([*command, "--allow-private-hosts", "--allow-missing", "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["rejected"] == {"not_found": 1, "hash_mismatch": 1}
    assert report["kept"] == built.report().kept - 2


def test_lock_that_was_cut_short_is_refused(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade
) -> None:
    path = tmp_path / "x.lock"
    path.write_text("".join(Path(lock_of(built)).read_text().splitlines(keepends=True)[:7]))
    with pytest.raises(LockFileError) as error:
        build(sample, tmp_path, lock_file=str(path))
    assert str(error.value) == (
        f"{path}: expected a lock file of {built.report().kept + 1} movies, as its first line "
        "says; found 5 kept and 1 rejected. Pass a file that a build wrote, whole and unchanged."
    )


@pytest.mark.parametrize("command", ["plan", "build"])
def test_report_of_a_locked_build_is_for_reading_too(
    tmp_path: Path, built: MoviePostersDecade, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    arguments = ["--lock-file", lock_of(built), "--cache-dir", str(tmp_path / "second")]
    assert main([command, *arguments, "--allow-private-hosts"]) == 0
    kept = built.report().kept
    assert f"{kept} movies = {kept} kept + 0 dropped\n" in capsys.readouterr().out


def test_stream_is_of_the_locks_posters_too(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade
) -> None:
    kept = list(read_lock_file(Path(lock_of(built))).kept)
    options: dict[str, Any] = {"lock_file": lock_of(built), "allow_private_hosts": True}
    builder = MoviePostersDecade(str(tmp_path), **options)
    found = {
        split: [example["imdb_id"] for example in stream]
        for split, stream in builder.as_streaming_dataset().items()
    }
    assert {movie for split in found.values() for movie in split} == {one.imdb_id for one in kept}
    [changed, *_] = [movie for movie in kept if movie.split == "train"]
    change(sample, changed.imdb_id)
    with pytest.raises(LockFileError, match=f"{changed.imdb_id} .* hash_mismatch"):
        list(builder.as_streaming_dataset()["train"])
    lenient = MoviePostersDecade(str(tmp_path), allow_missing=True, **options)
    assert len(list(lenient.as_streaming_dataset()["train"])) == len(found["train"]) - 1


def test_leaving_out_a_whole_decade_is_an_error(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade
) -> None:
    for movie in read_lock_file(Path(lock_of(built))).kept:
        if movie.stratum == ("1970s", "test"):
            sample.kill(movie.imdb_id)
    with pytest.raises(CollectionError, match="The 1970s have no usable test poster"):
        build(sample, tmp_path / "second", lock_file=lock_of(built), allow_missing=True)


def test_hosts_that_are_not_public_have_to_be_allowed(
    tmp_path: Path, built: MoviePostersDecade
) -> None:
    with pytest.raises(LockFileError, match="allow_private_hosts=True") as error:
        MoviePostersDecade(str(tmp_path), lock_file=lock_of(built)).download_and_prepare()
    _, *movies, last = str(error.value).splitlines()
    assert len(movies) == LISTED_MISMATCHES
    assert last == f"  and {built.report().kept - LISTED_MISMATCHES} more"


def test_leaving_out_is_for_lock_files(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="allow_missing: expected a lock file with it"):
        build(sample, tmp_path, allow_missing=True)


def test_options_are_those_of_the_lock(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade
) -> None:
    with pytest.raises(OptionError) as error:
        build(sample, tmp_path / "third", lock_file=lock_of(built), seed=7)
    assert str(error.value) == (
        f"Option seed: expected 42, as in the lock file {lock_of(built)}; found 7. Leave it out."
    )


def test_configuration_is_the_locks_or_unsaid(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade
) -> None:
    lock = lock_of(built)
    with pytest.raises(OptionError) as error:
        build(sample, tmp_path, lock_file=lock, config_name="comedy")
    assert str(error.value) == (
        f"Option genres: expected ['action'], as in the lock file {lock}; found ['comedy']. Leave "
        "it and the configuration out."
    )
    with pytest.raises(OptionError) as error:
        MoviePostersDecade(str(tmp_path), config_name="demo", lock_file=lock)
    assert str(error.value) == (
        "Configuration demo: expected no lock file, as its posters are nowhere else; found "
        f"{lock}. Leave it out: a demo is always the same."
    )
    of_dramas = build(sample, tmp_path, config_name="drama", max_per_decade=5)
    again = build(sample, tmp_path / "second", lock_file=lock_of(of_dramas))
    assert arrow_files(again) == arrow_files(of_dramas)
    assert Path(again.cache_dir).parents[1].name.startswith("drama-")


def test_lock_of_many_genres_can_be_built(sample: SampleCatalogue, tmp_path: Path) -> None:
    genres = ["drama", *(f"{number} {30 * 'a'}" for number in range(10))]
    first = build(sample, tmp_path / "first", config_name="all", genres=genres, max_per_decade=5)
    again = build(sample, tmp_path / "second", lock_file=lock_of(first))
    assert arrow_files(again) == arrow_files(first)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("", 1, "''"),
        ("imdbId,Title\n", 1, "'imdbId,Title'"),
        ('{"format": 1}\n', 1, """'{"format": 1}'"""),
        ("{head}\n[]\n", 2, "'[]'"),
    ],
)
def test_what_is_no_lock_file_is_one_sentence(
    sample: SampleCatalogue, tmp_path: Path, text: str, line: int, found: str
) -> None:
    path = tmp_path / "x.lock"
    head = {"movie_posters_decade": "1", "format": 1, "catalogue": "", "options": {}, "movies": 1}
    path.write_text(text.replace("{head}", json.dumps(head)))
    with pytest.raises(LockFileError) as error:
        build(sample, tmp_path, lock_file=str(path))
    assert str(error.value) == (
        f"{path}, line {line}: expected a line of a lock file, in JSON; found {found}. Pass a file "
        "that a build wrote, whole and unchanged."
    )


def test_lock_of_another_format_and_one_that_is_not_there(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    path = tmp_path / "x.lock"
    with pytest.raises(
        LockFileError, match=r"x\.lock: expected a lock file; found: .*No such file"
    ):
        build(sample, tmp_path, lock_file=str(path))
    path.write_text('{"format": 2}\n')
    with pytest.raises(
        LockFileError, match="expected a lock file of format 1; found another format"
    ):
        build(sample, tmp_path, lock_file=str(path))
