"""What a unit reports of a month, with its evidence: words, and a file where there is one."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.core.errors import NotFound
from app.firms.document_content import media_of
from app.firms.documents import plain_name, size_of
from app.plans.service import wrong
from app.target_lists.models import ReportFile, TargetItem, TargetList, TargetReport
from app.target_lists.service import OPEN, demand_status, demand_unit, item_of
from app.target_lists.standing import get, standings

# A name, and what is in it.
Evidence = tuple[str, IO[bytes]]


def report(
    session: Session, actor: Actor, found: TargetList, given: dict[str, Any],
    file: Evidence | None = None, largest: int = 0,
) -> TargetReport:  # fmt: skip
    """A unit's report of a month; reported again, the old version stays on record.

    Conflict once the list is closed; Invalid for a month that is not over or not of the year.
    """
    if actor.token_id is not None:
        actor.require("figures:write")
    demand_unit(actor, found, machines=True)
    demand_status(found, *OPEN)
    month: date = given["month"].replace(day=1)
    if month.year != found.year or month > today().replace(day=1):
        raise wrong("month", f"{month:%Y-%m} 不是 {found.year} 年已开始的月份 (not a past month)")
    for field in ("text", "evidence"):
        if not given[field].strip():
            raise wrong(field, "请填写进展和佐证材料 (say what was done, with evidence)")
    item = item_of(session, found, given["target"])
    _supersede(session, item, month)
    made = TargetReport(
        item_id=item.id, month=month, value=given["value"], text=given["text"].strip(),
        counted=_counted(session, actor, found, item), evidence=given["evidence"].strip(),
        reported_by=actor.name,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its file needs its number
    if file is not None:
        _keep(session, made, file, largest)
    return made


def _counted(session: Session, actor: Actor, found: TargetList, item: TargetItem) -> Decimal | None:
    """What the register says at this moment."""
    told = standings(session, actor, [found])[0]
    value = next(one.value for one in told.items if one.item.id == item.id)
    return None if value is None else round(Decimal(value.numerator) / value.denominator, 4)


def _supersede(session: Session, item: TargetItem, month: date) -> None:
    old = session.scalar(
        select(TargetReport).where(
            TargetReport.item_id == item.id, TargetReport.month == month,
            TargetReport.superseded_at.is_(None),
        )
    )  # fmt: skip
    if old is not None:
        old.superseded_at = now()
        session.flush()  # one of a month stands


def _keep(session: Session, made: TargetReport, file: Evidence, largest: int) -> None:
    name, sent = plain_name(file[0]), file[1]
    size, media = size_of(sent, largest), media_of(sent, name)
    sent.seek(0)
    content = sent.read()
    session.add(ReportFile(report_id=made.id, name=name, media=media, size=size,
                           digest=hashlib.sha256(content).hexdigest(),
                           content=content))  # fmt: skip
    session.flush()


def file_of(session: Session, actor: Actor, number: int) -> ReportFile:
    """A report's file; NotFound where the list is another unit's."""
    row = session.execute(
        select(ReportFile, TargetItem.list_id)
        .join(TargetReport, TargetReport.id == ReportFile.report_id)
        .join(TargetItem, TargetItem.id == TargetReport.item_id)
        .where(ReportFile.report_id == number)
    ).first()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的佐证文件 (no such file)")
    get(session, actor, row[1])
    found: ReportFile = row[0]
    return found


def names(session: Session, reports: list[int]) -> dict[int, str]:
    """The names of the files of some reports."""
    query = select(ReportFile.report_id, ReportFile.name).where(ReportFile.report_id.in_(reports))
    return {number: name for number, name in session.execute(query)}
