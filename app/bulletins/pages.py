"""Bulletins: drafting, editing, approving, reading, and the files; and a page for the public."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.bulletins import service
from app.bulletins.models import KINDS, Bulletin
from app.bulletins.paper import paper
from app.core import i18n, notices
from app.core.clock import today
from app.core.errors import Invalid, NotFound
from app.core.papers import DOCX, PDF, to_docx, to_pdf
from app.core.web import render
from app.firms.schemas import LARGEST_ID
from app.plans.progress import DISTRICT
from app.plans.service import demand_analyst, wrong

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
WORDS = {"kinds": KINDS}


class BulletinForm(BaseModel):
    """What was filled in: the period of a new one, or title and text."""

    kind: str = ""
    month: str = ""
    title: str = ""
    text: str = ""
    title_en: str = ""
    text_en: str = ""


@router.get("/bulletins")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every bulletin."""
    return _list(request, db, actor, BulletinForm(month=f"{last_over(today()):%Y-%m}"))


def _list(
    request: Request, db: Session, actor: Actor, given: BulletinForm, fault: Invalid | None = None
) -> HTMLResponse:
    page = render(request, "bulletins/list.html", found=service.listed(db, actor), given=given,
                  latest=last_over(today()), fault=fault, **WORDS)  # fmt: skip
    page.status_code = 200 if fault is None else fault.status
    return page


def last_over(day: date) -> date:
    """The last day of the latest month that is over on a day."""
    return (day + timedelta(days=1)).replace(day=1) - timedelta(days=1)


@router.post("/bulletins")
def draft(
    request: Request, form: Annotated[BulletinForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Draft one from the data."""
    try:
        found = service.draft(tx, actor, form.kind, form.month)
    except Invalid as error:
        return _list(request, tx, actor, form, error)
    return RedirectResponse(f"/bulletins/{found.id}", status_code=303)


@router.get("/bulletins/{number}")
def one(request: Request, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """One, with its errata; firm lists for those who see every firm."""
    return _one(request, db, actor, number)


@router.post("/bulletins/{number}/{step}")
def act(
    request: Request, number: Number, step: str, form: Annotated[BulletinForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Edit a draft, take its numbers anew, or approve it."""
    demand_analyst(actor)
    found = service.get(tx, actor, number, lock=True)
    try:
        match step:
            case "edit":
                service.edit(tx, actor, found, form.model_dump())
            case "refresh":
                service.refresh(tx, actor, found)
            case "approve":
                service.approve(tx, actor, found)
            case _:
                raise wrong("step", f"没有步骤 {step[:40]} (no such step)")
    except Invalid as error:
        return _one(request, tx, actor, number, error, form)
    answer = RedirectResponse(f"/bulletins/{number}", status_code=303)
    notices.leave(request, answer, "已保存", "Saved")
    return answer


@router.get("/bulletins/{number}/file/{form}")
def file(
    request: Request, number: Number, form: str, actor: Reader, db: Db, firms: bool = False
) -> Response:
    """As an official document in the reader's language; with the lists of firms if asked for."""
    if form not in ("docx", "pdf"):
        raise NotFound(f"没有格式 {form[:20]} (docx or pdf)")
    found = service.get(db, actor, number)
    if firms and actor.role not in DISTRICT:
        raise NotFound("没有附企业名单的文件 (no file with lists of firms)")
    made = paper(found, _errata(db, actor, found), i18n.locale_of(request), firms=firms)
    body = to_docx(made) if form == "docx" else to_pdf(made)
    name = f"bulletin-{found.kind}-{found.day:%Y%m%d}.{form}"
    return Response(body, media_type=DOCX if form == "docx" else PDF,
                    headers={"content-disposition": f'attachment; filename="{name}"'})  # fmt: skip


@router.get("/public/bulletins/{number}")
def public(request: Request, number: Number, db: Db) -> HTMLResponse:
    """An approved one for everybody, without any firm."""
    return render(request, "bulletins/public.html", found=service.public(db, number), **WORDS)


def _errata(session: Session, actor: Actor, found: Bulletin) -> list[service.Erratum]:
    """Whoever sees a part of the register cannot compare the whole."""
    if found.status != "approved" or actor.role not in DISTRICT:
        return []
    return service.errata(session, actor, found)


def _one(
    request: Request, db: Session, actor: Actor, number: int, fault: Invalid | None = None,
    form: BulletinForm | None = None,
) -> HTMLResponse:  # fmt: skip
    found = service.get(db, actor, number)
    given = {name: (form and getattr(form, name)) or getattr(found, name) for name in service.SAID}
    page = render(request, "bulletins/one.html", found=found, fault=fault, given=given,
                  errata=_errata(db, actor, found), whole=actor.role in DISTRICT,
                  mine=actor.user_id == found.edited_by, **WORDS)  # fmt: skip
    page.status_code = 200 if fault is None else fault.status
    return page
