"""What people and programs do with a file of a list: ask for it, look, call it off."""

from datetime import timedelta
from urllib.parse import parse_qsl

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.exports import store
from app.exports.models import BUSY, ExportFile
from app.jobs.service import enqueue
from app.workbench.exporting import Listed, listed

WRITE = "export_write"
KEPT = timedelta(days=7)
LONGEST_QUERY, MOST_ROWS, MOST_WAITING = 20_000, 1_000_000, 20


def looked_at(session: Session, actor: Actor, of: str, query: str, locale: str) -> Listed:
    """The list that is meant, with its number of rows; Invalid names what is wrong."""
    if len(query) > LONGEST_QUERY:
        raise Invalid(f"查询最长 {LONGEST_QUERY} 个字符 (the query is too long)")
    return listed(session, actor, of, parse_qsl(query), locale)


def ask(
    session: Session, actor: Actor, of: str, query: str, kind: str, locale: str
) -> tuple[ExportFile, Listed]:
    """Have a list written to a file by a job, as the asker sees it."""
    found = looked_at(session, actor, of, query, locale)
    if found.count > MOST_ROWS:
        raise Invalid(
            f"共 {found.count:,} 行，一个工作表最多 {MOST_ROWS:,} 行：请缩小范围 "
            "(more rows than a sheet holds: narrow the list)"
        )
    busy = select(ExportFile.id).where(mine(actor), ExportFile.state.in_(BUSY))
    if len(session.scalars(busy.limit(MOST_WAITING)).all()) == MOST_WAITING:
        raise Conflict(f"已有 {MOST_WAITING} 个文件在生成：请等它们完成 (wait for those first)")
    wanted = ExportFile(
        of=of, query=query, format=kind, organisation_id=actor.organisation_id,
        user_id=actor.user_id, token_id=actor.token_id, role=actor.role.value, by_name=actor.name,
        locale=locale, rows=found.count, name=found.sheet.name,
    )  # fmt: skip
    session.add(wanted)
    session.flush()  # the job needs its number
    enqueue(session, WRITE, {"export": wanted.id}, one_by_one=f"export-{wanted.id}")
    return wanted, found


def mine(actor: Actor) -> ColumnElement[bool]:
    """The files that an actor asked for in the seat that is taken now."""
    return and_(
        ExportFile.user_id.is_not_distinct_from(actor.user_id),
        ExportFile.token_id.is_not_distinct_from(actor.token_id),
        ExportFile.organisation_id.is_not_distinct_from(actor.organisation_id),
        ExportFile.role == actor.role.value,
    )


def get(session: Session, actor: Actor, number: int, *, lock: bool = False) -> ExportFile:
    """One file; NotFound also where somebody else asked for it."""
    query = select(ExportFile).where(ExportFile.id == number, mine(actor))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的导出 (no such export)")
    return found


def latest(session: Session, actor: Actor, most: int) -> list[ExportFile]:
    """The latest first."""
    query = select(ExportFile).where(mine(actor)).order_by(ExportFile.id.desc()).limit(most)
    return list(session.scalars(query))


def call_off(session: Session, actor: Actor, number: int) -> ExportFile:
    """It is not wanted any more: a job that writes it stops at its next page."""
    found = get(session, actor, number, lock=True)
    if not found.is_busy:
        raise Conflict("这个文件不在生成：不能取消 (it is not being written)")
    found.state, found.finished_at = "cancelled", now()
    session.flush()
    return found


def demand_ready(found: ExportFile) -> None:
    """NotFound says what has become of a file that cannot be fetched."""
    if found.state == "gone":
        raise NotFound(f"文件只保存 {KEPT.days} 天：请重新导出 (no longer kept: export it again)")
    if found.state != "ready":
        raise NotFound("文件还没有生成好，或没有生成：请看它的状态 (not there: look at its state)")


def forget_old(session: Session) -> None:
    """Let go of files that were written long enough ago."""
    old = select(ExportFile).where(
        ExportFile.state == "ready", ExportFile.finished_at < now() - KEPT
    )
    for found in session.scalars(old.with_for_update(skip_locked=True)).all():
        found.state = "gone"
        store.drop(session, found.id)


def acting(found: ExportFile) -> Actor:
    """Whoever asked for it, for the job that reads."""
    return Actor(Role(found.role), found.organisation_id, found.by_name, user_id=found.user_id,
                 token_id=found.token_id, locale=found.locale)  # fmt: skip
