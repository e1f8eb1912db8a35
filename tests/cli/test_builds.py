"""The builds in the cache are listed, checked and removed, and nothing else is touched."""

import json
import os
import shutil
from pathlib import Path

import pytest
from command_line import run_json, sample_arguments
from datasets.utils._filelock import FileLock
from sample_builds import build_sample, load_sample, make_builder
from samples import DECADES, PosterHost, SampleCatalogue, make_sample

from movie_posters_decade import MoviePostersDecade, list_builds
from movie_posters_decade.builds.cache import outdated, remove_build, verify_build
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import BuildError, OptionError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Twenty movies, four of each decade, all with usable posters."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 4))


@pytest.fixture
def built(sample: SampleCatalogue, cache: Path) -> MoviePostersDecade:
    return build_sample(sample, cache)


def name_of(builder: MoviePostersDecade) -> str:
    """Return the name by which a build is listed."""
    return "/".join(Path(builder.cache_dir).parts[-3:])


def flip_bit(built: MoviePostersDecade) -> None:
    """Change a poster of a build, which only its hash can tell."""
    path = Path(built.cache_dir) / "movie_posters_decade-train.arrow"
    content = bytearray(path.read_bytes())
    content[content.index(b"\xff\xd8\xff\xe0") + 500] ^= 1
    path.write_bytes(content)


def run(cache: Path, *arguments: str) -> int:
    return main(["builds", "--cache-dir", str(cache), *arguments])


def test_builds_are_listed_the_newest_first(
    sample: SampleCatalogue, cache: Path, built: MoviePostersDecade
) -> None:
    other = build_sample(sample, cache, max_per_decade=3, seed=7)
    newest, oldest = list_builds(cache)
    assert (newest.name, oldest.name) == (name_of(other), name_of(built))
    assert (newest.posters, oldest.posters) == (15, 20)
    assert (newest.options, oldest.options) == ({"max_per_decade": 3, "seed": 7}, {})
    assert (oldest.configuration, oldest.catalogue) == ("action", "MovieGenre.csv")
    assert oldest.version == str(built.VERSION)
    assert oldest.folder == Path(built.cache_dir)
    assert oldest.size == sum(path.stat().st_size for path in oldest.folder.iterdir())
    assert oldest.date <= newest.date


def test_build_is_shown_in_one_line(cache: Path, built: MoviePostersDecade) -> None:
    [build] = list_builds(str(cache))
    assert repr(build) == (
        f"CachedBuild '{name_of(built)}': 20 posters of MovieGenre.csv, "
        f"{build.size / 1e6:.1f} MB, {build.date:%Y-%m-%d %H:%M}"
    )


def test_command_lists_builds_as_a_table_and_in_json(
    cache: Path, built: MoviePostersDecade, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cache) == 0
    header, line, _, total = capsys.readouterr().out.splitlines()
    assert header.split()[-2:] == ["name", "options"]
    assert line.split()[-2:] == [name_of(built), "default"]
    [build] = list_builds(cache)
    assert total == f"Total: {build.size / 1e6:.1f} MB"
    assert run_json(capsys, "builds", "--cache-dir", str(cache)) == {
        "builds": [
            {
                "name": name_of(built),
                "configuration": "action",
                "catalogue": "MovieGenre.csv",
                "options": {},
                "version": str(built.VERSION),
                "posters": 20,
                "size": build.size,
                "date": build.date.isoformat(timespec="seconds"),
                "folder": built.cache_dir,
            }
        ],
        "size": build.size,
        "warnings": [],
    }


def test_table_shows_the_options_that_are_not_the_configurations(
    sample: SampleCatalogue, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_sample(sample, cache, config_name="all", balance="none", max_per_decade=5)
    build_sample(sample, cache, genres=("Comedy", "Action"))
    assert run(cache) == 0
    _, comedy, everything, *_ = capsys.readouterr().out.splitlines()
    assert comedy.endswith(" default")
    assert everything.startswith("all ")
    assert everything.endswith(" --balance none --max-per-decade 5")


@pytest.mark.parametrize("arguments", [(), ("--verify",)])
def test_empty_cache_holds_no_builds(
    cache: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(cache, *arguments) == 0
    assert capsys.readouterr().out == "The cache holds no builds.\n"
    assert not cache.exists()


def test_builds_at_a_url_are_not_listed() -> None:
    with pytest.raises(OptionError, match="expected a folder of this machine"):
        list_builds("s3://bucket/cache")


def test_build_without_a_record_is_listed_by_its_folder(
    cache: Path, built: MoviePostersDecade
) -> None:
    """Earlier versions wrote none."""
    (Path(built.cache_dir) / "build.json").unlink()
    [build] = list_builds(cache)
    assert (build.configuration, build.catalogue, build.posters) == ("action", None, 20)


def test_build_whose_info_is_damaged_is_listed_and_can_be_removed(
    cache: Path, built: MoviePostersDecade
) -> None:
    for info in ("", "{", "[]", "{}", '{"splits": [1]}', '{"splits": {"train": 5}}'):
        (Path(built.cache_dir) / "dataset_info.json").write_text(info)
        [build] = list_builds(cache)
        assert build.posters is None, info
        assert verify_build(build) is not None, info
    remove_build(build)
    assert list_builds(cache) == []


def test_other_datasets_and_unfinished_builds_are_neither_listed_nor_removed(
    cache: Path, built: MoviePostersDecade
) -> None:
    """`datasets` stores a folder that is called like the package beside its builds."""
    other = cache / "movie_posters_decade/default-1/0.0.0/abc"
    other.mkdir(parents=True)
    (other / "dataset_info.json").write_text("{}")
    (other / "movie_posters_decade-train.arrow").write_bytes(b"theirs")
    unfinished = Path(f"{built.cache_dir}.incomplete")
    shutil.copytree(built.cache_dir, unfinished)
    link = cache / "movie_posters_decade/action-2/0.2.0"
    link.mkdir(parents=True)
    (link / "abc").symlink_to(unfinished)
    assert [build.name for build in list_builds(cache)] == [name_of(built)]
    assert run(cache, "--remove", name_of(built)) == 0
    assert len(list(other.iterdir())) == 2
    assert len(list(unfinished.iterdir())) > 5
    assert run(cache, "--remove", "default-1") == 2


def test_verify_finds_a_poster_that_changed(
    sample: SampleCatalogue,
    cache: Path,
    built: MoviePostersDecade,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = build_sample(sample, cache, seed=7)
    flip_bit(built)
    assert run(cache, "--verify", name_of(other)) == 0
    assert capsys.readouterr().out == f"{name_of(other)}: complete\n"
    assert run(cache, "--verify") == 6
    output = capsys.readouterr()
    assert f"{name_of(other)}: complete\n" in output.out
    assert "as the lock file lists it; found that it is missing or was changed" in output.out
    sentence = f"Damaged builds, 1 of 2: {name_of(built)}. Run the commands that built them with "
    assert output.err == f"movie-posters-decade: {sentence}--rebuild, or remove them.\n"
    assert run(cache, "--verify", "--json") == 6
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["code"] == "build"
    damages = [build["damage"] for build in found["builds"]]
    assert damages[0] is None
    assert "missing or was changed" in damages[1]


def test_verify_finds_what_a_build_would_find(cache: Path, built: MoviePostersDecade) -> None:
    (Path(built.cache_dir) / "movie_posters_decade-test.arrow").unlink()
    [build] = list_builds(cache)
    assert str(verify_build(build)).startswith(
        f"{built.cache_dir}: expected a complete build; found it damaged: "
        "movie_posters_decade-test.arrow is missing."
    )


def test_removed_build_frees_its_size_and_can_be_built_again(
    sample: SampleCatalogue,
    cache: Path,
    built: MoviePostersDecade,
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_sample(sample, cache).map(lambda _: {"more": 1})
    other = build_sample(sample, cache, seed=7)
    [size] = [build.size for build in list_builds(cache) if build.name == name_of(built)]
    capsys.readouterr()
    removed = run_json(capsys, "builds", "--cache-dir", str(cache), "--remove", name_of(built))
    assert removed == {"removed": [name_of(built)], "freed": size, "warnings": []}
    assert not Path(built.cache_dir).exists()
    assert [build.name for build in list_builds(cache)] == [name_of(other)]
    sample.host.requests.clear()
    assert load_sample(sample, cache).num_rows == {"train": 15, "test": 5}
    assert sample.host.requests == []


def test_first_part_of_a_name_stands_for_all_that_begin_with_it(
    sample: SampleCatalogue, cache: Path, built: MoviePostersDecade
) -> None:
    build_sample(sample, cache, hash="other")
    assert len(list_builds(cache)) == 2
    assert run(cache, "--remove", built.config_id) == 0
    assert list_builds(cache) == []


def test_unknown_name_removes_nothing(
    cache: Path, built: MoviePostersDecade, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cache, "--remove", name_of(built), "action-1") == 2
    assert capsys.readouterr().err == (
        "movie-posters-decade: builds: expected the name of a build, as `movie-posters-decade "
        "builds` lists it; found 'action-1'. Check the name, and --cache-dir.\n"
    )
    assert len(list_builds(cache)) == 1


def test_files_of_others_in_a_builds_folder_stay(cache: Path, built: MoviePostersDecade) -> None:
    theirs = Path(built.cache_dir) / "notes.txt"
    theirs.write_text("mine")
    [build] = list_builds(cache)
    assert remove_build(build) == build.size - 4
    assert list(Path(built.cache_dir).iterdir()) == [theirs]


def test_build_that_is_being_written_is_not_removed(
    sample: SampleCatalogue,
    cache: Path,
    built: MoviePostersDecade,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = build_sample(sample, cache, seed=7)
    with FileLock(f"{built.cache_dir}_builder.lock"):
        assert run(cache, "--remove", name_of(built), name_of(other)) == 6
    output = capsys.readouterr()
    assert output.out.startswith(f"Removed {name_of(other)}: ")
    assert output.err == (
        f"movie-posters-decade: {built.cache_dir}: expected a build that no process writes; found "
        "that one does. Wait until it ends, and remove the build then.\n"
    )
    [build] = list_builds(cache)
    with FileLock(f"{built.cache_dir}_builder.lock"), pytest.raises(BuildError):
        remove_build(build)
    assert verify_build(build) is None


def make_older(built: MoviePostersDecade) -> None:
    """Let a build be a day old."""
    path = Path(built.cache_dir) / "dataset_info.json"
    os.utime(path, (0, path.stat().st_mtime - 24 * 3600))


def test_prune_keeps_the_newest_complete_build_of_each_catalogue_and_options(
    sample: SampleCatalogue,
    cache: Path,
    built: MoviePostersDecade,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = [
        built,
        build_sample(sample, cache, seed=7),
        build_sample(sample, cache, config_name="all"),
    ]
    older = build_sample(sample, cache, hash="older code")
    make_older(older)
    make_sample(sample.path.parent, sample.host, dict.fromkeys(DECADES, 5))
    kept.append(build_sample(sample, cache))
    assert [build.name for build in outdated(list_builds(cache))] == [name_of(older)]
    capsys.readouterr()
    assert run(cache, "--prune") == 0
    removed, freed = capsys.readouterr().out.splitlines()
    assert removed.startswith(f"Removed {name_of(older)}: ")
    assert freed.startswith("Freed: ")
    assert {build.name for build in list_builds(cache)} == set(map(name_of, kept))
    assert run(cache, "--prune") == 0
    assert capsys.readouterr().out == "There is no build to remove.\n"


def test_prune_keeps_the_build_of_the_running_code_and_newer_ones(
    sample: SampleCatalogue, cache: Path, built: MoviePostersDecade
) -> None:
    make_older(built)
    build_sample(sample, cache, hash="other code")
    assert outdated(list_builds(cache)) == []


def test_prune_keeps_a_complete_build_if_the_newer_one_is_damaged(
    sample: SampleCatalogue, cache: Path, built: MoviePostersDecade
) -> None:
    older = build_sample(sample, cache, hash="older code")
    make_older(older)
    (Path(built.cache_dir) / "movie_posters_decade-test.arrow").unlink()
    assert name_of(older) not in [build.name for build in outdated(list_builds(cache))]


def test_build_command_lists_its_build_in_the_same_cache(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_json(capsys, "build", *sample_arguments(sample, tmp_path))["cache_dir"]
    [build] = run_json(capsys, "builds", "--cache-dir", str(tmp_path / "cache"))["builds"]
    assert build["folder"] == folder
    assert make_builder(sample, tmp_path / "cache").cache_dir == folder
