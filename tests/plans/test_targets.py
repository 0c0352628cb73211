"""Targets on any day: exact at their edges, reproducible, and as they were known then."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import yaml
from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.core.clock import now, today
from app.firms.models import Designation
from app.innovation.models import Platform, TechContract
from app.plans import service, store
from app.plans.grammar import PlanFile, TargetRule
from app.plans.measuring import Asked
from app.plans.parts import history
from app.plans.progress import Board, light_of, needed, progress
from app.plans.store import Lights
from tests.factories import make_firm
from tests.plans.targets import held, many, of

ALWAYS = Range(date(2015, 1, 1), None)
DAY = date(2025, 6, 30)


def test_every_target_of_the_plan_is_there_and_without_facts_it_is_unknown(db: Session) -> None:
    found = {one.target.code: one for one in progress(db, SYSTEM, today())}
    assert len(found) == 12
    for code in ("platforms_new", "tech_contract_turnover", "strategic_emerging_share",
                 "hightech_manufacturing_share", "high_value_patents_per_10k",
                 "rd_intensity_above_scale", "hnte_high_value_patent_coverage"):  # fmt: skip
        assert (found[code].value, found[code].light) == (None, "unknown"), code
    assert found["hnte_count"].value == 0
    assert store.in_force(db, today()).file.leads(found["hnte_count"].target) == ("science",)


def test_what_starts_anew_with_every_year_is_due_whole_at_the_end_of_each(db: Session) -> None:
    version = store.in_force(db, today())
    target = store.target_of(version.file, "tech_contract_turnover")
    board = Board(db, Asked(SYSTEM, date(2027, 5, 1)), version)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    goal = needed(target, target.milestones[0])
    expected = [point.expected for point in history(board, target, days)]
    assert expected == [goal, goal / 365, goal, goal / 365]


@pytest.mark.parametrize(("firms", "met"), [(80, False), (81, True)])
def test_exactly_eighty_is_not_more_than_eighty(db: Session, firms: int, met: bool) -> None:
    many(db, firms, held("hnte", date(2024, 1, 1)))
    found = of(db, "hnte_count", date(2025, 12, 31))
    assert (found.value, found.met, found.needed) == (Fraction(firms), met, Fraction(81))
    assert found.light == ("green" if met else "red")
    assert found.share == (100 if met else 98)
    assert found.missing == (0 if met else 1)


def test_a_hundred_reaches_at_least_a_hundred(db: Session) -> None:
    many(db, 100, held("hnte", date(2024, 1, 1)))
    found = of(db, "hnte_count", date(2027, 12, 31))
    assert found.met and (found.needed, found.missing) == (Fraction(100), Fraction(0))


def test_a_firm_certified_lapsed_and_certified_again_counts_once(db: Session) -> None:
    make_firm(db, designations=[held("hnte", date(2024, 1, 1), date(2025, 2, 28)),
                                held("hnte", date(2025, 5, 1))])  # fmt: skip
    both = [held("tech_sme", date(2025, 1, 1)), held("cq_tech_based", date(2020, 1, 1))]
    make_firm(db, designations=both)
    assert [
        of(db, "hnte_count", day).value
        for day in (date(2025, 2, 28), date(2025, 3, 1), date(2025, 4, 30), date(2025, 5, 1))
    ] == [1, 0, 0, 1]
    assert of(db, "tech_based_count", date(2025, 6, 1)).value == 2


def test_gained_counts_a_firm_once_and_not_if_it_had_it_before(db: Session) -> None:
    again = [held("hnte", date(2025, 2, 1), date(2025, 3, 31)), held("hnte", date(2025, 6, 1))]
    had = [held("hnte", date(2022, 2, 1), date(2025, 1, 31)), held("hnte", date(2025, 5, 1))]
    for designations in (again, had):
        make_firm(db, designations=designations)
    plan = amended(db, date(2025, 1, 1), rule={"gained": {"designation": ["hnte"]}})
    board = Board(db, Asked(SYSTEM, date(2025, 12, 31)), plan)
    assert board.all()[0].value == 1


def amended(db: Session, adopted: date, **changes: Any) -> store.Version:
    """The plan with its first target changed, adopted on a day."""
    raw = yaml.safe_load((service.SHIPPED / "qianjiang_2023_2027.yaml").read_text("utf-8"))
    raw["adopted_on"] = adopted
    raw["targets"][0] |= changes
    if "rule" in changes:
        raw["targets"][0]["milestones"] = [
            {"date": date(2025, 12, 31), "operator": ">=", "value": "9", "since": adopted}
        ]
    service.store(db, PlanFile.model_validate(raw), yaml_json(raw))
    return store.in_force(db, adopted)


def yaml_json(raw: dict[str, Any]) -> dict[str, Any]:
    """As the loader keeps it."""
    found: dict[str, Any] = json.loads(json.dumps(raw, default=str))
    return found


def test_an_amendment_in_mid_year_holds_from_its_day_and_old_days_keep_the_old(
    db: Session,
) -> None:
    stricter = [{"date": date(2025, 12, 31), "operator": ">=", "value": "120"}]
    amended(db, date(2025, 7, 1), milestones=stricter)
    assert of(db, "hnte_count", date(2025, 6, 30)).needed == 81
    assert of(db, "hnte_count", date(2025, 7, 1)).needed == 120
    assert len(store.versions(db)) == 2


def test_another_plan_loads_beside_it(db: Session) -> None:
    raw = yaml.safe_load((service.SHIPPED / "qianjiang_2023_2027.yaml").read_text("utf-8"))
    raw |= {"code": "elsewhere_2026", "adopted_on": date(2026, 1, 1), "targets": raw["targets"][:1]}
    service.store(db, PlanFile.model_validate(raw), yaml_json(raw))
    assert len(progress(db, SYSTEM, date(2026, 5, 1))) == 12
    assert len(progress(db, SYSTEM, date(2026, 5, 1), plan="elsewhere_2026")) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"rule": {"stock": {"designation": ["hnt"]}}}, {"rule": {"flow": {"record": "nothing"}}},
     {"rule": {"flow": {"record": "award", "where": {"colour": ["red"]}}}}, {"tasks": ["99"]},
     {"milestones": []}, {"unit": "apples"}, {"rule": {"stock": {}}}],
)  # fmt: skip
def test_a_plan_with_an_unknown_word_is_refused(wrong: dict[str, Any]) -> None:
    raw = yaml.safe_load((service.SHIPPED / "qianjiang_2023_2027.yaml").read_text("utf-8"))
    raw["targets"][0] |= wrong
    with pytest.raises(ValueError, match="target"):
        PlanFile.model_validate(raw)


def test_a_correction_made_later_does_not_change_what_was_known(db: Session) -> None:
    firm = make_firm(db, designations=[held("hnte", date(2024, 1, 1))])
    db.execute(update(Designation).where(Designation.firm_id == firm)
               .values(recorded_at=now() - timedelta(days=30)))  # fmt: skip
    before = now() - timedelta(days=1)
    db.execute(update(Designation).where(Designation.firm_id == firm).values(superseded_at=now()))
    assert of(db, "hnte_count", DAY).value == 0
    assert of(db, "hnte_count", DAY, known=before).value == 1


def test_the_statistics_bureau_wins_and_a_correction_keeps_the_old(db: Session) -> None:
    years = {"rd_stat": {2024: 3_000_000}, "revenue_operating": {2024: 100_000_000}}
    make_firm(db, firm={"industry_code": "C3061"}, figures=years,
              designations=[held("above_scale", date(2020, 1, 1))])  # fmt: skip
    make_firm(db, firm={"industry_code": "C3061"},
              designations=[held("above_scale", date(2020, 1, 1))])  # fmt: skip
    counted = of(db, "rd_intensity_above_scale", DAY)
    assert (counted.value, counted.known) == (Fraction(3), "counted")
    assert counted.measure is not None and counted.measure.unknown == 1
    plan = store.in_force(db, DAY).file
    said = {"day": date(2024, 12, 31), "source": "statistics_bureau", "document": "年报"}
    service.enter(db, SYSTEM, plan, counted.target.code, "value", said | {"value": Decimal(2)})
    assert of(db, counted.target.code, DAY).value == 2
    service.enter(db, SYSTEM, plan, counted.target.code, "value", said | {"value": Decimal(1)})
    assert of(db, counted.target.code, DAY).value == 1
    rows = db.scalar(text("select count(*) from plan_figure"))
    service.enter(db, SYSTEM, plan, counted.target.code, "value", said | {"value": Decimal(1)})
    assert (rows, db.scalar(text("select count(*) from plan_figure"))) == (2, 2)


def test_baselines_are_said_to_be_implied_until_someone_enters_them(db: Session) -> None:
    many(db, 60, held("hnte", date(2024, 1, 1)))
    found = of(db, "hnte_count", date(2024, 7, 1))
    assert found.start is not None and (str(found.start.value), found.start.basis) == (
        "50",
        "implied",
    )
    # Half of the way from 50 to the 81 that "more than 80" takes; 60 is ten of fifteen and a half.
    days = Fraction((date(2024, 7, 1) - date(2022, 12, 31)).days, 3 * 365 + 1)
    assert found.expected == 50 + 31 * days
    assert found.pace == 10 / (31 * days) and found.light == "red"
    service.enter(
        db,
        SYSTEM,
        store.in_force(db, DAY).file,
        "hnte_count",
        "baseline",
        {
            "day": date(2022, 12, 31),
            "value": Decimal(41),
            "source": "bureau",
            "document": "市局通报",
        },
    )
    again = of(db, "hnte_count", date(2024, 7, 1))
    assert again.start is not None and (str(again.start.value), again.start.basis) == (
        "41",
        "entered",
    )
    assert again.light == "amber"


def test_lights_change_at_exactly_the_pace_that_is_set(db: Session) -> None:
    target: TargetRule = store.target_of(store.in_force(db, DAY).file, "hnte_count")
    milestone, rule = target.milestones[0], Lights(100, 80)
    assert needed(target, milestone) == 81

    def lit(pace: Fraction | None, day: date = DAY, value: int | None = 70) -> str:
        known = None if value is None else Fraction(value)
        return light_of(target, milestone, day, known, pace, rule)

    assert lit(Fraction(1)) == "green" and lit(Fraction(999, 1000)) == "amber"
    assert lit(Fraction(8, 10)) == "amber" and lit(Fraction(799, 1000)) == "red"
    assert lit(None) == "unknown" and lit(Fraction(1), value=None) == "unknown"
    assert lit(Fraction(2), milestone.date) == "red"
    assert lit(None, milestone.date, 81) == "green"


def test_platforms_and_contracts_count_in_their_period_and_level(db: Session) -> None:
    firm = make_firm(db, "有平台的企业")
    platform = {"firm_id": firm, "kind": "rd_centre"}
    db.execute(insert(Platform), [
        platform | {"name": "前期", "level": "national", "happened_on": date(2022, 12, 31)},
        platform | {"name": "市级", "level": "municipal", "happened_on": date(2023, 1, 1)},
        platform | {"name": "区级", "level": "district", "happened_on": date(2024, 1, 1)},
    ])  # fmt: skip
    sold = {"firm_id": firm, "name": "合同", "kind": "service", "partner": "甲"}
    db.execute(insert(TechContract), [
        sold | {"number": str(n), "part": part, "happened_on": day, "amount": amount}
        for n, (part, day, amount) in enumerate([
            ("seller", date(2027, 1, 1), 100_000_000), ("buyer", date(2027, 5, 1), 7),
            ("seller", date(2026, 12, 31), 5)])
    ])  # fmt: skip
    assert str(of(db, "platforms_new", date(2025, 6, 30)).value) == "1"
    exactly = of(db, "tech_contract_turnover", date(2027, 12, 31))
    assert (str(exactly.value), exactly.met, exactly.light) == ("100000000", False, "red")
    assert str(of(db, "tech_contract_turnover", date(2026, 12, 31)).value) == "5"
