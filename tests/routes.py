"""Every route there is, whichever router it came with."""

from collections.abc import Iterator
from typing import Any

IGNORED = {"HEAD", "OPTIONS"}


def every_route(app: Any) -> Iterator[tuple[str, str]]:
    """Method and path of each route of the application, those of included routers too."""
    candidates = getattr(app, "effective_candidates", None)
    for route in app.routes if candidates is None else candidates():
        if hasattr(route, "effective_candidates"):
            yield from every_route(route)
        for method in sorted(set(getattr(route, "methods", None) or ()) - IGNORED):
            yield method, route.path
