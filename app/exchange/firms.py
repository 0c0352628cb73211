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
from app.exchange.headers import Column
from app.exchange.mapping import Mapping
from app.exchange.readings import code_fault
from app.exchange.report import Fault, Report
from app.exchange.scope import is_limited, known_to
from app.firms.catalogue import LARGEST_YUAN
from app.firms.divisions import code_of
from app.firms.models import Firm, Location, Residency
from app.firms.names import normal, search_columns
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
REQUIRED = (("name", "企业名称", "name"), ("credit_code", "统一社会信用代码", "credit code"))
LONGEST = {
    "name": 200,
    "address": 500,
    "hightech_field": 20,
    "chain": 100,
    "legal_form": 100,
    "registered_capital": 100,
    "business_scope": 5_000,
}
SHORTEST_NAME = 2
SHOWN = 80
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
select incoming.row_no, incoming.credit_code, firm.id, {changed} as changed
from incoming_firm as incoming left join firm using (credit_code)
"""
# A firm is still found by the name it bore.
RENAME = """
insert into former_name (firm_id, name, name_search, until)
select firm.id, firm.name, firm.name_search, %(today)s
from incoming_firm as incoming join firm using (credit_code)
where incoming.row_no = any(%(rows)s::int[]) and incoming.name <> firm.name
on conflict do nothing
"""
UPSERT = """
insert into firm (credit_code, source, {fields})
select credit_code, %(source)s, {fields} from incoming_firm
where row_no = any(%(rows)s::int[])
on conflict (credit_code) do update set {assignments}
returning id
"""


def read_row(
    row_no: int, cells: list[Any], columns: list[Column | None], mapping: Mapping, report: Report
) -> dict[str, Any]:
    """One row's readable values; every fault is noted."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    given: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column is None:
            continue
        given[column.field] = column.header
        typed = values.folded(cell) if not isinstance(cell, date) else cell
        if isinstance(typed, str) and values.is_missing(typed, mapping.missing):
            continue
        try:
            found |= _value(column, cell, str(typed), mapping, row_no, report)
        except values.Unreadable as error:
            faults.append(Fault(row_no, column.header, str(typed)[:SHOWN], error.zh, error.en))
            given.pop(column.field)
    faults += [
        Fault(row_no, header, "", f"缺{zh}：请补填", f"{en} is missing: fill it in")
        for field, zh, en in REQUIRED
        if field not in found and (header := given.get(field)) is not None
    ]
    report.faults += faults
    return found | search_columns(found["name"]) if "name" in found else found


def _value(
    column: Column, cell: Any, typed: str, mapping: Mapping, row_no: int, report: Report
) -> dict[str, Any]:
    match column.field:
        case "credit_code":
            code = typed.upper()
            if fault := code_fault(code):
                raise values.Unreadable(*fault)
            return {"credit_code": code}
        case "registered_on":
            return {"registered_on": _past(values.day(cell))}
        case "registered_capital":
            return _capital(column, _readable(column.field, typed), row_no, report)
        case "region":
            return {"region_code": _region(typed, mapping, row_no, column, report)}
        case "resident_enterprise":
            return {"resident_enterprise": values.yes_or_no(typed)}
        case "industry_code":
            return {"industry_code": values.industry(typed)}
        case "name":
            return {"name": _name(normal(typed))}
    return {column.field: _readable(column.field, typed)}


def _past(day: date) -> date:
    if day > today():
        raise values.Unreadable("日期在将来：请核对", "the date lies in the future: check it")
    return day


def _name(name: str) -> str:
    if len(name) < SHORTEST_NAME:
        raise values.Unreadable("企业名称太短：请填全称", "the name is too short: type it in full")
    return _readable("name", name)


def _readable(field: str, text_: str) -> str:
    if REPLACEMENT in text_ or any(ord(c) < 32 for c in text_.replace("\n", "").replace("\t", "")):
        raise values.Unreadable(
            "文字已损坏（乱码）：请从原始系统重新导出",
            "garbled text: export it again from its source",
        )
    if len(text_) > LONGEST[field]:
        raise values.Unreadable(
            f"有 {len(text_):,} 字，最多 {LONGEST[field]} 字：请缩短，或检查是否串列",
            f"{len(text_):,} characters, at most {LONGEST[field]}: shorten it, "
            "or look for shifted columns",
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
    if not 0 <= yuan <= LARGEST_YUAN:
        raise values.Unreadable(
            f"金额应在 0 至 {LARGEST_YUAN:,} 元之间：请核对数值和单位",
            f"the amount must lie in 0–{LARGEST_YUAN:,} yuan: check value and unit",
        )
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
                f"没有行政区划“{typed[:SHOWN]}”：请填区县名称（如 黔江、渝中区）或 6 位代码；"
                "开发区填所在区县，不清楚则留空",
                f"no district {typed[:SHOWN]!r}: give the name of a district (黔江, 渝中区) or its "
                "code; of a development zone its district; leave it out where that is unknown",
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


def upsert(
    session: Session,
    actor: Actor,
    rows: Iterable[tuple[int, dict[str, Any]]],
    report: Report,
    *,
    source: str,
    clear: frozenset[str] = frozenset(),
    dry_run: bool = False,
) -> None:
    """Create, update or leave alone; faults of whole rows (duplicates, scope) are added.

    A dry run counts what would become of each row, and locks nothing.
    """
    known = known_to(session, actor)
    with whole_district(session):  # a code may belong to a firm that this actor cannot see
        cursor = _brought_in(session, rows, report)
        kept = _sort_out(session, report, known, clear)
        if dry_run:
            return
        cursor.execute(RENAME, {"rows": kept, "today": today()})
        fields = ", ".join(FIELDS)
        assignments = ", ".join(f"{f} = {_kept(f, clear, 'excluded')}" for f in FIELDS)
        cursor.execute(
            UPSERT.format(fields=fields, assignments=assignments), {"source": source, "rows": kept}
        )
        report.changed_firms += [row[0] for row in cursor.fetchall()]
        cursor.execute("drop table incoming_firm")
        if is_limited(actor):
            _take_in(session, actor, report.changed_firms)


def _brought_in(
    session: Session, rows: Iterable[tuple[int, dict[str, Any]]], report: Report
) -> Any:
    """The rows in a temporary table, and a cursor beside it."""
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


def _first_of_each(
    rows: Iterable[tuple[int, dict[str, Any]]], report: Report
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows without a fault; a code that comes twice is one, whatever else is wrong there."""
    first: dict[str, int] = {}
    for row_no, found in rows:
        code = found.get("credit_code")
        if code in first:
            report.faults.append(
                Fault(
                    row_no,
                    "credit_code",
                    code,
                    f"与第 {first[code]} 行重复：同一企业只能有一行",
                    f"repeats row {first[code]}: one row per firm",
                )
            )
        elif code is not None:
            first[code] = row_no
        if not report.last_faulty(row_no):
            yield row_no, found


def _kept(field: str, clear: frozenset[str], incoming: str) -> str:
    """A blank cell leaves the value as it is, unless clearing was chosen for its column."""
    if field in clear:
        return f"{incoming}.{field}"
    if field == "registered_capital":  # of a foreign amount the yuan are not known any more
        return (f"case when {incoming}.registered_capital_typed is null "
                f"then firm.{field} else {incoming}.{field} end")  # fmt: skip
    return f"coalesce({incoming}.{field}, firm.{field})"


def _sort_out(
    session: Session, report: Report, seen: set[int] | None, clear: frozenset[str]
) -> list[int]:
    """Count created, updated, unchanged; returns the rows to be written."""
    now_ = ", ".join(_kept(f, clear, "incoming") for f in FIELDS)
    old = ", ".join(f"firm.{f}" for f in FIELDS)
    changed = f"row({now_}) is distinct from row({old})"
    kept = []
    verdicts = session.execute(text(VERDICTS.format(changed=changed)))
    for row_no, code, firm_id, differs in verdicts:
        if firm_id is not None and seen is not None and firm_id not in seen:
            report.faults.append(
                Fault(
                    row_no,
                    "credit_code",
                    code,
                    "这个代码不能由您写入：请核对代码，或请科技局办理",
                    "this code is not yours to write: check it, or ask the bureau",
                )
            )
            continue
        outcome = "created" if firm_id is None else "updated" if differs else "unchanged"
        setattr(report, outcome, getattr(report, outcome) + 1)
        report.outcomes[row_no] = outcome
        if outcome != "unchanged":
            kept.append(row_no)
    return kept
