"""One firm as an official document: its portrait, and its standing by criterion and article."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.papers import Block, Column, Facts, Heading, Note, Paper, Table, Text
from app.core.wording import named
from app.criteria import phrases
from app.criteria.schemas import CriterionExplanation, FigureUsed, SetExplanation
from app.firms import chains, queries
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.divisions import names as divisions
from app.firms.models import Firm
from app.pipeline import portrait
from app.pipeline.queries import explain

RUNGS = {
    "incubated": ("在孵企业", "incubated"), "tech_based": ("科技型企业", "tech-based"),
    "candidate": ("高企培育库", "candidate pool"), "certified": ("高新技术企业", "certified"),
    "little_giant": ("“小巨人”企业", "little giant"),
}  # fmt: skip
LATEST_YEARS = 4
NOTHING = "—"
TEN_THOUSAND = 10_000


class Drawing:
    """A paper about one firm on a day, in one language."""

    def __init__(self, session: Session, firm: Firm, day: date, locale: str) -> None:
        self.session, self.firm, self.day, self.locale = session, firm, day, locale

    def say(self, zh: str, en: str) -> str:
        """A text in the paper's language."""
        return en if self.locale == "en" else zh

    def pick(self, pair: tuple[str, str]) -> str:
        """One of a pair of texts."""
        return self.say(*pair)

    # --- the portrait -------------------------------------------------------------------------

    def portrait(self) -> Paper:
        """Who the firm is, where it stands, its figures, and every set in force."""
        sets = explain(self.session, self.firm.id, self.day)
        blocks = [*self._who(), *self._titles(), *self._figures(), *self._summary(sets)]
        for one in sets:
            blocks += self._set(one, level=2)
        return self._paper(self.say("企业画像", "Portrait of a firm"), blocks)

    def explanation(self, codes: list[str]) -> Paper:
        """How the firm stands by these criteria sets, criterion by criterion."""
        sets = explain(self.session, self.firm.id, self.day, codes=codes)
        blocks = [block for one in sets for block in self._set(one, level=1)]
        return self._paper(self.say("认定条件对照说明", "Standing by the criteria"), blocks)

    def _paper(self, title: str, blocks: list[Block]) -> Paper:
        basis = self.say(
            f"截至 {self.day}，依据登记簿所载数据生成；缺数据的条件不作达标或未达标的判断。",
            f"As of {self.day}, drawn from the register; a criterion that lacks data is neither "
            "met nor unmet.",
        )  # fmt: skip
        return Paper(title=title, subtitle=self.firm.name, blocks=[*blocks, Note(basis)],
                     made_at=now(), locale=self.locale)  # fmt: skip

    def _who(self) -> Iterator[Block]:
        firm, say = self.firm, self.say
        yield Heading(say("基本情况", "The firm"))
        capital = firm.registered_capital_typed
        if firm.registered_capital is not None:
            capital = self.money(firm.registered_capital)
        rung = queries.rung_of(self.session, firm.id, self.day)
        park = queries.park_on(self.session, firm.id, self.day)
        yield Facts([
            (say("统一社会信用代码", "Credit code"), firm.credit_code or NOTHING),
            (say("成立日期", "Registered on"), _text(firm.registered_on)),
            (say("行政区划", "District"), 
             divisions(self.locale).get(firm.region_code or "", NOTHING)),
            (say("园区", "Park"), NOTHING if park is None else named(park, self.locale)),
            (say("国民经济行业", "Industry"), _text(firm.industry_code)),
            (say("高新技术领域", "High-tech field"), _text(firm.hightech_field)),
            (say("产业链", "Chain"), _text(firm.chain and chains.named(firm.chain, self.locale))),
            (say("注册资本", "Registered capital"), _text(capital)),
            (say("所处梯次", "Rung"), self.pick(RUNGS[rung]) if rung else NOTHING),
            (say("注册地址", "Address"), _text(firm.address)),
        ])  # fmt: skip
        if firm.business_scope:
            yield Text(f"{say('经营范围', 'Scope of business')}: {firm.business_scope}")

    def _titles(self) -> Iterator[Block]:
        held = queries.designations(self.session, self.firm.id)
        if not held:
            return
        say = self.say
        yield Heading(say("资质", "Titles"))
        heads = (say("资质", "Title"), say("编号", "Number"), say("自", "From"), say("至", "To"))
        columns = [Column(head, share=n) for head, n in zip(heads, (3, 3, 2, 2), strict=True)]
        rows = [
            [self.pick(phrases.DESIGNATIONS[one.kind]), one.number or NOTHING,
             _text(one.valid.lower),
             _text(one.valid.upper and one.valid.upper - timedelta(days=1))]
            for one in held
        ]  # fmt: skip
        yield Table(columns, rows)

    # --- figures ------------------------------------------------------------------------------

    def _figures(self) -> Iterator[Block]:
        shown = portrait.figures(queries.years_of(self.session, self.firm.id), {}, ())
        places = [n for n, year in enumerate(shown.years) if year <= self.day.year][-LATEST_YEARS:]
        lines = [line for line in shown.lines
                 if any(line.cells[n].value is not None for n in places)]  # fmt: skip
        if not lines:
            return
        say = self.say
        yield Heading(say("各年指标", "Yearly figures"))
        columns = [Column(say("指标", "Indicator"), share=4)]
        columns += [Column(str(shown.years[n]), numeric=True, share=2) for n in places]
        rows = [
            [line.indicator.label[self.locale],
             *(self.figure(line.indicator, line.cells[n].value) for n in places)]
            for line in lines
        ]  # fmt: skip
        yield Table(columns, rows, say("金额单位：万元", "Money in ten thousand yuan"))

    def figure(self, entry: Indicator, value: Decimal | None) -> str:
        """A figure in the table's unit."""
        if value is None:
            return NOTHING
        if entry.kind == "money":
            return f"{value / TEN_THOUSAND:,.2f}"
        return f"{value.normalize():f}%" if entry.kind == "percent" else f"{value:,f}"

    def money(self, value: Decimal) -> str:
        """An amount with its unit."""
        return phrases.amount(value, "yuan", self.locale)

    # --- criteria -----------------------------------------------------------------------------

    def _summary(self, sets: list[SetExplanation]) -> Iterator[Block]:
        say = self.say
        yield Heading(say("对照认定条件", "Standing by the criteria"))
        columns = [Column(say("条件", "Criteria"), share=5),
                   Column(say("结果", "Outcome"), share=2),
                   Column(say("短板", "Gaps"), numeric=True),
                   Column(say("成熟度", "Readiness"), numeric=True, share=2)]  # fmt: skip
        yield Table(columns, [
            [one.label[self.locale], self.pick(phrases.OUTCOMES[one.outcome]), str(one.gap_count),
             percent(one.readiness)]
            for one in sets
        ])  # fmt: skip

    def _set(self, one: SetExplanation, *, level: int) -> Iterator[Block]:
        say = self.say
        yield Heading(one.label[self.locale], level)
        yield Text(say(
            f"依据 {one.document}；结果：{self.pick(phrases.OUTCOMES[one.outcome])}，"
            f"短板 {one.gap_count} 项，成熟度 {percent(one.readiness)}。",
            f"By {one.document}; outcome: {self.pick(phrases.OUTCOMES[one.outcome])}, "
            f"{one.gap_count} gaps, readiness {percent(one.readiness)}.",
        ))  # fmt: skip
        columns = [Column(head, share=share)
                   for head, share in zip(self.heads, (4, 2, 6, 3, 4), strict=True)]  # fmt: skip
        yield Table(columns, [cells for _, cells in self.rows(one)])

    @property
    def heads(self) -> list[str]:
        """What is said of each criterion."""
        say = self.say
        return [say("条件", "Criterion"), say("结果", "Outcome"), say("说明", "In words"),
                say("差距", "Gap"), say("依据", "Article")]  # fmt: skip

    def rows(self, one: SetExplanation) -> Iterator[tuple[CriterionExplanation, list[str]]]:
        """Every criterion of a set in order, those of its groups after it."""
        for criterion in walk(one.criteria):
            gap = NOTHING
            if criterion.gap is not None:
                gap = phrases.amount(criterion.gap, criterion.gap_unit or "", self.locale)
            cited = criterion.article
            if criterion.document != one.document:
                cited = f"{criterion.document} {cited}".strip()
            yield criterion, [
                criterion.label[self.locale], self.pick(phrases.OUTCOMES[criterion.outcome]),
                criterion.sentence[self.locale], gap,
                cited,
            ]  # fmt: skip

    def used(self, criterion: CriterionExplanation) -> str:
        """The figures that a criterion read, each with its year, value and source."""
        return "; ".join(self._used(one) for one in criterion.figures)

    def _used(self, one: FigureUsed) -> str:
        value = self.figure(INDICATORS[one.indicator], one.value)
        source = f" ({self.pick(phrases.SOURCES[one.source])})" if one.source else ""
        return f"{one.label[self.locale]} {one.year}: {value}{source}"


def walk(criteria: Iterable[CriterionExplanation]) -> Iterator[CriterionExplanation]:
    """Criteria and the members of their groups."""
    for one in criteria:
        yield one
        yield from walk(one.members)


def percent(share: Decimal) -> str:
    """A share of one; below one it is never shown as all."""
    whole = int(share * 100)
    return f"{whole} %"


def _text(value: Any) -> str:
    return NOTHING if value is None or value == "" else str(value)
