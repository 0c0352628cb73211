"""What templates are filled in with: the current values of firms that the asker may know of."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Select, select, type_coerce
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.attraction import queries as leads
from app.attraction.models import Lead
from app.carriers import queries as carriers
from app.core import scratch
from app.core.errors import Invalid, NotFound
from app.exchange import record_rows, templates
from app.exchange.kinds import TEMPLATES
from app.exchange.others import OTHERS, Other
from app.exchange.readings import EARLIEST_YEAR
from app.exchange.templates import Row, Template
from app.firms.catalogue import INDICATORS
from app.firms.divisions import names as districts
from app.firms.models import Firm, FirmYear
from app.firms.record_kinds import FactKind
from app.pipeline.records import BY_PATH
from app.workbench import benches
from app.workbench.exporting import names_of
from app.workbench.record_lists import cell

AT_ONCE = 1_000
OWN_ROWS: Mapping[str, Callable[[Session, Actor], Select[Any]]] = {
    "leads": lambda session, actor: select(Lead)
    .where(leads.visible(session, actor)).order_by(Lead.since, Lead.id),
    "carriers": lambda _session, actor: carriers.kept(actor),
}  # fmt: skip
YES_OR_NO = {True: ("是", "yes"), False: ("否", "no")}


def template(name: str) -> Template:
    """A template by name; NotFound names those there are."""
    if name not in TEMPLATES:
        raise NotFound(f"没有模板“{name}”：有 {'、'.join(TEMPLATES)} (no such template)")
    return TEMPLATES[name]


@contextmanager
def written(
    session: Session, actor: Actor, wanted: Template, *, year: int | None, on: str | None
) -> Iterator[tuple[Path, int]]:
    """A template as a file for as long as the block lasts, and how many rows it was filled with.

    `on` is the query of the register whose firms are filled in ("": all that the actor keeps);
    None leaves the template empty.
    """
    rows = iter(()) if on is None else _rows(session, actor, wanted, year, on)
    with scratch.folder() as folder:
        path = folder / "template.xlsx"
        yield path, templates.write(path, wanted, actor.locale, rows)


def _rows(
    session: Session, actor: Actor, wanted: Template, year: int | None, on: str
) -> Iterator[Row]:
    if wanted.name in OTHERS:
        yield from _others(session, actor, OTHERS[wanted.name], wanted)
        return
    bench = benches.from_query(session, actor, "firms", on)
    if wanted.name in BY_PATH:
        yield from _records(session, BY_PATH[wanted.name], wanted, bench.found(Firm.id),
                            actor.locale)  # fmt: skip
        return
    if wanted is templates.FIRMS:
        yield from _firms(session, bench.found(Firm), actor.locale)
        return
    if year is None or not EARLIEST_YEAR <= year <= bench.day.year:
        raise Invalid(
            f"请给出年度（{EARLIEST_YEAR} 至 {bench.day.year}）(say which year)",
            errors=[{"parameter": "year", "detail": "缺少年度 (missing)"}],
        )
    rows = _figures(session, bench.found(Firm.credit_code, Firm.name), year)
    if wanted is templates.FIGURES_LONG:
        yield from templates.unpivoted(wanted, rows)
    else:
        yield from rows


def _firms(session: Session, query: Select[Any], locale: str) -> Iterator[Row]:
    names = districts()
    found = session.scalars(query.order_by(Firm.pinyin, Firm.id).execution_options(
        yield_per=AT_ONCE))  # fmt: skip
    for firm in found:
        row = {field.name: templates.in_unit(field, getattr(firm, field.name, None))
               for field in templates.FIRM_FIELDS}  # fmt: skip
        row["region"] = names.get(firm.region_code or "", firm.region_code)
        if firm.resident_enterprise is not None:
            row["resident_enterprise"] = YES_OR_NO[firm.resident_enterprise][locale == "en"]
        if firm.registered_capital is None:
            row["registered_capital"] = firm.registered_capital_typed
        yield row


def _records(
    session: Session, kind: FactKind, wanted: Template, firms: Select[Any], locale: str
) -> Iterator[Row]:
    """The records that stand of these firms, in the words that an import takes."""
    model, shown = kind.model, record_rows.written(kind)
    fields = {field.name: field for field in wanted.fields}
    bodies = names_of(session, "zh")
    query = (
        select(model, Firm.credit_code, Firm.name).join(Firm, Firm.id == model.firm_id)
        .where(Firm.id.in_(firms), model.superseded_at.is_(None), Firm.credit_code.is_not(None))
        .order_by(Firm.pinyin, Firm.id, model.id)
    )  # fmt: skip
    for fact, code, name in session.execute(query.execution_options(yield_per=AT_ONCE)):
        row: Row = {"credit_code": code, "firm_name": name}
        for item in shown:
            value = kind.value(fact, item.name)
            if item.kind == "firm" and value is not None:
                row[item.name] = session.get_one(Firm, value).credit_code
            else:
                said = cell(kind, item, value, bodies, locale)
                row[item.name] = templates.in_unit(fields[item.name], said)
        yield row


def _others(session: Session, actor: Actor, kind: Other, wanted: Template) -> Iterator[Row]:
    """Every lead that the actor knows of, or every carrier that it keeps."""
    kind.check(session, actor)
    fields, bodies = {field.name: field for field in wanted.fields}, names_of(session, "zh")
    found = OWN_ROWS[kind.path](session, actor)
    for one in session.scalars(found.execution_options(yield_per=AT_ONCE)):
        yield {
            item.name: templates.in_unit(
                fields[item.name],
                cell(kind, item, getattr(one, item.name), bodies, actor.locale),
            )
            for item in record_rows.written(kind)
        }


def _figures(session: Session, query: Select[Any], year: int) -> Iterator[Row]:
    table = FirmYear.__table__
    columns = [type_coerce(table.c[code], BigInteger).label(code) for code in INDICATORS]
    joined = query.add_columns(*columns).outerjoin(
        FirmYear, (FirmYear.firm_id == Firm.id) & (FirmYear.year == year)
    )
    fields = templates.FIGURES_WIDE.fields
    ordered = joined.where(Firm.credit_code.is_not(None)).order_by(Firm.pinyin, Firm.id)
    for found in session.execute(ordered.execution_options(yield_per=AT_ONCE)).mappings():
        row: Row = {"credit_code": found["credit_code"], "name": found["name"], "year": year}
        for field in fields:
            stored = found.get(field.name) if field.name in INDICATORS else None
            if stored is not None:
                row[field.name] = templates.in_unit(field, INDICATORS[field.name].shown(stored))
        yield row
