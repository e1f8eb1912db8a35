"""What became of a try, of a content, and of a URL."""

from dataclasses import dataclass, field
from typing import NamedTuple

from movie_posters_decade.contents import Content
from movie_posters_decade.funnel import RejectReason


@dataclass(frozen=True)
class Answer:
    """What one try gave.

    Attributes:
        url: the URL that was asked last, after redirects.
        reason: why there is no content; None if there is.
        status: the HTTP status of the last answer, if there was one.
        is_passing: whether another try may do better.
        retry_after: how many seconds the server asks to wait before.
        detail: what the network says of it, if that says more than the reason.
    """

    url: str
    reason: RejectReason | None = None
    status: int | None = None
    is_passing: bool = False
    retry_after: float | None = None
    detail: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A URL's content, stored.

    Attributes:
        url: as it was asked for.
        path: the file that holds the content.
        content: what it is known by.
        phash: what it looks like, as `inspect_poster` says; None if it was not looked at.
        status: the HTTP status, if it was asked for just now.
        final_url: where redirects led, if it was asked for just now.
    """

    url: str
    path: str
    content: Content
    phash: int | None = None
    status: int | None = None
    final_url: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A URL that gave nothing.

    Attributes:
        url: as it was asked for.
        reason: why there is no file.
        status: the HTTP status of the last answer, if there was one.
        final_url: where redirects led, if it was asked for just now.
    """

    url: str
    reason: RejectReason
    status: int | None = None
    final_url: str | None = None


Outcome = Fetched | Missed


class Examined(NamedTuple):
    """A content that was looked at.

    Attributes:
        content: what it is known by.
        fault: why it cannot be used; None if it can.
        phash: what it looks like, as `inspect_poster` says; None if that was not asked.
    """

    content: Content
    fault: RejectReason | None = None
    phash: int | None = None

    def outcome(
        self, url: str, path: str, status: int | None = None, final_url: str | None = None
    ) -> Outcome:
        """Return what became of the URL that gave the content, stored at a path if of use."""
        if self.fault is not None:
            return Missed(url, self.fault, status, final_url)
        return Fetched(url, path, self.content, self.phash, status, final_url)
