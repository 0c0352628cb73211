"""A counting rule as a sentence in both languages: what is counted, and when it counts."""

from collections.abc import Iterable

from app.criteria import phrases
from app.criteria.facts import table
from app.criteria.grammar import Node
from app.firms.catalogue import INDICATORS
from app.firms.industries import SECTIONS
from app.pipeline.firm_paper import RUNGS
from app.pipeline.trail import table_label, value_label
from app.pipeline.trail import words as told
from app.plans import grammar
from app.plans.records import RECORDS

Pair = tuple[str, str]
COLON: Pair = ("：", ": ")


def sentence(target: grammar.TargetRule) -> Pair:
    """How a target's value is known."""
    entered: dict[str | None, Pair] = {
        "only": ("只按统计部门填报的数", "only by the figure that the statistics bureau enters"),
        "wins": ("；统计部门填报了同年或更新的数时以其为准",
                 "; a figure of the statistics bureau for that year or later goes before it"),
        None: ("", ""),
    }  # fmt: skip
    said = ("", "") if target.rule is None else _rule(target.rule)
    whole = _joined((said, entered[target.entered]))
    return (f"{whole[0]}。", f"{whole[1][:1].upper()}{whole[1][1:]}.")


def _rule(rule: Node) -> Pair:
    match rule:
        case grammar.Stock(stock=who):
            return _filled(_who(who), "当天{0}的企业，每户计一次",
                           "firms that on the day {0}; each counts once")  # fmt: skip
        case grammar.Gained(gained=who):
            return _filled(_who(who), "期初前一日没有、期内新取得的：{0}的企业，每户计一次",
                           "firms that since the period began {0} and did not on its eve; "
                           "each counts once")  # fmt: skip
        case grammar.Flow(flow=records):
            return _filled(_records(records), "日期在期内的{0}，逐项计数",
                           "{0} dated in the period, each counted")  # fmt: skip
        case grammar.Sum(sum=records, amount=amount):
            column = told().columns[amount]
            said = _filled(_records(records), "日期在期内的{0}", "{0} dated in the period")
            return (f"{said[0]}的{column.zh}之和；缺金额的企业列为缺数据",
                    f"the sum of {column.en.lower()} of {said[1]}; a firm with an amount missing "
                    "is counted as lacking data")  # fmt: skip
        case grammar.Ratio(over=over, under=under, among=who):
            return _ratio(over, under, _who(who))
        case grammar.Coverage(having=records, among=who):
            them, those = _who(who), _records(records)
            return (f"当天{them[0]}的企业中，有{those[0]}在有效期内的占百分之几",
                    f"of the firms that on the day {them[1]}, the per cent with {those[1]} "
                    "in force")  # fmt: skip
        case grammar.PerPopulation(per_population=records, people=people):
            those = _records(records)
            return (f"当天有效的{those[0]}总数，除以最近填报的全区人口，每 {people:,} 人",
                    f"{those[1]} in force on the day for each {people:,} people, by the population "
                    "entered last")  # fmt: skip
    raise TypeError(f"no words for {rule!r}")


def _ratio(over: str, under: str, them: Pair) -> Pair:
    part, whole = INDICATORS[over], INDICATORS[under]
    return (f"当天{them[0]}的企业，上一完整年度{part.zh}合计 ÷ {whole.zh}合计；"
            "缺任一指标的企业不计入，列为缺数据",
            f"of the firms that on the day {them[1]}: the sum of {part.en} over the sum of "
            f"{whole.en}, of the last full year; a firm that lacks either stands on neither side "
            "and is counted as lacking data")  # fmt: skip


def _who(who: grammar.Who) -> Pair:
    if who.rung_at_least is not None:
        rung = RUNGS[who.rung_at_least]
        found = (f"处于“{rung[0]}”或更高梯次", f"stand on the rung “{rung[1]}” or higher")
    else:
        kinds = _either(phrases.DESIGNATIONS[kind] for kind in who.designation)
        found = (f"持有有效的{kinds[0]}资质", f"hold a valid title ({kinds[1]})")
    if not who.industry:
        return found
    sections = _either(SECTIONS[section] for section in who.industry)
    return (f"{found[0]}且属于{sections[0]}", f"{found[1]} and belong to {sections[1]}")


def _records(records: grammar.Records) -> Pair:
    label = _table(records.record)
    tests = [_test(records.record, name, values) for name, values in records.where.items()]
    if not tests:
        return label
    return (f"{label[0]}（{'，'.join(zh for zh, _ in tests)}）",
            f"{label[1]} ({', '.join(en for _, en in tests)})")  # fmt: skip


def _table(record: str) -> Pair:
    label = table_label(table(RECORDS[record].model).name, "insert")
    return label.zh, f"records of “{label.en}”"


def _test(record: str, name: str, values: tuple[str, ...]) -> Pair:
    column = told().columns[name]
    if not values:
        return (f"已填“{column.zh}”", f"“{column.en}” filled in")
    of = table(RECORDS[record].model).name
    words = [value_label(of, name, value) for value in values]
    among = _either((one.zh, one.en) for one in words)
    return (f"{column.zh}{COLON[0]}{among[0]}", f"{column.en.lower()}{COLON[1]}{among[1]}")


def _either(words: Iterable[Pair]) -> Pair:
    found = list(words)
    return "或".join(zh for zh, _ in found), " or ".join(en for _, en in found)


def _joined(parts: Iterable[Pair]) -> Pair:
    found = list(parts)
    return "".join(zh for zh, _ in found), "".join(en for _, en in found)


def _filled(words: Pair, zh: str, en: str) -> Pair:
    return zh.format(words[0]), en.format(words[1])
