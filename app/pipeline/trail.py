"""The trail in words: what an act changed, for people who know neither tables nor JSON.

Money is shown in yuan, periods by their first and last day, bodies and criteria by their names.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Boolean, Column, DateTime, String, select
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.clock import DISTRICT
from app.core.db import FEN_PER_YUAN, Base, Yuan
from app.core.yaml_files import read as read_yaml
from app.criteria import phrases
from app.criteria.kinds import CHECKS
from app.criteria.policy import Outcome
from app.criteria.store import all_sets
from app.firms.catalogue import INDICATORS, Indicator, Label
from app.firms.flag_models import FLAG_KINDS
from app.pipeline.judging import judged
from app.pipeline.trail_schemas import Change, Period, TrailRow, Who

FILE = Path(__file__).with_name("trail.yaml")
RANGE = re.compile(r"[\[(]([^,]*),([^\])]*)[\])]")
SECRET = "(secret)"  # noqa: S105 - what stands in its place
HIDDEN = Label(zh="（不记录内容）", en="(not recorded)")
YES, NO = Label(zh="是", en="yes"), Label(zh="否", en="no")
SHOWN_NAMES = 3
INDICATOR_UNITS = {"money": "yuan", "percent": "percent", "points": "point", "count": "person"}


class Words(BaseModel):
    """`trail.yaml`: labels of tables, columns and closed values, and what is of use to people."""

    model_config = ConfigDict(extra="forbid")
    tables: dict[str, Label]
    many: dict[str, str]
    readings: dict[str, Label]
    actions: dict[str, Label]
    roles: dict[str, Label]
    technical: list[str]
    names: dict[str, list[str]]
    columns: dict[str, Label]
    values: dict[str, dict[str, Label]]


@lru_cache
def words() -> Words:
    """The words, read once."""
    return Words.model_validate(read_yaml(FILE))


def table_label(name: str, action: str) -> Label:
    """What was changed or read."""
    known = words().readings if action == "read" else words().tables
    return known.get(name) or words().tables.get(name) or _same(name)


def many_label(name: str) -> Label:
    """Several records of a table, as a list of them is headed."""
    one = table_label(name, "insert")
    return Label(zh=one.zh, en=words().many.get(name, one.en))


def column_label(name: str, table: str = "") -> Label:
    """A column, as its table calls it; indicators by their catalogue's name."""
    if name in INDICATORS:
        return INDICATORS[name].label
    known = words().columns
    return known.get(f"{table}.{name}") or known.get(name) or _same(name)


def value_label(table: str, name: str, value: str) -> Label:
    """A closed value of a column."""
    known = words().values
    closed = known.get(f"{table}.{name}") or known.get(name) or {}
    return closed.get(value) or _same(value)


def role_label(role: str | None) -> Label:
    """A role of people; the command line has none."""
    return _same("") if role is None else words().roles.get(role) or _same(role)


def _same(text: str) -> Label:
    return Label(zh=text, en=text)


class Teller:
    """Knows the names that the rows of one page need; they are asked for once."""

    def __init__(
        self, session: Session, acts: list[dict[str, Any]], rows: Mapping[int, list[Any]]
    ) -> None:
        self.session, self.rows = session, rows
        self.bodies: dict[int, Label] = {}
        self.sets: dict[int, Label] = {}
        self.criteria: dict[str, Label] = {}
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self._learn_bodies()
        self._learn_records((act["table_name"], row) for act in acts for row in rows[act["id"]])
        if {act["table_name"] for act in acts} & {"assessment", "judgement"}:
            self._learn_sets()

    def _learn_records(self, rows: Iterable[tuple[str, Any]]) -> None:
        """What records are called whose rows do not say it; those since deleted are not known."""
        wanted: dict[str, set[int]] = {}
        for table, row in rows:
            said = (row.before or {}) | (row.after or {})
            unnamed = any(name not in said for name in words().names.get(table, ()))
            if unnamed and row.key.isdecimal():
                wanted.setdefault(table, set()).add(int(row.key))
        for table, numbers in wanted.items():
            columns = Base.metadata.tables[table].c
            named = [columns[name] for name in words().names[table]]
            query = select(columns.id, *named).where(columns.id.in_(numbers))
            for found in self.session.execute(query).mappings():
                self.records[table, str(found["id"])] = dict(found)

    def _learn_sets(self) -> None:
        for loaded in all_sets(self.session):
            self.sets[loaded.id] = loaded.policy.label
        self.criteria = judged(self.session)

    def _learn_bodies(self) -> None:
        query = select(Organisation.id, Organisation.name, Organisation.name_en)
        for number, name, english in self.session.execute(query):
            self.bodies[number] = Label(zh=name, en=english or name)

    def item(self, act: Mapping[str, Any], *, every: bool = False) -> dict[str, Any]:
        """One act in words, with its rows; for the auditor with every column."""
        table, action, body = act["table_name"], act["action"], act["organisation_id"]
        return {
            **act,
            "who": Who(name=act["name"], role=act["role"], role_label=role_label(act["role"]),
                       organisation=self.bodies.get(body, _same(f"#{body}")) if body else None),
            "table": table,
            "table_label": table_label(table, action),
            "action_label": words().actions[action],
            "rows": [self.row(table, row, every=every) for row in self.rows[act["id"]]],
        }  # fmt: skip

    def row(self, table: str, row: Any, *, every: bool = False) -> TrailRow:
        """One changed row in words; technical columns too, if every one is wanted."""
        said = self.records.get((table, row.key), {}) | (row.before or {}) | (row.after or {})
        names = dict.fromkeys([*(row.before or {}), *(row.after or {})])
        kept = [name for name in names if every or name not in words().technical]
        changes = [self._change(table, name, row, said) for name in _in_order(table, kept)]
        return TrailRow(key=row.key, record=self._record(table, row.key, said), firm_id=row.firm_id,
                        changes=changes)  # fmt: skip

    def _change(self, table: str, name: str, row: Any, said: Mapping[str, Any]) -> Change:
        column = _column(table, name)
        entry = _indicator(table, name, said)
        before, after = ((side or {}).get(name) for side in (row.before, row.after))
        return Change(
            column=name,
            label=column_label(name, table) if entry is None else entry.label,
            unit=_unit(column, entry),
            before=_plain(column, entry, before),
            after=_plain(column, entry, after),
            shown_before=self._shown(table, name, entry, before),
            shown_after=self._shown(table, name, entry, after),
        )

    def _record(self, table: str, key: str, said: Mapping[str, Any]) -> Label:
        """What the record is called: by its own words, else by its key."""
        match table:
            case "firm":
                return _same("")
            case "assessment":
                numbers = [(one, int(one)) for one in key.split(",") if one.isdecimal()]
                return _listed([self.sets.get(number) or _same(one) for one, number in numbers])
            case "flag":
                kinds = dict.fromkeys(one.partition("/")[0] for one in key.split(","))
                known = [FLAG_KINDS[kind].label for kind in kinds if kind in FLAG_KINDS]
                return _listed(known) if known else _same(key)
            case "firm_year":
                years = key.replace(",", "、")
                return Label(zh=f"{years} 年", en=key.replace(",", ", "))
        names = [name for name in words().names.get(table, ()) if said.get(name) is not None]
        parts = [self._shown(table, name, None, said[name]) for name in names]
        found = [part for part in parts if part is not None]
        if not found:
            return _same(key)
        return Label(zh=" ".join(p.zh for p in found), en=" ".join(p.en for p in found))

    def _shown(self, table: str, name: str, entry: Indicator | None, value: Any) -> Label | None:
        if value is None:
            return None
        if value == SECRET:
            return HIDDEN
        if named := self._named(table, name, value):
            return named
        column = _column(table, name)
        plain = _plain(column, entry, value)
        unit = _unit(column, entry)
        if unit is not None:
            zh, en = phrases.UNITS[unit]
            return Label(zh=f"{_number(plain)} {zh}".strip(), en=f"{_number(plain)} {en}".strip())
        if isinstance(plain, bool):
            return YES if plain else NO
        if isinstance(plain, Period):
            return _same(f"{plain.first or ''} – {plain.last or ''}")
        if isinstance(plain, datetime):
            return _same(f"{plain.astimezone(DISTRICT):%Y-%m-%d %H:%M}")
        if name == "readiness":
            return _same(f"{_number(Decimal(str(value)) * 100)}%")
        if isinstance(value, list):
            return _same("、".join(map(str, value)))
        return _same(str(plain))

    def _named(self, table: str, name: str, value: Any) -> Label | None:
        """A value that stands for something with a name of its own."""
        known = words().values
        closed = known.get(f"{table}.{name}") or known.get(name) or {}
        match name:
            case "indicator" if value in INDICATORS:
                return INDICATORS[value].label
            case "criterion":
                return self.criteria.get(value)
            case "source" if value in phrases.SOURCES:
                return phrases.label(phrases.SOURCES[value])
            case "outcome" if table == "assessment":
                return phrases.label(phrases.OUTCOMES[Outcome(value).name.lower()])
            case "park_id" | "incubator_id" | "organisation_id" | "group_id" | "member_id":
                return self.bodies.get(value)
            case "kind" if table == "designation" and value in phrases.DESIGNATIONS:
                return phrases.label(phrases.DESIGNATIONS[value])
            case "kind" if table == "record_check" and value in CHECKS.values():
                return phrases.record(value)
        return closed.get(value) if isinstance(value, str) else None


def _in_order(table: str, names: list[str]) -> list[str]:
    """As the table has them; columns that it no longer has come last."""
    known = [column.name for column in Base.metadata.tables[table].c] if _known(table) else []
    return sorted(names, key=lambda n: known.index(n) if n in known else len(known))


def _known(table: str) -> bool:
    return table in Base.metadata.tables


def _column(table: str, name: str) -> Column[Any]:
    """The column as it is declared; as text if it is no longer there."""
    found: Column[Any] | None = Base.metadata.tables[table].c.get(name) if _known(table) else None
    return Column(name, String) if found is None else found


def _indicator(table: str, name: str, said: Mapping[str, Any]) -> Indicator | None:
    """The indicator that a value is of."""
    if table == "firm_year":
        return INDICATORS.get(name)
    if table == "submission" and name == "value":
        return INDICATORS.get(said.get("indicator", ""))
    return None


def _unit(column: Column[Any], entry: Indicator | None) -> str | None:
    if entry is not None:
        unit = entry.unit or INDICATOR_UNITS[entry.kind]
        return unit if unit in phrases.UNITS else None
    return "yuan" if isinstance(column.type, Yuan) else None


def _plain(column: Column[Any], entry: Indicator | None, value: Any) -> Any:
    """A value of the trail as the API gives it elsewhere: yuan, both days of a period."""
    if value is None or value == SECRET:
        return value
    if entry is not None:
        return entry.shown(int(value))
    match column.type:
        case Yuan():
            return Decimal(int(value)) / FEN_PER_YUAN
        case DATERANGE():
            return _period(value)
        case DateTime():
            return datetime.fromisoformat(value)
        case Boolean():
            return bool(value)
    return value


def _period(raw: str) -> Period | str:
    """A range as PostgreSQL writes it; its end is not included."""
    found = RANGE.fullmatch(raw)
    if found is None or "infinity" in raw:
        return raw
    first, beyond = (date.fromisoformat(end) if end else None for end in found.groups())
    return Period(first=first, last=None if beyond is None else beyond - timedelta(days=1))


def _number(value: Any) -> str:
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(labels: list[Label]) -> Label:
    shown = labels[:SHOWN_NAMES]
    zh, en = "、".join(one.zh for one in shown), ", ".join(one.en for one in shown)
    if len(labels) > len(shown):
        zh, en = f"{zh} 等 {len(labels)} 项", f"{en} and {len(labels) - len(shown)} more"
    return Label(zh=zh, en=en)
