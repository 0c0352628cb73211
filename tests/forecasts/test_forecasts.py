"""Forecasts: what they are made of, how they told the past, and who may change them."""

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.firms.models import Firm
from app.forecasts import drawing, model, service
from app.forecasts.backtest import backtest
from app.forecasts.nearest import way
from app.forecasts.register import Bools, Register, read
from app.plans import store
from app.plans.measuring import Asked
from app.plans.progress import Board
from tests.criteria.facts import parsed
from tests.factories import insert_firms
from tests.people import person

DAY = today()
LAST = date(DAY.year - 1, 12, 31)


def held(kind: str, since: date, until: date | None = None) -> dict[str, object]:
    """A designation in the notation of the factories."""
    return {"kind": kind, "from": since, "to": until}


@pytest.fixture
def district(db: Session) -> list[int]:
    """Every year some firms of the pool are certified for three years, and most renew."""
    firms = []
    for number in range(120):
        joined = date(DAY.year - 6 + number % 5, 3, 1)
        spells = [held("pool", joined)]
        if number % 3 == 0:
            first = joined.replace(year=joined.year + 1)
            spells.append(held("hnte", first, first.replace(year=first.year + 3)))
            if number % 4:
                again = first.replace(year=first.year + 3) + timedelta(days=1)
                spells.append(held("hnte", again, again.replace(year=again.year + 3)))
        firms.append(parsed({"firm": {"registered_on": date(2012, 1, 1)}, "designations": spells}))
    return insert_firms(db, firms)


def board_of(db: Session) -> Board:
    return Board(db, Asked(SYSTEM, DAY), store.in_force(db, DAY))


def certified(db: Session) -> tuple[Register, Bools]:
    register = read(db, Asked(SYSTEM, DAY))
    return register, register.kinds(["hnte"])


def test_the_register_as_arrays_counts_as_the_targets_do(db: Session, district: list[int]) -> None:
    register, of = certified(db)
    board = board_of(db)
    target = store.target_of(board.version.file, "hnte_count")
    for day in (LAST, DAY, date(DAY.year - 3, 6, 30)):
        counted = board.counted(target, day)
        assert counted is not None and register.holds(of, day.toordinal()).sum() == counted.part


def test_rates_are_what_happened_and_little_history_leans_on_the_prior(
    db: Session, district: list[int]
) -> None:
    register, of = certified(db)
    known = model.fit(register, of, range(DAY.year - 5, DAY.year))
    waiting = done = 0.0
    for year in known.years:
        weight = model.FADE ** (known.years[-1] - year)
        before = register.holds(of, date(year - 1, 12, 31).toordinal())
        after = register.holds(of, date(year, 12, 31).toordinal())
        waiting += weight * (~before).sum()
        done += weight * (~before & after).sum()
    tried = known.promoted.sum() - model.CELLS * model.PRIOR_FIRMS
    assert tried == pytest.approx(waiting) and done > 0
    nothing = model.fit(register, of, [])
    assert np.allclose(nothing.rates, 1 / 50)
    assert nothing.renewed == model.PRIOR_RENEWED


def test_weights_tell_firms_of_a_cell_apart_and_not_cells(db: Session, district: list[int]) -> None:
    register, of = certified(db)
    odds = np.random.default_rng(1).uniform(0.2, 5, len(register.ids))
    ahead = model.outlook(register, of, DAY.toordinal(), DAY.toordinal() + 365, odds)
    for cell in np.unique(ahead.at[ahead.waiting]):
        own = ahead.waiting & (ahead.at == cell)
        assert ahead.weights[own].mean() == pytest.approx(1)


def test_draws_agree_with_the_chances_and_do_not_change(db: Session, district: list[int]) -> None:
    register, of = certified(db)
    known = model.fit(register, of, range(DAY.year - 5, DAY.year))
    ahead = model.outlook(register, of, DAY.toordinal(), DAY.toordinal() + 365)
    drawn = drawing.counts(known, ahead)
    new = known.new[0] / known.new[1] * ahead.years
    assert drawn.mean() == pytest.approx(ahead.chances(known).sum() + new, rel=0.05)
    assert (drawn == drawing.counts(known, ahead)).all()
    told = drawing.spread(drawn, None, strict=True)
    assert told.low < told.expected < told.high


def test_exactly_the_goal_is_not_more_than_the_goal() -> None:
    drawn = np.array([80.0] * 10)
    goal = Fraction(80)
    assert drawing.spread(drawn, goal, strict=True).reached == 0
    assert drawing.spread(drawn, goal, strict=False).reached == 1


def test_a_trend_needs_three_values() -> None:
    assert drawing.trend([Fraction(1), Fraction(2)], 1) is None
    drawn = drawing.trend([Fraction(n) for n in (8, 9, 10, 12)], 1)
    assert drawn is not None and np.median(drawn) == pytest.approx(12 + 4 / 3, abs=0.1)


def test_a_trend_s_steps_are_of_one_year() -> None:
    ends = [date(year, 12, 31) for year in range(2019, 2026)]
    told = [Fraction(n) if n else None for n in (1, 2, 0, 4, 5, 6, 0)]
    run = service.latest_run(list(zip(ends, told, strict=True)))
    assert [(day.year, int(value)) for day, value in run] == [(2022, 4), (2023, 5), (2024, 6)]
    assert service.latest_run([(ends[0], None)]) == []


def test_the_backtest_knows_only_the_years_before(db: Session, district: list[int]) -> None:
    board = board_of(db)
    target = store.target_of(board.version.file, "hnte_count")
    found = backtest(board, target)
    assert found is not None
    assert [one.year for one in found.years] == list(range(DAY.year - 5, DAY.year))
    for one in found.years:
        counted = board.counted(target, date(one.year, 12, 31))
        assert counted is not None and one.came == counted.part
    assert sum(one.firms for one in found.bins) == 5 * 120
    assert 0 <= found.brier <= 1 and found.error >= 0
    entered = store.target_of(board.version.file, "strategic_emerging_share")
    assert backtest(board, entered) is None


def test_what_it_takes_adds_up_and_names_firms(db: Session, district: list[int]) -> None:
    board = board_of(db)
    found = way(board, store.target_of(board.version.file, "hnte_count"))
    assert found is not None and len(found.candidates) == 30
    short = float(found.goal) - found.staying - found.coming - found.new
    assert found.short == max(0, int(np.ceil(short))) > 0
    chances = [one.chance for one in found.candidates]
    assert chances == sorted(chances, reverse=True)


def test_who_has_left_is_not_waited_for(db: Session, district: list[int]) -> None:
    target = store.target_of(board_of(db).version.file, "hnte_count")
    before = way(board_of(db), target)
    assert before is not None
    first = before.candidates[0]
    db.execute(update(Firm).where(Firm.id == first.id)
               .values(status="deregistered", status_on=DAY, status_reason="other"))  # fmt: skip
    after = way(board_of(db), target)
    assert after is not None and after.coming < before.coming
    assert first.id not in {one.id for one in after.candidates}


def test_every_target_has_a_forecast_or_says_why_not(db: Session, district: list[int]) -> None:
    answer = person(db, Role.LEADER).get("/api/v1/forecasts")
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert {one["target"] for one in items} == {
        one.code for one in store.in_force(db, DAY).file.targets
    }
    stock = [one for one in items if one["target"] == "hnte_count"]
    assert all(one["model"]["low"] <= one["model"]["expected"] for one in stock)
    assert stock[-1]["model"]["chance"] is not None and stock[-1]["goal"] == 100
    assert all(one["model"] is None for one in items if one["target"] == "platforms_new")
    one = person(db, Role.OFFICER).get("/api/v1/forecasts/hnte_count").json()
    assert len(one["backtest"]["years"]) == 5 and one["way"]["short"] > 0


def test_a_judgement_stands_beside_the_model_until_it_expires(
    db: Session, district: list[int]
) -> None:
    client = person(db, Role.ANALYST)
    given = {"until": f"{DAY.year}-12-31", "low": "30", "expected": "35", "high": "40",
             "reason": "批次公示已出", "expires_on": str(DAY + timedelta(days=30))}  # fmt: skip
    for wrong in ({"low": "36"}, {"reason": " "}, {"until": f"{DAY.year}-06-30"}, {"high": "x"},
                  {"expires_on": "2020-01-01"}):  # fmt: skip
        assert client.post("/forecasts/hnte_count/override", data=given | wrong).status_code == 422
    kept = client.post("/forecasts/hnte_count/override", data=given)
    assert kept.status_code == 200 and "批次公示已出" in kept.text
    board = board_of(db)
    assert len(service.overrides(db, board.version.code, DAY)) == 1
    assert service.overrides(db, board.version.code, DAY + timedelta(days=31)) == {}
    again = client.post("/forecasts/hnte_count/override", data=given | {"expected": "36"})
    assert again.status_code == 200
    assert "人工判断" in client.get("/forecasts").text
