"""Charts as ECharts options: plain data, made here, drawn by static/charts.js.

Templates name the points, since words are theirs, and call these; templates/_chart.html shows
what comes of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Point = tuple[str, int, str]  # a label, a number, and where a click leads
Row = tuple[str, Sequence[tuple[int, str]]]  # a name, and its numbers with where they lead
Line = tuple[str, Sequence[float | None]]  # a name, and its values
GRID = {"left": 8, "right": 48, "top": 8, "bottom": 8, "containLabel": True}


def bars(points: list[Point], name: str, texts: Sequence[str] = ()) -> dict[str, Any]:
    """Horizontal bars, the first on top, each opening what it counts; `texts` stand beside them."""
    said = [{"label": {"formatter": text}} for text in texts] or [{} for _ in points]
    return {
        "grid": GRID if not texts else {**GRID, "right": 110},
        "tooltip": {},
        "xAxis": {"type": "value", "minInterval": 1, "axisLabel": {"show": False},
                  "splitLine": {"show": False}},
        "yAxis": {"type": "category", "inverse": True, "data": [label for label, _, _ in points]},
        "series": [{
            "type": "bar", "name": name, "barMaxWidth": 28,
            "label": {"show": True, "position": "right"},
            "data": [{"value": value, "href": href, **text}
                     for (_, value, href), text in zip(points, said, strict=True)],
        }],
    }  # fmt: skip


def columns(points: list[Point], name: str) -> dict[str, Any]:
    """Columns from left to right, each opening what it counts."""
    return {
        "grid": {**GRID, "right": 8, "top": 28},
        "tooltip": {},
        "xAxis": {"type": "category", "data": [label for label, _, _ in points]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [{
            "type": "bar", "name": name, "barCategoryGap": "15%",
            "label": {"show": True, "position": "top"},
            "data": [{"value": value, "href": href} for _, value, href in points],
        }],
    }  # fmt: skip


def stacked(labels: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """Horizontal bars by label, each divided by row; every part opens what it counts."""
    return {
        "grid": {**GRID, "right": 16, "top": 60},
        "legend": {"top": 0, "itemWidth": 12, "itemHeight": 12, "itemGap": 12},
        "tooltip": {},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": list(labels)},
        "series": [
            {"type": "bar", "name": name, "stack": "all", "barMaxWidth": 26,
             "data": [{"value": value, "href": href} for value, href in numbers]}
            for name, numbers in rows
        ],
    }  # fmt: skip


def lines(
    labels: Sequence[str], rows: Sequence[Line],
    *, dashed: Sequence[str] = (), links: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Lines over the same points in time; `links` say where a point of the first one leads."""
    found = []
    for number, (name, values) in enumerate(rows):
        points: list[Any] = list(values)
        if number == 0 and links:
            points = [{"value": v, "href": h} for v, h in zip(values, links, strict=True)]
        found.append({
            "type": "line", "name": name, "data": points, "connectNulls": False,
            "symbolSize": 7 if number == 0 else 4,
            "lineStyle": {"type": "dashed" if name in dashed else "solid", "width": 2},
        })  # fmt: skip
    return {
        "grid": {**GRID, "right": 16, "top": 36},
        "legend": {"type": "scroll", "top": 0, "itemWidth": 16, "itemHeight": 10},
        "tooltip": {"trigger": "axis"},
        # The first and last label always stand, and end where the axis does.
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisLabel": {
                "alignMinLabel": "left",
                "alignMaxLabel": "right",
                "showMinLabel": True,
                "showMaxLabel": True,
            },
        },
        "yAxis": {"type": "value", "scale": True},
        "series": found,
    }


def fan(
    labels: Sequence[str], actual: Line, due: Line, middle: Line,
    band: tuple[str, Sequence[float | None], Sequence[float | None]],
) -> dict[str, Any]:  # fmt: skip
    """What was, what is due, and what is expected with its interval; `band` is low and width."""
    found = lines(labels, [actual, due, middle], dashed=[due[0], middle[0]])
    name, low, width = band
    hidden = {"type": "line", "stack": "band", "symbol": "none", "lineStyle": {"opacity": 0}}
    found["series"] += [
        {**hidden, "name": f"{name} ", "data": list(low), "tooltip": {"show": False}},
        {**hidden, "name": name, "data": list(width), "areaStyle": {"opacity": 0.25}},
    ]
    found["legend"]["data"] = [actual[0], due[0], middle[0], name]
    return found


def ranks(labels: Sequence[str], rows: Mapping[str, Sequence[int | None]]) -> dict[str, Any]:
    """Ranks over days, the first on top."""
    found = lines(labels, list(rows.items()))
    found["yAxis"] = {"type": "value", "inverse": True, "min": 1, "minInterval": 1}
    return found


def sankey(links: Sequence[tuple[str, str, int, str]]) -> dict[str, Any]:
    """Flows from left to right: from, to, how many, and where a click on it leads.

    Links come in their order from left to right; the names of the last column stand inside.
    """
    depths: dict[str, int] = {}
    for source, target, _, _ in links:
        depth = depths.setdefault(source, 0) + 1
        depths[target] = max(depths.get(target, 0), depth)
    return {
        "tooltip": {},
        "series": [{
            "type": "sankey", "left": 8, "right": 8, "top": 8, "bottom": 8, "nodeGap": 10,
            "draggable": False, "emphasis": {"focus": "adjacency"},
            "lineStyle": {"color": "gradient", "opacity": 0.4},
            "levels": [{"depth": max(depths.values(), default=0), "label": {"position": "left"}}],
            "data": [{"name": name} for name in depths],
            "links": [{"source": source, "target": target, "value": value, "href": href}
                      for source, target, value, href in links],
        }],
    }  # fmt: skip
