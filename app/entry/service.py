"""Saving blocks of the grid: sound cells become figures at once, faulty ones are kept as drafts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from sqlalchemy import ARRAY, Integer, Text, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.core.errors import Invalid
from app.entry import queries
from app.entry.columns import scale_of
from app.entry.models import EntryDraft
from app.entry.schemas import CellIn, CellsIn, Status
from app.exchange import figures, values
from app.exchange.readings import EARLIEST_YEAR, Reading, steps_of
from app.exchange.report import Report
from app.firms import reporting
from app.firms.catalogue import INDICATORS, Label
from app.firms.models import Firm
from app.pipeline.service import assess

ORIGIN = "entry"
Key = tuple[int, str]


@dataclass
class Cell:
    """One cell on its way: what it says in stored steps, and what became of it."""

    firm: int
    column: str
    text: str
    unit: str
    value: int | None = None
    status: Status = "unchanged"
    fault: Label | None = None

    @property
    def key(self) -> Key:
        """Firm and indicator."""
        return self.firm, self.column

    def refuse(self, zh: str, en: str) -> None:
        """It cannot be stored, for this reason."""
        self.status, self.fault = "faulty", Label(zh=zh, en=en)


@dataclass(frozen=True)
class Saved:
    """Every cell of a block with its result, and the firms among them that the actor may know."""

    cells: list[Cell]
    firms: frozenset[int]

    @property
    def columns(self) -> list[str]:
        """Their indicators."""
        return sorted({cell.column for cell in self.cells if cell.column in INDICATORS})


class _RolledBack(Exception):
    """Leaves the savepoint of a try with faults."""


def save(session: Session, actor: Actor, block: CellsIn) -> Saved:
    """Store what is sound; each cell has its own result. The same block twice changes nothing."""
    actor.require("figures:write")
    found = _read(block)
    firms = queries.lock(session, actor, [cell.firm for cell in found])
    found += _waiting_beside(session, actor, block, found)
    for cell in found:
        if cell.firm not in firms:
            cell.refuse(
                f"没有编号为 {cell.firm} 的企业：请刷新页面",
                f"no firm has the number {cell.firm}: reload the page",
            )
    changed = _store(session, actor, firms, found, block.year)
    if changed:
        assess(session, sorted(changed), today())
    if actor.user_id is not None:
        _keep_drafts(session, actor.user_id, block.year, [c for c in found if c.firm in firms])
    return Saved(found, frozenset(firms))


def _waiting_beside(
    session: Session, actor: Actor, block: CellsIn, found: list[Cell]
) -> list[Cell]:
    """Drafts that may have been refused only beside what is mended now: a part and its whole."""
    said = {cell.key for cell in found}
    drafts = queries.drafts(session, actor, block.year, {cell.firm for cell in found})
    return [
        _parsed(CellIn(firm=d.firm_id, column=d.indicator, text=d.typed), d.unit, clear=False)
        for d in drafts
        if (d.firm_id, d.indicator) not in said
        and any((d.firm_id, code) in said for code in _bound_to(d.indicator))
    ]


def _bound_to(code: str) -> set[str]:
    """Its whole, and its parts."""
    parts = {entry.code for entry in INDICATORS.values() if entry.at_most == code}
    whole = INDICATORS[code].at_most if code in INDICATORS else None
    return parts | ({whole} if whole else set())


def _read(block: CellsIn) -> list[Cell]:
    """Cells in stored steps; a cell that is there twice counts as it was last said."""
    latest = {(cell.firm, cell.column): cell for cell in block.cells}
    found = [_parsed(cell, block.unit, clear=block.clear) for cell in latest.values()]
    if not EARLIEST_YEAR <= block.year <= today().year:
        for cell in found:
            cell.refuse(
                f"年度应在 {EARLIEST_YEAR} 至 {today().year} 之间：请换一个年度",
                f"the year must lie in {EARLIEST_YEAR}–{today().year}: choose another",
            )
    return found


def _parsed(given: CellIn, unit: str, *, clear: bool) -> Cell:
    cell = Cell(given.firm, given.column, given.text.strip(), unit)
    entry = INDICATORS.get(given.column)
    if entry is None:
        cell.refuse(f"没有指标 {given.column}：请刷新页面", "no such indicator: reload the page")
        return cell
    text = values.folded(given.text)
    if values.is_missing(text):
        cell.status = "unchanged" if clear else "skipped"
        return cell
    try:
        if "\x00" in text:
            raise values.Unreadable("含有空字符：请重新填写", "a null character: type it again")
        cell.value = steps_of(entry, text, scale_of(entry, unit))
    except values.Unreadable as error:
        cell.refuse(error.zh, error.en)
    return cell


def _store(
    session: Session, actor: Actor, firms: Mapping[int, Firm], found: list[Cell], year: int
) -> set[int]:
    """The firms whose figures are different now.

    A cell may be wrong only beside another (a part above its whole): what is refused is taken out
    and the rest tried again, until everything that is left fits together.
    """
    sound = [cell for cell in found if cell.status == "unchanged"]
    coded = [cell for cell in sound if firms[cell.firm].credit_code is not None]
    changed = _until_sound(session, coded, partial(_upsert, session, actor, firms, year))
    for number in sorted({cell.firm for cell in sound if firms[cell.firm].credit_code is None}):
        own = [cell for cell in sound if cell.firm == number]
        changed |= _until_sound(session, own, partial(_report, session, actor, firms[number], year))
    return changed


def _until_sound(
    session: Session, wanted: list[Cell], attempt: Callable[[list[Cell]], set[int]]
) -> set[int]:
    left = wanted
    while left:
        try:
            with session.begin_nested():
                changed = attempt(left)
                if any(cell.fault for cell in left):
                    raise _RolledBack
                return changed
        except _RolledBack:
            left = [cell for cell in left if cell.fault is None]
            for cell in left:
                cell.status = "unchanged"
    return set()


def _upsert(
    session: Session, actor: Actor, firms: Mapping[int, Firm], year: int, left: list[Cell]
) -> set[int]:
    """As an import does, a row for each cell so that each has its own verdict."""
    report = Report(rows=len(left))
    readings = [
        Reading(n, str(firms[c.firm].credit_code), year, c.column, c.value, c.text)
        for n, c in enumerate(left)
    ]
    figures.upsert(session, actor, readings, report, source=actor.source, origin=ORIGIN)
    for fault in report.faults:
        left[fault.row].refuse(fault.zh, fault.en)
    for row, outcome in report.outcomes.items():
        if left[row].fault is None:
            stored: Status = "conflict" if report.conflicts_of.get(row) else "saved"
            left[row].status = "unchanged" if outcome == "unchanged" else stored
    return set(report.changed_firms)


def _report(session: Session, actor: Actor, team: Firm, year: int, left: list[Cell]) -> set[int]:
    """A team has no credit code yet, and so no way through an import."""
    given = {c.column: None if c.value is None else _in_unit(c) for c in left}
    try:
        done = reporting.report_figures(session, actor, team, year, given, origin_ref=ORIGIN)
    except Invalid as error:
        told = {e["pointer"].strip("/"): e["detail"] for e in error.extra.get("errors", ())}
        for cell in left:
            if reason := told.get(cell.column) or told.get("year"):
                cell.refuse(reason, reason)
        return set()
    for cell in left:
        if cell.column in done.conflicts:
            cell.status = "conflict"
        elif cell.column in done.accepted:
            cell.status = "saved"
    return {team.id} if done.accepted else set()


def _in_unit(cell: Cell) -> Decimal:
    return INDICATORS[cell.column].shown(cell.value or 0)


def _keep_drafts(session: Session, user_id: int, year: int, found: Iterable[Cell]) -> None:
    """Faulty cells are kept as typed; what was stored meanwhile needs no draft any more."""
    faulty = [cell for cell in found if cell.fault is not None and cell.column in INDICATORS]
    done = [cell for cell in found if cell.fault is None and cell.status != "skipped"]
    if done:
        keys = select(
            func.unnest(literal([c.firm for c in done], ARRAY(Integer))),
            func.unnest(literal([c.column for c in done], ARRAY(Text))),
        )
        session.execute(
            delete(EntryDraft).where(
                EntryDraft.user_id == user_id,
                EntryDraft.year == year,
                func.row(EntryDraft.firm_id, EntryDraft.indicator).in_(keys),
            )
        )
    if faulty:
        _keep(session, user_id, year, faulty)


def _keep(session: Session, user_id: int, year: int, faulty: list[Cell]) -> None:
    table = EntryDraft.__table__
    stmt = insert(EntryDraft).values([
        {"user_id": user_id, "year": year, "firm_id": c.firm, "indicator": c.column,
         "typed": c.text.replace("\x00", ""), "unit": c.unit,
         "fault_zh": c.fault.zh, "fault_en": c.fault.en}
        for c in faulty if c.fault is not None
    ])  # fmt: skip
    fresh = {name: stmt.excluded[name] for name in ("typed", "unit", "fault_zh", "fault_en")}
    session.execute(
        stmt.on_conflict_do_update(
            index_elements=["user_id", "year", "firm_id", "indicator"],
            set_=fresh | {"updated_at": now()},
            where=(table.c.typed != stmt.excluded.typed)
            | (table.c.fault_zh != stmt.excluded.fault_zh),
        )
    )
