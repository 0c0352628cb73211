"""Lists from draft to close, what is refused on the way, and rankings of what they ask."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import SYSTEM, Actor, Role
from app.accounts.models import Organisation, User
from app.core.clock import today
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.settings import Settings
from app.innovation.models import TechContract
from app.plans import store
from app.rankings import service as rankings
from app.rankings.models import RankingSnapshot
from app.target_lists import reporting, service, telling
from app.target_lists.models import (
    SupervisionNotice,
    SupervisionTold,
    TargetItem,
    TargetList,
    TargetReport,
)
from app.target_lists.standing import climbed, is_late, standings, visible_lists
from tests.criteria.facts import parsed
from tests.factories import insert_firms, make_firm
from tests.firms.test_documents import png
from tests.people import body, machine, person, put_in_park

DAY = today()
YEAR = DAY.year
ALWAYS = Range(date(2015, 1, 1), None)


def held(kind: str, since: date, until: date | None = None) -> dict[str, object]:
    """A designation in the notation of the factories."""
    return {"kind": kind, "from": since, "to": until}


@pytest.fixture
def parks(db: Session) -> list[Organisation]:
    """Two parks: six certified firms and two more this year; three, of which one lapsed."""
    found = [body(db, f"park-{n}", "park") for n in range(3)]
    old, new = date(YEAR - 2, 5, 1), DAY - timedelta(days=1)
    shape = [[old] * 6 + [new] * 2, [old] * 3]
    for park, days in zip(found, shape, strict=False):
        facts = [parsed({"designations": [held("hnte", day)]}) for day in days]
        for firm in insert_firms(db, facts):
            put_in_park(db, firm, park, ALWAYS)
    return found


def drafted(db: Session, kind: str = "park") -> list[TargetList]:
    service.draft(db, SYSTEM, store.in_force(db, DAY), YEAR, kind)
    return visible_lists(db, SYSTEM, YEAR)


def unit(one: TargetList) -> Actor:
    """Somebody who acts for the list's unit."""
    return Actor(Role.PARK_OPERATOR, one.organisation_id, "unit")


def test_what_counts_its_own_year_begins_a_list_with_nothing(db: Session) -> None:
    last_year = date(YEAR - 1, 6, 1)
    db.add(TechContract(firm_id=make_firm(db), number="C-1", name="开发", kind="development",
                        part="seller", partner="某校", happened_on=last_year,
                        amount=Decimal(5_000_000)))  # fmt: skip
    db.flush()
    [turnover] = {
        (item.start, item.goal)
        for one in standings(db, SYSTEM, drafted(db, "department"))
        for item in one.items if item.item.target_code == "tech_contract_turnover"
    }  # fmt: skip
    assert turnover == (Fraction(0), Fraction(100_000_000))


def test_a_draft_divides_the_districts_way_by_last_years_parts(
    db: Session, parks: list[Organisation]
) -> None:
    lists = drafted(db)
    assert len(lists) == 2  # the third has no firms, so no target
    goals = {one.body.code: {i.item.target_code: i for i in one.items}["hnte_count"]
             for one in standings(db, SYSTEM, lists)}  # fmt: skip
    first, second = goals["park-0"], goals["park-1"]
    assert (str(first.start), str(second.start)) == ("6", "3")
    assert first.item.basis["share"] == "0.6667"
    added = (first.goal - 6, second.goal - 3)
    assert added[0] > added[1] > 0
    assert (str(first.value), str(second.value)) == ("8", "3")
    assert service.draft(db, SYSTEM, store.in_force(db, DAY), YEAR, "park") == 0


def test_departments_answer_for_the_targets_that_they_lead(db: Session) -> None:
    told = {one.body.code: one for one in standings(db, SYSTEM, drafted(db, "department"))}
    codes = {item.target.code for item in told["science"].items}
    assert "hnte_count" in codes and "market_regulation" in told


def test_the_way_from_draft_to_close(db: Session, parks: list[Organisation]) -> None:
    one = drafted(db)[0]
    service.propose(db, unit(one), one, "hnte_count", Decimal(9), "两家在整改")
    service.set_goal(db, SYSTEM, one, "hnte_count", Decimal(9), "采纳")
    service.issue(db, SYSTEM, one)
    with pytest.raises(Conflict, match="issued"):
        service.set_goal(db, SYSTEM, one, "hnte_count", Decimal(5), "")
    with pytest.raises(Forbidden):
        service.accept(db, Actor(Role.PARK_OPERATOR, parks[1].id, "other"), one)
    with pytest.raises(Forbidden):
        service.accept(db, Actor(Role.LEADER, one.organisation_id, "leader"), one)
    service.accept(db, unit(one), one)
    given = {"target": "hnte_count", "month": DAY, "value": Decimal(8), "text": "新增两家",
             "evidence": "证书"}  # fmt: skip
    act_as(db, unit(one))
    reporting.report(db, unit(one), one, given)
    reporting.report(db, unit(one), one, given | {"value": Decimal(7)})
    act_as(db, SYSTEM)
    rows = db.scalars(select(TargetReport).order_by(TargetReport.id)).all()
    assert [(int(r.value), r.superseded_at is None) for r in rows] == [(8, False), (7, True)]
    assert rows[-1].counted == 8  # the register says otherwise, and both are kept
    for wrong in ({"month": date(YEAR - 1, 12, 1)}, {"evidence": " "}, {"target": "nothing"}):
        with pytest.raises(Invalid):
            reporting.report(db, unit(one), one, given | wrong)
    service.close(db, SYSTEM, one)
    with pytest.raises(Conflict, match="closed"):
        reporting.report(db, unit(one), one, given)


def test_a_draft_never_asks_less_than_the_unit_has(db: Session, parks: list[Organisation]) -> None:
    """The third park gained more this year than the district's whole way; so did the district."""
    facts = [parsed({"designations": [held("hnte", DAY - timedelta(days=2))]}) for _ in range(120)]
    for firm in [make_firm(db, designations=[held("hnte", date(YEAR - 2, 5, 1))]),
                 *insert_firms(db, facts)]:  # fmt: skip
        put_in_park(db, firm, parks[2], ALWAYS)
    drafted(db)
    for one in standings(db, SYSTEM, drafted(db, "department")):
        for item in one.items:
            assert item.value is None or item.goal >= item.value, (one.body.code, item.target.code)
    told = {one.body.code: one for one in standings(db, SYSTEM, visible_lists(db, SYSTEM, YEAR))}
    goals = {item.target.code: int(item.goal) for item in told["park-2"].items}
    assert goals["hnte_count"] == 121


def test_a_unit_reports_with_a_file_and_its_system_over_the_interface(
    db: Session, parks: list[Organisation]
) -> None:
    one = drafted(db)[0]
    service.issue(db, SYSTEM, one)
    mine = next(park for park in parks if park.id == one.organisation_id)
    client, other = person(db, Role.PARK_OPERATOR, mine), person(db, Role.PARK_OPERATOR, parks[1])
    form = {"target": "hnte_count", "month": f"{DAY:%Y-%m}", "value": "8", "text": "新增两家",
            "evidence": "证书"}  # fmt: skip
    wrong = client.post(f"/target-lists/{one.id}/report", data=form,
                        files={"file": ("证书.pdf", b"not a pdf")})  # fmt: skip
    assert wrong.status_code == 422 and "新增两家" in wrong.text
    assert db.scalar(select(func.count()).select_from(TargetReport)) == 0  # nothing half-written
    sent = client.post(f"/target-lists/{one.id}/report", data=form,
                       files={"file": ("证书.png", png())})  # fmt: skip
    assert sent.status_code == 200 and "证书.png" in sent.text
    number = db.scalars(select(TargetReport.id)).one()
    address = f"/target-lists/reports/{number}/file"
    assert client.get(address).content == png()
    assert other.get(address).status_code == 404
    body_ = form | {"month": str(DAY), "value": "9"}
    api = f"/api/v1/target-lists/{one.id}/reports"
    assert machine(db, mine, ("firms:read",)).post(api, json=body_).status_code == 403
    assert machine(db, parks[1], ("figures:write",)).post(api, json=body_).status_code == 404
    kept = machine(db, mine, ("figures:write",)).post(api, json=body_)
    assert kept.status_code == 201, kept.text
    assert kept.json()["value"] == "9" and Decimal(kept.json()["counted"]) == 8
    service.close(db, SYSTEM, one)
    late = machine(db, mine, ("figures:write",)).post(api, json=body_)
    assert late.status_code == 409


def test_a_notice_climbs_until_it_is_answered(db: Session, parks: list[Organisation]) -> None:
    one = drafted(db)[0]
    service.issue(db, SYSTEM, one)
    service.notify(db, SYSTEM, one, "hnte_count", DAY + timedelta(days=5), "进度滞后")
    notice = db.scalars(select(SupervisionNotice)).one()
    levels = [climbed(notice, notice.due_on + timedelta(days=n)) for n in (0, 1, 6, 7)]
    assert levels == ["officer", "head", "head", "leaders"]
    with pytest.raises(Conflict):
        service.close_notice(db, SYSTEM, notice.id, "好")
    service.answer(db, unit(one), notice.id, "已排定申报")
    assert climbed(notice, DAY + timedelta(days=99)) is None
    service.close_notice(db, SYSTEM, notice.id, "同意办结")
    with pytest.raises(Conflict):
        service.answer(db, unit(one), notice.id, "再答")


def test_whom_a_notice_climbs_to_is_told_once(db: Session, parks: list[Organisation]) -> None:
    one = drafted(db)[0]
    service.issue(db, SYSTEM, one)
    mine = next(park for park in parks if park.id == one.organisation_id)
    for role, where in ((Role.PARK_OPERATOR, mine), (Role.LEADER, None), (Role.ANALYST, None),
                        (Role.PARK_OPERATOR, parks[1])):  # fmt: skip
        person(db, role, where)
    service.notify(db, SYSTEM, one, "hnte_count", DAY + timedelta(days=5), "进度滞后")
    due = DAY + timedelta(days=5)
    told = [telling.ring(db, due + timedelta(days=n)) for n in (-5, 0, 1, 6, 7, 8)]
    assert told == [1, 0, 2, 0, 1, 0]
    levels = db.execute(select(SupervisionTold.level, User.username).join(
        User, User.id == SupervisionTold.user_id))  # fmt: skip
    assert {(level, name.partition("-")[0]) for level, name in levels} == {
        ("officer", "park_operator"), ("head", "park_operator"), ("head", "analyst"),
        ("leaders", "leader"),
    }  # fmt: skip
    notice = db.scalars(select(SupervisionNotice)).one()
    settings = Settings(database_url=None, public_url="https://tidu.example")
    someone = db.scalars(select(User).where(User.username.startswith("leader"))).one()
    said = telling.letter(db, settings, someone, [notice.id]).get_content()
    assert "进度滞后" in said and f"https://tidu.example/target-lists/{one.id}" in said


def test_more_than_the_whole_given_away_is_said(db: Session, parks: list[Organisation]) -> None:
    for kind in ("park", "department"):
        drafted(db, kind)
    lists = {one.organisation_id: one for one in visible_lists(db, SYSTEM, YEAR)}
    service.set_goal(db, SYSTEM, lists[parks[0].id], "hnte_count", Decimal(500), "试")
    page = person(db, Role.ANALYST).get(f"/target-lists?year={YEAR}").text
    assert "分解超过全区" in page


def test_a_report_is_late_after_the_tenth(db: Session, parks: list[Organisation]) -> None:
    one = TargetList(year=2026, status="accepted")
    april = TargetReport(month=date(2026, 4, 1))
    assert is_late(one, [], date(2026, 5, 11)) and not is_late(one, [april], date(2026, 5, 11))
    assert is_late(one, [april], date(2026, 6, 11)) and not is_late(one, [april], date(2026, 6, 10))
    assert not is_late(one, [], date(2026, 1, 15))
    assert not is_late(TargetList(year=2026, status="draft"), [], date(2026, 5, 11))


# --- rankings -----------------------------------------------------------------------------------


def standing(code: str, value: int | None, goal: int = 10, start: int = 5) -> Any:
    """A unit with one target."""
    known = None if value is None else Fraction(value)
    item = SimpleNamespace(
        item=SimpleNamespace(target_code="hnte_count"), target=SimpleNamespace(unit="firms"),
        value=known, unknown=0, late=False,
        completion=None if known is None else known / goal,
        increment=None if known is None else known - start,
        growth=None if known is None else (known - start) / start,
        pace=None if known is None else (known - start) / (goal - start),
    )  # fmt: skip
    return SimpleNamespace(owner=SimpleNamespace(id=1), items=[item],
                           body=SimpleNamespace(code=code, name=code, name_en=None))  # fmt: skip


def test_ties_share_a_rank_and_the_unknown_have_none() -> None:
    units = [standing("a", 8), standing("b", 9), standing("c", 8), standing("d", 6),
             standing("e", None)]  # fmt: skip
    rows = rankings.rank(units)
    assert [(row.code, row.rank) for row in rows] == [
        ("b", 1), ("a", 2), ("c", 2), ("d", 4), ("e", None)
    ]  # fmt: skip
    assert [row.composite for row in rows] == [100, 50, 50, 0, None]
    assert rows[-1].unknown_targets == 1 and rows[0].values["increment"] == 4


def test_increments_in_different_units_have_no_mean() -> None:
    one, other = standing("a", 8), standing("a", 9)
    other.items[0].target.unit = "yuan"
    one.items += other.items
    [row] = rankings.rank([one])
    assert row.values["increment"] is None and row.values["completion"] == 0.85


def test_targets_of_any_size_weigh_alike(db: Session, parks: list[Organisation]) -> None:
    for one in drafted(db):
        service.issue(db, SYSTEM, one)
    rows = rankings.ranking(db, SYSTEM, YEAR, "park")
    assert [(row.code, row.rank) for row in rows][:2] == [("park-0", 1), ("park-1", 2)]
    without = next(row for row in rows if row.code == "park-2")
    assert (without.rank, without.targets) == (None, 0)


def test_scoped_people_see_what_was_kept_and_ranks_have_a_history(
    db: Session, parks: list[Organisation]
) -> None:
    for one in drafted(db):
        service.issue(db, SYSTEM, one)
    operator = person(db, Role.PARK_OPERATOR, parks[1])
    assert operator.get("/api/v1/rankings").json()["items"] == []
    analyst = person(db, Role.ANALYST)
    assert analyst.post("/rankings", data={"year": str(YEAR)}).status_code == 200
    kept = operator.get("/api/v1/rankings?kind=park").json()
    assert [row["rank"] for row in kept["items"]][:2] == [1, 2]
    assert kept["weights"] == {"completion": 40, "increment": 20, "growth": 20, "pace": 20}
    plan = store.in_force(db, DAY).code
    db.execute(update(RankingSnapshot).values(day=DAY - timedelta(days=30)))
    rankings.take(db, SYSTEM, plan, YEAR)
    for path in ("/rankings", "/rankings?screen=true", "/rankings?kind=department"):
        page = analyst.get(path)
        assert page.status_code == 200, page.text
    assert analyst.get("/rankings?kind=parks").status_code == 422


# --- pages --------------------------------------------------------------------------------------


def test_the_pages_carry_a_list_through_its_year(db: Session, parks: list[Organisation]) -> None:
    analyst = person(db, Role.ANALYST)
    assert (
        analyst.post("/target-lists", data={"year": str(YEAR), "kind": "park"}).status_code == 200
    )
    one = visible_lists(db, SYSTEM, YEAR)[0]
    base = f"/target-lists/{one.id}"
    operator = person(db, Role.PARK_OPERATOR, parks[0])
    other = person(db, Role.PARK_OPERATOR, parks[1])
    assert other.get(base).status_code == 404
    goal = {"target": "hnte_count", "value": "9", "text": "两家在整改"}
    _done(operator, f"{base}/propose", goal)
    _done(analyst, f"{base}/goal", goal)
    _done(analyst, f"{base}/issue", {})
    _done(operator, f"{base}/accept", {})
    wrong = operator.post(f"{base}/report", data=goal | {"month": "2020-01", "evidence": "x"})
    assert wrong.status_code == 422 and "2020-01" in wrong.text and "两家在整改" in wrong.text
    _done(operator, f"{base}/report", goal | {"month": f"{DAY:%Y-%m}", "evidence": "证书"})
    _done(analyst, f"{base}/notify", {"target": "hnte_count", "text": "滞后",
                                      "due_on": str(DAY + timedelta(days=3))})  # fmt: skip
    notice = db.scalars(select(SupervisionNotice.id)).one()
    _done(operator, f"/target-lists/notices/{notice}/answer", {"text": "已排定"})
    _done(analyst, f"/target-lists/notices/{notice}/close", {"text": "同意"})
    page = operator.get(base).text
    assert "两家在整改" in page and "已排定" in page and "与系统计数 8 不一致" in page
    assert analyst.get("/target-lists").status_code == 200
    listed = operator.get("/api/v1/target-lists").json()["items"]
    assert [row["organisation"] for row in listed] == ["park-0"]
    assert listed[0]["items"][0]["notices"][0]["with"] is None
    assert analyst.post(f"{base}/dance", data={}).status_code == 422
    assert (
        db.scalar(
            select(TargetItem.goal).where(
                TargetItem.list_id == one.id, TargetItem.target_code == "hnte_count"
            )
        )
        == 9
    )


def _done(client: TestClient, path: str, data: dict[str, str]) -> None:
    answer = client.post(path, data=data, follow_redirects=False)
    assert answer.status_code == 303, answer.text
