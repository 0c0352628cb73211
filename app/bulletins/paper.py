"""A bulletin as an official document, in one language; its firms only where they are asked for."""

from decimal import Decimal
from typing import Any

from app.bulletins.models import Bulletin
from app.bulletins.service import Erratum, rows_of
from app.bulletins.wording import KIND_WORDS, LIGHT_WORDS, UNIT_WORDS, name_of
from app.core.clock import DISTRICT
from app.core.papers import (
    Bar,
    Bars,
    Block,
    Column,
    Heading,
    Note,
    Paper,
    Signatures,
    Table,
    Text,
)


def paper(found: Bulletin, errata: list[Erratum], locale: str, *, firms: bool = False) -> Paper:
    """The whole of it."""
    made = _Writer(found, locale)
    blocks = [*made.body(), *made.errata(errata), made.basis()]
    blocks.append(Signatures([made.say("区科技局", "Science and Technology Bureau")]))
    return Paper(title=found.said("title", locale), locale=locale, made_at=found.known_at,
                 blocks=blocks + (made.firms() if firms else []))  # fmt: skip


class _Writer:
    def __init__(self, found: Bulletin, locale: str) -> None:
        self.found, self.locale, self.at = found, locale, int(locale == "en")
        self.rows: list[dict[str, Any]] = rows_of(found)

    def say(self, zh: str, en: str) -> str:
        return (zh, en)[self.at]

    def body(self) -> list[Block]:
        blocks: list[Block] = [Text(part) for part in
                               self.found.said("text", self.locale).split("\n\n")]  # fmt: skip
        blocks += [Heading(self.say("一、目标进展", "1. Targets")), self._targets(), self._bars()]
        blocks.append(Heading(self.say("二、赛马比拼", "2. Rankings")))
        ranks: Any = self.found.content["rankings"]
        return blocks + [self._ranks(kind, units) for kind, units in ranks.items() if units]

    def errata(self, errata: list[Erratum]) -> list[Block]:
        if not errata:
            return []
        said: list[Block] = [Heading(self.say("勘误", "Errata"))]
        for one in errata:
            label = one.target["label"][self.locale]
            zh = f"{label}：通报为 {one.said}，更正后为 {one.now}。"
            said.append(Text(self.say(zh, f"{label}: reported {one.said}, corrected {one.now}.")))
        return said

    def basis(self) -> Block:
        found, codes = self.found, self.found.content["criteria"]
        versions = self.say("、", ", ").join(map(str, codes))  # type: ignore[call-overload]
        known = f"{found.known_at.astimezone(DISTRICT):%Y-%m-%d %H:%M}"
        return Note(self.say(
            f"数据截至 {found.day}，按 {known} 已知的记录；方案版本 "
            f"{found.content['adopted_on']}；条件版本 {versions}。",
            f"As of {found.day}, by what was on record at {known} (China time); plan adopted "
            f"{found.content['adopted_on']}; criteria sets {versions}."))  # fmt: skip

    def firms(self) -> list[Block]:
        """The annex: exactly the firms that each number counted."""
        blocks: list[Block] = [Heading(self.say("附件：计入的企业", "Annex: firms counted"))]
        heads = [Column(self.say("序号", "No."), numeric=True),
                 Column(self.say("企业名称", "Name of the firm"), share=6),
                 Column(self.say("计入", "Counted"), numeric=True, share=2)]  # fmt: skip
        for row in self.rows:
            if row["firms"]:
                cells = [(str(at), name, str(part))
                         for at, (_, name, part) in enumerate(row["firms"], 1)]  # fmt: skip
                blocks.append(Table(heads, cells, row["label"][self.locale]))
        return blocks

    def _unit(self, row: dict[str, Any]) -> str:
        return UNIT_WORDS[row["unit"]][self.at] if row["value"] is not None else ""

    def _targets(self) -> Table:
        heads = [Column(self.say("目标", "Target"), share=4),
                 Column(self.say("今值", "Value"), numeric=True, share=2),
                 Column(self.say("目标值", "Goal"), numeric=True, share=2),
                 Column(self.say("期限", "Due"), share=2),
                 Column(self.say("还差", "To go"), numeric=True, share=2),
                 Column(self.say("亮灯", "Light"))]  # fmt: skip
        more = self.say("超过", "> ")
        return Table(heads, [
            (one["label"][self.locale], f"{one['shown']}{self._unit(one)}",
             f"{more if one['operator'] == '>' else '≥'}{one['goal']}", one["due"],
             one["missing"], LIGHT_WORDS[one["light"]][self.at])
            for one in self.rows
        ])  # fmt: skip

    def _bars(self) -> Bars:
        bars = [Bar(one["label"][self.locale], Decimal(one["share"]), f"{one['share']}%")
                for one in self.rows if one["share"] is not None]  # fmt: skip
        return Bars(bars, self.say("各目标完成情况", "How far each target is reached"))

    def _ranks(self, kind: str, units: list[dict[str, Any]]) -> Table:
        heads = [Column(self.say("名次", "Rank"), numeric=True),
                 Column(self.say("单位", "Unit"), share=4),
                 Column(self.say("综合分", "Composite"), numeric=True, share=2)]  # fmt: skip
        cells = [(str(one["rank"] or "—"), name_of(one, self.locale),
                  "—" if one["composite"] is None else f"{one['composite']:.1f}")
                 for one in units]  # fmt: skip
        return Table(heads, cells, KIND_WORDS[kind][self.at])
