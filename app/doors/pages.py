"""Behind a firm's own door: its checklist, its figures, its evidence, its answer; no account.

The link itself only knocks: it shows a button and nothing of the firm. Pressing it binds the link
to the browser and leads to an address without the secret. Whoever may not enter reads the same
words, whatever was wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts import cookies, limits
from app.accounts.auth import cookie_name, settings_of, visiting, visitor_of
from app.accounts.secrets import new_secret
from app.audit.service import note_read
from app.core import notices
from app.core.clock import now, today
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import render
from app.criteria import phrases
from app.doors import service, showing
from app.doors.models import Door
from app.exchange.typing_in import UNITS, USUAL_UNIT
from app.firms import documents
from app.firms.catalogue import INDICATORS
from app.firms.models import Firm
from app.support import queries, words
from app.support.plans import RUNG_WORDS

router = APIRouter(prefix="/door", include_in_schema=False)
COOKIE = "tidu_door"
# Neither the next page nor anybody's log learns the address that the secret stands in.
QUIET = {"referrer-policy": "strict-origin", "x-robots-tag": "noindex"}
LARGEST_FORM = 20 * 1024**2 + 65_536
Typed = Annotated[str, Form(max_length=5000)]


def _browser(request: Request) -> str | None:
    return request.cookies.get(cookie_name(settings_of(request), COOKIE))


def _stays_shut(request: Request, knock: service.Knock) -> AppError:
    """Note who was sent away and why; the answer is one for all."""
    settings, visitor = settings_of(request), visitor_of(request)
    with visiting(request) as tx:
        firm_id = None if knock.door is None else knock.door.firm_id
        note_read(tx, "door", purpose=knock.fault, firm_id=firm_id)
        allowance = limits.spend_failure(tx, visitor.address, settings)
        if knock.door is not None and knock.fault == "elsewhere":
            service.enter(tx, knock.door, request.state.request_id)
            tx.execute(update(Door).where(Door.id == knock.door.id)
                       .values(refusals=Door.refusals + 1))  # fmt: skip
    if not allowance.granted:
        return allowance.refusal()
    return NotFound(
        "链接无效、已过期，或已在另一个浏览器中打开：请向发给您的单位重新索取 "
        "(this link is not valid, has expired, or was opened in another browser: ask for a new one)"
    )


@router.get("/open/{link}")
def knock(request: Request, link: str) -> Response:
    """A button, if there is a door: looking opens nothing, nor does a preview of the link."""
    with visiting(request) as tx:
        found = service.knock(tx, settings_of(request), link, _browser(request))
    if found.fault is not None:
        raise _stays_shut(request, found)
    if found.door is not None and found.door.browser_hash is not None:
        return RedirectResponse("/door", status_code=303, headers=QUIET)
    page = render(request, "doors/knock.html", link=link)
    page.headers.update(QUIET)
    return page


@router.post("/open/{link}")
def enter(request: Request, link: str) -> Response:
    """Bind the link to this browser, unless another one was first."""
    settings, browser = settings_of(request), new_secret()
    with visiting(request) as tx:
        found = service.knock(tx, settings, link, _browser(request))
        opened = False
        if found.door is not None and found.fault is None:
            service.enter(tx, found.door, request.state.request_id)
            opened = service.open_in(tx, found.door, browser)
    if found.door is None or found.fault is not None:
        raise _stays_shut(request, found)
    answer = RedirectResponse("/door", status_code=303, headers=QUIET)
    if opened:
        left = max(found.door.expires_at - now(), timedelta(0))
        cookies.keep(request, answer, COOKIE, browser, int(left.total_seconds()))
    return answer


@contextmanager
def _behind(request: Request) -> Iterator[tuple[Session, Door]]:
    """A transaction of the firm whose door this browser has opened; noted."""
    with visiting(request) as tx:
        found = service.of_browser(tx, _browser(request))
    if found.door is None or found.fault is not None:
        raise _stays_shut(request, found)
    with request.app.state.sessions() as session, session.begin():
        service.enter(session, found.door, request.state.request_id)
        door = session.get_one(Door, found.door.id, with_for_update=True)
        door.uses += 1
        door.used_at = now()
        session.flush()
        yield session, door


@router.get("")
def inside(request: Request) -> HTMLResponse:
    """Where the firm stands, what is missing, what it may say."""
    with _behind(request) as (session, door):
        note_read(session, "door", purpose="seen", firm_id=door.firm_id, row_count=1)
        return _page(request, session, door)


def _page(
    request: Request, session: Session, door: Door, problem: AppError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    seen = showing.inside(session, door, service.name_of(door), today())
    page = render(
        request, "doors/inside.html", seen=seen, door=door, problem=problem, typed=typed or {},
        measures=queries.measures(session), words=words, phrases=phrases, rungs=RUNG_WORDS,
        units=UNITS, usual=USUAL_UNIT, is_open=showing.is_open, indicators=INDICATORS,
        lacking=("unmet", "unknown"),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


class Figures(BaseModel):
    """The form of corrections as it was sent: its fields are `indicator.year`."""

    model_config = ConfigDict(extra="allow")
    unit: str = USUAL_UNIT
    note: str = ""

    def typed(self) -> dict[tuple[str, int], str]:
        """What was typed, by indicator and year; other fields are not ours."""
        found = {}
        for name, value in list((self.model_extra or {}).items())[:500]:
            code, _, year = name.rpartition(".")
            if isinstance(value, str) and year.isascii() and year.isdigit() and value.strip():
                found[code, int(year[:4])] = value
        return found


@router.post("/figures")
def propose(request: Request, form: Annotated[Figures, Form()]) -> Response:
    """Keep what the firm says of its figures, for somebody to accept."""
    with _behind(request) as (session, door):
        firm = session.get_one(Firm, door.firm_id)
        try:
            with session.begin_nested():
                made = service.propose(session, door, firm, form.typed(), form.unit, form.note)
        except AppError as error:
            typed = {f"{code}.{year}": text for (code, year), text in form.typed().items()}
            return _page(request, session, door, error, typed)
        return _back(request, f"已提交 {len(made)} 项更正，等待核实",
                     f"{len(made)} corrections were sent and wait to be checked")  # fmt: skip


@router.post("/files", max_body_size=LARGEST_FORM)
def upload(request: Request, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Take a file as evidence."""
    largest = min(settings_of(request).upload_megabytes, 20) * 1024**2
    with _behind(request) as (session, door):
        firm = session.get_one(Firm, door.firm_id)
        try:
            if file is None or not file.filename:
                raise Invalid("请选择要上传的文件 (choose a file)")
            with session.begin_nested():
                documents.take(session, service.name_of(door), firm, "evidence", file.filename,
                               file.file, largest=largest)  # fmt: skip
        except AppError as error:
            return _page(request, session, door, error)
        return _back(request, "文件已收到", "The file was received")


@router.post("/answer")
def answer(request: Request, score: Typed = "", about: Typed = "", said: Typed = "") -> Response:
    """How content the firm is."""
    with _behind(request) as (session, door):
        try:
            with session.begin_nested():
                service.answer(session, door, _number(about), _number(score) or 0, said)
        except AppError as error:
            return _page(request, session, door, error)
        return _back(request, "感谢您的评价", "Thank you for your answer")


@router.post("/close")
def close(request: Request) -> Response:
    """The firm shuts its own door, for instance on somebody else's computer."""
    with _behind(request) as (_session, door):
        service.shut(door, service.name_of(door))
    page = render(request, "doors/closed.html")
    cookies.drop(request, page, COOKIE)
    return page


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _back(request: Request, zh: str, en: str) -> Response:
    answer = RedirectResponse("/door", status_code=303)
    notices.leave(request, answer, zh, en)
    return answer
