"""Fields, values and conditions of a list in the reader's language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.core.fields import RELATIVE, Field
from app.core.web import number
from app.core.wording import named
from app.criteria import phrases
from app.criteria.kinds import RECORDS
from app.firms import chains
from app.firms.divisions import names as divisions
from app.firms.flag_models import FLAG_KINDS
from app.firms.industries import HIGHTECH_FIELDS, SECTIONS
from app.firms.models import DESIGNATION_KINDS
from app.pipeline.trail import table_label
from app.pipeline.trail import words as told
from app.workbench.benches import Bench

Pair = tuple[str, str]
LOOKUPS: Mapping[str, Pair] = {
    "": ("是", "is"),
    "n": ("不是", "is not"),
    "in": ("属于", "is one of"),
    "lt": ("小于", "below"),
    "lte": ("不超过", "at most"),
    "gt": ("大于", "above"),
    "gte": ("不低于", "at least"),
    "between": ("介于", "between"),
    "ic": ("包含", "contains"),
    "nic": ("不包含", "does not contain"),
    "isw": ("开头是", "begins with"),
    "iew": ("结尾是", "ends with"),
    "empty": ("为空", "is empty"),
}
# A day is not high or low.
OF_DAYS: Mapping[str, Pair] = {
    "lt": ("早于", "before"),
    "lte": ("不晚于", "on or before"),
    "gt": ("晚于", "after"),
    "gte": ("不早于", "on or after"),
}
RUNGS: Mapping[str, Pair] = {
    "none": ("不在梯次", "on no rung"),
    "incubated": ("在孵", "incubated"),
    "tech_based": ("科技型企业", "tech-based"),
    "candidate": ("高企培育库", "candidate pool"),
    "certified": ("高新技术企业", "high-tech enterprise"),
    "little_giant": ("“小巨人”", "little giant"),
}
WAYS: Mapping[str, Pair] = {"up": ("上升", "up"), "down": ("下降", "down")}
ANSWERS: Mapping[str, Pair] = {"true": ("是", "yes"), "false": ("否", "no")}
# Columns that are no fields of their own.
COLUMNS: Mapping[str, Pair] = {
    "set": ("条件版本", "Criteria set"),
    "designations": ("有效资质", "Valid designations"),
    "flags": ("标记", "Flags"),
    "gaps": ("全部差距", "All gaps"),
    "outcomes": ("各条结论", "Every outcome"),
    "unmet": ("未达标的条件", "Unmet"),
    "unknown": ("缺数据的条件", "Unknown"),
    "readiness": ("成熟度", "Readiness"),
    "version": ("记录版本", "Version of the record"),
}
OF_RECORDS: Mapping[str, Pair] = {
    "has": ("：有记录", "has any"),
    "count": ("条数", "how many"),
    "sum": ("金额合计", "sum"),
}
DAYS_OF_TITLES: Mapping[str, Pair] = {
    "since": ("起始日", ": first day"),
    "expires": ("到期日", ": last day"),
}
OF_CRITERIA = ("met", "unmet", "unknown", "not_applicable")
SHIFTS: Mapping[str, Pair] = {
    "d": ("天", "days"), "w": ("周", "weeks"), "m": ("个月", "months"), "y": ("年", "years"),
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """What a list's names and codes are called, for one reader."""

    locale: str
    bench: Bench
    places: Mapping[str, str]

    def pick(self, pair: Pair) -> str:
        """One of two languages."""
        return pair[0] if self.locale == "zh" else pair[1]

    def label(self, name: str) -> str:
        """A field or column by its name."""
        family, _, code = name.partition(".")
        if family in DAYS_OF_TITLES:
            kind = self.pick(phrases.DESIGNATIONS.get(code, (code, code)))
            return f"{kind}{self.pick(DAYS_OF_TITLES[family])}"
        if family in OF_RECORDS:
            return self._of_records(name)
        if name in COLUMNS and name not in OF_CRITERIA:
            return self.pick(COLUMNS[name])
        found = self.bench.vocabulary.find(name)
        return name if found is None else found.label.get(self.locale, name)

    def _of_records(self, name: str) -> str:
        family, table, *year = name.split(".")
        of, when = table_label(table, "insert")[self.locale], "".join(year)
        if self.locale == "zh":
            return f"{when}{'年' if when else ''}{of}{OF_RECORDS[family][0]}"
        return f"{OF_RECORDS[family][1]}: {of}{f' of {when}' if when else ''}"

    def choices(self, field: Field) -> dict[str, str] | None:
        """What a closed field can be, in words; None where it is open."""
        if field.kind == "bool":
            return {code: self.pick(pair) for code, pair in ANSWERS.items()}
        if field.name == "region_code":
            return dict(divisions(self.locale))
        if field.name == "chain":
            return None
        if field.choices is None:
            return None
        return {code: self.value(field.name, code) for code in field.choices}

    def value(self, name: str, code: str) -> str:
        """A value of a field as people say it; itself where there is no other word."""
        family = name.split(".", 1)[0]
        return self._way(code) if family == "moved" else self.table(family).get(code, code)

    def table(self, family: str) -> Mapping[str, str]:
        """The words of a family's values; empty where they are said as they stand."""
        return self._tables.get(family, {})

    @cached_property
    def _tables(self) -> dict[str, Mapping[str, str]]:
        def said(pairs: Mapping[str, Pair]) -> Mapping[str, str]:
            return {code: self.pick(pair) for code, pair in pairs.items()}

        titles = said(phrases.DESIGNATIONS)
        flags = {code: kind.label[self.locale] for code, kind in FLAG_KINDS.items()}
        trail = {of: {code: str(word[self.locale]) for code, word in told().values[of].items()}
                 for of in ("status", "origin")}  # fmt: skip
        return {
            "rung": said(RUNGS), "designation": titles, "designations": titles, "flag": flags,
            "flags": flags, "outcome": said(phrases.OUTCOMES), "park": self.places,
            "incubator": self.places, "chain": {} if self.locale == "zh" else chains.NAMES,
            "region_code": divisions(self.locale), **trail,
            **dict.fromkeys(OF_CRITERIA, self.criteria),
        }  # fmt: skip

    def _way(self, code: str) -> str:
        before, dots, after = code.partition("..")
        if not dots:
            return self.pick(WAYS.get(code, (code, code)))
        return " → ".join(self.pick(RUNGS.get(one, (one, one))) for one in (before, after))

    @cached_property
    def criteria(self) -> dict[str, str]:
        """The criteria of the list's set by their names."""
        loaded = self.bench.loaded
        if loaded is None:
            return {}
        return {one.id: one.label[self.locale] for one in loaded.policy.walk()}

    def ordering(self, raw: str) -> str:
        """An order as it is asked for, in words."""
        joined = "、" if self.locale == "zh" else ", "
        return joined.join(
            f"{self.label(one.removeprefix('-'))} {'▼' if one.startswith('-') else '▲'}"
            for one in raw.split(",")
        )

    # --- conditions -----------------------------------------------------------------------------

    def condition(self, parameter: str, raw: str) -> str:
        """One condition as a sentence."""
        if parameter == "any":
            joined = " 或 " if self.locale == "zh" else " or "
            members = [one.replace("\\|", "|").partition(":") for one in MEMBERS.split(raw)]
            return joined.join(self.condition(name, value) for name, _, value in members)
        name, _, lookup = parameter.partition("__")
        if name == "q":
            return f"“{raw}”"
        if (section := self._section(name, lookup, raw)) is not None:
            return section
        if lookup == "empty":
            empty = ("为空", "is empty") if raw == "true" else ("不为空", "is not empty")
            return f"{self.label(name)} {self.pick(empty)}"
        word = self.lookup(self.bench.vocabulary.find(name), lookup)
        colon = "：" if self.locale == "zh" else ": "
        if lookup == "":
            return f"{self.label(name)}{colon}{self._values(name, lookup, raw)}"
        return f"{self.label(name)} {word} {self._values(name, lookup, raw)}"

    def lookup(self, field: Field | None, name: str) -> str:
        """A comparison of a field in words."""
        of_days = OF_DAYS if field is not None and field.kind == "date" else {}
        return self.pick(of_days.get(name) or LOOKUPS.get(name, (name, name)))

    def _section(self, name: str, lookup: str, raw: str) -> str | None:
        """A class of industries or fields, which a code begins with."""
        colon = "：" if self.locale == "zh" else ": "
        classes = {"industry_code": SECTIONS, "hightech_field": HIGHTECH_FIELDS}.get(name)
        if classes is None or lookup != "isw" or raw.rstrip(".") not in classes:
            return None
        return f"{self.label(name)}{colon}{self.pick(classes[raw.rstrip('.')])}"

    def _values(self, name: str, lookup: str, raw: str) -> str:
        parts = raw.split(",") if lookup in ("in", "between") else [raw]
        between = " – " if lookup == "between" else "、" if self.locale == "zh" else ", "
        return between.join(self._one(name, part) for part in parts)

    def _one(self, name: str, raw: str) -> str:
        field = self.bench.vocabulary.find(name)
        if field is None:
            return raw
        if field.kind == "bool":
            return self.pick(ANSWERS.get(raw, (raw, raw)))
        if field.kind == "date":
            return self.day(raw)
        if field.kind == "number" and PLAIN.fullmatch(raw):
            return self.amount(Decimal(raw), field.unit)
        return self.value(name, raw)

    def amount(self, value: Decimal, unit: str | None) -> str:
        """A number with its unit."""
        if unit is None or unit not in phrases.UNITS:
            return number(value)
        return phrases.amount(value, unit, self.locale)

    def day(self, raw: str) -> str:
        """A date, or one that is told from today."""
        found = RELATIVE.fullmatch(raw)
        if found is None:
            return raw
        if found["many"] is None:
            return self.pick(("今天", "today"))
        unit = self.pick(SHIFTS[found["unit"]])
        if self.locale == "zh":
            return f"{found['many']} {unit}{'前' if found['sign'] == '-' else '后'}"
        return f"{found['many']} {unit} {'ago' if found['sign'] == '-' else 'from today'}"


MEMBERS = re.compile(r"(?<!\\)\|")
PLAIN = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")


def words_of(session: Session, bench: Bench, locale: str) -> Words:
    """The words of a list."""
    bodies = accounts.organisations(session, "park", "incubator")
    places = {body.code: named(body, locale) for body in bodies}
    return Words(locale, bench, places)


def days_of_titles() -> list[str]:
    """The fields that say when a title began and when it ends, two for each kind."""
    return [f"{family}.{kind}" for kind in DESIGNATION_KINDS for family in DAYS_OF_TITLES]


def of_records() -> list[str]:
    """The fields that say whether a firm has records of a kind, how many, and what they sum to."""
    tables = [kind.table for kind in RECORDS]
    sums = [f"sum.{kind.table}" for kind in RECORDS if kind.paid]
    return [*(f"has.{name}" for name in tables), *(f"count.{name}" for name in tables), *sums]
