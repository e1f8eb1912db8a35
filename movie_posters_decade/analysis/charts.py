"""Charts of the report page as SVG, narrow enough to be read on a phone."""

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#010203"
"""Stands for the page's text color, light or dark, which replaces it in the finished SVG."""

_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
"""Paul Tol's bright color scheme, made for the color-blind."""

_WIDTH = 4.0
"""The width of a chart in inches: a text of 10 points is read at a width of 328 pixels."""

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "movie_posters_decade",
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), _INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), _INK),
    **{f"boxplot.{part}props.color": _INK for part in ("box", "cap", "median", "whisker")},
}
"""The settings of matplotlib for charts."""

Groups = Mapping[str, Mapping[str, float]]
"""Values by kind, for each group."""


def kinds(groups: Groups) -> list[str]:
    """Return the kinds that are counted in any group, in the order of their first appearance."""
    return list(dict.fromkeys(kind for counts in groups.values() for kind in counts))


def bars(counts: Mapping[str, float], title: str) -> str:
    """Draw a horizontal bar for each count."""
    figure, axes = _figure(len(counts))
    container = axes.barh(list(counts), list(counts.values()), color=_COLORS[0])
    axes.bar_label(container, fmt="{:,.0f}", padding=3)
    axes.locator_params("x", nbins=4, integer=True, steps=[1, 2, 5, 10])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.2)
    return _to_svg(figure, title)


def stacked_bars(groups: Groups, title: str, *, are_shares: bool = False) -> str:
    """Draw a horizontal bar for each group, stacked of one color for each kind.

    Args:
        groups: counts, or shares from 0 to 1.
        title: what screen readers say.
        are_shares: whether they are shares, which are shown as percentages of the whole axis.
    """
    names = kinds(groups)
    figure, axes = _figure(len(groups), legend_rows=-(-len(names) // 2))
    lefts = np.zeros(len(groups))
    for number, kind in enumerate(names):
        widths = [counts.get(kind, 0) for counts in groups.values()]
        color = _COLORS[number % len(_COLORS)]
        container = axes.barh(list(groups), widths, left=lefts, color=color, label=kind)
        lefts = lefts + widths
    axes.bar_label(container, [_total(value, are_shares) for value in lefts], padding=3)
    axes.set_xlim(0, 1.15 if are_shares else 1.2 * max(lefts))
    axes.locator_params("x", nbins=4, integer=not are_shares, steps=[1, 2, 2.5, 5, 10])
    axes.xaxis.set_major_formatter("{x:.0%}" if are_shares else "{x:,.0f}")
    if are_shares:
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    figure.legend(frameon=False, loc="outside upper left", ncols=2)
    return _to_svg(figure, title)


def _total(value: float, is_share: bool) -> str:
    return f"{value:.0%}" if is_share else f"{value:,.0f}"


def boxes(quantiles: Mapping[str, Sequence[float]], title: str, unit: str) -> str:
    """Draw a horizontal box for each distribution, given its five quantiles."""
    names = ("whislo", "q1", "med", "q3", "whishi")
    stats = [
        dict(zip(names, values, strict=True), label=label) for label, values in quantiles.items()
    ]
    box = {"facecolor": _COLORS[0], "alpha": 0.7}
    figure, axes = _figure(len(quantiles))
    axes.bxp(stats, showfliers=False, patch_artist=True, boxprops=box, orientation="horizontal")
    axes.set_xlabel(unit)
    axes.locator_params("x", nbins=4)
    axes.xaxis.set_major_formatter("{x:,g}")
    return _to_svg(figure, title)


def _figure(rows: int, legend_rows: int = 0) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    height = 0.3 * rows + 0.25 * legend_rows + 0.7
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.invert_yaxis()
    return figure, axes


def _to_svg(figure: "Figure", title: str) -> str:
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
