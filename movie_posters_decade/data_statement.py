"""Data statement: what holds of every build, in sentences for dataset cards and Croissant files.

It says how the posters were collected, how they were labelled, what biases and limits are known and
which personal data the posters show. Names in backticks are columns and options.
"""

from collections.abc import Callable, Iterable

from movie_posters_decade.records import list_counts
from movie_posters_decade.report.counts import Report

PRETTY_NAME = "Movie Posters by Decade"
KEYWORDS = ("movie-posters", "movies", "posters", "decades")
LICENSE_NAME = "posters-belong-to-their-copyright-holders"

COLUMNS = {
    "image": (
        "the poster, byte for byte as it was downloaded; the few that libraries show differently, "
        "such as transparent ones, are stored as PNG in sRGB"
    ),
    "label": "the decade of the movie",
    "imdb_id": "the IMDb id of the movie",
    "title": "the title, without the year",
    "year": "the year of the movie in the catalogue",
    "genres": "all genres of the movie in the catalogue",
    "imdb_score": "from 0 to 10, or null",
    "poster_url": "the link to the poster in the catalogue",
    "source": (
        "where the poster came from: `catalogue`, or a fallback for links that are dead, such as "
        "`wayback` for the Wayback Machine"
    ),
    "downloaded_url": "the address that it was downloaded from",
}
"""The meaning of each column of the dataset, but for the extra ones."""

PAINTED = "painted for a demonstration; none of its movies and posters is real"
"""What the catalogue of the demo is."""

USES = (
    "Train and compare image classifiers that predict the decade, or study how posters changed "
    "over time."
)
OUT_OF_SCOPE = (
    "Do not show the posters for their own sake, and do not train generative models on them."
)

NEAR_DUPLICATES = (
    "Of posters that show the same picture only one was kept: the one in test, else in validation, "
    "else the one with the smallest rank. Perceptual hashes propose pairs, and a comparison of the "
    "pictures decides. It finds copies that are shrunk, compressed, tinted, mirrored, framed, "
    "trimmed by up to 10 % at each edge, or have a banner. It does not find crops of a detail, or "
    "other posters of the same movie. A picture that four or more links gave was taken for a "
    "placeholder, and none was kept."
)

LABELS = (
    "The label is the decade of the movie's year in the catalogue. Nobody labelled posters by hand."
)

PERSONAL_INFORMATION = (
    "The posters show actors, and often their names. In Kaggle's catalogue, 36 % of the poster "
    "links hold, in Base64, what looks like the number of the account that uploaded the picture."
)

LABEL_OF_THE_MOVIE = (
    "The label is the decade of the movie, not of the poster. A poster can be of a later release, "
    "a disc or a stream: of 100 posters of 1970 to 1999 from Kaggle's catalogue, looked at by eye, "
    "about 40 carry the logo of a disc or a cassette, or look like its sleeve."
)
LEAKING_COLUMNS = (
    "`imdb_id`, `poster_url`, `downloaded_url`, `source`, `genres` and `year` tell the decade, "
    "wholly or in part. Keep them out of a model's inputs."
)
SURVIVING_LINKS = (
    "The links that still work may lead to better known movies, and the share of rejected posters "
    "differs between decades."
)
SPLITS_OF_ONE_CONFIGURATION = (
    "Splits hold within one configuration. A movie in train of one configuration can be in test of "
    "another."
)
GRAYSCALE = (
    "Grayscale posters are recognized by their pixels; the option `keep_grayscale` keeps them."
)

UNMEASURED_SHORTCUTS = (
    "nobody checked whether file size, encoding or border predict the decade: shortcuts were not "
    "measured."
)

SET_ASIDE = "set aside: usable, but more than the other decades have"
FROM_LOCK_FILE = "The lock file lists the posters that were rejected when it was written."


def describe_sampling(splits: Iterable[str]) -> str:
    """Return how movies were chosen and divided into splits."""
    validation = " and the next ones validation" if "validation" in splits else ""
    return (
        "Every movie has a rank: a hash of the seed and its IMDb id. Within each decade, the "
        f"movies with the smallest ranks are the test split{validation}, unless the option "
        "`group_by` puts series into one split. Ranks and splits were fixed before any download. "
        "Posters were downloaded in the order of their ranks until each decade and split reached "
        "its target. If one ran out of movies, all decades stopped at its size, unless the option "
        '`balance` is "none"; where train stopped early, test was reduced to its share. Another '
        "hash shuffles the examples of each split, so that any part of it holds each decade in its "
        "proportion."
    )


def describe_rejections(report: Report) -> str:
    """Return the share of rejected posters by decade, such as "1970s 12%, 1980s 1%"."""
    return "share of downloaded posters that were rejected: " + ", ".join(
        f"{decade} {counts.rejected.total() / counts.downloaded:.0%}"
        if counts.downloaded
        else f"{decade} none downloaded"
        for decade, counts in report.decade_counts().items()
    )


def describe_landscape_crops(report: Report) -> str:
    """Return how many posters are strips of landscape pictures; an empty text if none is."""
    crops = report.landscape_crops or {}
    if not crops:
        return ""
    decades = ", ".join(f"{decade} {count}" for decade, count in crops.items())
    return (
        f"{sum(crops.values())} posters are strips cut from pictures that are wider than high, "
        f"many of them film stills ({decades}). The option `drop_landscape_crops` leaves them out."
    )


def describe_fallbacks(
    report: Report, quote: Callable[[str], str] = str, *, is_resized: bool = False
) -> str:
    """Return how many posters come from fallbacks, and what to do; an empty text if none does.

    Args:
        report: of a finished build.
        quote: quotes the name of a source or a licence, which may be any text.
        is_resized: whether all posters were resized to one size.
    """
    recovery = report.recovery
    if recovery is None or not recovery.recovered:
        return ""
    sources = list_counts({quote(name): count for name, count in recovery.recovered.items()})
    licences = list_counts({quote(name): count for name, count in recovery.licences.items()})
    stated = f" Licences as their tables state them: {licences}." if licences else ""
    cure = "" if is_resized else f" {recovery.warning}"
    return (
        f"{sum(recovery.recovered.values())} posters, whose links in the catalogue are dead, come "
        f"from fallbacks ({sources}).{stated}{cure}"
    )


def describe_scale(report: Report, *, is_resized: bool = False) -> str:
    """Return how many posters are larger than the catalogue's; an empty text if none should be."""
    scaled = report.recovery.scaled if report.recovery else {}
    if not scaled:
        return ""
    cure = "Sizes that differ can tell the decade; resizing all posters to one size removes that."
    return (
        "posters were requested larger than their links in the catalogue say (option "
        f"`poster_scale`): {list_counts(scaled)}." + ("" if is_resized else f" {cure}")
    )
