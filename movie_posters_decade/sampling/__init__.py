"""Sampling: which movies are wanted, in which order and split, and the collection of posters."""

from movie_posters_decade.sampling.collect import (
    Collection,
    collect,
    collect_locked,
)
from movie_posters_decade.sampling.selection import Selection, select, select_locked
from movie_posters_decade.sampling.stream_cache import StreamCache, open_stream_cache
from movie_posters_decade.sampling.streaming import stream, stream_locked

__all__ = [
    "Collection",
    "Selection",
    "StreamCache",
    "collect",
    "collect_locked",
    "open_stream_cache",
    "select",
    "select_locked",
    "stream",
    "stream_locked",
]
