"""Wayback Machine: the captures of a dead link, from the archive's index."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field, replace

from datasets import config as datasets_config
from datasets.utils.tqdm import tqdm

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.download import DownloadCache, Limits, RetryPolicy
from movie_posters_decade.download.pace import Pace, Throttling
from movie_posters_decade.download.paced_session import PacedSession
from movie_posters_decade.download.public_links import public_url
from movie_posters_decade.download.session import FetchError
from movie_posters_decade.download.transfer import USER_AGENT
from movie_posters_decade.errors import NetworkError, StorageError
from movie_posters_decade.fallbacks.cache import CaptureCache
from movie_posters_decade.fallbacks.cdx import ARCHIVE, Capture, index_address, parse_captures
from movie_posters_decade.fallbacks.fallback import Answer
from movie_posters_decade.options.options import WAYBACK
from movie_posters_decade.records import Origin
from movie_posters_decade.text.terminal import get_logger

INDEX_PACE = Pace(requests=1, seconds=2.5, connections=1)
"""The pace of queries to the index: 24 a minute, evenly spaced."""

PLAYBACK_PACE = Pace(requests=1, seconds=0.25, connections=4)
"""The pace of downloads of captures: 4 a second, evenly spaced."""

MAX_BYTES = 1024 * 1024
"""The largest answer of the index that is read; one has some 1,000 bytes."""

MAX_FAILURES = 5
"""How many links in a row may get no valid answer before the index is queried no more."""

logger = get_logger(__name__)

_POLICY = RetryPolicy(read_timeout=30.0)  # the index is slow


@dataclass
class Wayback:
    """The Wayback Machine as a fallback: it may hold captures of a link that is dead.

    What its index says is cached. A failure is not, so the next build queries again.
    """

    cache: DownloadCache
    _: KW_ONLY
    limits: Limits = field(default_factory=Limits)
    policy: RetryPolicy = _POLICY
    pace: Pace = INDEX_PACE
    throttling: Throttling = field(default_factory=Throttling)  # shared with the downloader
    refresh: bool = False  # whether to query again, once for each link, what is cached
    offline: bool | None = None  # whether requests are forbidden; None: as HF_HUB_OFFLINE says
    sleep: Callable[[float], None] = time.sleep  # what waits for some seconds
    _answers: CaptureCache = field(init=False)
    _session: PacedSession = field(init=False)
    _refreshed: set[str] = field(default_factory=set, init=False)
    _failures: int = field(default=0, init=False)  # in a row
    _has_suggested: bool = field(default=False, init=False)  # an address for questions

    def __post_init__(self) -> None:
        if self.offline is None:
            self.offline = datasets_config.HF_HUB_OFFLINE
        self._answers = CaptureCache(self.cache)
        limits = replace(self.limits, max_bytes=MAX_BYTES)
        self._session = PacedSession(limits, self.policy, self.pace, self.throttling, self.sleep)

    @property
    def name(self) -> str:
        """What the source is called in the dataset."""
        return WAYBACK

    def answered(self, links: Sequence[str]) -> int:
        """Return how many of some links need no request."""
        return sum(self._without_request(link) is not None for link in links)

    def find(self, links: Sequence[str]) -> Iterator[Answer]:
        """Yield an answer for each link, in their order: its earliest captures that are images.

        Raises:
            StorageError: an answer cannot be stored.
            NetworkError: requests are forbidden.
        """
        missing = [link for link in dict.fromkeys(links) if self._without_request(link) is None]
        self._check_online(missing)
        self._suggest_contact(missing)
        bar = tqdm(desc="Archive index", unit="link", total=len(missing), disable=not missing)
        with bar, closing(self._session):  # which can be used again
            for link in links:
                answer = self._without_request(link)
                if answer is None:
                    answer = self._query(link)
                    bar.update()
                yield answer

    def _without_request(self, link: str) -> Answer | None:
        """Return the answer for a link that needs no request, or None."""
        url = public_url(link)
        if url is None:
            return Answer(link)
        if self.refresh and link not in self._refreshed:
            return None
        captures = self._answers.read(link, any_age=bool(self.offline))
        return None if captures is None else _answer(link, url, captures)

    def _suggest_contact(self, links: Sequence[str]) -> None:
        """Log once that archives want an address for questions, if none is sent."""
        if links and self.limits.user_agent == USER_AGENT and not self._has_suggested:
            self._has_suggested = True
            message = f"{ARCHIVE} wants an address for questions from its clients."
            cure = 'Send one: --user-agent "my-project (me@example.org)".'
            logger.warning(BuildWarning("no_contact", message, cure))

    def _check_online(self, links: Sequence[str]) -> None:
        folder = self.cache.folder
        if links and self.offline and self.refresh:
            raise NetworkError(
                f"{folder}: expected to query the archive's index again; found that HF_HUB_OFFLINE "
                "forbids requests. Unset it, or build without force_redownload."
            )
        if links and self.offline:
            raise NetworkError(
                f"{folder}: expected the archive's answers for all dead links here, as "
                f"HF_HUB_OFFLINE forbids requests; found at least {len(links)} missing, such as "
                f"for {links[0]}. Unset HF_HUB_OFFLINE, or build without this fallback."
            )

    def _query(self, link: str) -> Answer:
        url = public_url(link) or link
        try:
            captures = parse_captures(self._session.read(index_address(url)), url)
        except (FetchError, ValueError) as error:
            self._record_failure()
            return Answer(link, failure=str(error))
        self._failures = 0
        self._refreshed.add(link)
        self._store(link, captures)
        return _answer(link, url, captures)

    def _record_failure(self) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES and not self._session.is_stopped:
            self._session.stop(ARCHIVE, f"failed {self._failures} times in a row")

    def _store(self, link: str, captures: tuple[Capture, ...]) -> None:
        try:
            self._answers.write(link, captures)
        except OSError as error:
            raise StorageError(
                f"{self.cache.folder}: the archive's answer cannot be stored: {error}. What it "
                "answered before is kept. Fix this and build again."
            ) from error


def _answer(link: str, url: str, captures: tuple[Capture, ...]) -> Answer:
    alternatives = (
        Origin(capture.address(url), WAYBACK, sha1=capture.sha1) for capture in captures
    )
    return Answer(link, tuple(alternatives))
