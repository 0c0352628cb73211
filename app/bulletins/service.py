"""Drafting, editing and approving; what later corrections changed; the document."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.bulletins.content import (
    KIND_WORDS,
    LIGHT_WORDS,
    UNIT_WORDS,
    content,
    firms_of,
    last_day,
    text,
    title,
)
from app.bulletins.models import KINDS, Bulletin
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.papers import Bar, Bars, Column, Heading, Note, Paper, Signatures, Table, Text
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
    found = Bulletin(plan_code=made["plan"], kind=kind, day=day, title=title(kind, day),
                     text=text(made), content=made, known_at=known, edited_by=actor.user_id,
                     edited_by_name=actor.name)  # fmt: skip
    session.add(found)
    session.flush()  # its number is answered
    return found


def edit(session: Session, actor: Actor, found: Bulletin, said: str, titled: str) -> None:
    """Change title and text of a draft."""
    _draft(actor, found)
    if not said.strip() or not titled.strip():
        raise wrong("text", "标题和正文不能为空 (title and text are needed)")
    found.title, found.text = titled.strip()[:200], said.strip()[:20_000]
    found.edited_by, found.edited_by_name = actor.user_id, actor.name
    session.flush()  # read again for the page


def refresh(session: Session, actor: Actor, found: Bulletin) -> None:
    """Take the numbers of the draft anew; its text is drafted anew with them."""
    _draft(actor, found)
    known = now()
    found.content = content(session, actor, found.day, known)
    found.text, found.known_at = text(found.content), known
    found.edited_by, found.edited_by_name = actor.user_id, actor.name
    session.flush()  # read again for the page


def approve(session: Session, actor: Actor, found: Bulletin) -> None:
    """Freeze it; by another person than the one who edited it last."""
    _draft(actor, found)
    if actor.user_id is None or actor.user_id == found.edited_by:
        raise Forbidden("通报须由起草人以外的另一人批准 (a second person approves)")
    found.status, found.approved_at, found.approved_by_name = "approved", now(), actor.name
    session.flush()  # read again for the page


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
    for row in _rows(found):
        value = values[row["code"]].value
        if (None if row["value"] is None else Fraction(row["value"])) != value:
            differ.append(_erratum(board, row, value))
    return differ


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


def _rows(found: Bulletin) -> list[dict[str, Any]]:
    rows: Any = found.content["targets"]
    return list(rows)


# --- the document -------------------------------------------------------------------------------


def paper(found: Bulletin, wrong_by_now: list[Erratum]) -> Paper:
    """The bulletin as an official document; without any firm."""
    rows, ranks = _rows(found), found.content["rankings"]
    blocks: list[Any] = [Text(part) for part in found.text.split("\n\n")]
    blocks += [Heading("一、目标进展"), _targets(rows), _bars(rows)]
    assert isinstance(ranks, dict)
    blocks.append(Heading("二、赛马比拼"))
    for kind, units in ranks.items():
        if units:
            blocks.append(_ranks(KIND_WORDS[kind], units))
    if wrong_by_now:
        blocks.append(Heading("勘误"))
        blocks += [Text(f"{one.target['label']['zh']}：通报为 {one.said}，更正后为 {one.now}。")
                   for one in wrong_by_now]  # fmt: skip
    blocks.append(Note(
        f"数据截至 {found.day}，按 {found.known_at:%Y-%m-%d %H:%M}（UTC）已知的记录；方案版本 "
        f"{found.content['adopted_on']}；条件版本 {'、'.join(map(str, _criteria(found)))}。"
    ))  # fmt: skip
    blocks.append(Signatures(["区科技局"]))
    return Paper(title=found.title, blocks=blocks, made_at=found.known_at)


def _criteria(found: Bulletin) -> list[str]:
    codes: Any = found.content["criteria"]
    return list(codes)


def _targets(rows: list[dict[str, Any]]) -> Table:
    heads = [Column("目标", share=4), Column("今值", numeric=True, share=2),
             Column("目标值", numeric=True, share=2), Column("期限", share=2),
             Column("还差", numeric=True, share=2), Column("亮灯")]  # fmt: skip
    return Table(heads, [
        (one["label"]["zh"], f"{one['shown']}{UNIT_WORDS[one['unit']] if one['value'] else ''}",
         f"{'超过' if one['operator'] == '>' else '≥'}{one['goal']}", one["due"],
         one["missing"], LIGHT_WORDS[one["light"]])
        for one in rows
    ])  # fmt: skip


def _bars(rows: list[dict[str, Any]]) -> Bars:
    return Bars([Bar(one["label"]["zh"], Decimal(one["share"]), f"{one['share']}%")
                 for one in rows if one["share"] is not None], "各目标完成情况")  # fmt: skip


def _ranks(kind: str, units: list[dict[str, Any]]) -> Table:
    heads = [Column("名次", numeric=True), Column("单位", share=4),
             Column("综合分", numeric=True, share=2)]  # fmt: skip
    return Table(heads, [
        (str(one["rank"] or "—"), one["name"],
         "—" if one["composite"] is None else f"{one['composite']:.1f}")
        for one in units
    ], kind)  # fmt: skip
