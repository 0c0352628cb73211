"""Everything that happened to one firm, by its day.

Records tell it by their declaration; another statement asks everything else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.criteria import phrases
from app.firms.catalogue import Label
from app.pipeline.judging import judged
from app.pipeline.records import Told
from app.pipeline.trail import column_label, table_label, value_label

MOMENTS = text("""
select registered_on as day, 'registered' as kind, null as what, null as said, null as named
from firm where id = :firm_id and registered_on is not null
union all select status_on, 'status', status, status_reason, null
from firm where id = :firm_id and status_on is not null
union all select lower(valid), 'designation', kind, number, null
from designation where firm_id = :firm_id and superseded_at is null and lower(valid) is not null
union all select upper(valid) - 1, 'designation_end', kind, end_reason, null
from designation where firm_id = :firm_id and superseded_at is null and upper(valid) is not null
union all select lower(during), 'residency', null, null, name
from residency join organisation on organisation.id = incubator_id
where firm_id = :firm_id and superseded_at is null and lower(during) is not null
union all
select coalesce(graduated_on, upper(during) - 1),
       case when graduated_on is null then 'residency_end' else 'graduation' end,
       null, left_reason, name
from residency join organisation on organisation.id = incubator_id
where firm_id = :firm_id and superseded_at is null
  and (graduated_on is not null or upper(during) is not null)
union all select lower(during), 'location', null, null, name
from location join organisation on organisation.id = park_id
where firm_id = :firm_id and superseded_at is null and lower(during) is not null
union all select upper(during) - 1, 'location_end', null, null, name
from location join organisation on organisation.id = park_id
where firm_id = :firm_id and superseded_at is null and upper(during) is not null
union all select until, 'renamed', null, name, null
from former_name where firm_id = :firm_id and until is not null
union all select taken_on, 'lead_step', lead_step.stage, lead_step.note, null
from lead_step join lead on lead.id = lead_id where lead.firm_id = :firm_id
union all select judged_on, 'judgement', criterion, evidence, null
from judgement where firm_id = :firm_id and superseded_at is null
union all
select (effective_at at time zone 'Asia/Shanghai')::date, 'figures', source, year::text,
       count(*)::text
from submission where firm_id = :firm_id and effective_at is not null
group by 1, source, year
union all select (recorded_at at time zone 'Asia/Shanghai')::date, 'document', kind, name, null
from document where firm_id = :firm_id
order by day desc, kind, what, said
""")
KINDS = {
    "registered": Label(zh="成立", en="Registered"),
    "status": Label(zh="状态变更", en="Change of status"),
    "designation": Label(zh="取得资质", en="Title granted"),
    "designation_end": Label(zh="资质有效期至", en="Last day of the title"),
    "residency": Label(zh="入驻孵化载体", en="Entered an incubator"),
    "residency_end": Label(zh="离开孵化载体", en="Left an incubator"),
    "graduation": Label(zh="孵化毕业", en="Graduated from an incubator"),
    "location": Label(zh="进入园区", en="Moved into a park"),
    "location_end": Label(zh="离开园区", en="Left a park"),
    "renamed": Label(zh="更名，此前名称", en="Renamed; name until then"),
    "lead_step": Label(zh="招商", en="Attraction"),
    "judgement": Label(zh="人工判断", en="Judgement"),
    "figures": Label(zh="填报指标", en="Figures recorded"),
    "document": Label(zh="上传文档", en="Document added"),
}


@dataclass(frozen=True)
class Moment:
    """One thing on one day; `to_come` if the day is after the one that is looked at."""

    day: date
    kind: str
    label: Label
    what: Label | None
    said: str | None
    to_come: bool


def moments(session: Session, firm_id: int, day: date, records: Iterable[Told]) -> list[Moment]:
    """Everything of a firm that has a day, its `records` among it, latest first."""
    rows = session.execute(MOMENTS, {"firm_id": firm_id}).all()
    criteria: dict[str, Label] = {}
    if any(row.kind == "judgement" for row in rows):
        criteria = judged(session)
    found = [
        Moment(row.day, row.kind, KINDS[row.kind], _what(row, criteria), _said(row), row.day > day)
        for row in rows
    ]
    found += [moment for one in records for moment in _of_record(one, day)]
    return sorted(found, key=lambda one: one.day, reverse=True)


def _of_record(one: Told, day: date) -> Iterator[Moment]:
    """When it began, and when it ended."""
    kind, name = one.kind, table_label(one.kind.table, "insert")
    if one.day is not None:
        yield Moment(one.day, kind.table, name, one.particular, one.called, one.day > day)
    if one.until is not None and kind.until is not None:
        end = column_label(kind.until, kind.table)
        label = Label(zh=f"{name.zh}：{end.zh}", en=f"{name.en}: {end.en}")
        yield Moment(one.until, f"{kind.table}_end", label, one.particular, one.called,
                     one.until > day)  # fmt: skip


def _what(row: Any, criteria: dict[str, Label]) -> Label | None:
    """The particular kind, in words."""
    if row.named is not None and row.kind != "figures":
        return Label(zh=row.named, en=row.named)
    if row.what is None:
        return None
    match row.kind:
        case "designation" | "designation_end":
            return phrases.label(phrases.DESIGNATIONS[row.what])
        case "figures":
            zh, en = phrases.SOURCES[row.what]
            return Label(zh=f"{row.said} 年 {row.named} 项，来自{zh}",
                         en=f"{row.named} of {row.said}, from {en}")  # fmt: skip
        case "judgement":
            return criteria.get(row.what) or Label(zh=row.what, en=row.what)
    column = {"status": "status", "lead_step": "stage"}.get(row.kind, "kind")
    return value_label(row.kind, column, row.what)


def _said(row: Any) -> str | None:
    return None if row.kind == "figures" else row.said
