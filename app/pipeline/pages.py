"""What the pages share: words for templates, the query as it was given, faults told."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from app.core import charts
from app.core.errors import Invalid
from app.criteria import phrases
from app.firms import chains, queries
from app.firms.catalogue import INDICATORS
from app.firms.contact_schemas import PURPOSES
from app.firms.divisions import names as divisions
from app.firms.models import DESIGNATION_KINDS

Pairs = list[tuple[str, str]]
WORDS = {
    "charts": charts,
    "phrases": phrases,
    "divisions": divisions,
    "chain_named": chains.named,
    "rungs": queries.RUNGS,
    "indicators": INDICATORS,
    "designation_kinds": DESIGNATION_KINDS,
    "purposes": PURPOSES,
}


def given(request: Request) -> Pairs:
    """A form sends its empty fields too; they filter nothing."""
    return [(key, value) for key, value in request.query_params.multi_items() if value != ""]


def tried(build: Any) -> tuple[Any, str | None]:
    """A list, or the sentence that says which filter is wrong."""
    try:
        return build(), None
    except Invalid as error:
        return None, error.detail


def following(request: Request, page: Any) -> str | None:
    """The next page's address."""
    if page is None or page.next is None:
        return None
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor" and v != ""]
    return f"{request.url.path}?{urlencode([*pairs, ('cursor', page.next)])}"
