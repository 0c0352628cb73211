"""Drafting, editing and approving; what later corrections changed."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Actor, Role
from app.bulletins.content import content, firms_of, last_day
from app.bulletins.models import KINDS, Bulletin
from app.bulletins.wording import text, title
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, NotFound
from app.plans import store
from app.plans.measuring import Asked
from app.plans.progress import Board
from app.plans.service import demand_analyst, wrong
from app.plans.target_pages import shown

DRAFTS_FOR = (Role.ANALYST, Role.LEADER)


@dataclass(frozen=True)
class Erratum:
    """A number that is another by now: as it was said, as it is, and the firms that differ."""

    target: dict[str, Any]
    said: str
    now: str
    came: list[str]
    went: list[str]


def listed(session: Session, actor: Actor) -> list[Bulletin]:
    """The newest first; drafts for those who make and read them."""
    query = select(Bulletin).order_by(Bulletin.day.desc(), Bulletin.kind)
    if actor.role not in DRAFTS_FOR:
        query = query.where(Bulletin.status == "approved")
    return list(session.scalars(query))


def get(session: Session, actor: Actor, number: int, *, lock: bool = False) -> Bulletin:
    """One; NotFound also where it is a draft that is not the actor's to read."""
    query = select(Bulletin).where(Bulletin.id == number)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or not (found.status == "approved" or actor.role in DRAFTS_FOR):
        raise NotFound(f"没有编号为 {number} 的通报 (no such bulletin)")
    return found


def public(session: Session, number: int) -> Bulletin:
    """An approved one, for everybody."""
    found = session.get(Bulletin, number)
    if found is None or found.status != "approved":
        raise NotFound("没有这份通报 (no such bulletin)")
    return found


def draft(session: Session, actor: Actor, kind: str, month: str) -> Bulletin:
    """A draft of a month or quarter from the data as they are known now."""
    demand_analyst(actor)
    if kind not in KINDS:
        raise wrong("kind", f"{kind[:20]!r} 应为 monthly 或 quarterly (monthly or quarterly)")
    day, known = last_day(kind, month, today()), now()
    made = content(session, actor, day, known)
    there = select(Bulletin.id).where(Bulletin.plan_code == made["plan"], Bulletin.kind == kind,
                                      Bulletin.day == day)  # fmt: skip
    if session.scalar(there) is not None:
        raise Conflict(f"{day} 的通报已经有了：请打开它 (there is one already)")
    found = Bulletin(plan_code=made["plan"], kind=kind, day=day, content=made, known_at=known,
                     title=title(kind, day, "zh"), title_en=title(kind, day, "en"),
                     text=text(made, "zh"), text_en=text(made, "en"),
                     edited_by=actor.user_id, edited_by_name=actor.name)  # fmt: skip
    session.add(found)
    session.flush()  # its number is answered
    return found


SAID = {"title": 200, "text": 20_000, "title_en": 200, "text_en": 20_000}


def edit(session: Session, actor: Actor, found: Bulletin, said: dict[str, str]) -> None:
    """Change title and text of a draft, in both languages."""
    _draft(actor, found)
    for name, longest in SAID.items():
        if not said[name].strip():
            raise wrong(name, "两种语言的标题和正文都不能为空 (title and text in both languages)")
        setattr(found, name, said[name].strip().replace("\r\n", "\n")[:longest])
    found.edited_by, found.edited_by_name = actor.user_id, actor.name
    session.flush()  # read again for the page


def refresh(session: Session, actor: Actor, found: Bulletin) -> None:
    """Take the numbers of the draft anew; its text is drafted anew with them."""
    _draft(actor, found)
    known = now()
    found.content = content(session, actor, found.day, known)
    found.known_at = known
    found.text, found.text_en = text(found.content, "zh"), text(found.content, "en")
    found.edited_by, found.edited_by_name = actor.user_id, actor.name
    session.flush()  # read again for the page


def approve(session: Session, actor: Actor, found: Bulletin) -> None:
    """Freeze it; by another person than the one who edited it last."""
    _draft(actor, found)
    if actor.user_id is None or actor.user_id == found.edited_by:
        raise Forbidden("通报须由起草人以外的另一人批准 (a second person approves)")
    _names_no_firm(found)
    found.status, found.approved_at, found.approved_by_name = "approved", now(), actor.name
    session.flush()  # read again for the page


def _names_no_firm(found: Bulletin) -> None:
    """What everybody may read names no firm; Invalid where a counted one is in the text."""
    said = "\n".join(getattr(found, name) for name in SAID)
    for row in rows_of(found):
        for _, name, _ in row["firms"]:
            if name in said:
                raise wrong("text", f"正文写有企业名称“{name}”：通报有公开页，请改去 "
                                    "(it has a public page: take the firm's name out)")  # fmt: skip


def _draft(actor: Actor, found: Bulletin) -> None:
    demand_analyst(actor)
    if found.status != "draft":
        raise Conflict("通报已批准并冻结，不能修改；后来的更正见勘误 (it is approved and frozen)")


def errata(session: Session, actor: Actor, found: Bulletin) -> list[Erratum]:
    """What is known otherwise by now of the bulletin's day, under the same version of the plan."""
    said = found.content
    version = next(
        one
        for one in store.versions(session)
        if (one.code, str(one.file.adopted_on)) == (said["plan"], said["adopted_on"])
    )
    board = Board(session, Asked(actor, found.day), version)
    values = {one.target.code: one for one in board.all()}
    differ = []
    for row in rows_of(found):
        value = values[row["code"]].value
        if (None if row["value"] is None else Fraction(row["value"])) != value:
            differ.append(_erratum(board, row, value))
    return differ


def note_errata(session: Session, day: date) -> None:
    """Compare every approved bulletin with what is known by now, for the public page."""
    for found in session.scalars(select(Bulletin).where(Bulletin.status == "approved")):
        told = [{"label": one.target["label"], "said": one.said, "now": one.now}
                for one in errata(session, SYSTEM, found)]  # fmt: skip
        if told != found.errata or found.errata_on is None:
            found.errata, found.errata_on = told, day
    session.flush()


def _erratum(board: Board, row: dict[str, Any], value: Fraction | None) -> Erratum:
    before = {number: name for number, name, _ in row["firms"]}
    after = {
        number: name
        for number, name, _ in firms_of(board, store.target_of(board.version.file, row["code"]))
    }
    return Erratum(
        row,
        row["shown"],
        shown(value, row["unit"]),
        [name for number, name in after.items() if number not in before],
        [name for number, name in before.items() if number not in after],
    )


def rows_of(found: Bulletin) -> list[dict[str, Any]]:
    """Its targets as they were frozen."""
    rows: Any = found.content["targets"]
    return list(rows)
