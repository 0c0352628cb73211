"""Figures of one firm and year: the best source wins, what contradicts it waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.fields import nearest
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.models import SOURCES, Firm, FirmYear, Submission
from app.firms.queries import visible

EARLIEST_YEAR = 1990


class Typed(NamedTuple):
    """A value with the words in which it came."""

    value: Decimal | int | None
    words: str


Values = Mapping[str, Decimal | int | Typed | None]


@dataclass
class Reported:
    """What became of each indicator that was reported."""

    accepted: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def report_figures(
    session: Session,
    actor: Actor,
    firm: Firm,
    year: int,
    values: Values,
    *,
    source: str | None = None,
    origin_ref: str | None = None,
) -> Reported:
    """Store figures in their indicators' units; None clears one.

    A better source, or the same one with something newer, becomes the best known value. A lesser
    source that differs is kept as an open conflict and changes nothing.
    """
    actor.require("figures:write")
    whence = source or actor.source
    if whence not in SOURCES:
        raise Invalid(f"没有来源 {whence} (unknown source)" + nearest(whence, SOURCES))
    words = {code: _words(value) for code, value in values.items()}
    stored = checked(firm, year, {code: _plain(value) for code, value in values.items()})
    session.refresh(firm, with_for_update=True)  # two reports of one firm go one after the other
    best = _best(session, firm.id, year)
    _check_parts(session, firm.id, year, stored)
    done = Reported()
    for code, value in stored.items():
        row = Submission(
            firm_id=firm.id, year=year, indicator=code, value=value, source=whence,
            typed=words[code], origin_ref=origin_ref, recorded_by=actor.name,
        )  # fmt: skip
        _submit(session, row, best.get(code), done)
    _keep(session, firm.id, year, {code: stored[code] for code in done.accepted})
    return done


def _plain(value: Decimal | int | Typed | None) -> Decimal | int | None:
    return value.value if isinstance(value, Typed) else value


def _words(value: Decimal | int | Typed | None) -> str | None:
    if isinstance(value, Typed):
        return value.words
    return None if value is None else str(value)


def _submit(session: Session, row: Submission, best: Submission | None, done: Reported) -> None:
    if (None if best is None else best.value) == row.value:  # nothing said of nothing, too
        done.unchanged.append(row.indicator)
        return
    if best is not None and SOURCES.index(row.source) > SOURCES.index(best.source):
        if _already_open(session, row):
            done.unchanged.append(row.indicator)
        else:
            session.add(row)
            done.conflicts.append(row.indicator)
        return
    if best is not None:
        best.superseded_at = now()
        session.flush()  # only one value can be the best known one
    row.effective_at = now()
    session.add(row)
    done.accepted.append(row.indicator)


def _already_open(session: Session, row: Submission) -> bool:
    same = select(Submission.id).where(
        Submission.firm_id == row.firm_id,
        Submission.year == row.year,
        Submission.indicator == row.indicator,
        Submission.source == row.source,
        Submission.value.is_not_distinct_from(row.value),
        Submission.effective_at.is_(None),
        Submission.settled_at.is_(None),
    )
    return session.scalar(same.limit(1)) is not None


def settle(
    session: Session, actor: Actor, submission_id: int, *, accept: bool, reason: str | None = None
) -> Submission:
    """Decide a conflict: the contradicting value becomes the best known one, or is put aside."""
    actor.require("figures:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以裁定数据冲突 (only analysts settle conflicts)")
    row = session.scalar(
        select(Submission)
        .join(Firm, Firm.id == Submission.firm_id)
        .where(Submission.id == submission_id, visible(actor))
        .with_for_update()
    )
    if row is None:
        raise NotFound(f"没有编号为 {submission_id} 的数据冲突 (no such conflict)")
    if row.effective_at is not None or row.settled_at is not None:
        raise Conflict("该数据冲突已经处理 (already settled)")
    row.settled_at, row.settled_by, row.settled_reason = now(), actor.name, reason
    if accept:
        best = _best(session, row.firm_id, row.year).get(row.indicator)
        if best is not None:
            best.superseded_at = now()
        session.flush()  # only one value can be the best known one
        row.effective_at = now()
        _keep(session, row.firm_id, row.year, {row.indicator: row.value})
    session.flush()
    return row


def _best(session: Session, firm_id: int, year: int) -> dict[str, Submission]:
    rows = session.scalars(
        select(Submission).where(
            Submission.firm_id == firm_id,
            Submission.year == year,
            Submission.effective_at.is_not(None),
            Submission.superseded_at.is_(None),
        )
    )
    return {row.indicator: row for row in rows}


def _keep(session: Session, firm_id: int, year: int, values: Mapping[str, int | None]) -> None:
    """Bring the best known row up to date, in stored steps."""
    session.flush()
    if not values:
        return
    table = FirmYear.__table__
    typed = {code: type_coerce(value, BigInteger) for code, value in values.items()}
    session.execute(
        insert(FirmYear).values(firm_id=firm_id, year=year, **typed)
        .on_conflict_do_update(
            index_elements=["firm_id", "year"],
            set_=typed | {"version": table.c.version + 1, "updated_at": now()},
        )
    )  # fmt: skip


# --- checks -------------------------------------------------------------------------------------


def checked(
    firm: Firm, year: int, values: Mapping[str, Decimal | int | None]
) -> dict[str, int | None]:
    """Stored steps of every value, or Invalid with every fault at once."""
    faults: list[dict[str, str]] = []
    founded = EARLIEST_YEAR if firm.registered_on is None else firm.registered_on.year
    if not max(EARLIEST_YEAR, founded) <= year <= today().year:
        detail = (
            f"年度 {year} 不在 {max(EARLIEST_YEAR, founded)}–{today().year} (year out of range)"
        )
        faults.append({"pointer": "/year", "detail": detail})
    stored: dict[str, int | None] = {}
    for code, value in values.items():
        fault = _fault(code, value)
        if fault is not None:
            faults.append({"pointer": f"/{code}", "detail": fault})
        else:
            stored[code] = None if value is None else INDICATORS[code].stored(Decimal(value))
    if faults:
        raise Invalid(f"{faults[0]['pointer']}: {faults[0]['detail']}", errors=faults)
    return stored


def _fault(code: str, value: Decimal | int | None) -> str | None:
    entry = INDICATORS.get(code)
    if entry is None:
        return f"没有指标 {code} (unknown indicator)" + nearest(code, INDICATORS)
    if value is None:
        return None
    number = Decimal(value)
    if not number.is_finite() or not entry.smallest <= number <= entry.largest:
        return (f"{entry.zh}应在 {entry.smallest} 至 {entry.largest} 之间：请核对数值和单位 "
                f"(out of range: check value and unit)")  # fmt: skip
    if entry.stored(number) is None:
        decimals = len(str(entry.scale)) - 1
        return f"{entry.zh}最多 {decimals} 位小数 (at most {decimals} decimals)"
    return None


def _check_parts(
    session: Session, firm_id: int, year: int, stored: Mapping[str, int | None]
) -> None:
    """A part never exceeds its whole, whichever of the two is reported."""
    bounded = [e for e in INDICATORS.values() if e.at_most and {e.code, e.at_most} & set(stored)]
    if not bounded:
        return
    known = _known(session, firm_id, year, bounded) | dict(stored)
    faults = [
        {"pointer": f"/{part.code}", "detail": _exceeds(part, known)}
        for part in bounded
        if (low := known.get(part.code)) is not None
        and (high := known.get(str(part.at_most))) is not None
        and low > high
    ]
    if faults:
        raise Invalid(faults[0]["detail"], errors=faults)


def _known(
    session: Session, firm_id: int, year: int, bounded: list[Indicator]
) -> dict[str, int | None]:
    table = FirmYear.__table__
    codes = sorted({e.code for e in bounded} | {str(e.at_most) for e in bounded})
    columns = [type_coerce(table.c[code], BigInteger).label(code) for code in codes]
    query = select(*columns).where(FirmYear.firm_id == firm_id, FirmYear.year == year)
    row = session.execute(query).mappings().first()
    return {} if row is None else dict(row)


def _exceeds(part: Indicator, known: Mapping[str, int | None]) -> str:
    whole = INDICATORS[str(part.at_most)]
    low, high = known[part.code], known[whole.code]
    shown = f"{part.shown(low or 0)} > {whole.shown(high or 0)}"
    return f"{part.zh}大于{whole.zh}（{shown}）：请核对 ({part.en} exceeds {whole.en}: check both)"
