"""Firms from rows: read every cell, then one upsert by credit code."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.acting import whole_district
from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.exchange import values
from app.exchange.mapping import Column, Mapping
from app.exchange.report import Fault, Report
from app.firms.divisions import code_of
from app.firms.models import Firm, Location, Residency
from app.firms.names import credit_code_fault, normal, search_columns
from app.firms.queries import visible

FIELDS = (
    "name",
    "name_search",
    "pinyin",
    "registered_on",
    "region_code",
    "address",
    "industry_code",
    "hightech_field",
    "chain",
    "resident_enterprise",
    "legal_form",
    "business_scope",
    "registered_capital",
    "registered_capital_typed",
)
REPLACEMENT = "\ufffd"

CREATE = """
create temporary table incoming_firm (
  row_no int, credit_code text, name text, name_search text, pinyin text, registered_on date,
  region_code text, address text, industry_code text, hightech_field text, chain text,
  resident_enterprise boolean, legal_form text, business_scope text, registered_capital bigint,
  registered_capital_typed text
) on commit drop
"""
VERDICTS = """
select incoming.row_no, firm.id, {changed} as changed
from incoming_firm as incoming left join firm using (credit_code)
"""
UPSERT = """
insert into firm (credit_code, source, {fields})
select credit_code, %(source)s, {fields} from incoming_firm
where row_no = any(%(rows)s)
on conflict (credit_code) do update set {assignments}
returning id
"""


def read_row(
    row_no: int, cells: list[Any], columns: list[Column | None], mapping: Mapping, report: Report
) -> dict[str, Any] | None:
    """One row's values, or None with every fault noted."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for column, cell in zip(columns, cells, strict=False):
        if column is None:
            continue
        typed = values.folded(cell) if not isinstance(cell, date) else cell
        if isinstance(typed, str) and values.is_missing(typed, mapping.missing):
            continue
        try:
            found |= _value(column, cell, str(typed), mapping, row_no, report)
        except values.Unreadable as error:
            faults.append(Fault(row_no, column.header, str(typed)[:80], error.zh, error.en))
    faults += _required(row_no, found, faults)
    if faults:
        report.faults += faults
        return None
    return found | search_columns(found["name"])


def _value(
    column: Column, cell: Any, typed: str, mapping: Mapping, row_no: int, report: Report
) -> dict[str, Any]:
    match column.field:
        case "credit_code":
            code = typed.upper()
            if fault := credit_code_fault(code):
                raise values.Unreadable(
                    f"统一社会信用代码有误（{fault}）：请核对营业执照",
                    f"unsound credit code ({fault}): check the licence",
                )
            return {"credit_code": code}
        case "registered_on":
            return {"registered_on": _past(values.day(cell))}
        case "registered_capital":
            return _capital(column, typed, row_no, report)
        case "region":
            return {"region_code": _region(typed, mapping, row_no, column, report)}
        case "resident_enterprise":
            return {"resident_enterprise": values.yes_or_no(typed)}
        case "name":
            return {"name": _readable(normal(typed))}
    return {column.field: _readable(typed)}


def _past(day: date) -> date:
    if day > today():
        raise values.Unreadable("日期在将来：请核对", "the date lies in the future: check it")
    return day


def _readable(text_: str) -> str:
    if REPLACEMENT in text_ or any(ord(c) < 32 for c in text_.replace("\n", "").replace("\t", "")):
        raise values.Unreadable(
            "文字已损坏（乱码）：请从原始系统重新导出",
            "garbled text: export it again from its source",
        )
    return text_


def _capital(column: Column, typed: str, row_no: int, report: Report) -> dict[str, Any]:
    try:
        yuan = values.amount(typed, column.scale)
    except values.ForeignCurrency as error:
        report.notes.append(
            Fault(
                row_no,
                column.header,
                typed,
                error.zh + "；已按原文保存",
                error.en + "; kept as typed",
            )
        )
        return {"registered_capital_typed": typed}
    return {"registered_capital": int(yuan * 100), "registered_capital_typed": typed}


def _region(
    typed: str, mapping: Mapping, row_no: int, column: Column, report: Report
) -> str | None:
    if typed in mapping.regions:
        code = mapping.regions[typed]
    else:
        code = code_of(typed)
        if code is None:
            raise values.Unreadable(
                f"没有行政区划“{typed}”：请填区县全名或 6 位代码，或在映射的 regions 中指明",
                f"no district {typed!r}: give its full name or code, or map it under regions",
            )
    if code is None:
        report.notes.append(
            Fault(
                row_no,
                column.header,
                typed,
                f"“{typed}”跨多个区县，行政区划留空",
                f"{typed!r} spans several districts: left unknown",
            )
        )
    return code


def _required(row_no: int, found: dict[str, Any], faults: list[Fault]) -> list[Fault]:
    told = {fault.column for fault in faults}
    missing = []
    for field, zh, en in (
        ("name", "企业名称", "name"),
        ("credit_code", "统一社会信用代码", "credit code"),
    ):
        if field not in found and zh not in told and not faults:
            missing.append(Fault(row_no, zh, "", f"缺{zh}：请补填", f"{en} is missing: fill it in"))
    return missing


def upsert(
    session: Session,
    actor: Actor,
    rows: Iterable[tuple[int, dict[str, Any]]],
    report: Report,
    *,
    source: str,
    clear: frozenset[str] = frozenset(),
) -> None:
    """Create, update or leave alone; faults of whole rows (duplicates, scope) are added."""
    limited = _limited(actor)
    seen = set(session.scalars(select(Firm.id).where(visible(actor)))) if limited else None
    with whole_district(session):  # a code may belong to a firm that this actor cannot see
        cursor = _brought_in(session, rows, report)
        kept = _sort_out(session, report, seen, clear)
        fields = ", ".join(FIELDS)
        assignments = ", ".join(f"{f} = {_kept(f, clear, 'excluded')}" for f in FIELDS)
        cursor.execute(
            UPSERT.format(fields=fields, assignments=assignments), {"source": source, "rows": kept}
        )
        report.changed_firms += [row[0] for row in cursor.fetchall()]
        if limited:
            _take_in(session, actor, report.changed_firms)


def _brought_in(
    session: Session, rows: Iterable[tuple[int, dict[str, Any]]], report: Report
) -> Any:
    """The rows in a temporary table, and a cursor beside it."""
    session.execute(text("drop table if exists incoming_firm"))
    session.execute(text(CREATE))
    cursor = session.connection().connection.cursor()
    names = ("row_no", "credit_code", *FIELDS)
    with cursor.copy(f"copy incoming_firm ({', '.join(names)}) from stdin") as copy:
        for row_no, found in _first_of_each(rows, report):
            copy.write_row([row_no, *(found.get(name) for name in names[1:])])
    return cursor


def _take_in(session: Session, actor: Actor, written: list[int]) -> None:
    """A firm that an incubator or park enters is its own from today."""
    new = select(Firm.id).where(Firm.id.in_(written), ~visible(actor))
    given = {"during": Range(today(), None), "source": actor.source, "recorded_by": actor.name}
    for firm_id in session.scalars(new).all():
        if actor.role is Role.INCUBATOR_MANAGER:
            stay = Residency(firm_id=firm_id, incubator_id=actor.organisation_id, **given)
            session.add(stay)
        else:
            session.add(Location(firm_id=firm_id, park_id=actor.organisation_id, **given))
    session.flush()  # what is read next goes by the new place


def _limited(actor: Actor) -> bool:
    return actor.organisation_id is not None and actor.source != "bureau"


def _first_of_each(
    rows: Iterable[tuple[int, dict[str, Any]]], report: Report
) -> Iterator[tuple[int, dict[str, Any]]]:
    first: dict[str, int] = {}
    for row_no, found in rows:
        code = found["credit_code"]
        if code in first:
            report.faults.append(
                Fault(
                    row_no,
                    "统一社会信用代码",
                    code,
                    f"与第 {first[code]} 行重复：同一企业只能有一行",
                    f"repeats row {first[code]}: one row per firm",
                )
            )
            continue
        first[code] = row_no
        yield row_no, found


def _kept(field: str, clear: frozenset[str], incoming: str) -> str:
    """A blank cell leaves the value as it is, unless clearing was chosen for its column."""
    if field in clear:
        return f"{incoming}.{field}"
    return f"coalesce({incoming}.{field}, firm.{field})"


def _sort_out(
    session: Session, report: Report, seen: set[int] | None, clear: frozenset[str]
) -> list[int]:
    """Count created, updated, unchanged; returns the rows to be written."""
    now_ = ", ".join(_kept(f, clear, "incoming") for f in FIELDS)
    old = ", ".join(f"firm.{f}" for f in FIELDS)
    changed = f"row({now_}) is distinct from row({old})"
    kept = []
    for row_no, firm_id, differs in session.execute(text(VERDICTS.format(changed=changed))):
        if firm_id is not None and seen is not None and firm_id not in seen:
            report.faults.append(
                Fault(
                    row_no,
                    "统一社会信用代码",
                    "",
                    "该企业不在您的管理范围内",
                    "this firm is not yours to keep",
                )
            )
            continue
        outcome = "created" if firm_id is None else "updated" if differs else "unchanged"
        setattr(report, outcome, getattr(report, outcome) + 1)
        report.outcomes[row_no] = outcome
        if outcome != "unchanged":
            kept.append(row_no)
    return kept
