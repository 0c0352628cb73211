"""Charts as ECharts options: plain data, made here, drawn by static/charts.js.

Templates name the points, since words are theirs, and call these; templates/_chart.html shows
what comes of it.
"""

from typing import Any

Point = tuple[str, int, str]  # a label, a number, and where a click leads


def bars(points: list[Point], name: str) -> dict[str, Any]:
    """Horizontal bars, the first on top, each opening what it counts."""
    return {
        "grid": {"left": 8, "right": 48, "top": 8, "bottom": 8, "containLabel": True},
        "tooltip": {},
        "xAxis": {"type": "value", "minInterval": 1, "axisLabel": {"show": False},
                  "splitLine": {"show": False}},
        "yAxis": {"type": "category", "inverse": True, "data": [label for label, _, _ in points]},
        "series": [{
            "type": "bar", "name": name, "barMaxWidth": 28,
            "label": {"show": True, "position": "right"},
            "data": [{"value": value, "href": href} for _, value, href in points],
        }],
    }  # fmt: skip
