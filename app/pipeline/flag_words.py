"""What a flag says, in one sentence of each language, from what it was raised on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.clock import today
from app.criteria import phrases
from app.criteria.compiler import LoadedSet
from app.criteria.store import all_sets
from app.duties.catalogue import DUTIES
from app.firms.catalogue import Label
from app.firms.flag_models import FLAG_KINDS, Flag
from app.pipeline.fields import places

MOST_NAMED = 4
BASIS = 10_000


@dataclass(frozen=True)
class Told:
    """A flag with its words, and whether somebody has put it off."""

    flag: Flag
    label: Label
    sentence: Label
    # The article behind it, where one criterion or duty is.
    citation: str | None
    snoozed: bool


class Teller:
    """Tells flags; the criteria are read once for all of them."""

    def __init__(self, session: Session) -> None:
        self._sets = {one.policy.code: one for one in all_sets(session)}

    def tell(self, flags: Iterable[Flag], day: date | None = None) -> list[Told]:
        """Each flag in words."""
        on = day or today()
        return [
            Told(one, FLAG_KINDS[one.kind].label, self.sentence(one), self._citation(one),
                 one.snoozed_until is not None and one.snoozed_until > on)
            for one in flags
        ]  # fmt: skip

    def sentence(self, flag: Flag) -> Label:
        """Why it was raised."""
        said: dict[str, Any] = flag.figures
        match flag.kind:
            case "ready":
                name = self._set(said["set"]).policy.label
                return Label(zh=f"“{name.zh}”全部达标，可以申报",
                             en=f"{name.en}: everything is met, it can apply")  # fmt: skip
            case "near" | "data_missing" | "at_risk" | "stalled":
                return self._of_criteria(flag.kind, self._set(said["set"]), said)
            case "fast_growing":
                return _growth(said)
            case "expiring":
                kind = phrases.label(phrases.DESIGNATIONS[flag.subject])
                return Label(zh=f"{kind.zh}将于 {said['last']} 到期",
                             en=f"{kind.en} ends on {said['last']}")  # fmt: skip
            case "duty_due":
                duty = DUTIES[flag.subject].label
                return Label(zh=f"{duty.zh}（{said['period']}）应于 {said['due']} 前完成",
                             en=f"{duty.en} ({said['period']}): by {said['due']}")  # fmt: skip
        since = said.get("last")
        return (
            Label(zh="还没有服务记录", en="There is no service record yet")
            if since is None
            else Label(zh=f"最近一次服务是 {since}", en=f"Last served on {since}")
        )

    def _of_criteria(self, kind: str, loaded: LoadedSet, said: Mapping[str, Any]) -> Label:
        name = loaded.policy.label
        unmet, unknown = said.get("unmet", []), said.get("unknown", [])
        zh = "、".join(lacking(loaded, unmet, unknown, said.get("gaps", {}), "zh"))
        en = "; ".join(lacking(loaded, unmet, unknown, said.get("gaps", {}), "en"))
        count = len(unmet) + len(unknown)
        match kind:
            case "near":
                return Label(zh=f"距“{name.zh}”只差 {count} 条：{zh}",
                             en=f"{count} short of {name.en}: {en}")  # fmt: skip
            case "data_missing":
                return Label(zh=f"“{name.zh}”有 {count} 条缺数据：{zh}",
                             en=f"{name.en}: {count} cannot be judged: {en}")  # fmt: skip
            case "at_risk":
                return Label(zh=f"已不再满足“{name.zh}”：{zh}",
                             en=f"No longer meets {name.en}: {en}")  # fmt: skip
        since, count = said["since"], said["gap_count"]
        return Label(zh=f"自 {since} 起，对“{name.zh}”的评估没有变化，差 {count} 条",
                     en=f"{name.en}: {count} short, unchanged since {since}")  # fmt: skip

    def _citation(self, flag: Flag) -> str | None:
        if flag.kind == "duty_due":
            return DUTIES[flag.subject].article
        code = flag.figures.get("set")
        if flag.criterion is None or not isinstance(code, str):
            return None
        policy = self._set(code).policy
        article = next(c.article for c in policy.walk() if c.id == flag.criterion)
        return f"{policy.document} {article}"

    def _set(self, code: str) -> LoadedSet:
        return self._sets[code]


def lacking(
    loaded: LoadedSet, unmet: Iterable[str], unknown: Iterable[str],
    gaps: Mapping[str, str | Decimal], locale: str,
) -> list[str]:  # fmt: skip
    """Criteria of a set, each with what closes it; beyond a few only how many more."""
    known = {one.criterion.id: one for one in places(loaded)}
    said = []
    for code in unmet:
        label = known[code].criterion.label[locale]
        if code in gaps:
            amount = phrases.amount(Decimal(gaps[code]), known[code].gap_unit or "", locale)
            label += f"（还差 {amount}）" if locale == "zh" else f" ({amount} short)"
        said.append(label)
    missing = "（缺数据）" if locale == "zh" else " (no data)"
    said += [known[code].criterion.label[locale] + missing for code in unknown]
    more = len(said) - MOST_NAMED
    if more <= 0:
        return said
    return [*said[:MOST_NAMED], f"另 {more} 条" if locale == "zh" else f"{more} more"]


def _growth(said: Mapping[str, Any]) -> Label:
    before, after = Decimal(said["before"]), Decimal(said["after"])
    grown = int((after - before) * 100 / before)
    year = said["year"]
    zh, en = (phrases.amount(after, "yuan", locale) for locale in ("zh", "en"))
    return Label(zh=f"{year} 年销售收入 {zh}，比上年增长 {grown}%",
                 en=f"Sales of {year}: {en}, {grown} % above the year before")  # fmt: skip
