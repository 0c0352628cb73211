"""Duties: when each falls due, for whom, what closes it, and who may say so."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.duties import queries
from app.duties.catalogue import Duty
from app.firms.flag_models import DutyDone
from app.firms.models import Designation, Firm, FormerName
from tests.factories import make_firm
from tests.people import body, machine, person, put_in_incubator, statements

DAY = date(2026, 4, 15)
Owed = tuple[str, date, int]


def held(kind: str, first: date, last: date | None) -> dict[str, Any]:
    return {"kind": kind, "from": first, "to": last}


def owed(db: Session, firm: int, day: date = DAY) -> list[Owed]:
    return [(row.duty, row.due, row.stage) for row in queries.of_firm(db, SYSTEM, firm, day)]


def holder(db: Session, *designations: dict[str, Any]) -> int:
    return make_firm(db, designations=list(designations))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 27), []),
        (date(2026, 2, 28), [("hnte_annual", date(2026, 5, 31), 3)]),
        (date(2026, 4, 29), [("hnte_annual", date(2026, 5, 31), 3)]),
        (date(2026, 4, 30), [("hnte_annual", date(2026, 5, 31), 1)]),
        (date(2026, 5, 31), [("hnte_annual", date(2026, 5, 31), 1)]),
        (date(2026, 6, 1), [("hnte_annual", date(2026, 5, 31), 0)]),
    ],
)
def test_the_yearly_form_is_told_three_months_and_one_month_ahead(
    db: Session, day: date, expected: list[Owed]
) -> None:
    firm = holder(db, held("hnte", date(2025, 11, 1), date(2028, 10, 31)))
    assert owed(db, firm, day) == expected


def test_who_did_not_hold_the_title_last_year_has_nothing_to_report(db: Session) -> None:
    firm = holder(db, held("hnte", date(2026, 1, 10), date(2029, 1, 9)))
    assert owed(db, firm) == []


@pytest.mark.parametrize(
    ("left", "stage"), [(400, None), (360, 12), (180, 6), (80, 3), (20, 1), (0, 1), (-5, 0)]
)
def test_a_renewal_is_told_at_twelve_six_three_and_one_month(
    db: Session, left: int, stage: int | None
) -> None:
    last = DAY + timedelta(days=left)
    firm = holder(db, held("srdi", date(2023, 7, 1), last))
    found = [one for one in owed(db, firm) if one[0] == "sme_renewal"]
    assert found == ([] if stage is None else [("sme_renewal", last, stage)])


def test_a_title_that_follows_closes_the_renewal_and_one_taken_away_asks_none(
    db: Session,
) -> None:
    followed = holder(db, held("hnte", date(2023, 5, 10), date(2026, 5, 9)),
                      held("hnte", date(2026, 5, 10), date(2029, 5, 9)))  # fmt: skip
    assert [one[0] for one in owed(db, followed)] == ["hnte_annual"]
    revoked = holder(db, held("hnte", date(2023, 5, 10), date(2026, 3, 1)))
    title = db.scalar(select(Designation).where(Designation.firm_id == revoked))
    assert title is not None
    title.end_reason = "revoked: 数据造假"
    db.flush()
    assert owed(db, revoked) == []


def test_the_tech_sme_is_renewed_every_year_until_it_holds_this_years_number(db: Session) -> None:
    last_year = held("tech_sme", date(2025, 6, 1), date(2025, 12, 31))
    waits = holder(db, last_year)
    assert owed(db, waits) == [("tech_sme_renewal", date(2026, 3, 31), 0)]
    renewed = holder(db, last_year, held("tech_sme", date(2026, 4, 1), date(2026, 12, 31)))
    assert owed(db, renewed) == []


def test_a_change_of_name_is_reported_within_three_months(db: Session) -> None:
    firm = holder(db, held("hnte", date(2025, 11, 1), date(2028, 10, 31)))
    for name, until in (
        ("旧名一", date(2026, 2, 20)),
        ("更旧的名", date(2024, 1, 1)),
        ("无日", None),
    ):
        db.add(FormerName(firm_id=firm, name=name, name_search=name, until=until))
    db.flush()
    found = [one for one in owed(db, firm) if one[0] == "hnte_change"]
    assert found == [("hnte_change", date(2026, 5, 20), 3)]


def test_a_firm_that_left_owes_nothing(db: Session) -> None:
    firm = holder(db, held("hnte", date(2023, 5, 10), date(2026, 5, 9)))
    assert owed(db, firm)
    db.get_one(Firm, firm).status = "deregistered"
    db.flush()
    assert owed(db, firm) == []


def expiring(db: Session) -> tuple[int, date]:
    """A firm whose title ends in 20 days, and the day."""
    last = today() + timedelta(days=20)
    return holder(db, held("srdi", today() - timedelta(days=90), last)), last


def test_a_duty_is_done_on_the_page_taken_back_and_done_again(db: Session) -> None:
    firm, last = expiring(db)
    client = person(db, Role.ANALYST)
    assert "优质中小企业复核" in client.get(f"/duties?id={firm}").text
    form = {"done_on": str(today()), "evidence": "受理 123", "back": "/duties?duty=sme_renewal"}
    path = f"/firms/{firm}/duties/sme_renewal/{last}"
    assert client.get(path).status_code == 200
    late = client.post(path, data=form | {"done_on": str(today() + timedelta(days=1))})
    assert late.status_code == 422 and "不能晚于今天" in late.text
    done = client.post(path, data=form, follow_redirects=False)
    assert done.headers["location"] == "/duties?duty=sme_renewal"
    assert client.post(path, data=form).status_code == 409
    assert f"/firms/{firm}/duties" not in client.get(f"/duties?id={firm}").text
    assert "受理 123" in client.get(f"/firms/{firm}/history").text
    row = db.scalar(select(DutyDone).where(DutyDone.firm_id == firm))
    assert row is not None and row.done_on == today()
    assert f"/duties/done/{row.id}/take-back" in client.get(
        f"/duties?id={firm}&done_on__empty=false"
    ).text  # fmt: skip
    client.post(f"/duties/done/{row.id}/take-back")
    assert path in client.get(f"/duties?id={firm}").text
    assert client.post(path, data=form, follow_redirects=False).status_code == 303


def test_several_are_recorded_together_or_none(db: Session) -> None:
    (one, last), (two, _) = expiring(db), expiring(db)
    client = person(db, Role.ANALYST)
    ticked = [f"{one}:sme_renewal:{last}", f"{two}:sme_renewal:{last}"]
    form: dict[str, Any] = {"done_on": str(today()), "owed": [*ticked, f"{one}:sme_renewal:{last}"]}
    refused = client.post("/duties?duty=sme_renewal", data=form)
    assert refused.status_code == 409 and "黔江测试企业" in refused.text
    assert db.scalar(select(DutyDone.id).where(DutyDone.firm_id.in_([one, two]))) is None
    form["owed"] = ticked
    done = client.post("/duties?duty=sme_renewal", data=form, follow_redirects=False)
    assert done.headers["location"] == "/duties?duty=sme_renewal"
    assert len(db.scalars(select(DutyDone).where(DutyDone.firm_id.in_([one, two]))).all()) == 2
    assert client.post("/duties", data={"done_on": str(today())}).status_code == 422
    assert client.post("/duties", data={"done_on": "x", "owed": ticked}).status_code == 422


def test_the_interface_lists_records_and_takes_back(db: Session) -> None:
    incubator = body(db, "duties-incubator", "incubator")
    firm, last = expiring(db)
    other, _ = expiring(db)
    put_in_incubator(db, firm, incubator, Range(date(2020, 1, 1), None))
    client = machine(db, incubator)
    found = client.get("/api/v1/duties?duty=sme_renewal").json()["items"]
    assert [(row["firm_id"], row["due"], row["stage"]) for row in found] == [(firm, str(last), 1)]
    path, done = "/api/v1/firms/{}/duties/sme_renewal/{}", {"done_on": str(today())}
    assert client.put(path.format(other, last), json=done).status_code == 404
    assert client.put(path.format(firm, last), json=done).status_code == 204
    assert client.get("/api/v1/duties?duty=sme_renewal").json()["items"] == []
    listed = client.get("/api/v1/duties?done_on__empty=false").json()["items"]
    assert [(row["firm_id"], row["done_on"]) for row in listed] == [(firm, str(today()))]
    record = f"/api/v1/duties/done/{listed[0]['done_id']}"
    assert client.delete(record).status_code == 204
    assert client.delete(record).status_code == 404


def test_the_counts_come_as_part_and_as_page(db: Session) -> None:
    expiring(db)
    client = person(db, Role.LEADER)
    part = client.get("/duties/counts", headers={"HX-Request": "true"}).text
    assert "<html" not in part and 'href="/duties?duty=sme_renewal&amp;stage=1">1</a>' in part
    assert "<html" in client.get("/duties/counts").text


def test_a_leader_looks_and_records_nothing(db: Session) -> None:
    firm, last = expiring(db)
    client = person(db, Role.LEADER)
    path = f"/firms/{firm}/duties/sme_renewal/{last}"
    assert path not in client.get(f"/duties?id={firm}").text
    assert client.post(path, data={"done_on": str(today())}).status_code == 403


def test_the_list_is_filtered_paged_and_takes_as_many_statements_for_any_number(
    db: Session,
) -> None:
    client = person(db, Role.LEADER)
    sent = []
    for more in (1, 12):
        for _ in range(more):
            expiring(db)
        client.get("/duties")
        with statements(db.connection().engine) as seen:
            assert client.get("/duties?duty=sme_renewal&stage=1&limit=5").status_code == 200
        sent.append(len(seen))
    assert sent[0] == sent[1] or sent[1] == sent[0] + 1  # the count of more than one page
    rows: list[int] = []
    path = "/api/v1/duties?duty=sme_renewal&limit=5"
    after = ""
    while True:
        found = client.get(path + after).json()
        rows += [row["id"] for row in found["items"]]
        if found["next"] is None:
            break
        after = f"&cursor={found['next']}"
    assert len(rows) == len(set(rows)) == 13
    wrong = client.get("/duties?duty=hnte_annuals")
    assert wrong.status_code == 422 and "hnte_annual" in wrong.text


def test_a_duty_without_what_its_rule_needs_is_refused() -> None:
    with pytest.raises(ValidationError, match="yearly needs"):
        Duty(code="x", zh="x", en="x", of=("hnte",), rule="yearly", notice=(1,), article="x",
             where="x", why={"zh": "x", "en": "x"})  # fmt: skip
