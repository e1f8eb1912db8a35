"""The command line: runs a command, and prints its output or one message about its failure."""

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from movie_posters_decade.build_warnings import BuildWarning, collect_warnings
from movie_posters_decade.cli.commands import COMMANDS
from movie_posters_decade.cli.options_file import parse_arguments
from movie_posters_decade.cli.output import (
    Failure,
    open_standard_error,
    print_failure,
    print_note,
    print_output,
)
from movie_posters_decade.cli.parser import UsageError
from movie_posters_decade.cli.signals import INTERRUPTED, end_on_signals, exit_code
from movie_posters_decade.errors import ExitCode, MoviePostersError
from movie_posters_decade.io import is_storage_fault

NO_MEMORY = (
    "this machine has no memory left for the command. What was downloaded is kept; end other "
    "programs, or use a machine with more memory."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return an `ExitCode`, or 130 or 143 after a signal.

    Raises:
        SystemExit: the arguments are wrong, or ask for help or the version.
    """
    open_standard_error()
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in words
    try:
        chosen = parse_arguments(words)
    except UsageError as error:
        print_note(error.usage)
        print_failure(Failure(ExitCode.USAGE, "usage", str(error)), [], as_json=as_json)
        raise SystemExit(ExitCode.USAGE) from None
    except MoviePostersError as error:
        print_failure(_failure(error), [], as_json=as_json)
        return error.exit_code
    return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    """Run a command, and print its output, or one message about its failure."""
    _import_datasets()
    with collect_warnings() as warnings, _no_unraisable_errors():
        failure, is_printed = _try(chosen, warnings)
        if failure is None:
            return ExitCode.OK
        # Closes what was under way, such as a progress bar, before the message.
        gc.collect()
    print_failure(failure, warnings, as_json=chosen.json and not is_printed)
    return failure.exit_code


@contextmanager
def _no_unraisable_errors() -> Iterator[None]:
    """Keep Python from printing errors in finalizers, which repeat an error that is reported."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _try(chosen: argparse.Namespace, warnings: list[BuildWarning]) -> tuple[Failure | None, bool]:
    """Run a command and print its output; return why it failed, and whether it has an output."""
    from datasets.exceptions import DatasetsError

    from movie_posters_decade.cli.progress import show_progress

    is_printed = False
    try:
        with end_on_signals(as_json=chosen.json):
            with show_progress(quiet=chosen.quiet):
                output = COMMANDS[chosen.command](chosen)
            print_output(output, warnings, as_json=chosen.json, quiet=chosen.quiet)
            is_printed = True
    except (MoviePostersError, DatasetsError, OSError, MemoryError) as error:
        return _failure(error), is_printed
    except KeyboardInterrupt as interrupt:
        return Failure(exit_code(interrupt), "interrupted", INTERRUPTED), is_printed
    return output.failure, is_printed


def _import_datasets() -> None:
    # Importing it creates no garbage, and collecting garbage meanwhile takes a tenth of the time.
    gc.disable()
    try:
        import movie_posters_decade.builder  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


def _failure(error: Exception) -> Failure:
    """Return what an error means for whoever runs the command."""
    if isinstance(error, MoviePostersError):
        return Failure(error.exit_code, error.code, str(error))
    if isinstance(error, BrokenPipeError):
        # The reader has closed the pipe; Python would print an error when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Failure(ExitCode.ERROR, "error", "")
    if isinstance(error, OSError):
        path = error.filename or "a file"
        return Failure(
            ExitCode.STORAGE,
            "storage",
            f"{path}: cannot be read or written: {error.strerror or error}. What was downloaded is "
            "kept; fix this, or choose another folder.",
        )
    if isinstance(error, MemoryError):
        return Failure(ExitCode.ERROR, "memory", NO_MEMORY)
    return _datasets_failure(error)


def _datasets_failure(error: Exception) -> Failure:
    """Return what an error of `datasets` means: what led to it is the fault."""
    cause = error.__cause__
    message = f"{error}: {cause or 'the cause is unknown'}"
    if isinstance(cause, MemoryError):
        return Failure(ExitCode.ERROR, "memory", NO_MEMORY)
    if isinstance(cause, MoviePostersError):
        return Failure(cause.exit_code, cause.code, message)
    if is_storage_fault(cause):
        return Failure(ExitCode.STORAGE, "storage", message)
    return Failure(ExitCode.ERROR, "error", message)
