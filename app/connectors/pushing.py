"""Firms that go there: all of them once, and then each that a change in the feed is about.

What goes is how the firm stands when it is sent, so that many changes are one record, and a
record sent twice is the same.
"""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from app.connectors.mapping import Push, at
from app.connectors.running import Outcome, Running
from app.core.paging import Page
from app.events import queries as events
from app.firms import listing

Row = dict[str, Any]
AT_ONCE = 500


def push(running: Running, stream: Push) -> None:
    """Send what is to be told, and remember after each batch how far we are."""
    where = running.position(stream.name)
    if "after" not in where:
        where = _send_all(running, stream, where)
    if not running.dry:
        _send_changed(running, stream, int(where["after"]))


def _send_all(running: Running, stream: Push, where: Row) -> Row:
    """Every firm that the filter finds; changes made meanwhile follow from `head` on."""
    cursor: str | None = where.get("cursor")
    with running.transaction() as session:
        head = int(where["head"]) if "head" in where else events.head(session)
    while True:
        with running.transaction() as session:
            page = _rows(session, running, stream, [("ordering", "id")], cursor)
        cursor = page.next
        ended = cursor is None
        position = {"after": head} if ended else {"head": head, "cursor": cursor}
        _send(running, stream, page.items, position)
        if ended or running.dry:
            return {"after": head}


def _send_changed(running: Running, stream: Push, after: int) -> None:
    while True:
        with running.transaction() as session:
            # Away for longer than the feed goes back: what is left of it tells of most firms.
            after = max(after, events.oldest(session)) if after else after
            found = events.read(session, after, stream.kinds, AT_ONCE)
            firms = sorted({one.firm_id for one in found.items if one.firm_id is not None})
            items: list[Row] = []
            if firms:
                named = ("id__in", ",".join(map(str, firms)))
                items = _rows(session, running, stream, [named], None).items
        if found.next == after:
            return
        after = found.next
        _send(running, stream, items, {"after": after})


def _rows(
    session: Session, running: Running, stream: Push, more: list[tuple[str, str]],
    cursor: str | None,
) -> Page:  # fmt: skip
    columns = ",".join(dict.fromkeys([*stream.fields.values(), stream.key]))
    params = [*parse_qsl(stream.filter), *more, ("fields", columns), ("limit", str(AT_ONCE)),
              ("count", "none")]  # fmt: skip
    if cursor is not None:
        params.append(("cursor", cursor))
    return listing.register(session, running.actor, params)


def _send(running: Running, stream: Push, rows: list[Row], position: Row) -> None:
    """In batches; the position moves with the last of them."""
    outcomes: list[Outcome] = []
    for start in range(0, len(rows), stream.size):
        batch = rows[start : start + stream.size]
        outcomes += _told(running, stream, batch)
    with running.transaction() as session:
        running.keep(session, stream.name, outcomes, position)


def _told(running: Running, stream: Push, rows: list[Row]) -> list[Outcome]:
    theirs = [{name: to_jsonable_python(row.get(column)) for name, column in stream.fields.items()}
              for row in rows]  # fmt: skip
    keys = [str(row.get(stream.key) or "") for row in rows]
    if running.dry:
        return [Outcome(key, "to_send", json.dumps(said, ensure_ascii=False))
                for key, said in zip(keys, theirs, strict=True)]  # fmt: skip
    digest = hashlib.sha256(json.dumps(theirs, sort_keys=True).encode()).hexdigest()[:32]
    reply = running.platform.call(
        stream.method, stream.path, {stream.body: theirs},
        **{"Idempotency-Key": f"{running.connector}-{stream.name}-{digest}"},
    )  # fmt: skip
    said = _said(stream, reply)
    return [said.get(key, Outcome(key, "sent")) for key in keys]


def _said(stream: Push, reply: Any) -> dict[str, Outcome]:
    """What the reply says of each record."""
    found = at(reply, stream.results) if stream.results is not None else None
    said = {}
    for one in found if isinstance(found, list) else []:
        key, taken = str(at(one, stream.result_key)), at(one, stream.result_ok) is True
        message = at(one, stream.result_message)
        said[key] = Outcome(key, "accepted" if taken else "refused",
                            None if taken else str(message))  # fmt: skip
    return said
