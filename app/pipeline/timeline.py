"""Everything that happened to one firm, by its day: one statement over every kind of fact."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.criteria import phrases
from app.criteria.store import all_sets
from app.firms.catalogue import Label
from app.pipeline.trail import words

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
union all select awarded_on, 'award', level, name, null
from award where firm_id = :firm_id and superseded_at is null
union all select published_on, 'standard', level, name, null
from standard where firm_id = :firm_id and superseded_at is null
union all select lower(valid), 'rd_body', level, name, null
from rd_body where firm_id = :firm_id and superseded_at is null and lower(valid) is not null
union all select granted_on, 'ip_right', kind, title, null
from ip_right where firm_id = :firm_id and superseded_at is null and granted_on is not null
union all select ended_on, 'ip_right_end', kind, title, null
from ip_right where firm_id = :firm_id and superseded_at is null and ended_on is not null
union all select served_on, 'service_record', kind, coalesce(effect, note), null
from service_record where firm_id = :firm_id and superseded_at is null
union all select spun_off_on, 'spin_off', way, note, null
from spin_off where firm_id = :firm_id and superseded_at is null
union all select since, 'founding', kind, institution, null
from founding where firm_id = :firm_id and superseded_at is null
union all select coalesce(won_on, entered_on), 'contest_entry', level,
       concat_ws(' · ', name, place), null
from contest_entry where firm_id = :firm_id and superseded_at is null
union all select since, 'chain_member', role, chain, null
from chain_member where firm_id = :firm_id and superseded_at is null
union all select reached_on, 'listing_step', step, code, null
from listing_step where firm_id = :firm_id and superseded_at is null
union all select taken_on, 'lead', lead_step.stage, lead_step.note, null
from lead_step join lead on lead.id = lead_id where lead.firm_id = :firm_id
union all select happened_on, 'incident', kind, description, null
from incident where firm_id = :firm_id and superseded_at is null
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
    "award": Label(zh="获得科技奖励", en="Science award"),
    "standard": Label(zh="参编标准", en="Standard drafted"),
    "rd_body": Label(zh="研发机构", en="R&D body accredited"),
    "ip_right": Label(zh="知识产权授权", en="IP right granted"),
    "ip_right_end": Label(zh="知识产权终止", en="IP right ended"),
    "service_record": Label(zh="服务", en="Service"),
    "spin_off": Label(zh="由其他企业裂变而来", en="Spun off"),
    "founding": Label(zh="创办背景", en="Founders"),
    "contest_entry": Label(zh="参加赛事", en="Contest"),
    "chain_member": Label(zh="进入产业链", en="Part in a chain"),
    "listing_step": Label(zh="上市进程", en="Step to a listing"),
    "lead": Label(zh="招商", en="Attraction"),
    "incident": Label(zh="不良记录", en="Incident"),
    "judgement": Label(zh="人工判断", en="Judgement"),
    "figures": Label(zh="填报指标", en="Figures recorded"),
    "document": Label(zh="上传文档", en="Document added"),
}
# The column whose closed value says which kind of thing it was.
PARTICULAR = ("kind", "way", "role", "step", "stage")


@dataclass(frozen=True)
class Moment:
    """One thing on one day; `to_come` if the day is after the one that is looked at."""

    day: date
    kind: str
    label: Label
    what: Label | None
    said: str | None
    to_come: bool


def moments(session: Session, firm_id: int, day: date) -> list[Moment]:
    """Everything recorded of a firm that has a day, latest first."""
    rows = session.execute(MOMENTS, {"firm_id": firm_id}).all()
    criteria: dict[str, Label] = {}
    if any(row.kind == "judgement" for row in rows):
        criteria = {c.id: c.label for one in all_sets(session) for c in one.policy.walk()}
    return [
        Moment(row.day, row.kind, KINDS[row.kind], _what(row, criteria), _said(row), row.day > day)
        for row in rows
    ]


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
    table = row.kind.removesuffix("_end")
    closed = words().values
    known = next((closed[name] for column in PARTICULAR if (name := f"{table}.{column}") in closed),
                 closed.get(table) or closed["level"])  # fmt: skip
    return known.get(row.what) or Label(zh=row.what, en=row.what)


def _said(row: Any) -> str | None:
    return None if row.kind == "figures" else row.said
