"""What the command line prints: results, warnings and errors. The only module that prints.

Results go to standard output, all else to standard error. With ``--json`` standard output holds one
object, also for a failure.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.cli.signals import PROGRAM
from movie_posters_decade.text.terminal import visible

if TYPE_CHECKING:
    from movie_posters_decade.report.counts import Report


@dataclass(frozen=True)
class Failure:
    """Why a command failed.

    Attributes:
        exit_code: with what the program ends.
        code: what the error is called in JSON.
        message: one sentence or two; empty if there is nothing to say, and nobody who reads it.
    """

    exit_code: int
    code: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the error in JSON types."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class Output:
    """What a command found: an object for ``--json``, and a text for people.

    Attributes:
        values: the object, in JSON types, without its warnings.
        text: says the same.
        warnings: those that were not logged while the command ran.
        failure: why the command fails although it found something; None if it does not.
    """

    values: Mapping[str, Any]
    text: str
    warnings: tuple[BuildWarning, ...] = ()
    failure: Failure | None = None


def report_output(
    report: "Report",
    more: Mapping[str, Any],
    last_lines: str,
    warnings: Iterable[BuildWarning] = (),
) -> Output:
    """Return the output of a command that shows a report, with values and lines of its own."""
    values = report.to_json() | dict(more)
    return Output(values, f"{report}\n\n{last_lines}", (*report.warnings, *warnings))


def print_output(
    output: Output, logged: Sequence[BuildWarning], *, as_json: bool, quiet: bool
) -> None:
    """Print a result, and to standard error the warnings that were not logged yet.

    With ``--json`` the result holds all warnings.
    """
    if as_json:
        warnings = _to_json((*logged, *output.warnings))
        error = {"error": output.failure.to_json()} if output.failure else {}
        _print_values(dict(output.values) | error | {"warnings": warnings})
    else:
        print_line(output.text)
    for warning in output.warnings:
        if warning not in logged and not quiet:
            print_note(str(warning))
    if sys.stdout:
        sys.stdout.flush()


def print_failure(failure: Failure, logged: Iterable[BuildWarning], *, as_json: bool) -> None:
    """Print why a command failed: one message, and with ``--json`` an object beside it."""
    if not failure.message:
        return
    print_note(f"{PROGRAM}: {failure.message}")
    if as_json:
        _print_values({"error": failure.to_json(), "warnings": _to_json(logged)})


def print_line(text: str) -> None:
    """Print a text to standard output. Parts of it may come from outside."""
    print(visible(text))


def print_note(text: str) -> None:
    """Print a text to standard error. Parts of it may come from outside."""
    print(visible(text), file=sys.stderr, flush=True)


def open_standard_error() -> None:
    """Give a process that was started without standard error one that leads nowhere.

    Otherwise the next file that is opened would take its place, and what libraries print.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _print_values(values: Mapping[str, Any]) -> None:
    print(visible(json.dumps(values, indent=2)))


def _to_json(warnings: Iterable[BuildWarning]) -> list[dict[str, Any]]:
    """Return warnings in JSON types, each once."""
    return [warning.to_json() for warning in dict.fromkeys(warnings)]
