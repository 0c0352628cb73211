"""Who may know of which firm: every list, count and record goes through the one predicate."""

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LONG_AGO = date(2015, 1, 1)
ALL = Range(LONG_AGO, None)
SEES_ALL = (Role.ANALYST, Role.LEADER, Role.OFFICER)


@pytest.fixture
def district(db: Session) -> dict[str, int]:
    """Firms in a park, in an incubator, in neither, and ones that have left or not yet come."""
    park, incubator = people.body(db, "p-one", "park"), people.body(db, "i-one", "incubator")
    other_park, other = people.body(db, "p-two", "park"), people.body(db, "i-two", "incubator")
    yesterday, tomorrow = today() - timedelta(days=1), today() + timedelta(days=1)
    names = ("in_park", "in_incubator", "nowhere", "left_today", "comes_tomorrow", "elsewhere")
    firms = {name: make_firm(db, firm={"registered_on": LONG_AGO}) for name in names}
    people.put_in_park(db, firms["in_park"], park, ALL)
    people.put_in_incubator(db, firms["in_incubator"], incubator, ALL)
    # The first day and not the last is inside: a firm changes hands on the day of its move.
    people.put_in_park(db, firms["left_today"], park, Range(LONG_AGO, today()))
    people.put_in_park(db, firms["left_today"], other_park, Range(today(), None))
    people.put_in_incubator(db, firms["comes_tomorrow"], incubator, Range(tomorrow, None))
    people.put_in_incubator(db, firms["elsewhere"], other, Range(yesterday, None))
    assess(db, None, today())
    return firms


def organisation(db: Session, code: str) -> Organisation:
    """One of the district's bodies."""
    return db.scalars(select(Organisation).where(Organisation.code == code)).one()


def seen(client: TestClient, path: str) -> set[int]:
    """Numbers that a list shows; its count must agree."""
    body = client.get(f"/api/v1/{path}?limit=1000&count=exact").json()
    assert body["count"] == len(body["items"])
    return {item["id"] for item in body["items"]}


@pytest.mark.parametrize("path", ["firms", "pool"])
def test_lists_show_what_is_theirs(db: Session, district: dict[str, int], path: str) -> None:
    for role in SEES_ALL:
        assert seen(people.person(db, role), path) == set(district.values())
    park = people.person(db, Role.PARK_OPERATOR, organisation(db, "p-one"))
    assert seen(park, path) == {district["in_park"]}
    manager = people.person(db, Role.INCUBATOR_MANAGER, organisation(db, "i-one"))
    assert seen(manager, path) == {district["in_incubator"]}


def test_counts_by_rung_are_of_ones_own(db: Session, district: dict[str, int]) -> None:
    park = people.person(db, Role.PARK_OPERATOR, organisation(db, "p-two"))
    assert park.get("/api/v1/funnel").json()["total"] == 1
    assert people.person(db, Role.ANALYST).get("/api/v1/funnel").json()["total"] == len(district)
    manager = people.person(db, Role.INCUBATOR_MANAGER, organisation(db, "i-one"))
    rungs = manager.get("/api/v1/funnel").json()["rungs"]
    assert rungs == {"incubated": 1, "tech_based": 0, "candidate": 0, "certified": 0,
                     "little_giant": 0, "none": 0}  # fmt: skip


READS = ("", "/figures", "/designations", "/assessment")


@pytest.mark.parametrize("path", READS)
def test_the_invisible_does_not_exist(db: Session, district: dict[str, int], path: str) -> None:
    park = people.person(db, Role.PARK_OPERATOR, organisation(db, "p-one"))
    assert park.get(f"/api/v1/firms/{district['in_park']}{path}").status_code == 200
    for name in ("nowhere", "left_today", "in_incubator"):
        refused = park.get(f"/api/v1/firms/{district[name]}{path}")
        absent = park.get(f"/api/v1/firms/{2**31 - 1}{path}")
        assert refused.status_code == absent.status_code == 404
        number = str(district[name])
        assert refused.json()["detail"].replace(number, "N") == absent.json()["detail"].replace(
            str(2**31 - 1), "N"
        )


def test_no_filter_or_write_reaches_the_invisible(db: Session, district: dict[str, int]) -> None:
    park = people.person(db, Role.PARK_OPERATOR, organisation(db, "p-one"))
    hidden = district["nowhere"]
    assert park.get(f"/api/v1/firms?id={hidden}").json()["count"] == 0
    assert park.get(f"/api/v1/pool?any=id:{hidden}|id:0").json()["count"] == 0
    known = people.person(db, Role.ANALYST).get(f"/api/v1/firms/{hidden}").json()
    code = known["credit_code"]
    assert park.get(f"/api/v1/firms/by-credit-code/{code}").status_code == 404
    assert park.post(f"/api/v1/firms/{hidden}/what-if", json={}).status_code == 404
    changed = park.patch(f"/api/v1/firms/{hidden}", json={"chain": "x"}, headers={"If-Match": "*"})
    assert changed.status_code == 404
    judged = park.put(f"/api/v1/firms/{hidden}/judgements/hnte.field",
                      json={"said": True, "evidence": "x"})  # fmt: skip
    assert judged.status_code == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_administrators_and_auditors_see_no_firm(
    db: Session, district: dict[str, int], role: Role
) -> None:
    client = people.person(db, role)
    for path in ("firms", "pool", "funnel", "firms/filters", f"firms/{district['in_park']}"):
        assert client.get(f"/api/v1/{path}").status_code == 403


def test_a_token_sees_what_its_organisation_sees(db: Session, district: dict[str, int]) -> None:
    park = people.machine(db, organisation(db, "p-one"))
    assert seen(park, "firms") == {district["in_park"]}
    incubator = people.machine(db, organisation(db, "i-two"))
    assert seen(incubator, "pool") == {district["elsewhere"]}
    department = people.machine(db, people.body(db, "d-one", "department"), ("firms:read",))
    assert seen(department, "pool") == set(district.values())


def test_a_token_does_what_its_scopes_say(db: Session, district: dict[str, int]) -> None:
    reader = people.machine(db, people.body(db, "d-two", "department"), ("firms:read",))
    number = district["in_park"]
    refused = reader.patch(f"/api/v1/firms/{number}", json={"chain": "x"},
                           headers={"If-Match": "*"})  # fmt: skip
    assert refused.status_code == 403
    writer = people.machine(db, people.body(db, "d-three", "department"), ("firms:write",))
    assert writer.get("/api/v1/firms").status_code == 403
    allowed = writer.patch(f"/api/v1/firms/{number}", json={"chain": "x"},
                           headers={"If-Match": "*"})  # fmt: skip
    assert allowed.status_code == 200


def test_leaders_read_only(db: Session, district: dict[str, int]) -> None:
    leader = people.person(db, Role.LEADER)
    number = district["in_park"]
    assert leader.get(f"/api/v1/firms/{number}").status_code == 200
    changed = leader.patch(f"/api/v1/firms/{number}", json={"chain": "x"},
                           headers={"If-Match": "*"})  # fmt: skip
    assert changed.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["firms", "firms/1", "firms/1/assessment", "pool", "funnel", "indicators", "criteria-sets",
     "firms/filters", "pool/filters", "firms/by-credit-code/91500114000000019G"],
)  # fmt: skip
def test_strangers_see_nothing(db: Session, path: str) -> None:
    answer = TestClient(people.application(db)).get(f"/api/v1/{path}")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
