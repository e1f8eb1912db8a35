"""Figures become pictures: SVG that takes its color from the page, so that it fits any theme."""

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_INK = "#010203"
"""Stands for the color of the page's text until the picture is written."""

_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
"""The bright scheme of Paul Tol, which the color-blind can tell apart."""

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "movie_posters_decade",
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def bars(counts: Mapping[str, float], title: str) -> str:
    """Draw a bar for each count, one below the other."""
    with rc_context(_STYLE):
        figure, axes = _canvas(0.3 * len(counts) + 0.6)
        drawn = axes.barh(list(counts), list(counts.values()), color=_COLORS[0])
        axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        return _to_svg(figure, title)


def stacked_bars(groups: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Draw a bar for each group, made of its counts; each kind of count has one color."""
    kinds = list(dict.fromkeys(kind for counts in groups.values() for kind in counts))
    with rc_context(_STYLE):
        figure, axes = _canvas(2.6)
        bottoms = [0.0] * len(groups)
        for number, kind in enumerate(kinds):
            heights = [counts.get(kind, 0) for counts in groups.values()]
            color = _COLORS[number % len(_COLORS)]
            axes.bar(list(groups), heights, bottom=bottoms, color=color, label=kind)
            bottoms = [sum(pair) for pair in zip(bottoms, heights, strict=True)]
        figure.legend(frameon=False, loc="outside upper left", ncols=4)
        return _to_svg(figure, title)


def boxes(quantiles: Mapping[str, Sequence[float]], title: str, unit: str) -> str:
    """Draw a box for each distribution.

    Args:
        quantiles: of each distribution those at 0.05, 0.25, 0.5, 0.75 and 0.95.
        title: for those who do not see the picture.
        unit: what the axis shows.
    """
    stats = [
        {"label": name, "whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high}
        for name, (low, q1, median, q3, high) in quantiles.items()
    ]
    ink = {"color": _INK}
    with rc_context(_STYLE):
        figure, axes = _canvas(2.4)
        axes.bxp(
            stats,
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": _COLORS[0], "edgecolor": _INK, "alpha": 0.7},
            medianprops=ink,
            whiskerprops=ink,
            capprops=ink,
        )
        axes.set_ylabel(unit)
        return _to_svg(figure, title)


def _canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, height), layout="constrained")
    return figure, figure.add_subplot()


def _to_svg(figure: Figure, title: str) -> str:
    file = io.StringIO()
    unsaid = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=unsaid)
    _, _, svg = file.getvalue().replace(_INK, "currentColor").partition("<svg")
    head, _, rest = svg.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    # Several pictures in one page must not have the same names within.
    prefix = re.sub(r"[^a-z]+", "-", title.lower())
    rest = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", rest)
    return f'<svg{head} role="img" aria-label="{html.escape(title)}">{rest}'
