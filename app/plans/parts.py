"""A target's parts by park, incubator or department, which add up to the whole."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.accounts.models import Organisation
from app.plans.grammar import TargetRule
from app.plans.measuring import Measure, by_division, divisions
from app.plans.progress import Board, trajectory


@dataclass(frozen=True)
class Part:
    """What one body answers for; without a body, what is left over: firms that no one answers for.

    `share` is its part of what is counted above the line.
    """

    body: Organisation | None
    measure: Measure
    share: Fraction | None


def parts(board: Board, target: TargetRule, by: str) -> list[Part]:
    """Every body that answers for a firm counted, the largest part first, the rest last."""
    wanted = board.wanted(target, board.asked.day)
    if wanted is None:
        return []
    found = by_division(board.session, board.asked, wanted, by)
    bodies = divisions(board.session, by, board.version.file.regulators)
    merged: dict[str | None, Measure] = {}
    by_code: dict[str, Organisation] = {}
    for key, one in found.items():
        body = bodies.get(key)
        code = None if body is None else body.code
        if body is not None:
            by_code[body.code] = body
        merged[code] = one if code not in merged else merged[code] + one
    whole = sum(one.part for one in merged.values())
    rows = [
        Part(None if code is None else by_code[code], one,
             Fraction(one.part, whole) if whole else None)
        for code, one in merged.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.body is None, -row.measure.part, _name(row.body)))


def _name(body: Organisation | None) -> str:
    return "" if body is None else body.name


@dataclass(frozen=True)
class Point:
    """A target's value on one day of its history, and where it should have been."""

    day: date
    value: Fraction | None
    expected: Fraction | None


def history(board: Board, target: TargetRule, days: list[date]) -> list[Point]:
    """The value on each day as it is known now."""
    board.count([(target, day) for day in days])
    start = board.start(target)
    found = []
    for day in days:
        expected = None if start is None else trajectory(target, start, day)
        found.append(Point(day, value_on(board, target, day), expected))
    return found


def value_on(board: Board, target: TargetRule, day: date) -> Fraction | None:
    """The value on a day: entered where such a figure goes before, else counted."""
    entered = board.entered(target, day)
    if entered is not None:
        return entered.value
    counted = board.counted(target, day)
    return None if counted is None else counted.value
