"""The evidence as one page of HTML, which needs nothing but itself."""

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from movie_posters_decade.analysis.charts import bars, boxes, stacked_bars

Row = Sequence[object]
Data = Mapping[str, Any]

_MARK = '<meta name="generator" content="movie_posters_decade">'

_STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fdfdfb; --line: #8884;
  --mark: 68 119 170; }
@media (prefers-color-scheme: dark) { :root { --ink: #ddd; --paper: #181818; } }
body { color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: auto; padding: 1rem; }
figure { margin: 1rem 0; overflow-x: auto; }
svg { min-width: 30rem; max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { white-space: nowrap; padding: .2rem .6rem; text-align: right;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.scroll { overflow-x: auto; }
.posters { display: flex; flex-wrap: wrap; gap: .4rem; align-items: start; padding: 0; margin: 0; }
.posters > * { list-style: none; width: 86px; font-size: .8rem; }
.posters img { display: block; width: 100%; height: auto; }
summary { cursor: pointer; }
.posters summary { list-style: none; }
.posters summary::-webkit-details-marker { display: none; }
:focus-visible { outline: 3px solid rgb(var(--mark)); outline-offset: 2px; }
.warning { border-left: .3rem solid #ee6677; padding-left: .7rem; }
"""


def is_page(text: str) -> bool:
    """Say whether a page is one that was made here."""
    return _MARK in text


def make_page(data: Data, thumbnails: Mapping[str, bytes]) -> str:
    """Write the page.

    Args:
        data: as `make_dossier` gives it.
        thumbnails: JPEG images of some posters, by IMDb id.
    """
    title = f"Movie posters by decade: {data['configuration']}"
    pictures = {
        imdb_id: "data:image/jpeg;base64," + base64.b64encode(content).decode()
        for imdb_id, content in thumbnails.items()
    }
    sections = "\n".join(
        f'<section aria-labelledby="s{number}"><h2 id="s{number}">{heading}</h2>\n'
        f"{write(data, pictures)}</section>"
        for number, (heading, write) in enumerate(_SECTIONS.items())
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{_MARK}\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{_summary(data)}\n{sections}\n</main>\n</body>\n</html>\n"
    )


def _summary(data: Data) -> str:
    report = data["report"]
    rows = report["funnel"][0]["movies"]
    return (
        f"<p>{report['kept']:,} posters were kept and {sum(report['dropped'].values()):,} movies "
        f"dropped, of {rows:,} in the catalogue {escape(data['source'])}, by version "
        f"{escape(data['movie_posters_decade'])}.</p><details><summary>Options</summary>"
        f"{_table([('option', 'value'), *data['options'].items()])}</details>"
    )


def _funnel(data: Data, _: Mapping[str, str]) -> str:
    report = data["report"]
    steps = {step["step"]: step["movies"] for step in report["funnel"]} | {"kept": report["kept"]}
    dropped = report["dropped"].items()
    return _chart(
        bars(steps, "Movies left after each step"), [("step", "movies"), *steps.items()]
    ) + (f"<h3>Why movies were dropped</h3>{_table([('reason', 'movies'), *dropped])}")


def _rejections(data: Data, _: Mapping[str, str]) -> str:
    rejected = data["rejected"]
    reasons = list(dict.fromkeys(reason for counts in rejected.values() for reason in counts))
    if not reasons:
        return "<p>No poster was rejected.</p>"
    rows = [("decade", *reasons)]
    rows += [
        (decade, *(counts.get(reason, 0) for reason in reasons))
        for decade, counts in rejected.items()
    ]
    return _chart(stacked_bars(rejected, "Posters rejected, by decade and reason"), rows)


def _classes(data: Data, _: Mapping[str, str]) -> str:
    splits = data["report"]["splits"]
    by_decade = {
        decade: {split: counts[decade] for split, counts in splits.items()}
        for decade in data["report"]["decades"]
    }
    rows = [
        ("decade", *splits),
        *((decade, *splits.values()) for decade, splits in by_decade.items()),
    ]
    return _chart(stacked_bars(by_decade, "Posters kept, by decade and split"), rows)


def _posters(data: Data, pictures: Mapping[str, str]) -> str:
    rows = []
    for decade in data["report"]["decades"]:
        shown = [movie for movie in data["contact_sheet"] if movie["decade"] == decade]
        rows.append(f"<h3>{escape(decade)}</h3>{_gallery(shown, pictures)}")
    return "<p>Open a poster, by a click or with the keyboard, for its movie.</p>" + "".join(rows)


def _distributions(data: Data, _: Mapping[str, str]) -> str:
    head = ("decade", "5 %", "25 %", "median", "75 %", "95 %")
    charts = []
    for name, quantiles in data["distributions"].items():
        rows = [head, *((decade, *map(_figure, five)) for decade, five in quantiles.items())]
        charts.append(
            f"<h3>{escape(name)}</h3>" + _chart(boxes(quantiles, f"{name}, by decade", name), rows)
        )
    return "".join(charts)


def _doubtful(data: Data, pictures: Mapping[str, str]) -> str:
    pairs = [(pair["imdb_id"], pair["duplicate_of"]) for pair in data["near_duplicates"]]
    twins = (
        _table([("dropped", "looks like, and kept"), *pairs])
        if pairs
        else "<p>No poster was dropped because it looks like another.</p>"
    )
    return (
        f"<h3>Near-duplicates</h3>{twins}<h3>Nearly black-and-white</h3>"
        "<p>The kept posters of the least colorfulness.</p>"
        f"{_gallery(data['borderline'], pictures)}"
    )


def _models(data: Data, _: Mapping[str, str]) -> str:
    evidence = data["evidence"]
    measures = ("accuracy", "macro_f1", "mean_error", "within_one")
    rows: list[Row] = [
        ("model", "accuracy", "macro-F1", "mean error in decades", "within one decade")
    ]
    rows += [
        (result["name"], *(_interval(result[measure]) for measure in measures))
        for result in evidence["baselines"]
    ]
    confusions = "".join(
        f"<h3>Confusion of the {escape(result['name'])}: true decade by row, told by column</h3>"
        + _confusion(evidence["decades"], result["confusion"])
        for result in evidence["baselines"]
        if result["confusion"]
    )
    return (
        f"<p>Trained on {evidence['posters']['train']:,} posters of train, measured once on "
        f"{evidence['posters']['test']:,} of test. {escape(data['interval_note'])}</p>"
        f"{_table(rows)}{confusions}"
    )


def _confusion(decades: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    most = max(map(max, confusion)) or 1
    cells = [
        "".join(
            f'<td style="background: rgb(var(--mark) / {0.8 * count / most:.2f})">{count}</td>'
            for count in row
        )
        for row in confusion
    ]
    head = "".join(f'<th scope="col">{escape(decade)}</th>' for decade in decades)
    body = "".join(
        f'<tr><th scope="row">{escape(decade)}</th>{row}</tr>'
        for decade, row in zip(decades, cells, strict=True)
    )
    return (
        '<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">true decade</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _shortcuts(data: Data, _: Mapping[str, str]) -> str:
    rows: list[Row] = [("shortcut", "accuracy", "chance", "tells the decade")]
    rows += [
        (
            leak["shortcut"],
            _interval(leak["accuracy"]),
            f"{leak['chance']:.3f}",
            leak["verdict"],
        )
        for leak in data["evidence"]["shortcuts"]
    ]
    warned = "".join(
        f'<p class="warning">{escape(text)}</p>' for text in data["evidence"]["warnings"]
    )
    return (
        "<p>How well a model tells the decade that sees nothing of a poster but one of these.</p>"
        f"{_table(rows)}{warned}"
    )


_SECTIONS: dict[str, Callable[[Data, Mapping[str, str]], str]] = {
    "From the catalogue to the dataset": _funnel,
    "Losses": _rejections,
    "Classes": _classes,
    "Posters": _posters,
    "Distributions": _distributions,
    "Doubtful posters": _doubtful,
    "Simple models": _models,
    "Shortcuts": _shortcuts,
}


def _chart(svg: str, rows: Sequence[Row]) -> str:
    return (
        f'<figure tabindex="0">{svg}</figure>'
        f"<details><summary>As a table</summary>{_table(rows)}</details>"
    )


def _table(rows: Sequence[Row]) -> str:
    head, *body = rows
    titles = "".join(f'<th scope="col">{escape(str(cell))}</th>' for cell in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in body
    )
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _gallery(movies: Sequence[Mapping[str, Any]], pictures: Mapping[str, str]) -> str:
    shown = []
    for movie in movies:
        title = escape(f"{movie['title']} ({movie['year']})")
        more = f", colorfulness {_figure(movie['colorfulness'])}" if "colorfulness" in movie else ""
        picture = f'<img src="{pictures[movie["imdb_id"]]}" alt="Poster of {title}">'
        shown.append(f"<li><details><summary>{picture}</summary>{title}{more}</details></li>")
    return f'<ul class="posters">{"".join(shown)}</ul>'


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
