"""Notices of a person, and how that person wants to be told."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Forbidden
from app.core.web import render
from app.support import chat, clock, feed, queries
from app.support.clock_models import CHATS, MAILS, NoticeSetting

router = APIRouter(prefix="/notices", include_in_schema=False)
Hour = Annotated[int, Field(ge=0, le=23)]


class SettingForm(BaseModel):
    """How a person wants to be told."""

    mail: Literal["none", "daily"] = "daily"
    chat: Literal["none", "wecom", "dingtalk", "feishu"] = "none"
    # Empty keeps the one there is.
    chat_url: Annotated[str, Field(max_length=2000)] = ""
    chat_key: Annotated[str, Field(max_length=200)] = ""
    chat_error: str | None = None
    quiet_from: Hour = 20
    quiet_to: Hour = 8


@router.get("")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What one has been told and not read yet."""
    return _page(request, db, actor)


def _page(
    request: Request, db: Session, actor: Actor, problem: AppError | None = None,
    form: SettingForm | None = None,
) -> HTMLResponse:  # fmt: skip
    user, subscribed = actor.user_id or 0, feed.current(db, actor)
    known = db.get(NoticeSetting, user)
    page = render(
        request, "support/notices.html", found=clock.unread(db, user), day=today(), mails=MAILS,
        measures=queries.measures(db), chats=CHATS, problem=problem,
        wish=form or known or SettingForm(),
        robot_kept=known is not None and known.chat_sealed is not None,
        feed=feed.address(settings_of(request), subscribed) if subscribed else None,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/read")
def read(actor: Reader, tx: Tx) -> Response:
    """All of it has been seen."""
    clock.read_all(tx, actor.user_id or 0)
    return RedirectResponse("/notices", status_code=303)


@router.post("/settings")
def settings(
    request: Request, form: Annotated[SettingForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """By mail or not, in which chat, and when not."""
    if actor.user_id is None:
        raise Forbidden("令牌没有个人设置 (a token has no settings of its own)")
    row: dict[str, Any] = {"user_id": actor.user_id, "mail": form.mail,
                           "quiet_from": form.quiet_from, "quiet_to": form.quiet_to}  # fmt: skip
    known = tx.get(NoticeSetting, actor.user_id)
    kept = known is not None and known.chat == form.chat != "none" and not form.chat_url.strip()
    try:
        if not kept:
            robot = chat.Robot(form.chat, form.chat_url.strip(), form.chat_key.strip())
            chat.keep(settings_of(request), row, robot)
    except AppError as error:
        return _page(request, tx, actor, error, form)
    stmt = insert(NoticeSetting).values(row)
    tx.execute(stmt.on_conflict_do_update(index_elements=["user_id"], set_=row))
    answer = RedirectResponse("/notices", status_code=303)
    notices.leave(request, answer, "已保存", "Saved")
    return answer
