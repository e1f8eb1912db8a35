"""Recovery: how many of the kept posters come from fallbacks, and how many are larger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.crop_code import scale_link, stated_size
from movie_posters_decade.records import CATALOGUE, Poster, Rejection, list_counts


@dataclass(frozen=True)
class Recovery:
    """Where the kept posters of a build came from.

    Attributes:
        recovered: the posters that come from fallbacks, by source.
        fallback_share: their share of each decade, from 0 to 1; empty if there is none.
        licences: the posters for which a table states a licence, by licence.
        scaled: with `poster_scale`, the posters that are "larger" than the link says, those that
            are "not_larger" although they were requested so, and those "from_original", as the
            larger one could not be used; empty without.
        unanswered: the posters for which a fallback, by its name, or the host of "larger" ones gave
            no answer, so that another build may get them.
    """

    recovered: Mapping[str, int] = field(default_factory=dict)
    fallback_share: Mapping[str, float] = field(default_factory=dict)
    licences: Mapping[str, int] = field(default_factory=dict)
    scaled: Mapping[str, int] = field(default_factory=dict)
    unanswered: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the counts in JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, report: Mapping[str, Any]) -> "Recovery":
        """Read the counts from a report, which lacks them if an earlier version wrote it."""
        names = [one.name for one in fields(cls)]
        return cls(**{name: report[name] for name in names if name in report})

    def rows(self) -> list[str]:
        """Return a line of text for each thing that there is to say."""
        lines = []
        if self.recovered:
            lines.append(
                f"{sum(self.recovered.values())} of the kept posters were recovered "
                f"({list_counts(self.recovered)})"
            )
        if self.licences:
            lines.append(f"licences of recovered posters: {list_counts(self.licences)}")
        if self.scaled:
            lines.append(f"larger posters: {list_counts(self.scaled)}")
        return lines

    @property
    def warning(self) -> BuildWarning | None:
        """What a network may learn from fallbacks instead of style, and the cure; None if none."""
        if not self.recovered:
            return None
        shares = ", ".join(f"{decade} {share:.0%}" for decade, share in self.fallback_share.items())
        return BuildWarning(
            "recovered_posters",
            f"Posters from fallbacks are not spread evenly over the decades ({shares}), and are "
            "encoded in other ways than the catalogue's, so that a network can learn the source "
            "instead of style.",
            "Resize all posters to one size, as export --image-size 224x224 does, and look at what "
            "baseline says of the feature source.",
        )


@dataclass(frozen=True)
class ArchiveEstimate:
    """How many links a build may look up at the Wayback Machine, and how long that takes.

    Attributes:
        dead: the candidates whose link is known to be dead, and which were not looked up yet.
        at_most: the same with all candidates of which nothing is known yet.
        per_minute: how many are looked up in a minute.
    """

    dead: int
    at_most: int
    per_minute: int

    def to_json(self) -> dict[str, Any]:
        """Return the numbers in JSON types, with the minutes that they take."""
        minutes = {
            "minutes": round(self.dead / self.per_minute, 1),
            "minutes_at_most": round(self.at_most / self.per_minute, 1),
        }
        return asdict(self) | minutes

    def __str__(self) -> str:
        dead, most = (_duration(count / self.per_minute) for count in (self.dead, self.at_most))
        return (
            f"A build would look up {self.dead} links at the Wayback Machine that are known to be "
            f"dead ({dead}), or up to {self.at_most} if all others were ({most}), at "
            f"{self.per_minute} a minute. The answers are kept in the cache, so that a build can "
            "be stopped and continued."
        )


def count_recovery(
    posters: Sequence[Poster], rejections: Iterable[Rejection], scale: int
) -> Recovery:
    """Count where kept posters came from, given the scale at which they were requested."""
    recovered = [poster for poster in posters if poster.source != CATALOGUE]
    of_decade = Counter(poster.movie.decade for poster in posters)
    from_fallbacks = Counter(poster.movie.decade for poster in recovered)
    shares = {decade: from_fallbacks[decade] / of_decade[decade] for decade in sorted(of_decade)}
    licences = (poster.origin.licence for poster in recovered if poster.origin)
    scaled = Counter(kind for poster in posters if (kind := _kind(poster, scale)))
    all_tried = [one.tried for one in rejections] + [one.tried for one in posters]
    unanswered = Counter(
        source
        for tried in all_tried
        for source in {attempt.source for attempt in tried if attempt.is_transient}
    )
    return Recovery(
        recovered=_sorted(Counter(poster.source for poster in recovered)),
        fallback_share=shares if recovered else {},
        licences=_sorted(Counter(filter(None, licences))),
        scaled=_sorted(scaled),
        unanswered=_sorted(unanswered),
    )


def _kind(poster: Poster, scale: int) -> str | None:
    """Return how a poster of a catalogue's link compares with the size that the link states."""
    link = poster.movie.poster_url
    if poster.source != CATALOGUE or scale_link(link, scale) == link:
        return None
    if poster.downloaded_url == link:
        return "from_original"
    stated = stated_size(link)
    if stated is None or poster.size is None:
        return None
    pairs = zip(poster.size, stated, strict=True)
    is_larger = any(length > usual for length, usual in pairs if usual)
    return "larger" if is_larger else "not_larger"


def _duration(minutes: float) -> str:
    """Return a number of minutes as text, such as "13 minutes" or "2.5 hours"."""
    return f"{minutes:.0f} minutes" if minutes < 100 else f"{minutes / 60:.1f} hours"


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
