"""Content is examined, and stored if it is worth keeping."""

from collections.abc import Mapping

from movie_posters_decade.images.checks import inspect_poster
from movie_posters_decade.io import finish, read, write_whole
from movie_posters_decade.records import Content, Examined, RejectReason

PASSING_FAULTS = frozenset({RejectReason.NOT_AN_IMAGE, RejectReason.TRUNCATED})
"""Faults of content that may be none when it is asked for again, so that it is not stored."""


def examine(data: bytes, color: str | None, known: Mapping[str, int] | None = None) -> Examined:
    """Find out whether content can be used, and what it looks like.

    Args:
        data: what a link gave.
        color: as `inspect_poster` takes it, or None if anything can be used.
        known: the phashes of what was found usable before, by hash.
    """
    content = Content.of(data)
    if color is None:
        return Examined(content)
    if known and content.sha256 in known:
        return Examined(content, phash=known[content.sha256])
    return Examined(content, *inspect_poster(data, color))


def keep(data: bytes, name: str, color: str | None) -> Examined:
    """Store content under a name if it has no fault, or one that it will have the next time too.

    Args:
        data: what a link gave.
        name: the file to store it in.
        color: as `examine` takes it.

    Returns:
        Whether the content can be used, and what it looks like.

    Raises:
        OSError: the content cannot be stored.
    """
    examined = examine(data, color)
    if examined.fault not in PASSING_FAULTS:
        write_whole(name, data)
    return examined


def keep_aside(unfinished: str, color: str | None) -> Examined:
    """Do what `keep` does with content that was written aside; it stays there if it is not kept.

    Raises:
        OSError: the content cannot be read or given its name.
    """
    examined = examine(read(unfinished), color)
    if examined.fault not in PASSING_FAULTS:
        finish(unfinished)
    return examined
