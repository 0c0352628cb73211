"""Pages of the trail: a firm's history in plain words, and the auditor's workplace."""

from collections import defaultdict
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import select

from app.accounts.actor import Role
from app.accounts.auth import Auditor, Db, Noted, Reader
from app.accounts.models import Organisation
from app.audit.models import ACTIONS
from app.audit.queries import head
from app.core.clock import DISTRICT
from app.core.web import render
from app.criteria.kinds import RECORDS
from app.firms import queries as firms
from app.firms.api import FirmId
from app.pipeline import trail_queries
from app.pipeline.pages import following, given, tried
from app.pipeline.trail import role_label, table_label, words
from app.pipeline.trail_api import After, EntryId, exported

router = APIRouter(include_in_schema=False)


@router.get("/firms/{firm_id}/history")
def history(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> HTMLResponse:
    """Who changed what of a firm, and when."""
    firm = firms.get(db, actor, firm_id)
    pairs = given(request)
    page, fault = tried(lambda: trail_queries.history(db, firm_id, pairs))
    return render(
        request,
        "pipeline/history.html",
        firm=firm,
        fault=fault,
        occasions=[] if page is None else _occasions(page.items),
        given=defaultdict(str, pairs),
        following=following(request, page),
        tables=words().tables,
        kept=[kind.table for kind in RECORDS],
        **SHOWN,
    )


def _occasions(items: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Acts of one request belong together; of the command line each stands alone."""
    same = groupby(items, key=lambda item: item["request_id"] or item["id"])
    return [list(acts) for _, acts in same]


@router.get("/audit")
def audit(request: Request, actor: Auditor, db: Db) -> HTMLResponse:
    """The trail with its filters."""
    pairs = given(request)
    page, fault = tried(lambda: trail_queries.entries(db, pairs))
    return render(
        request,
        "audit/list.html",
        page=page,
        fault=fault,
        head=head(db),
        given=defaultdict(str, pairs),
        following=following(request, page),
        bodies=db.execute(select(Organisation.code, Organisation.name).order_by("name")).all(),
        roles=list(Role),
        role_label=role_label,
        actions=ACTIONS,
        tables=sorted(words().tables),
        words=words(),
        table_label=table_label,
        **SHOWN,
    )


@router.get("/audit/export")
def export(request: Request, actor: Auditor, readings: Noted, db: Db) -> StreamingResponse:
    """What the page lists, as CSV."""
    return exported(request, readings, db)


@router.get("/audit/{entry_id}")
def audit_entry(
    request: Request, entry_id: EntryId, actor: Auditor, db: Db, after: After = 0
) -> HTMLResponse:
    """One act with its rows."""
    item, beyond = trail_queries.entry(db, entry_id, after)
    return render(request, "audit/entry.html", item=item, beyond=beyond, **SHOWN)


def _instant(value: Any) -> str:
    return f"{value.astimezone(DISTRICT):%Y-%m-%d %H:%M:%S}"


SHOWN = {"instant": _instant}
