"""The command `builds`: what it does with the builds in the cache."""

import argparse
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from movie_posters_decade.builds.cache import (
    CachedBuild,
    format_size,
    list_builds,
    outdated,
    remove_build,
    verify_build,
)
from movie_posters_decade.cli.output import Failure, Output
from movie_posters_decade.errors import BuildError, OptionError
from movie_posters_decade.options.command_line import flag_words
from movie_posters_decade.report.counts import format_table

COLUMNS = ("configuration", "posters", "size", "date", "catalogue", "version", "name", "options")


def run_builds(chosen: argparse.Namespace) -> Output:
    """List, verify or remove builds, as the arguments say.

    Raises:
        OptionError: no build has the name, or the cache is not on this machine.
    """
    builds = list_builds(chosen.cache_dir)
    if chosen.verify is not None:
        return _verify(_choose(builds, chosen.verify) if chosen.verify else builds)
    if chosen.remove:
        return _remove(_choose(builds, chosen.remove))
    return _remove(outdated(builds)) if chosen.prune else _list(builds)


def _choose(builds: Sequence[CachedBuild], names: Iterable[str]) -> list[CachedBuild]:
    chosen: dict[str, CachedBuild] = {}
    for name in names:
        start = f"{name.rstrip('/')}/"
        found = {build.name: build for build in builds if f"{build.name}/".startswith(start)}
        if not found:
            raise OptionError(
                f"builds: expected the name of a build, as `movie-posters-decade builds` lists "
                f"it; found {name!r}. Check the name, and --cache-dir."
            )
        chosen |= found
    return list(chosen.values())


def _list(builds: Sequence[CachedBuild]) -> Output:
    total = sum(build.size for build in builds)
    content = {"builds": [build.to_json() for build in builds], "size": total}
    if not builds:
        return Output(content, "The cache holds no builds.")
    rows = [
        (
            build.configuration,
            "?" if build.posters is None else build.posters,
            format_size(build.size),
            f"{build.date:%Y-%m-%d %H:%M}",
            build.catalogue or "?",
            build.version,
            build.name,
            _options_text(build.options),
        )
        for build in builds
    ]
    return Output(content, f"{format_table([COLUMNS, *rows])}\n\nTotal: {format_size(total)}")


def _options_text(options: Mapping[str, Any] | None) -> str:
    if options is None:
        return "?"
    words = [word for name, value in options.items() for word in flag_words(name, value)]
    return shlex.join(words) or "default"


def _verify(builds: Sequence[CachedBuild]) -> Output:
    errors = {build.name: verify_build(build) for build in builds}
    lines = [error or f"{name}: complete" for name, error in errors.items()]
    found = [build.to_json() | {"damage": errors[build.name]} for build in builds]
    damaged = [name for name, error in errors.items() if error]
    failure = (
        f"Damaged builds, {len(damaged)} of {len(builds)}: {', '.join(damaged)}. Run the commands "
        "that built them with --rebuild, or remove them."
    )
    text = "\n".join(lines) or "The cache holds no builds."
    return _output(text, {"builds": found}, failure if damaged else "")


def _remove(builds: Sequence[CachedBuild]) -> Output:
    freed, errors = _try_each(builds, remove_build)
    total = sum(freed.values())
    lines = [f"Removed {name}: {format_size(size)}" for name, size in freed.items()]
    last = f"Freed: {format_size(total)}" if builds else "There is no build to remove."
    text = "\n".join([*lines, last])
    return _output(text, {"removed": list(freed), "freed": total}, " ".join(errors))


def _output(text: str, values: dict[str, Any], error: str) -> Output:
    """Return what the command prints, and that it failed if there is an error."""
    failure = Failure(BuildError.exit_code, BuildError.code, error) if error else None
    return Output(values, text, failure=failure)


def _try_each(
    builds: Sequence[CachedBuild], remove: Callable[[CachedBuild], int]
) -> tuple[dict[str, int], list[str]]:
    """Return how many bytes each removed build had, and why others were not removed."""
    freed, errors = {}, []
    for build in builds:
        try:
            freed[build.name] = remove(build)
        except BuildError as error:
            errors.append(str(error))
        except OSError as error:
            errors.append(f"{build.folder}: cannot be removed: {error.strerror or error}.")
    return freed, errors
