"""Notices of a person, and how that person wants to be told."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.dialects.postgresql import insert

from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.core import notices
from app.core.clock import today
from app.core.errors import Forbidden
from app.core.web import render
from app.support import clock, feed
from app.support.clock_models import MAILS, NoticeSetting

router = APIRouter(prefix="/notices", include_in_schema=False)
Hour = Annotated[int, Field(ge=0, le=23)]


class SettingForm(BaseModel):
    """How a person wants to be told."""

    mail: Annotated[str, Field(pattern="^(none|daily)$")] = "daily"
    quiet_from: Hour = 20
    quiet_to: Hour = 8


@router.get("")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What one has been told and not read yet."""
    user, subscribed = actor.user_id or 0, feed.current(db, actor)
    return render(
        request, "support/notices.html", found=clock.unread(db, user), day=today(), mails=MAILS,
        wish=db.get(NoticeSetting, user) or SettingForm(),
        feed=feed.address(settings_of(request), subscribed) if subscribed else None,
    )  # fmt: skip


@router.post("/read")
def read(actor: Reader, tx: Tx) -> Response:
    """All of it has been seen."""
    clock.read_all(tx, actor.user_id or 0)
    return RedirectResponse("/notices", status_code=303)


@router.post("/settings")
def settings(
    request: Request, form: Annotated[SettingForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """By mail or not, and when not."""
    if actor.user_id is None:
        raise Forbidden("令牌没有个人设置 (a token has no settings of its own)")
    row = {"user_id": actor.user_id, **form.model_dump()}
    stmt = insert(NoticeSetting).values(row)
    tx.execute(stmt.on_conflict_do_update(index_elements=["user_id"], set_=row))
    answer = RedirectResponse("/notices", status_code=303)
    notices.leave(request, answer, "已保存", "Saved")
    return answer
