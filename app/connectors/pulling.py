"""Records that come from there: a page and the place after it are kept together."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.connectors.calling import Broken
from app.connectors.mapping import RECORDS, Pull, at, filled, ours
from app.connectors.running import Outcome, Running
from app.exchange.report import Report
from app.exchange.sending import FIELD, version_of
from app.exchange.service import upsert_figures, upsert_firms, upsert_records

MOST_PAGES = 10_000
Row = dict[str, Any]


def pull(running: Running, stream: Pull) -> None:
    """Everything that changed there since the last run, or since the page where it broke off."""
    where = running.position(stream.name)
    since = where.get("since", stream.since)
    newest, page = where.get("newest", since), _resumed(stream, where.get("next"))
    for _ in range(MOST_PAGES):
        reply = _ask(running, stream, since, page)
        items = at(reply, stream.items)
        if not isinstance(items, list):
            raise Broken(
                f"{stream.path}：答复中没有列表 {stream.items}：请核对映射 (no list there)"
            )
        rows = [ours(stream, item) for item in items if isinstance(item, dict)]
        newest = _newest(newest, [at(item, stream.version) for item in items] if stream.version
                         else [])  # fmt: skip
        page = _following(stream, page, reply, items)
        _take(running, stream, rows, {"since": since, "next": page, "newest": newest}
              if page is not None else {"since": newest})  # fmt: skip
        if page is None or running.dry:
            return
    raise Broken(f"{stream.path}：超过 {MOST_PAGES} 页：请核对分页设置 (pages without end)")


def _resumed(stream: Pull, page: Any) -> Any:
    """Numbered pages may have moved meanwhile: the one before is read again."""
    first = stream.paging.first
    if stream.paging.style == "cursor":
        return page
    return first if page is None else max(first, page - 1)


def _ask(running: Running, stream: Pull, since: str, page: Any) -> Any:
    known = {"since": _overlapping(since, stream.overlap_seconds)}
    given: Row = {
        name: filled(value, known) if isinstance(value, str) else value
        for name, value in stream.parameters.items()
    }
    # What has no value yet is not asked for: the first run takes all.
    given = {name: value for name, value in given.items() if value != ""}
    paging = stream.paging
    if page is not None:
        given[paging.parameter] = page
    if paging.size_parameter is not None:
        given[paging.size_parameter] = paging.size
    if stream.method == "POST":
        return running.platform.call("POST", stream.path, given)
    query = f"?{urlencode(given)}" if given else ""
    return running.platform.call("GET", stream.path + query)


def _following(stream: Pull, page: Any, reply: Any, items: list[Any]) -> Any:
    if stream.paging.style == "page":
        return page + 1 if items else None
    return at(reply, str(stream.paging.next)) or None


def _overlapping(since: Any, seconds: int) -> str:
    """A little before where we stand: what was written there late is not passed over."""
    try:
        return (datetime.fromisoformat(str(since)) - timedelta(seconds=seconds)).isoformat()
    except ValueError:
        return str(since)


def _newest(known: Any, found: list[Any]) -> Any:
    """The highest version there is; what is no version does not count."""
    versions = [(number, value) for value in [known, *found]
                if (number := version_of(value)) is not None]  # fmt: skip
    return max(versions, key=lambda one: one[0])[1] if versions else known


def _take(running: Running, stream: Pull, rows: list[Row], position: Row) -> None:
    """Store a page like any batch; in a dry run it is undone, and only its outcomes are kept."""
    kept = _latest_of_each(stream, rows)
    with running.transaction() as session:
        trial = session.begin_nested()
        report = _writer(stream)(session, running.actor, kept)
        if running.dry:
            trial.rollback()
        else:
            trial.commit()
        outcomes = _outcomes(report, kept)
        running.keep(session, stream.name, outcomes, position)


def _writer(stream: Pull) -> Callable[[Session, Actor, list[Row]], Report]:
    if stream.kind == "firms":
        return lambda s, a, rows: upsert_firms(s, a, [_texts(r) for r in rows], source=a.source)
    if stream.kind == "figures":
        return lambda s, a, rows: upsert_figures(s, a, [_texts(r) for r in rows], source=a.source)
    kind = RECORDS[stream.kind]
    return lambda s, a, rows: upsert_records(s, a, kind, [dict(r) for r in rows], source=a.source)


def _texts(row: Row) -> Row:
    """As cells: numbers as their digits, so that nothing is rounded on the way."""
    return {n: v if isinstance(v, bool) or n == FIELD else str(v) for n, v in row.items()}


def _latest_of_each(stream: Pull, rows: list[Row]) -> list[Row]:
    """A page may repeat a record in several states: the newest is meant, else the last."""
    names = {"firms": ("credit_code",), "figures": ("credit_code", "year")}.get(stream.kind)
    names = names or ("credit_code", *RECORDS[stream.kind].key)
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(str(row.get(name)) for name in names)
        held = found.get(key)
        if held is None or _number(row) >= _number(held):
            found[key] = row
    return list(found.values())


def _number(row: Row) -> int:
    found = version_of(row.get(FIELD))
    return -1 if found is None else found


def _outcomes(report: Report, rows: list[Row]) -> list[Outcome]:
    wrong: dict[int, list[str]] = {}
    for fault in report.faults:
        wrong.setdefault(fault.row, []).append(f"{fault.column}: {fault.zh} ({fault.en})")
    found = []
    for n, row in enumerate(rows):
        status = "rejected" if n in wrong else report.outcomes.get(n, "unchanged")
        detail = "；".join(wrong[n]) if n in wrong else None
        if n in report.outdated:
            status = "outdated"
        found.append(Outcome(str(row.get("credit_code", "")), status, detail))
    return found
