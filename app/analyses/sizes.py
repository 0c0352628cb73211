"""The size of a firm, by the national rule of 2017, as SQL over its code and its year's figures."""

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Text, case, func, or_, type_coerce
from sqlalchemy import literal_column as plain

from app.core.db import FEN_PER_YUAN
from app.core.yaml_files import read as read_yaml
from app.criteria.grammar import Node

RULES = Path(__file__).with_name("sizes.yaml")
# The smallest first, as many limits reached as their place says.
SIZES = ("micro", "small", "medium", "large")
COLUMNS = {"employees": "employees_ye", "revenue": "revenue_operating", "assets": "assets_ye"}
FEN_PER_TEN_THOUSAND = 10_000 * FEN_PER_YUAN
Limits = tuple[int, int, int]


class SizeRule(Node):
    """The lower limits of large, medium and small for some industries."""

    codes: tuple[str, ...]
    employees: Limits | None = None
    revenue: Limits | None = None
    assets: Limits | None = None


@cache
def rules() -> list[SizeRule]:
    """The rule, industry by industry."""
    return [SizeRule.model_validate(raw) for raw in read_yaml(RULES)]


def size_of(code: Any, years: FromClause) -> ColumnElement[Any]:
    """One of SIZES, or unknown: no code, a figure missing, or an industry that is not divided."""
    branches = [
        (or_(*(func.starts_with(code, start) for start in rule.codes)), _reached(rule, years))
        for rule in rules()
    ]
    found = case(
        {at: size for at, size in enumerate(SIZES)}, value=case(*branches), else_="unknown"
    )
    return type_coerce(found, Text)


def _reached(rule: SizeRule, years: FromClause) -> ColumnElement[Any]:
    """How many limits every figure reaches; null where one is missing."""
    steps, missing = [], []
    for name, column in COLUMNS.items():
        limits: Limits | None = getattr(rule, name)
        if limits is None:
            continue
        figure = type_coerce(years.c[column], BigInteger)
        per = 1 if name == "employees" else FEN_PER_TEN_THOUSAND
        ways: list[tuple[Any, Any]] = [
            (figure >= limit * per, plain(str(3 - at))) for at, limit in enumerate(limits)
        ]
        steps.append(case(*ways, else_=plain("0")))
        missing.append(figure.is_(None))
    return case((or_(*missing), plain("null::int")), else_=func.least(*steps))
