"""Firms as real rows, one or thousands at a time, from the notation of the case files."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.firms.catalogue import INDICATORS
from app.firms.models import (
    Designation,
    Firm,
    FirmYear,
    Incident,
    Judgement,
    RecordCheck,
    Residency,
)
from app.innovation.models import Award, IpRight, Platform, Standard
from tests.criteria.facts import FirmFacts, Record, parsed

CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHECKED_ON = date(2016, 1, 1)
# Rows with and without a value go in one statement.
TOGETHER = {"render_nulls": True}
_serial = count(1)


def credit_code(serial: int, region: str = "500114") -> str:
    """A sound unified social credit code (GB 32100-2015, organisation code GB 11714)."""
    body = f"{serial:08d}"
    weighed = sum(int(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    body += {10: "X", 11: "0"}.get(11 - weighed % 11, str(11 - weighed % 11))
    stem = f"91{region}{body}"
    total = sum(CODE_LETTERS.index(c) * pow(3, i, 31) for i, c in enumerate(stem))
    return stem + CODE_LETTERS[-total % 31]


def make_firm(session: Session, name: str | None = None, **facts: Any) -> int:
    """One firm; keywords as in the case files: firm, figures, rights, designations, …"""
    return insert_firms(session, [parsed(facts)], names=[name] if name else None)[0]


def insert_firms(
    session: Session, firms: Sequence[FirmFacts], names: Sequence[str] | None = None
) -> list[int]:
    """All firms and their facts, one statement per table; their numbers in the same order."""
    rows = [_firm_row(facts) for facts in firms]
    for row, name in zip(rows, names or (), strict=names is not None):
        row |= {"name": name, "name_search": name.lower()}
    returning = insert(Firm).returning(Firm.id, sort_by_parameter_order=True)
    ids = list(session.scalars(returning, rows, execution_options=TOGETHER))
    pairs = list(zip(ids, firms, strict=True))
    _store(session, FirmYear.__table__, (row for i, f in pairs for row in _year_rows(i, f)))
    _store(session, Designation, (_designation(i, r) for i, f in pairs for r in f.designations))
    if any(f.residencies for f in firms):
        incubator = _incubator(session)
        _store(session, Residency,
               (_residency(i, incubator, r) for i, f in pairs for r in f.residencies))  # fmt: skip
    _store(session, IpRight, (_right(i, r) for i, f in pairs for r in f.rights))
    _store(session, Award, (_ranked(i, r, "awarded_on") for i, f in pairs for r in f.awards))
    _store(session, Standard,
           (_ranked(i, r, "published_on") for i, f in pairs for r in f.standards))  # fmt: skip
    _store(session, Platform, (_rd_body(i, r) for i, f in pairs for r in f.rd_bodies))
    _store(session, Incident, (_incident(i, r) for i, f in pairs for r in f.incidents))
    _store(session, Judgement, (_judgement(i, k, v) for i, f in pairs
                                for k, v in f.judgements.items()))  # fmt: skip
    _store(session, RecordCheck, ({"firm_id": i, "kind": kind, "checked_on": CHECKED_ON}
                                  for i, f in pairs for kind in sorted(f.checked)))  # fmt: skip
    return ids


def _store(session: Session, table: Any, rows: Iterable[Record]) -> None:
    """One bulk insert, unless there is nothing to insert."""
    if found := list(rows):
        session.execute(insert(table), found, execution_options=TOGETHER)


ATTRIBUTES = (
    "registered_on",
    "region_code",
    "industry_code",
    "hightech_field",
    "resident_enterprise",
)


def _firm_row(facts: FirmFacts) -> Record:
    serial = next(_serial)
    name = f"黔江测试企业{serial}有限公司"
    if strange := set(facts.attributes) - set(ATTRIBUTES):
        raise ValueError(f"firms have no {strange}")
    return {
        "credit_code": credit_code(serial),
        "name": name,
        "name_search": name,
        "pinyin": f"qianjiangceshiqiye{serial:06d}",
    } | {key: facts.attributes.get(key) for key in ATTRIBUTES}


def _year_rows(firm_id: int, facts: FirmFacts) -> Iterable[Record]:
    for year in sorted({year for _, year in facts.figures}):
        row: Record = {"firm_id": firm_id, "year": year}
        for code, indicator in INDICATORS.items():
            value = facts.figures.get((code, year))
            if value is not None and indicator.kind == "percent":
                value = value * 100
            row[code] = value if value is None or indicator.kind == "money" else int(value)
        yield row


def _range(record: Record) -> Range[date]:
    """From the first to the last day, as the database keeps it: the end is not included."""
    last = record.get("to")
    return Range(record["from"], None if last is None else last + timedelta(days=1))


def _designation(firm_id: int, record: Record) -> Record:
    return {
        "firm_id": firm_id,
        "kind": record["kind"],
        "valid": _range(record),
        "granted_under": record.get("under"),
    }


def _incubator(session: Session) -> int:
    serial = next(_serial)
    row = {"code": f"incubator-{serial}", "name": f"测试孵化器{serial}", "kind": "incubator",
           "demo": False}  # fmt: skip
    return session.scalars(insert(Organisation).returning(Organisation.id), [row]).one()


def _residency(firm_id: int, incubator: int, record: Record) -> Record:
    return {
        "firm_id": firm_id,
        "incubator_id": incubator,
        "during": _range(record),
        "premises_inside": record.get("premises_inside"),
        "field": record.get("field"),
    }


def _right(firm_id: int, record: Record) -> Record:
    answers = ("owner_rank", "acquired", "acquired_on", "disputed", "core_support",
               "main_product", "earning")  # fmt: skip
    return {
        "firm_id": firm_id,
        "kind": record["kind"],
        "title": "一种测试装置",
        "granted_on": record.get("granted"),
        "ended_on": record.get("ended"),
        "high_value": record.get("high_value", []),
        "used_in": record.get("used_in", []),
    } | {key: record.get(key) for key in answers}


def _ranked(firm_id: int, record: Record, day: str) -> Record:
    return {"firm_id": firm_id, "name": "测试", "level": record["level"],
            "rank": record.get("rank"), day: record["day"]}  # fmt: skip


def _rd_body(firm_id: int, record: Record) -> Record:
    days, name = _range(record), f"测试研发中心{next(_serial)}"
    return {"firm_id": firm_id, "name": name, "kind": "rd_centre", "level": record["level"],
            "happened_on": days.lower, "ended_on": days.upper}  # fmt: skip


def _incident(firm_id: int, record: Record) -> Record:
    return {"firm_id": firm_id, "kind": record["kind"], "happened_on": record["day"],
            "ended_on": record.get("ended")}  # fmt: skip


def _judgement(firm_id: int, criterion: str, value: bool | int) -> Record:
    answer = isinstance(value, bool)
    return {
        "firm_id": firm_id,
        "criterion": criterion,
        "holds": value if answer else None,
        "points": None if answer else value,
        "evidence": "现场核实",
        "judged_on": CHECKED_ON,
    }
