"""What a builder prints: its configuration, its catalogue, and whether it is built."""

from collections.abc import Iterator
from dataclasses import fields

from movie_posters_decade.builds.artifacts import BuildFiles
from movie_posters_decade.builds.builder_config import MoviePostersConfig
from movie_posters_decade.errors import BuildError
from movie_posters_decade.options.configurations import configured_values
from movie_posters_decade.options.options import Options
from movie_posters_decade.text.terminal import visible


def builder_text(config: MoviePostersConfig, files: BuildFiles) -> str:
    """Return the lines that a builder prints. It reads the report of the build, if there is one."""
    options = ", ".join(_chosen_options(config)) or "the default options"
    catalogue = f"lock file: {config.lock_file}" if config.lock_file else config.location()
    return visible(
        f"MoviePostersDecade {config.name!r}: {options}\n"
        f"  catalogue: {catalogue}\n"
        f"  {_state(files)}"
    )


def _chosen_options(config: MoviePostersConfig) -> Iterator[str]:
    """Yield the options whose values are not those of the configuration."""
    usual = Options(**configured_values(config.name))
    for option in fields(Options):
        value = getattr(config, option.name)
        if value != getattr(usual, option.name):
            yield f"{option.name}={value!r}"


def _state(files: BuildFiles) -> str:
    try:
        report = files.read_report()
    except BuildError as error:
        return f"not built: {error}"
    except OSError as error:
        return f"not known whether it is built: {files.folder} cannot be read: {error}"
    sizes = ", ".join(f"{sum(kept.values()):,} {split}" for split, kept in report.splits.items())
    return f"built: {sizes} posters, in {files.folder}"
