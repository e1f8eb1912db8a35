"""Download with fallbacks: a larger picture first, other addresses for links that are dead."""

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from itertools import zip_longest

from movie_posters_decade.crop_code import scale_link
from movie_posters_decade.download import Downloader
from movie_posters_decade.fallbacks.fallback import Answer, Fallback
from movie_posters_decade.records import (
    TRANSIENT_REASONS,
    DownloadResult,
    Origin,
    RejectReason,
    Try,
    is_url,
)

NOT_ABOUT_THE_SIZE = frozenset(
    {
        RejectReason.GRAYSCALE,
        RejectReason.INVALID_URL,
        RejectReason.OPTED_OUT,
        RejectReason.PRIVATE_ADDRESS,
        RejectReason.TOO_SMALL,
    }
)
"""Reasons that hold for the smaller picture too, so that it is not requested."""

LARGER = "larger"
"""What the larger picture of a link is called among what was tried."""

NOT_THERE = "not there"
"""What is said of a fallback that has no other address."""


@dataclass
class FallbackDownloader:
    """Downloads links, each from the first address that gives a usable poster.

    With a ``scale``, a larger picture of the same host comes first, and the link itself after it.
    The fallbacks follow in their order, for links that are not found. The result has the link of
    the catalogue, whatever address it came from.
    """

    downloader: Downloader
    _: KW_ONLY
    scale: int = 1
    fallbacks: Sequence[Fallback] = ()
    pinned: Mapping[str, Origin] = field(default_factory=dict)
    """The only address of a link, as a lock file states it, for links that have another one."""
    _addresses: defaultdict[str, list[str]] = field(
        default_factory=partial(defaultdict, list), init=False
    )
    _users: Counter[str] = field(default_factory=Counter, init=False)  # links of an address

    def download(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        """Download links, and yield a result for each as it arrives, in any order.

        Raises:
            DownloadError: as `Downloader.download` does.
        """
        dead: dict[str, DownloadResult] = {}
        with closing(self._from_catalogue(links)) as results:
            for result in results:
                if self.fallbacks and _is_dead(result):
                    dead[result.url] = result
                else:
                    yield result
        for fallback in self.fallbacks:
            with closing(self._from_fallback(fallback, dead)) as results:
                yield from results
            unanswered = {link for link, result in dead.items() if result.tried[-1].is_transient}
            yield from (dead.pop(link) for link in unanswered)
        yield from dead.values()

    def from_fallback(
        self, fallback: Fallback, links: Sequence[str]
    ) -> Generator[DownloadResult, None, None]:
        """Download links from one fallback alone, as if they were dead."""
        dead = {link: DownloadResult(link, reason=RejectReason.NOT_FOUND) for link in links}
        with closing(self._from_fallback(fallback, dead)) as results:
            yield from results
        yield from dead.values()

    def remove(self, link: str) -> None:
        """Remove what was downloaded for a link from the cache, but what another link needs."""
        for address in self._addresses.pop(link, ()):
            self._users[address] -= 1
            if not self._users[address]:
                self.downloader.cache.remove(address)

    def _from_catalogue(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        first = {link: self._first_address(link) for link in links}
        failed: dict[str, tuple[Try, ...]] = {}
        with closing(self._request(first)) as results:
            for result in results:
                link = result.url
                if self._has_smaller_picture(first[link], link) and _may_be_the_size(result):
                    is_transient = result.reason in TRANSIENT_REASONS
                    failed[link] = (Try(LARGER, str(result.reason), is_transient),)
                else:
                    yield result
        with closing(self._request({link: Origin(link) for link in failed})) as results:
            for result in results:
                yield replace(result, tried=failed[result.url])

    def _first_address(self, link: str) -> Origin:
        larger = scale_link(link, self.scale) if is_url(link) else link
        return self.pinned.get(link) or Origin(larger)

    def _has_smaller_picture(self, origin: Origin, link: str) -> bool:
        return link not in self.pinned and origin.url != link

    def _from_fallback(
        self, fallback: Fallback, dead: dict[str, DownloadResult]
    ) -> Generator[DownloadResult, None, None]:
        """Yield the results of links that a fallback recovers, and remove these from the dead."""
        answers = list(fallback.find(list(dead))) if dead else []
        for answer in answers:
            if not answer.alternatives:
                found = answer.failure or NOT_THERE
                _note(dead, answer.link, Try(fallback.name, found, bool(answer.failure)))
        unanswered = {answer.link for answer in answers if answer.failure}
        for round_ in _rounds(answers):
            # Where an address gave no answer the next one waits for another build, or two builds
            # would differ by chance.
            left = {
                link: one for link, one in round_.items() if link in dead and link not in unanswered
            }
            with closing(self._request(left)) as results:
                for result in results:
                    link = result.url
                    if result.reason is None:
                        del dead[link]
                        yield result
                    else:
                        is_transient = result.reason in TRANSIENT_REASONS
                        unanswered |= {link} if is_transient else set()
                        _note(dead, link, Try(fallback.name, result.reason, is_transient))

    def _request(self, origins: Mapping[str, Origin]) -> Generator[DownloadResult, None, None]:
        """Request one address for each link. Several links may have the same."""
        links = defaultdict(list)
        for link, origin in origins.items():
            links[origin.url].append(link)
            self._addresses[link].append(origin.url)
            self._users[origin.url] += 1
        with closing(self.downloader.download(list(links))) as results:
            for result in results:
                for link in links[result.url]:
                    yield self._to_result(link, origins[link], result)

    def _to_result(self, link: str, origin: Origin, result: DownloadResult) -> DownloadResult:
        """Return the result of an address as the result of a link."""
        result, origin = self._compare_digest(result, origin.sha1), origin._replace(sha1="")
        return replace(result, url=link, origin=None if origin == Origin(link) else origin)

    def _compare_digest(self, result: DownloadResult, sha1: str) -> DownloadResult:
        """Return a rejection if a poster's bytes do not have the digest that they must have."""
        if result.path is None or not sha1 or sha1_digest(result.path.read_bytes()) == sha1:
            return result
        self.downloader.cache.remove(result.url)
        return replace(result, path=None, check=None, reason=RejectReason.HASH_MISMATCH)


def sha1_digest(content: bytes) -> str:
    """Compute the SHA-1 digest of some bytes in base32, as web archives state it."""
    return base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _is_dead(result: DownloadResult) -> bool:
    return result.reason is RejectReason.NOT_FOUND and is_url(result.url)


def _may_be_the_size(result: DownloadResult) -> bool:
    return result.reason is not None and result.reason not in NOT_ABOUT_THE_SIZE


def _rounds(answers: Sequence[Answer]) -> Iterator[dict[str, Origin]]:
    """Yield the first alternative of each link, then the second, and so on."""
    for row in zip_longest(*(answer.alternatives for answer in answers)):
        pairs = zip(answers, row, strict=True)
        yield {answer.link: alternative for answer, alternative in pairs if alternative}


def _note(dead: dict[str, DownloadResult], link: str, found: Try) -> None:
    """Note what a fallback gave for a dead link, for the table of rejected posters."""
    dead[link] = replace(dead[link], tried=(*dead[link].tried, found))
