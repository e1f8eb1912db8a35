"""A build from a lock file has the same posters, byte for byte, or names those that differ."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_builds import arrow_files, build_sample
from samples import DECADES, SampleCatalogue, make_sample, paint, serve_host

from movie_posters_decade import MoviePostersDecade, __version__
from movie_posters_decade.cli.main import main
from movie_posters_decade.download import DownloadCache
from movie_posters_decade.errors import CollectionError, LockFileError, OptionError
from movie_posters_decade.lockfile import FORMAT, LISTED_MISMATCHES, read_lock_file


def change_poster(sample: SampleCatalogue, imdb_id: str) -> None:
    """Let the host send another poster for a movie."""
    sample.host.answers[sample.paths[imdb_id]] = (200, paint("1990s", 99_999))


@pytest.fixture(scope="module")
def lock_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCatalogue]:
    """Thirty movies, one of whose posters is not there."""
    with serve_host() as host:
        folder = tmp_path_factory.mktemp("catalogue")
        sample = make_sample(folder, host, dict.fromkeys(DECADES, 6))
        sample.kill("tt0001004")
        yield sample


@pytest.fixture
def sample(lock_sample: SampleCatalogue) -> Iterator[SampleCatalogue]:
    """The movies, whose posters are as they were again after a test."""
    answers = dict(lock_sample.host.answers)
    yield lock_sample
    lock_sample.host.answers = answers


@pytest.fixture(scope="module")
def built(
    lock_sample: SampleCatalogue, tmp_path_factory: pytest.TempPathFactory
) -> MoviePostersDecade:
    """A build that rejected one poster. Tests change nothing in it."""
    return build_sample(lock_sample, tmp_path_factory.mktemp("first"), max_per_decade=5)


@pytest.fixture(scope="module")
def lock(built: MoviePostersDecade) -> str:
    """The path of the lock file of this build."""
    return built.files.lock_path


def test_lock_file_has_a_line_for_each_movie_in_the_order_of_ids(
    built: MoviePostersDecade, lock: str
) -> None:
    head, *lines = [json.loads(line) for line in Path(lock).read_text().splitlines()]
    assert (head["format"], head["movie_posters_decade"]) == (2, __version__)
    assert head["movies"] == len(lines)
    assert head["options"]["max_per_decade"] == 5
    assert len(head["catalogue"]) == 64
    ids = [line["imdb_id"] for line in lines]
    assert ids == sorted(ids)
    assert {line["imdb_id"]: line["rejected"] for line in lines if "rejected" in line} == {
        "tt0001004": "not_found"
    }
    assert sum("sha256" in line for line in lines) == built.report().kept


@pytest.mark.parametrize("has_catalogue", [True, False])
def test_build_from_a_lock_file_has_the_same_bytes(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    lock: str,
    has_catalogue: bool,
) -> None:
    source = {} if has_catalogue else {"data_files": None}
    again = build_sample(sample, tmp_path / "second", lock_file=lock, **source)
    assert arrow_files(again.cache_dir) == arrow_files(built.cache_dir)
    assert read_lock_file(Path(again.files.lock_path)) == read_lock_file(Path(lock))
    assert again.info.features == built.info.features


def test_changed_and_missing_posters_are_listed_and_nothing_is_built(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    lock: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = read_lock_file(Path(lock)).kept
    changed, missing, *_ = [movie.imdb_id for movie in kept if movie.split == "train"]
    change_poster(sample, changed)
    sample.kill(missing)
    cache = tmp_path / "second"
    command = ["build", "--lock-file", lock, "--cache-dir", str(cache), "--allow-private-hosts"]
    assert main(command) == 7
    sentence, *movies = capsys.readouterr().err.strip().splitlines()
    assert sentence == (
        f"movie-posters-decade: {lock}: expected its {built.report().kept} posters, byte for byte; "
        "found 2 of them changed or unavailable. What was downloaded is kept. Build again later, "
        "or with allow_missing=True (--allow-missing) to leave these out:"
    )
    assert [line.split()[0] for line in movies] == sorted([changed, missing])
    assert {line.split(": ")[1].split(",")[0] for line in movies} == {"hash_mismatch", "not_found"}
    assert arrow_files(cache) == {}
    assert main([*command, "--allow-missing", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rejected"] == {"not_found": 1, "hash_mismatch": 1}
    assert report["kept"] == built.report().kept - 2


@pytest.mark.parametrize("command", ["plan", "build"])
def test_report_of_a_build_from_a_lock_file_counts_its_movies(
    tmp_path: Path,
    built: MoviePostersDecade,
    lock: str,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    arguments = ["--lock-file", lock, "--cache-dir", str(tmp_path / "second")]
    assert main([command, *arguments, "--allow-private-hosts"]) == 0
    kept = built.report().kept
    assert f"{kept} movies = {kept} kept + 0 dropped\n" in capsys.readouterr().out


def test_stream_from_a_lock_file_holds_its_posters_in_the_order_of_the_build(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade, lock: str
) -> None:
    kept = list(read_lock_file(Path(lock)).kept)
    options: dict[str, Any] = {"lock_file": lock, "allow_private_hosts": True}
    builder = MoviePostersDecade(str(tmp_path), **options)
    found = {
        split: [example["imdb_id"] for example in stream]
        for split, stream in builder.as_streaming_dataset().items()
    }
    dataset = built.as_dataset()
    assert found == {split: list(part["imdb_id"]) for split, part in dataset.items()}
    [changed, *_] = [movie for movie in kept if movie.split == "train"]
    change_poster(sample, changed.imdb_id)
    with pytest.raises(LockFileError, match=f"{changed.imdb_id} .* hash_mismatch"):
        list(builder.as_streaming_dataset()["train"])
    lenient = MoviePostersDecade(str(tmp_path), allow_missing=True, **options)
    assert len(list(lenient.as_streaming_dataset()["train"])) == len(found["train"]) - 1


def test_leaving_out_a_whole_stratum_is_an_error(
    sample: SampleCatalogue, tmp_path: Path, lock: str
) -> None:
    for movie in read_lock_file(Path(lock)).kept:
        if movie.stratum == ("1970s", "test"):
            sample.kill(movie.imdb_id)
    with pytest.raises(CollectionError, match="The 1970s have no usable test poster"):
        build_sample(sample, tmp_path / "second", lock_file=lock, allow_missing=True)


def test_private_hosts_have_to_be_allowed(
    tmp_path: Path, built: MoviePostersDecade, lock: str
) -> None:
    with pytest.raises(LockFileError, match="allow_private_hosts=True") as error:
        MoviePostersDecade(str(tmp_path), lock_file=lock).download_and_prepare()
    _, *movies, last = str(error.value).splitlines()
    assert len(movies) == LISTED_MISMATCHES
    assert last == f"  and {built.report().kept - LISTED_MISMATCHES} more"


def test_allow_missing_needs_a_lock_file(sample: SampleCatalogue, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="allow_missing: expected a lock file with it"):
        build_sample(sample, tmp_path, allow_missing=True)


def test_option_that_differs_from_the_lock_file_is_an_error(
    sample: SampleCatalogue, tmp_path: Path, lock: str
) -> None:
    with pytest.raises(OptionError) as error:
        build_sample(sample, tmp_path / "third", lock_file=lock, seed=7)
    assert str(error.value) == (
        f"Option seed: expected 42, as in the lock file {lock}; found 7. Leave the option out."
    )


def test_configuration_that_differs_from_the_lock_file_is_an_error(
    sample: SampleCatalogue, tmp_path: Path, lock: str
) -> None:
    with pytest.raises(OptionError) as error:
        build_sample(sample, tmp_path, lock_file=lock, config_name="comedy")
    assert str(error.value) == (
        f"Option genres: expected ['action'], as in the lock file {lock}; found ['comedy']. Leave "
        "the option and the configuration out."
    )


def test_demo_takes_no_lock_file(tmp_path: Path, lock: str) -> None:
    with pytest.raises(OptionError) as error:
        MoviePostersDecade(str(tmp_path), config_name="demo", lock_file=lock)
    assert str(error.value) == (
        "Configuration demo: expected no lock file, as the demo's posters are nowhere else; found "
        f"{lock}. Leave it out: the demo is always the same."
    )


def test_lock_file_names_its_genres(sample: SampleCatalogue, tmp_path: Path) -> None:
    first = build_sample(sample, tmp_path, config_name="drama", max_per_decade=5)
    again = build_sample(sample, tmp_path / "second", lock_file=first.files.lock_path)
    assert arrow_files(again.cache_dir) == arrow_files(first.cache_dir)
    assert Path(again.cache_dir).parents[1].name.startswith("drama-")


def test_lock_file_may_name_many_genres(sample: SampleCatalogue, tmp_path: Path) -> None:
    """Their names alone would be longer than a folder's name may be."""
    genres = ["drama", *(f"{number} {30 * 'a'}" for number in range(10))]
    options = {"config_name": "all", "genres": genres, "max_per_decade": 5}
    first = build_sample(sample, tmp_path / "first", **options)
    again = build_sample(sample, tmp_path / "second", lock_file=first.files.lock_path)
    assert arrow_files(again.cache_dir) == arrow_files(first.cache_dir)


def read_error(path: Path, text: str) -> str:
    """Return the error message for a lock file with this text."""
    path.write_text(text)
    with pytest.raises(LockFileError) as error:
        read_lock_file(path)
    return str(error.value)


def test_lock_file_that_was_cut_short_is_one_sentence(
    tmp_path: Path, built: MoviePostersDecade, lock: str
) -> None:
    path = tmp_path / "x.lock"
    lines = Path(lock).read_text().splitlines(keepends=True)
    assert read_error(path, "".join(lines[:7])) == (
        f"{path}: expected a lock file of {built.report().kept + 1} movies, as its first line "
        "says; found 5 kept and 1 rejected. Pass a file that a build wrote, complete and unchanged."
    )


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("", 1, "''"),
        ("imdbId,Title\n", 1, "'imdbId,Title'"),
        ('{"format": 1}\n', 1, """'{"format": 1}'"""),
        ("{head}\n[]\n", 2, "'[]'"),
    ],
)
def test_file_that_is_no_lock_file_is_one_sentence(
    tmp_path: Path, text: str, line: int, found: str
) -> None:
    head = {"movie_posters_decade": "1", "format": 2, "catalogue": 64 * "0"}
    head |= {"options": {}, "movies": 1}
    path = tmp_path / "x.lock"
    assert read_error(path, text.replace("{head}", json.dumps(head))) == (
        f"{path}, line {line}: expected a line of a lock file, in JSON; found {found}. Pass a file "
        "that a build wrote, complete and unchanged."
    )


@pytest.mark.parametrize(("other", "version"), [(1, "0.1.0"), (3, "9.9.9")], ids=["old", "new"])
def test_lock_file_of_another_format_names_the_version_that_reads_it(
    tmp_path: Path, lock: str, other: int, version: str
) -> None:
    head, *lines = Path(lock).read_text().splitlines()
    head = json.dumps(json.loads(head) | {"format": other, "movie_posters_decade": version})
    path = tmp_path / "x.lock"
    assert FORMAT == 2
    assert read_error(path, "\n".join([head, *lines])) == (
        f"{path}: expected a lock file of format 2, which version {__version__} reads; found "
        f"format {other}, which version {version} wrote. Install movie_posters_decade {version} to "
        "build from it, or build without it."
    )


def test_missing_lock_file_is_one_sentence(sample: SampleCatalogue, tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with pytest.raises(LockFileError) as error:
        build_sample(sample, tmp_path, lock_file=str(path))
    assert str(error.value) == (
        f"{path}: expected a lock file; found: No such file or directory. Pass a file that a build "
        "wrote, complete and unchanged."
    )


def test_lock_file_that_is_no_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    os.mkfifo(path)
    for one in (path, Path("/dev/zero")):
        with pytest.raises(LockFileError) as error:
            MoviePostersDecade(str(tmp_path), lock_file=str(one))
        assert str(error.value) == (
            f"{one}: expected a lock file; found: a device or a pipe, and no file. Pass a file "
            "that a build wrote, complete and unchanged."
        )


def altered(lock: str, tmp_path: Path, change: Callable[[Any, list[Any]], object]) -> Path:
    """Write a lock file in which the parsed head and lines were changed, and return its path."""
    head, *lines = [json.loads(line) for line in Path(lock).read_text().splitlines()]
    change(head, lines)
    path = tmp_path / "strange.lock"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in [head, *lines]))
    return path


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": "A\x1b[2J"}, "title of 1 to 500 characters without control characters; found"),
        ({"title": ""}, "title of 1 to 500 characters"),
        ({"title": 5}, "title of 1 to 500 characters"),
        ({"title": "\ud800"}, "title of 1 to 500 characters"),
        ({"imdb_id": "x" * 201}, "imdb_id of 1 to 200 characters"),
        ({"genres": "Action"}, "genres in a list; found 'Action'"),
        ({"genres": ["a"] * 51}, "at most 50 genres; found 51"),
        ({"extra": ["x"]}, "for each of 0 extra columns; found"),
        ({"year": True}, "a year from 1970 to 2017, as the options say; found True"),
        ({"year": 2018}, "a year from 1970 to 2017, as the options say; found 2018"),
        ({"decade": "1960s"}, "the decade 19[0-9]0s for the year .*; found '1960s'"),
        ({"split": "validation"}, "the split train or test; found 'validation'"),
        ({"rank": -1}, r"a rank from 0 to 2\*\*64 - 1; found -1"),
        ({"rank": 2**63 + 0.5}, "a rank from 0"),
        ({"imdb_score": 11}, "an imdb_score from 0 to 10, or null; found 11"),
        ({"sha256": "../../etc/passwd"}, "a sha256 of 64 digits"),
        ({"sha256": "A" * 64}, "a sha256 of 64 digits"),
        ({"size": 0}, "a size in bytes from 1; found 0"),
        ({"stored_sha256": "f" * 64, "stored_size": "1"}, "a stored_size in bytes from 1"),
        ({"poster_url": ""}, "a link in poster_url"),
        ({"poster_url": ["x"]}, "a link in poster_url"),
        ({"downloaded_url": "a.jpg", "source": "wayback"}, "a URL in downloaded_url"),
        ({"downloaded_url": "http://a/\x0b", "source": "wayback"}, "a URL in downloaded_url"),
        ({"downloaded_url": "http://a/", "source": ""}, "a source and a licence of at most 200"),
        (
            {"downloaded_url": "http://a/", "source": "b", "licence": "\n"},
            "a source and a licence of at most 200",
        ),
        ({"downloaded_url": "http://a/", "source": "catalogue"}, "for the source catalogue"),
    ],
)
def test_line_that_no_build_writes_is_one_sentence(
    lock: str, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    path = altered(lock, tmp_path, lambda _, lines: lines[0].update(changes))
    with pytest.raises(LockFileError, match=sentence) as error:
        read_lock_file(path)
    assert str(error.value).startswith(f"{path}, line 2: expected ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"movie_posters_decade": "1; rm -rf ~"}, "a version; found '1; rm -rf ~'"),
        ({"catalogue": "`x`"}, "the SHA-256 of a catalogue, of 64 digits; found '`x`'"),
        ({"movies": 0}, "a whole number of movies from 1; found 0"),
        ({"options": "none"}, "options by name; found 'none'"),
        ({"options": {"min_year": 0}}, "a line of a lock file"),
        ({"options": {"extra_columns": ["a\nb"]}}, "a line of a lock file"),
        ({"options": {"base_url": "\ud800"}}, "options without halves of characters"),
    ],
)
def test_first_line_that_no_build_writes_is_one_sentence(
    lock: str, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    path = altered(lock, tmp_path, lambda head, _: head.update(changes))
    with pytest.raises(LockFileError, match=f"line 1: expected {re.escape(sentence)}"):
        read_lock_file(path)


@pytest.mark.parametrize("name", ["imdb_id", "poster_url"])
def test_movie_or_link_that_is_there_twice_is_one_sentence(
    lock: str, tmp_path: Path, name: str
) -> None:
    path = altered(lock, tmp_path, lambda _, lines: lines[0].update({name: lines[1][name]}))
    with pytest.raises(LockFileError, match=f"expected each {name} once; found 2 times: "):
        read_lock_file(path)


def test_rank_and_split_are_those_of_seed_and_options(
    sample: SampleCatalogue, lock: str, tmp_path: Path
) -> None:
    def other_split(_: Any, lines: list[Any]) -> None:
        [first, *_] = [line for line in lines if line["split"] == "test"]
        last = max(
            (line for line in lines if line["decade"] == first["decade"]),
            key=lambda line: line["rank"],
        )
        first["split"], last["split"] = last["split"], first["split"]

    changes: dict[str, Callable[[Any, list[Any]], object]] = {
        "expected the rank [0-9]+ for tt": lambda _, lines: lines[0].update(rank=5),
        "expected the split train, by its rank, for tt": other_split,
        "expected the split (train|test) for tt": lambda head, lines: [
            head["options"].update(group_by="title"),
            *(line.update(split="test" if line["split"] == "train" else "train") for line in lines),
        ],
    }
    for number, (sentence, change) in enumerate(changes.items()):
        path = altered(lock, tmp_path, change).rename(tmp_path / f"{number}.lock")
        with pytest.raises(LockFileError, match=sentence):
            build_sample(sample, tmp_path / "second", lock_file=str(path))


def test_lock_file_gives_no_permission(lock: str, tmp_path: Path) -> None:
    given = {"allow_private_hosts": True, "allow_outside_files": True, "workers": 2}
    path = altered(lock, tmp_path, lambda head, _: head["options"].update(given))
    assert not set(given) & set(read_lock_file(path).options)


def test_altered_file_in_the_cache_alone_is_asked_for_again(
    sample: SampleCatalogue, tmp_path: Path, built: MoviePostersDecade, lock: str
) -> None:
    kept = read_lock_file(Path(lock)).kept
    folder = Path(shutil.copytree(built._cache_dir_root, tmp_path / "first"))
    cache = DownloadCache(folder / "downloads")
    [altered, *_] = [movie for movie in kept if movie.split == "train"]
    cache.path(altered.poster_url).write_bytes(paint("1990s", 5))
    sample.host.requests.clear()
    again = build_sample(sample, folder, lock_file=lock)
    assert sample.host.requests == [sample.paths[altered.imdb_id]]
    assert arrow_files(again.cache_dir) == arrow_files(built.cache_dir)
