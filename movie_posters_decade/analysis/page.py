"""Page of the analysis report: the template, filled with the data of report.json."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from movie_posters_decade.analysis.charts import STYLE, bars, boxes, kinds, stacked_bars
from movie_posters_decade.analysis.intervals import Score
from movie_posters_decade.records import MEANINGS

GENERATOR = '<meta name="generator" content="movie_posters_decade">'
"""The tag in the template that marks a page as ours."""

_TEMPLATE_FILE = Path(__file__).with_name("report_template.html")


def render_page(data: Mapping[str, Any], posters: Mapping[str, str]) -> str:
    """Return the page as HTML.

    Args:
        data: that of report.json.
        posters: data URLs of those that the page shows, by IMDb id.
    """
    from matplotlib import rc_context

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"kinds": kinds, "number": _number, "count": "{:,}".format}
    environment.filters |= {"percent": "{:.0%}".format, "in_percent": _in_percent}
    environment.filters["interval"] = lambda score: str(Score(**score)) if score else "not measured"
    environment.globals |= {"bars": bars, "boxes": boxes, "stacked_bars": stacked_bars}
    environment.globals["is_constant"] = _is_constant
    page = environment.from_string(_TEMPLATE_FILE.read_text("utf-8"))
    with rc_context(STYLE):
        return page.render(data, **_chart_data(data), posters=posters, meanings=MEANINGS) + "\n"


def _chart_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a build's report in the form that charts and tables take."""
    report, tried = data["report"], data["tried"]
    steps = {step["step"]: step["movies"] for step in report["funnel"]}
    kept = {
        decade: {split: counts[decade] for split, counts in report["splits"].items()}
        for decade in report["decades"]
    }
    shares = {
        decade: {reason: count / tried[decade] for reason, count in counts.items()}
        for decade, counts in data["rejected"].items()
        if tried[decade]
    }
    again = data["evaluation"]["transformed"] or []
    return {
        "steps": steps | {"kept": report["kept"]},
        "kept_by_decade": kept,
        "rejected_shares": shares,
        "transformed": {result["name"]: result for result in again},
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _in_percent(score: Mapping[str, float]) -> str:
    return f"{score['value']:.0%} [{score['low']:.0%}, {score['high']:.0%}]"


def _is_constant(quantiles: Mapping[str, Sequence[float]]) -> bool:
    """Return whether the quantiles of all decades are one and the same value."""
    return len({value for values in quantiles.values() for value in values}) == 1
