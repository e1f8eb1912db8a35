"""Warnings about hosts, each once, on a line of its own below any progress bar."""

from datasets.utils.tqdm import tqdm

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.text.terminal import get_logger

CURE = "--rebuild tries its links again."

logger = get_logger(__name__)


class HostWarnings:
    """Warnings about hosts that have not been given yet."""

    def __init__(self) -> None:
        self._given: set[tuple[str, str]] = set()

    def no_answer(self, origin: str, detail: str) -> None:
        """Warn that a host did not answer, with what the network said."""
        self._warn("host_no_answer", origin, f"{origin} did not answer: {detail}.")

    def stopped(self, origin: str, fault: str) -> None:
        """Warn that no further request is sent to a host: its circuit breaker is open."""
        message = f"{origin} {fault}; no further request is sent to it."
        self._warn("host_stopped", origin, message)

    def paused(self, origin: str, seconds: float) -> None:
        """Warn that the next request waits, as the host wants it."""
        message = f"{origin} wants a pause of {seconds:.0f} seconds."
        self._warn("host_paused", origin, message, "It is kept; nothing needs to be done.")

    def _warn(self, code: str, origin: str, message: str, cure: str = CURE) -> None:
        if (code, origin) not in self._given:
            self._given.add((code, origin))
            with tqdm.external_write_mode():
                logger.warning(BuildWarning(code, message, cure))
