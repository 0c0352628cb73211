"""Cells as people see them: in the page's unit and their language, with rival values."""

import re

from app.criteria import phrases
from app.entry.columns import UNITS, shown
from app.entry.models import EntryDraft
from app.entry.queries import Cells, Rival, Stand
from app.entry.schemas import CellOut, RivalOut, StandingOut, Status
from app.entry.service import Cell
from app.firms.catalogue import INDICATORS, Indicator

Key = tuple[int, str]
BARE_NUMBER = re.compile(r"[+\-]?[\d,.，．０-９]+")


def cell(found: Cells, key: Key, unit: str, locale: str) -> CellOut:
    """One cell as it stands, its draft in front of the stored value."""
    firm, code = key
    entry = INDICATORS[code]
    draft = found.drafts.get(key)
    status: Status = "unchanged" if draft is None else "faulty"
    return CellOut(
        firm=firm, column=code, status=status,
        text=shown(entry, found.values.get(key), unit),
        source=_source(found.sources.get(key), locale),
        typed=None if draft is None else _typed(entry, draft, unit),
        fault=None if draft is None else _fault(draft, locale),
        rivals=[_rival(entry, rival, unit, locale) for rival in found.rivals.get(key, [])],
    )  # fmt: skip


def result(done: Cell, found: Cells, unit: str, locale: str) -> CellOut:
    """One cell after it was saved."""
    if done.column not in INDICATORS:
        fault = "" if done.fault is None else done.fault[locale]
        return CellOut(firm=done.firm, column=done.column, status="faulty", text="",
                       typed=done.text, fault=fault)  # fmt: skip
    out = cell(found, done.key, unit, locale)
    if done.fault is not None:
        return out.model_copy(update={
            "status": "faulty", "fault": done.fault[locale],
            "typed": out.typed if out.typed is not None else done.text,
        })  # fmt: skip
    return out if out.status == "faulty" else out.model_copy(update={"status": done.status})


def standing(stand: Stand, locale: str) -> StandingOut:
    """Where a firm stands, in words."""
    return StandingOut(
        firm=stand.firm, outcome=stand.outcome,
        label=phrases.OUTCOMES[stand.outcome][locale == "en"],
        unmet=stand.unmet, unknown=stand.unknown, readiness=stand.readiness,
    )  # fmt: skip


def _typed(entry: Indicator, draft: EntryDraft, unit: str) -> str:
    """As typed; a bare number keeps the unit it was typed in when the page has another."""
    other = entry.kind == "money" and draft.unit != unit
    if other and BARE_NUMBER.fullmatch(draft.typed):
        return draft.typed + UNITS[draft.unit][1].zh
    return draft.typed


def _fault(draft: EntryDraft, locale: str) -> str:
    return draft.fault_en if locale == "en" else draft.fault_zh


def _source(source: str | None, locale: str) -> str | None:
    return None if source is None else phrases.SOURCES[source][locale == "en"]


def _rival(entry: Indicator, rival: Rival, unit: str, locale: str) -> RivalOut:
    return RivalOut(id=rival.id, text=shown(entry, rival.value, unit) or "—",
                    source=_source(rival.source, locale) or "")  # fmt: skip
