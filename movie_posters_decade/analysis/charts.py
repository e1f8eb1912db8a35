"""Charts as SVG that takes its text color from the page, so that it fits light and dark."""

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_INK = "#010203"
"""Stands for the page's text color, which replaces it in the finished SVG."""

_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
"""Paul Tol's bright color scheme, made for the color-blind."""

_STYLE: dict[Any, Any] = {
    "font.size": 10,
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

Groups = Mapping[str, Mapping[str, float]]
"""Counts by kind, for each group."""


def bars(counts: Mapping[str, float], title: str) -> str:
    """Draw a horizontal bar for each count."""
    with rc_context(_STYLE):
        figure, axes = _canvas(0.35 * len(counts) + 0.6)
        container = axes.barh(list(counts), list(counts.values()), color=_COLORS[0])
        axes.bar_label(container, fmt="{:,.0f}", padding=3)
        _count(axes.xaxis)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        return _to_svg(figure, title)


def stacked_bars(groups: Groups, title: str) -> str:
    """Draw a stacked bar for each group, with one color for each kind."""
    with rc_context(_STYLE):
        figure, axes = _canvas(3)
        bottoms = [0.0] * len(groups)
        for number, kind in enumerate(kinds(groups)):
            heights = [counts.get(kind, 0) for counts in groups.values()]
            color = _COLORS[number % len(_COLORS)]
            axes.bar(list(groups), heights, bottom=bottoms, color=color, label=kind)
            bottoms = [sum(pair) for pair in zip(bottoms, heights, strict=True)]
        # By default a bar of height 0 on top of another removes the margin above both.
        axes.set_ylim(0, 1.05 * max(bottoms))
        _count(axes.yaxis)
        figure.legend(frameon=False, loc="outside upper left", ncols=4)
        return _to_svg(figure, title)


def kinds(groups: Groups) -> list[str]:
    """Return the kinds that are counted in any group, in the order of their first appearance."""
    return list(dict.fromkeys(kind for counts in groups.values() for kind in counts))


def boxes(quantiles: Mapping[str, Sequence[float]], title: str, unit: str) -> str:
    """Draw a box plot for each distribution.

    Args:
        quantiles: of each distribution, at 0.05, 0.25, 0.5, 0.75 and 0.95.
        title: the text alternative of the chart.
        unit: the label of the axis.
    """
    stats = [
        {"label": name, "whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high}
        for name, (low, q1, median, q3, high) in quantiles.items()
    ]
    ink = {"color": _INK}
    with rc_context(_STYLE):
        figure, axes = _canvas(2.6)
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
        axes.yaxis.set_major_formatter("{x:,g}")
        return _to_svg(figure, title)


def _canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9.6, height), layout="constrained")
    return figure, figure.add_subplot()


def _count(axis: Axis) -> None:
    """Label an axis with whole numbers."""
    axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    axis.set_major_formatter("{x:,.0f}")


def _to_svg(figure: Figure, title: str) -> str:
    file = io.StringIO()
    # The date and the version of matplotlib would change the page's bytes.
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=no_metadata)
    _, _, svg = file.getvalue().replace(_INK, "currentColor").partition("<svg")
    head, _, rest = svg.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    # Ids must be unique among all charts of the page.
    prefix = re.sub(r"[^a-z]+", "-", title.lower())
    rest = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", rest)
    return f'<svg{head} role="img" aria-label="{html.escape(title)}">{rest}'
