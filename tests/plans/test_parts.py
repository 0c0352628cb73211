"""Targets by park, incubator and department: the parts are the whole, and open their firms."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.models import Organisation
from app.firms.models import Location
from app.plans import store
from app.plans.measuring import Asked
from app.plans.parts import parts
from app.plans.progress import Board
from tests.criteria.random_firms import Dice
from tests.factories import insert_firms, make_firm
from tests.people import body, machine, person, put_in_park
from tests.plans.targets import held, many

ALWAYS = Range(date(2015, 1, 1), None)
DAY = date(2025, 6, 30)


@pytest.fixture
def district(db: Session) -> list[Organisation]:
    """Firms with random records; most in one of two parks, some of them moved."""
    dice = Dice(11, DAY)
    ids = insert_firms(db, [dice.firm() for _ in range(100)])
    parks = [body(db, f"park-{n}", "park") for n in range(2)]
    rows: list[dict[str, Any]] = []
    for number, firm in enumerate(ids):
        moved = date(2018, 1, 1) + timedelta(days=17 * number)
        if number % 5 == 0:
            rows.append({"firm_id": firm, "park_id": parks[0].id, "during": Range(None, moved)})
            rows.append({"firm_id": firm, "park_id": parks[1].id, "during": Range(moved, None)})
        elif number % 5 < 4:
            rows.append({"firm_id": firm, "park_id": parks[number % 2].id, "during": ALWAYS})
    db.execute(insert(Location), rows)
    return parks


def test_the_parts_are_the_whole_on_fifty_random_days(
    db: Session, district: list[Organisation]
) -> None:
    version = store.in_force(db, DAY)
    seen: set[tuple[str, str]] = set()

    @settings(max_examples=50, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.dates(date(2016, 1, 1), date(2027, 12, 31)), st.sampled_from(
        ["incubator", "department"]))  # fmt: skip
    def agree(day: date, other: str) -> None:
        board = Board(db, Asked(SYSTEM, day), version)
        for target, by in product(version.file.targets, ("park", other)):
            whole = board.counted(target, day)
            if whole is None:
                continue
            found = parts(board, target, by)
            assert sum(one.measure.part for one in found) == whole.part, target.code
            assert sum(one.measure.firms for one in found) == whole.firms, target.code
            assert sum(one.measure.whole or 0 for one in found) == (whole.whole or 0), target.code
            if whole.part:
                seen.add((target.code, by))

    agree()
    assert {code for code, _ in seen} >= {"hnte_count", "tech_based_count", "srdi_count"}


def test_a_firm_counts_where_it_is_on_the_day_and_a_park_may_be_renamed(db: Session) -> None:
    old, new = body(db, "old", "park"), body(db, "new", "park")
    firm = make_firm(db, designations=[held("hnte", date(2020, 1, 1))])
    put_in_park(db, firm, old, Range(date(2020, 1, 1), date(2025, 1, 1)))
    put_in_park(db, firm, new, Range(date(2025, 1, 1), None))
    old.name = "改名后的园区"
    db.flush()
    version = store.in_force(db, DAY)
    target = store.target_of(version.file, "hnte_count")
    found = [parts(Board(db, Asked(SYSTEM, day), version), target, "park")
             for day in (date(2024, 12, 31), date(2025, 1, 1))]  # fmt: skip
    names = [[one.body.name for one in each if one.body] for each in found]
    assert names == [["改名后的园区"], [new.name]]


def test_a_park_merged_into_another_keeps_its_past_and_the_sum(db: Session) -> None:
    small, large = body(db, "small", "park"), body(db, "large", "park")
    merged = date(2025, 7, 1)
    for park, firms in ((small, 2), (large, 1)):
        for firm in many(db, firms, held("hnte", date(2020, 1, 1))):
            until = merged if park is small else None
            put_in_park(db, firm, park, Range(date(2020, 1, 1), until))
            if park is small:
                put_in_park(db, firm, large, Range(merged, None))
    version = store.in_force(db, DAY)
    target = store.target_of(version.file, "hnte_count")
    found = [
        {one.body.code if one.body else None: one.measure.part
         for one in parts(Board(db, Asked(SYSTEM, day), version), target, "park")}
        for day in (merged - timedelta(days=1), merged)
    ]  # fmt: skip
    assert found == [{"small": 2, "large": 1}, {"large": 3}]
    eve = merged - timedelta(days=1)
    address = f"/targets/hnte_count/firms?as_of={eve}&by=park&of=small"
    assert "共 2 家" in person(db, Role.ANALYST).get(address).text


def test_every_number_opens_exactly_its_firms(db: Session, district: list[Organisation]) -> None:
    client = person(db, Role.ANALYST)
    found = client.get(f"/api/v1/targets?as_of={DAY}").json()
    assert found["green"] == 100
    for target in found["items"]:
        if target["firms"] is None:
            continue
        code = target["code"]
        base = f"/api/v1/targets/{code}/firms?as_of={DAY}&count=exact&limit=1000"
        rows = client.get(base).json()
        assert rows["count"] == target["firms"] == len({row["id"] for row in rows["items"]})
        detail = client.get(f"/api/v1/targets/{code}?as_of={DAY}&by=park").json()
        for part in detail["parts"]:
            own = client.get(f"{base}&by=park&of={part['code'] or 'none'}").json()
            assert own["count"] == part["firms"], (code, part)
            assert sum(row["part"] for row in own["items"]) == part["part"]


def test_a_park_sees_its_own_part_only(db: Session, district: list[Organisation]) -> None:
    whole = person(db, Role.LEADER).get("/api/v1/targets").json()["items"][1]
    own = machine(db, district[0]).get("/api/v1/targets").json()["items"][1]
    assert 0 < int(own["value"]) < int(whole["value"])
    assert own["light"] == "unknown"  # the district's goal is not the park's
