"""Sentences about a build for its card and its Croissant file."""

from movie_posters_decade.data_statement import describe_fallbacks, describe_scale
from movie_posters_decade.report.counts import Report
from movie_posters_decade.report.recovery import Recovery

RECOVERY = Recovery(
    recovered={"licensed": 1, "wayback": 3},
    fallback_share={"1970s": 0.4, "1980s": 0.0},
    licences={"CC0": 1},
    scaled={"larger": 5, "not_larger": 2},
)


def report(recovery: Recovery) -> Report:
    return Report({}, {}, {}, {}, {}, recovery=recovery)


def test_recovered_posters_are_counted_with_their_sources_and_the_cure() -> None:
    text = describe_fallbacks(report(RECOVERY), quote=lambda name: f"`{name}`")
    assert text.startswith(
        "4 posters, whose links in the catalogue are dead, come from fallbacks (`licensed` 1, "
        "`wayback` 3). Licences as their tables state them: `CC0` 1. Posters from fallbacks are "
        "not spread evenly over the decades (1970s 40%, 1980s 0%)"
    )
    assert "Resize all posters to one size" in text


def test_an_export_that_is_resized_needs_no_cure() -> None:
    assert "Resize" not in describe_fallbacks(report(RECOVERY), is_resized=True)
    assert "resizing" not in describe_scale(report(RECOVERY), is_resized=True)


def test_posters_of_other_sizes_are_counted() -> None:
    text = describe_scale(report(RECOVERY))
    assert "(option `poster_scale`): larger 5, not_larger 2. Sizes that differ" in text


def test_a_build_without_fallbacks_and_scale_needs_no_sentence() -> None:
    assert describe_fallbacks(report(Recovery())) == describe_scale(report(Recovery())) == ""
