"""Every number of the cockpit opens exactly its firms, for everybody within their own scope."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.pipeline.service import assess
from app.plans import cockpit
from tests.factories import make_firm
from tests.people import body, person, put_in_incubator, put_in_park, statements

DAY = today()
START = cockpit.start_of_year(DAY)
OLD = {"registered_on": date(2012, 1, 1)}
LINK = re.compile(
    r'<a [^>]*href="(/(?:firms|pool|targets/\w+/firms)\?[^"]+)"[^>]*>([^<]*(?:<(?!/a>)[^<]*)*)</a>'
)
CHARTED = re.compile(r'"href": "([^"]+)", "value": (\d+)|"value": (\d+), "href": "([^"]+)"')


def held(kind: str, since: date, until: date | None = None) -> dict[str, object]:
    """A designation in the notation of the factories."""
    return {"kind": kind, "from": since, "to": until}


@pytest.fixture
def district(db: Session) -> dict[str, int]:
    """One firm for each way that a firm can go, and some in a park or an incubator."""
    long_ago, year_end = date(2023, 3, 1), DAY + timedelta(days=40)
    shape = {
        "rose": [held("tech_sme", long_ago), held("pool", DAY - timedelta(days=20))],
        "rose this week": [held("pool", long_ago), held("hnte", DAY - timedelta(days=2), year_end)],
        "lapsed": [held("hnte", long_ago, DAY - timedelta(days=30))],
        "fell": [held("tech_sme", long_ago), held("hnte", long_ago, DAY - timedelta(days=3))],
        "stayed": [held("hnte", long_ago, year_end)],
        "never": [],
    }
    found = {}
    for number, (name, designations) in enumerate(shape.items()):
        found[name] = make_firm(
            db, f"{name} 企业", designations=designations,
            firm=OLD | {"industry_code": ("C3912", "I6510", None)[number % 3]},
        )  # fmt: skip
    park, always = body(db, "park-a", "park"), Range(date(2020, 1, 1), None)
    for name in ("rose", "stayed"):
        put_in_park(db, found[name], park, always)
    put_in_incubator(db, found["never"], body(db, "incubator-a", "incubator"),
                     Range(DAY - timedelta(days=100), None))  # fmt: skip
    assess(db, None, DAY)
    return found


def opened(client: TestClient, href: str) -> int:
    """How many firms a link opens, by the list that it opens."""
    found = client.get(f"/api/v1{unescape(href)}&count=exact&limit=1")
    assert found.status_code == 200, (href, found.text)
    return int(found.json()["count"])


PARTS = ("/cockpit", "/cockpit/targets", "/cockpit/readiness")


def whole(client: TestClient) -> str:
    """The cockpit with the parts that come after it."""
    return "".join(client.get(path, headers={"HX-Request": "true"}).text for path in PARTS)


def numbers(page: str) -> list[tuple[str, int]]:
    """Every link that shows a number, and every point of a chart that leads somewhere."""
    found = []
    for href, inside in LINK.findall(page):
        shown = re.findall(r">([\d,]+)<|^\s*([\d,]+)\s*$", inside)
        if shown:
            found.append((href, int("".join(shown[0]).replace(",", ""))))
    for left, first, second, right in CHARTED.findall(page):
        href = (left or right).encode().decode("unicode_escape")
        found.append((href, int(first or second)))
    return found


def test_flows_are_what_happened(db: Session, district: dict[str, int]) -> None:
    flows = {flow.rung: flow for flow in cockpit.standing(db, SYSTEM, DAY).year}
    certified, pooled, tech = flows["certified"], flows["candidate"], flows["tech_based"]
    assert (certified.before, certified.now) == (3, 2)
    assert (certified.came_up, certified.left_down) == (1, 2)
    assert (pooled.came_up, pooled.left_up, pooled.conversion) == (1, 1, 100)
    assert (tech.left_up, tech.came_down) == (1, 1)
    week = {flow.rung: flow for flow in cockpit.standing(db, SYSTEM, DAY).week}
    assert (week["certified"].came_up, week["certified"].left_down) == (1, 1)
    for flow in [*flows.values(), *week.values()]:
        gone = flow.left_up + flow.left_down
        assert flow.before + flow.came_up + flow.came_down - gone == flow.now


@pytest.mark.parametrize("role", [Role.LEADER, Role.PARK_OPERATOR, Role.INCUBATOR_MANAGER])
def test_every_number_opens_exactly_its_firms(
    db: Session, district: dict[str, int], role: Role
) -> None:
    seat = {Role.PARK_OPERATOR: "park-a", Role.INCUBATOR_MANAGER: "incubator-a"}.get(role)
    where = db.scalar(select(Organisation).where(Organisation.code == seat))
    client = person(db, role, where)
    found = set(numbers(whole(client)))
    assert len(found) > 25
    for href, number in found:
        assert opened(client, href) == number, href
    total = opened(client, "/firms?status=active")
    assert total == {Role.LEADER: 6, Role.PARK_OPERATOR: 2, Role.INCUBATOR_MANAGER: 1}[role]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.OFFICER, Role.PARK_OPERATOR])
def test_the_numbers_of_the_home_page_agree_too(
    db: Session, district: dict[str, int], role: Role
) -> None:
    client = person(db, role)
    page = client.get("/")
    found = numbers(page.text)
    assert len(found) >= 11
    for href, number in found:
        assert opened(client, href) == number, href


def test_a_leaders_home_is_the_cockpit(db: Session, district: dict[str, int]) -> None:
    client = person(db, Role.LEADER)
    assert 'id="targets"' in client.get("/").text


def test_targets_are_counted_on_the_day(db: Session, district: dict[str, int]) -> None:
    page = whole(person(db, Role.LEADER))
    counted = dict(numbers(page))
    assert counted[f"/targets/hnte_count/firms?as_of={DAY}"] == 2
    assert counted[f"/targets/tech_based_count/firms?as_of={DAY}"] == 4
    assert "尚未计数" in page  # what nothing counts yet is not zero


def test_a_stay_reaches_back_over_a_renewal(db: Session) -> None:
    first, second = DAY - timedelta(days=400), DAY - timedelta(days=100)
    make_firm(db, firm=OLD, designations=[held("hnte", first, second - timedelta(days=1)),
                                          held("hnte", second)])  # fmt: skip
    make_firm(db, firm=OLD, designations=[
        held("tech_sme", first), held("pool", first, DAY - timedelta(days=51)),
    ])  # fmt: skip
    stays = cockpit.dwell(db, SYSTEM, DAY)
    assert stays == {"certified": 400, "tech_based": 50}


@pytest.mark.parametrize(
    ("part", "said"), [("stay", "个月"), ("targets", "目标值"), ("readiness", "90–100%")]
)
def test_what_comes_after_the_cockpit_is_a_part_and_a_page(
    db: Session, district: dict[str, int], part: str, said: str
) -> None:
    client = person(db, Role.ANALYST)
    alone = client.get(f"/cockpit/{part}", headers={"HX-Request": "true"}).text
    assert "<html" not in alone and said in alone
    page = client.get(f"/cockpit/{part}").text
    assert "<html" in page and said in page


def test_the_number_of_statements_of_home_and_cockpit_is_constant(db: Session) -> None:
    client = person(db, Role.ANALYST)
    sent = []
    for more in (1, 30):
        for _ in range(more):
            make_firm(db, firm=OLD, designations=[held("hnte", date(2024, 1, 1))])
        assess(db, None, DAY)
        client.get("/")
        whole(client)
        with statements(db.connection().engine) as seen:
            client.get("/")
            whole(client)
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 72


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("moved.2025-01-01=up", 200),
        ("moved.2025-01-01=tech_based..certified", 200),
        ("moved.2025-01-01=sideways", 422),
        ("moved.2999-01-01=up", 422),
        ("moved.20250101=up", 422),
        ("rung.2025-13-01=none", 422),
        ("rung.2025-01-01__in=none,certified", 200),
        ("expires.hnte__lte=2030-01-01", 200),
        ("expires.nothing__lte=2030-01-01", 422),
        ("fields=id,moved.2025-01-01", 422),
    ],
)
def test_filters_by_time_are_exact(db: Session, asked: str, status: int) -> None:
    client = person(db, Role.ANALYST)
    for path in ("firms", "pool"):
        assert client.get(f"/api/v1/{path}?{asked}").status_code == status, path


def test_what_ends_by_a_day_is_found_to_the_day(db: Session) -> None:
    last = DAY + timedelta(days=10)
    number = make_firm(db, firm=OLD, designations=[held("hnte", date(2024, 1, 1), last)])
    client = person(db, Role.ANALYST)
    for bound, expected in ((last, [number]), (last - timedelta(days=1), [])):
        page = client.get(f"/api/v1/firms?expires.hnte__lte={bound}").json()
        assert [row["id"] for row in page["items"]] == expected
    assert db.scalar(text("select upper(valid) from designation")) == last + timedelta(days=1)
