"""On made-up registers: intervals hold what they promise, and it is told where they do not."""

from datetime import date

import numpy as np

from app.firms.models import DESIGNATION_KINDS
from app.forecasts.backtest import BackTest, PastYear, looked_back
from app.forecasts.drawing import Spread
from app.forecasts.register import NEVER, Bools, Register

FIRMS, TERM, FIRST, LAST = 600, 1096, date(2005, 1, 1), date(2025, 12, 31)
YEARS = range(2021, 2026)
HNTE = DESIGNATION_KINDS.index("hnte")


def register(seed: int, known_since: date = FIRST) -> tuple[Register, Bools]:
    """Firms certified after waiting without memory, for terms of which three in four are renewed.

    Of what ended before a day nothing is on record, and what began before it begins on some later
    day: so a register looks whose past nobody entered.
    """
    dice = np.random.default_rng(seed)
    founded = dice.integers(FIRST.toordinal(), LAST.toordinal(), FIRMS)
    firm, start, end = [], [], []
    for number, day in enumerate(founded):
        begins = int(day + dice.exponential(8 * 365))
        while begins < LAST.toordinal():
            seen = max(begins, known_since.toordinal() + int(dice.integers(0, 1800)))
            if known_since == FIRST or begins + TERM > known_since.toordinal():
                firm.append(number)
                start.append(begins if known_since == FIRST else min(seen, begins + TERM))
                end.append(begins + TERM)
            if dice.random() > 0.75:
                break
            begins += TERM
    made = Register(np.arange(FIRMS), founded, np.full(FIRMS, NEVER), np.array(firm),
                    np.full(len(firm), HNTE), np.array(start), np.array(end))  # fmt: skip
    return made, made.kinds(["hnte"])


def test_intervals_hold_what_they_promise_where_chances_stay() -> None:
    found = [past for seed in range(8) if (past := looked_back(*register(seed), YEARS))]
    assert len(found) == 8
    inside = sum(one.inside for one in found)
    assert 0.7 * 40 <= inside <= 0.98 * 40, "eight in ten, give or take what forty years leave"
    assert sum(one.is_doubtful for one in found) <= 1


def test_a_register_whose_past_nobody_entered_is_not_believed() -> None:
    entered = date(2020, 6, 1)
    found = [past for seed in range(4) if (past := looked_back(*register(seed, entered), YEARS))]
    assert sum(one.inside for one in found) <= 10
    assert sum(one.is_doubtful for one in found) >= 3


def test_few_hits_are_doubted_and_not_one_miss_too_many() -> None:
    def hits(number: int) -> BackTest:
        told = Spread(10, 5, 15, None)
        years = [PastYear(2020 + n, told, 10 if n < number else 99) for n in range(5)]
        return BackTest(years, [], 0, 0)

    assert [hits(n).is_doubtful for n in range(6)] == [True] * 3 + [False] * 3
    assert round(hits(2).luck, 4) == 0.0579 and hits(5).luck == 1
