"""The change feed over HTTP: page by page, waiting for more, or as a stream."""

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse

from app.accounts.auth import Reader
from app.core.resource import Resource
from app.core.web import problem_response
from app.events.following import Tail
from app.events.queries import Read, check_kinds
from app.events.schemas import EventsOut

router = APIRouter(prefix="/api/v1/events", tags=["events"], route_class=Resource)
# Positions stay below 2^63 with every row of an act.
Position = Annotated[int, Query(ge=0, lt=2**62)]
Kinds = Annotated[
    list[str], Query(alias="kind", description="figure.changed, or figure for all its changes")
]
GONE: dict[int | str, dict[str, Any]] = {
    410: problem_response("What followed `after` is no longer kept: read everything anew")
}
STREAMED = {
    "type": "object",
    "description": "A server-sent event; `data` is an event of the feed, as JSON",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
QUIET = ": quiet\n\n"


def tail_of(request: Request) -> Tail:
    """The one tail of this application, over its sessions as they are now."""
    state = request.app.state
    found: Tail | None = getattr(state, "tail", None)
    if found is None or found.sessions is not state.sessions:
        found = state.tail = Tail(state.sessions)
    return found


@router.get("", operation_id="list_events", response_model=EventsOut, responses=GONE)
async def list_events(
    request: Request,
    actor: Reader,
    after: Position = 0,
    kind: Kinds = [],  # noqa: B006 - never changed
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[int, Query(ge=0, le=60, description="Seconds to wait for an event")] = 0,
) -> Response:
    """What changed after a position, in the order of the commits; go on from `next`."""
    check_kinds(kind)
    tail = tail_of(request)
    deadline = time.monotonic() + wait
    if wait:  # whoever has read to the end waits with the others
        await tail.grown_beyond(after, deadline)
    found = await tail.read(actor, after, kind, limit)
    while not found.items and not await request.is_disconnected():
        if not found.full and not await tail.grown_beyond(found.next, deadline):
            break
        found = await tail.read(actor, found.next, kind, limit)
        if not found.items and not found.full and time.monotonic() >= deadline:
            break
    page = EventsOut(items=found.items, next=found.next, oldest=found.oldest)
    # As it is: what was just made needs no second look.
    return Response(page.model_dump_json(), media_type="application/json")


@router.get(
    "/stream",
    operation_id="stream_events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": STREAMED}}}, **GONE},
)
async def stream_events(
    request: Request,
    actor: Reader,
    after: Position = 0,
    kind: Kinds = [],  # noqa: B006 - never changed
    seconds: Annotated[int, Query(ge=1, le=600)] = 300,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**62)] = None,
) -> StreamingResponse:
    """The same as server-sent events; it ends after a while, and a client goes on from the last."""
    check_kinds(kind)
    tail = tail_of(request)
    position = after if last_event_id is None else last_event_id
    first = await tail.start(actor, position)

    async def sent() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for page in tail.follow(actor, max(position, first), kind, seconds):
            yield _lines(page)

    headers = {"x-accel-buffering": "no", "cache-control": "no-store"}
    return StreamingResponse(sent(), media_type="text/event-stream", headers=headers)


def _lines(page: Read) -> str:
    """Events, and the position from which to go on where nothing of the reader's was found."""
    said = [
        f"id: {event.seq}\nevent: {event.kind}\n"
        f"data: {json.dumps(event.model_dump(mode='json'), ensure_ascii=False)}\n\n"
        for event in page.items
    ]
    return "".join(said) or QUIET
