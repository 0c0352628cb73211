"""Flags: raised and closed by the evaluation, kind by kind, with only changes written."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.criteria.store import sets_in_force
from app.firms.flag_models import DutyDone, Flag, FlagRule
from app.firms.flags import counts
from app.firms.models import Designation, Firm, FirmYear, FormerName
from app.incubation.models import ServiceRecord
from app.pipeline import flags
from app.pipeline.flags import raise_flags
from app.pipeline.models import Assessment
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
YEARS = range(LAST - 2, LAST + 1)
COMMON: dict[str, Any] = {"firm": {"registered_on": date(2015, 1, 1), "region_code": "500114"}}


def figures(**each: Any) -> dict[str, dict[int, Any]]:
    """The same figures in each of the last three full years."""
    return {code: dict.fromkeys(YEARS, value) for code, value in each.items()}


def held(db: Session, firm: int, kind: str, first: date, beyond: date | None = None) -> None:
    """The firm holds a title from a day on, until before another."""
    db.add(Designation(firm_id=firm, kind=kind, valid=Range(first, beyond)))
    db.flush()


def evaluate(db: Session, firm: int | None = None, day: date | None = None) -> None:
    """Hold one firm, or all, against the criteria."""
    assess(db, None if firm is None else [firm], day or today())


def opened(db: Session, firm: int) -> dict[str, Flag]:
    """The open flags of a firm by kind; of several of a kind the first."""
    query = select(Flag).where(Flag.firm_id == firm, Flag.closed_on.is_(None))
    found = db.scalars(query.order_by(Flag.kind, Flag.subject.desc())).all()
    db.expire_all()
    return {one.kind: one for one in reversed(found)}


@pytest.mark.parametrize("every", [True, False])
def test_a_gap_raises_a_flag_and_its_end_closes_it(db: Session, *, every: bool) -> None:
    short = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte="459999.50",
        rd_hnte_domestic=450_000, revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    firm = make_firm(db, **COMMON, figures=short)
    held(db, firm, "pool", date(LAST, 1, 1))
    only = None if every else firm
    db.add(FlagRule(kind="near", threshold=9))
    evaluate(db, only)
    near = opened(db, firm)["near"]
    assert (near.subject, near.since, near.criterion) == ("hnte", today(), "hnte.rd")
    assert near.figures["gaps"] == {"hnte.rd": "120001.50"}
    assert near.figures["set"] == "hnte_2016"
    db.execute(update(FirmYear).where(FirmYear.firm_id == firm).values(rd_hnte=600_000))
    evaluate(db, only, today() + timedelta(days=3))
    still = opened(db, firm)["near"]
    assert still.criterion != "hnte.rd" and still.since == today()
    db.execute(update(Firm).where(Firm.id == firm).values(status="moved_out"))
    evaluate(db, only, today() + timedelta(days=5))
    assert opened(db, firm) == {}
    ended = db.scalars(select(Flag).where(Flag.firm_id == firm, Flag.kind == "near")).one()
    assert ended.closed_on == today() + timedelta(days=5)


def test_a_run_over_what_stands_writes_nothing(db: Session) -> None:
    firm = make_firm(db, **COMMON, figures=figures(revenue_sales=1))
    held(db, firm, "hnte", date(LAST - 1, 1, 1), date(LAST + 2, 1, 1))
    evaluate(db, firm)
    before = db.execute(text("select *, xmin::text from flag order by 1, 2, 3")).all()
    evaluate(db)
    evaluate(db, firm)
    assert db.execute(text("select *, xmin::text from flag order by 1, 2, 3")).all() == before
    assert before


def test_few_firms_several_and_all_are_flagged_alike(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    firms = [make_firm(db, **COMMON, figures=figures(revenue_sales=n)) for n in (1, 2)]
    for firm in firms:
        held(db, firm, "hnte", date(LAST - 1, 1, 1), date(LAST + 2, 1, 1))
    found = text("select * from flag where firm_id = any(:firms) order by 1, 2, 3")
    evaluate(db)
    of_all = db.execute(found, {"firms": firms}).all()
    assert {one.firm_id for one in of_all} == set(firms)
    for several in (2, 1):
        monkeypatch.setattr(flags, "SEVERAL", several)
        db.execute(delete(Flag))
        assess(db, firms, today())
        assert db.execute(found, {"firms": firms}).all() == of_all


def test_ready_and_missing_data(db: Session) -> None:
    sound = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte=600_000,
        rd_hnte_domestic=600_000, revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    firm = make_firm(db, **COMMON, figures=sound)
    held(db, firm, "pool", date(LAST, 1, 1))
    evaluate(db, firm)
    missing = opened(db, firm)["data_missing"]
    assert missing.subject == "hnte" and "hnte.ip" in missing.figures["unknown"]  # type: ignore[operator]
    met = {"outcome": 1, "gap_count": 0, "unknown_count": 0}
    db.execute(update(Assessment).where(Assessment.firm_id == firm).values(met))
    sets = tuple(sets_in_force(db, today(), purpose=None))
    raise_flags(db, [firm], sets, today())
    assert {"ready", "near", "data_missing"} & set(opened(db, firm)) == {"ready"}


@pytest.mark.parametrize(
    ("before", "after", "grows"),
    [("1000000.00", "1300000.00", True), ("1000000.00", "1299999.99", False),
     ("0", "1000000", False), (None, "1000000", False)],
)  # fmt: skip
def test_growth_is_compared_exactly(
    db: Session, before: str | None, after: str, *, grows: bool
) -> None:
    sales = {LAST: after} | ({} if before is None else {LAST - 1: before})
    firm = make_firm(db, **COMMON, figures={"revenue_sales": sales})
    evaluate(db, firm)
    assert ("fast_growing" in opened(db, firm)) is grows


def test_a_year_not_yet_reported_leaves_growth_to_the_one_before(db: Session) -> None:
    firm = make_firm(db, **COMMON, figures={"revenue_sales": {LAST - 2: 100, LAST - 1: 200}})
    evaluate(db, firm)
    assert opened(db, firm)["fast_growing"].figures["year"] == LAST - 1


def test_an_end_is_told_in_stages_and_a_renewal_ends_it(db: Session) -> None:
    firm, day = make_firm(db, **COMMON), date(LAST + 1, 3, 1)
    held(db, firm, "hnte", date(LAST - 1, 9, 1), date(LAST + 2, 2, 1))
    evaluate(db, firm, day - timedelta(days=60))
    assert "expiring" not in opened(db, firm)
    evaluate(db, firm, day)
    expiring = opened(db, firm)["expiring"]
    assert expiring.figures == {"last": f"{LAST + 2}-01-31", "months": 12}
    evaluate(db, firm, date(LAST + 1, 12, 15))
    later = opened(db, firm)["expiring"]
    assert (later.figures["months"], later.since) == (3, day)
    held(db, firm, "hnte", date(LAST + 2, 2, 1), date(LAST + 5, 2, 1))
    evaluate(db, firm, date(LAST + 1, 12, 16))
    assert "expiring" not in opened(db, firm)


def test_a_title_of_one_year_counts_in_its_last_months(db: Session) -> None:
    firm, year = make_firm(db, **COMMON), LAST + 1
    held(db, firm, "tech_sme", date(year, 1, 1), date(year + 1, 1, 1))
    evaluate(db, firm, date(year, 6, 1))
    assert "expiring" not in opened(db, firm)
    evaluate(db, firm, date(year, 11, 1))
    assert opened(db, firm)["expiring"].subject == "tech_sme"


def test_a_title_at_risk(db: Session) -> None:
    weak = figures(staff_avg=100, st_staff_avg=1, revenue_sales=10_000_000, rd_hnte=0)
    firm = make_firm(db, **COMMON, figures=weak)
    evaluate(db, firm)
    assert "at_risk" not in opened(db, firm)
    held(db, firm, "hnte", date(LAST, 1, 1), date(LAST + 3, 1, 1))
    evaluate(db, firm)
    risk = opened(db, firm)["at_risk"]
    assert risk.criterion == "hnte.rd" or risk.criterion in risk.figures["unmet"]  # type: ignore[operator]
    assert "hnte.staff" in risk.figures["unmet"]  # type: ignore[operator]


def test_duties_fall_due_and_are_done(db: Session) -> None:
    firm, year = make_firm(db, **COMMON), LAST + 1
    held(db, firm, "hnte", date(LAST - 1, 9, 1), date(LAST + 2, 9, 1))
    evaluate(db, firm, date(year, 3, 1))
    assert "duty_due" not in opened(db, firm)
    evaluate(db, firm, date(year, 3, 2))
    due = opened(db, firm)["duty_due"]
    assert (due.subject, due.figures) == (
        "hnte_annual", {"due": f"{year}-05-31", "period": str(LAST)},
    )  # fmt: skip
    evaluate(db, firm, date(year, 8, 1))
    assert opened(db, firm)["duty_due"].since == date(year, 3, 2)
    db.add(DutyDone(firm_id=firm, code="hnte_annual", period=str(LAST), done_on=date(year, 8, 1)))
    evaluate(db, firm, date(year, 8, 2))
    assert "duty_due" not in opened(db, firm)
    db.add(FormerName(firm_id=firm, name="旧", name_search="旧", until=date(year, 8, 10)))
    evaluate(db, firm, date(year, 8, 20))
    renamed = opened(db, firm)["duty_due"]
    assert (renamed.subject, renamed.figures["due"]) == ("hnte_change", f"{year}-11-10")


def test_a_verdict_that_does_not_move_is_stalled(db: Session) -> None:
    firm = make_firm(db, **COMMON, figures=figures(staff_avg=100, st_staff_avg=1))
    held(db, firm, "pool", date(LAST - 2, 1, 1))
    evaluate(db, firm)
    assert "stalled" not in opened(db, firm)
    db.execute(update(Assessment).where(Assessment.firm_id == firm).values(since=date(LAST, 1, 1)))
    evaluate(db, firm)
    assert opened(db, firm)["stalled"].figures["since"] == f"{LAST}-01-01"


def test_who_was_not_served_for_long(db: Session) -> None:
    firm = make_firm(db, **COMMON)
    evaluate(db, firm)
    assert "not_served" not in opened(db, firm)  # it is not on the ladder
    held(db, firm, "pool", date(LAST, 1, 1))
    evaluate(db, firm)
    assert opened(db, firm)["not_served"].figures == {"last": None}
    served = ServiceRecord(firm_id=firm, kind="visit", served_on=today())
    db.add(served)
    evaluate(db, firm)
    assert "not_served" not in opened(db, firm)
    evaluate(db, firm, today() + timedelta(days=190))
    assert opened(db, firm)["not_served"].figures == {"last": today().isoformat()}


# --- what people see and do -----------------------------------------------------------------------


@pytest.fixture
def expiring(db: Session) -> int:
    """A firm whose certificates end soon: two flags of one kind."""
    firm = make_firm(db, "双证科技有限公司", **COMMON)
    for kind in ("hnte", "srdi"):
        held(db, firm, kind, date(LAST - 1, 1, 1), today() + timedelta(days=20))
    evaluate(db, firm)
    return firm


def test_a_firm_counts_once_and_lists_agree(db: Session, expiring: int) -> None:
    client = people.person(db, Role.ANALYST)
    counted = {one["kind"]: one["firms"] for one in client.get("/api/v1/flags").json()["items"]}
    assert counted["expiring"] == 1
    for path in ("firms", "pool"):
        found = client.get(f"/api/v1/{path}?flag=expiring&fields=id,flags&count=exact").json()
        assert found["count"] == 1
        assert found["items"][0]["id"] == expiring and "expiring" in found["items"][0]["flags"]
    assert "双证科技" in client.get("/firms?flag=expiring&fields=name,flags").text
    assert "flag=expiring" in client.get("/lists/pool/facets?on=").text
    assert client.get("/api/v1/firms?flag=expirng").json()["errors"][0]["parameter"] == "flag"
    assert ">1<" in client.get("/flags").text
    assert "高新技术企业将于" in client.get(f"/firms/{expiring}").text
    elsewhere = people.person(db, Role.PARK_OPERATOR, people.body(db, "park-x", "park"))
    counted = {one["kind"]: one["firms"] for one in elsewhere.get("/api/v1/flags").json()["items"]}
    assert counted["expiring"] == 0


def test_a_flag_is_put_off_with_a_reason_until_a_day(db: Session, expiring: int) -> None:
    client = people.person(db, Role.ANALYST)
    path = f"/api/v1/firms/{expiring}/flags/expiring/hnte/snooze"
    until = (today() + timedelta(days=10)).isoformat()
    for wrong in ({"until": until, "reason": " "}, {"until": today().isoformat(), "reason": "x"}):
        assert client.put(path, json=wrong).status_code == 422
    officer = people.person(db, Role.OFFICER)
    assert officer.put(path, json={"until": until, "reason": "x"}).status_code == 403
    found = client.put(path, json={"until": until, "reason": "材料已报"})
    assert found.json()["snooze_reason"] == "材料已报"
    assert client.get("/api/v1/firms?flag=expiring&count=exact").json()["count"] == 1
    client.put(path.replace("hnte", "srdi"), json={"until": until, "reason": "材料已报"})
    assert client.get("/api/v1/firms?flag=expiring&count=exact").json()["count"] == 0
    assert "材料已报" in client.get(f"/firms/{expiring}").text
    evaluate(db, expiring)  # which leaves the delay as it is
    assert counts(db, SYSTEM, date.fromisoformat(until))["expiring"] == 1
    assert client.delete(path).json()["snoozed_until"] is None
    gone = client.put(path.replace("hnte", "gazelle"), json={"until": until, "reason": "x"})
    assert gone.status_code == 404


def test_a_threshold_is_set_within_its_bounds(db: Session, expiring: int) -> None:
    client = people.person(db, Role.ANALYST)
    path = "/api/v1/flags/expiring/threshold"
    assert client.put(path, json={"threshold": 0}).status_code == 422
    assert client.put("/api/v1/flags/ready/threshold", json={"threshold": 1}).status_code == 404
    assert people.person(db, Role.LEADER).put(path, json={"threshold": 1}).status_code == 403
    db.execute(update(Designation).where(Designation.firm_id == expiring).values(
        valid=Range(date(LAST - 1, 1, 1), today() + timedelta(days=100))))  # fmt: skip
    assert client.put(path, json={"threshold": 3}).status_code == 204
    evaluate(db, expiring)
    assert "expiring" not in opened(db, expiring)
    assert 'value="3"' in client.get("/flags").text


def test_a_duty_is_recorded_once_and_its_flag_closes(db: Session) -> None:
    client, firm = people.person(db, Role.ANALYST), make_firm(db, **COMMON)
    held(db, firm, "hnte", date(LAST - 1, 9, 1), date(LAST + 2, 9, 1))
    db.add(FormerName(firm_id=firm, name="旧", name_search="旧", until=today()))
    evaluate(db, firm)
    path, duty = (
        f"/firms/{firm}/flags/duty_due/hnte_change",
        f"/firms/{firm}/duties/hnte_change/{today()}",
    )
    assert "重大变化" in client.get(path).text
    late = {"done_on": (today() + timedelta(days=1)).isoformat()}
    assert client.post(duty, data=late).status_code == 422
    done = {"done_on": str(today()), "evidence": "回执 1 号"}
    answer = client.post(duty, data=done, follow_redirects=False)
    assert answer.status_code == 303
    kinds = {(k, one.subject) for k, one in opened(db, firm).items()}
    assert ("duty_due", "hnte_change") not in kinds
    again = client.put(f"/api/v1/firms/{firm}/duties/hnte_change/{today()}",
                       json={"done_on": str(today())})  # fmt: skip
    assert again.status_code == 409


def test_flags_are_events(db: Session, expiring: int) -> None:
    client = people.machine(db, people.body(db, "events-x", "department"))
    db.execute(delete(Designation).where(Designation.firm_id == expiring))
    evaluate(db, expiring)
    flag = db.scalars(select(Flag).where(Flag.firm_id == expiring, Flag.kind == "expiring",
                                         Flag.subject == "hnte")).one()  # fmt: skip
    assert flag.closed_on == today()
    assert client.get("/api/v1/events?kind=flag").status_code == 200


def test_sentences_in_both_languages(db: Session, expiring: int) -> None:
    client = people.person(db, Role.ANALYST)
    for one in client.get(f"/api/v1/firms/{expiring}/flags").json()["items"]:
        assert one["sentence"]["zh"] and one["sentence"]["en"] and one["since"]
    assert client.get(f"/api/v1/firms/{expiring}/flags?closed=5").status_code == 200
    assert client.get(f"/api/v1/firms/{expiring}/flags?clsed=5").status_code == 422
