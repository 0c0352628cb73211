"""A firm's own door: what a link opens, what it never does, and every way in which it fails."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import now, today
from app.doors import service
from app.doors.models import Correction, Door, DoorAnswer
from app.firms.document_models import Document
from app.firms.models import Firm, Submission
from app.pipeline.service import assess
from app.support.models import CaseEntry, SupportCase
from tests import people
from tests.factories import make_firm
from tests.firms.test_documents import png
from tests.support.opened import body, figures

LAST = today().year - 1
LINK = re.compile(r'value="(http[^"]+/door/open/[^"]+)"')
SHUT = "链接无效、已过期"


@pytest.fixture
def firm(db: Session) -> int:
    """A firm in the pool that lacks R&D for the certificate."""
    weak = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte=1, rd_hnte_domestic=1,
        revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    found = make_firm(db, "通道企业", figures=weak,
                      firm={"registered_on": date(2015, 1, 1), "industry_code": "C3912"},
                      designations=[{"kind": "pool", "from": date(LAST, 1, 1)}])  # fmt: skip
    make_firm(db, "别家企业", figures=weak)
    assess(db, None, today())
    return found


@pytest.fixture
def keeper(db: Session) -> TestClient:
    return people.person(db, Role.ANALYST)


def visitor(db: Session, **headers: str) -> TestClient:
    """A browser without an account."""
    app = people.application(db, failures_per_minute=600)
    return TestClient(app, headers=people.OUR_PAGE | headers, follow_redirects=False)


def link_of(keeper: TestClient, firm: int, days: str = "30") -> str:
    page = keeper.post(f"/firms/{firm}/doors", data={"given_to": "财务负责人", "days": days})
    found = LINK.search(page.text)
    assert found is not None, page.text
    return "/door" + found[1].split("/door", 1)[1]


@pytest.fixture
def inside(db: Session, keeper: TestClient, firm: int) -> Iterator[TestClient]:
    """The firm's browser, behind its door."""
    browser = visitor(db)
    browser.post(link_of(keeper, firm))
    yield browser


def stands(db: Session, firm: int) -> Any:
    """R&D of last year as it is on record, in fen."""
    query = text("select rd_hnte from firm_year where firm_id = :firm and year = :year")
    return db.scalar(query, {"firm": firm, "year": LAST})


def test_a_firm_opens_its_door_and_sees_its_checklist(
    db: Session, keeper: TestClient, firm: int
) -> None:
    link, browser = link_of(keeper, firm), visitor(db)
    knock = browser.get(link)
    assert knock.status_code == 200 and "通道企业" not in knock.text, "a button, nothing more"
    assert db.scalars(select(Door.opened_at)).one() is None, "looking opens nothing"
    entered = browser.post(link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/door")
    page = browser.get("/door").text
    assert "通道企业" in page and "研发费用" in page and "差距" in page
    assert browser.get(link).headers["location"] == "/door", "the same browser goes straight in"
    seen = keeper.get(f"/firms/{firm}/doors").text
    assert "已打开" in seen and "使用 1 次" in seen and link not in seen


def test_a_correction_is_a_proposal_until_somebody_accepts_it(
    db: Session, keeper: TestClient, firm: int, inside: TestClient
) -> None:
    field, before = f"rd_hnte.{LAST}", stands(db, firm)
    sent = inside.post("/door/figures", data={field: "90", "unit": "万元", "note": "见审计报告"})
    assert sent.status_code == 303
    assert "待核实" in inside.get("/door").text
    again = inside.post("/door/figures", data={field: "95", "unit": "万元"})
    assert again.status_code == 303
    assert db.scalars(select(Correction.state).order_by(Correction.id)).all() == [
        "replaced", "open"]  # fmt: skip
    assert stands(db, firm) == before
    [open_one] = keeper.get("/api/v1/corrections?state=open").json()["items"]
    assert (open_one["value"], open_one["typed"]) == ("950000", "95 万元")
    decided = f"/api/v1/corrections/{open_one['id']}/decide"
    assert people.person(db, Role.OFFICER).post(decided, json={"accept": True}).status_code == 403
    assert keeper.post(decided, json={"accept": True}).json()["state"] == "accepted"
    assert keeper.post(decided, json={"accept": True}).status_code == 409, "once"
    best = db.scalars(select(Submission).where(Submission.effective_at.is_not(None))).one()
    assert (best.source, best.origin_ref) == ("self_reported", f"correction:{open_one['id']}")
    assert "已采纳" in inside.get("/door").text


def test_a_refusal_says_why_and_the_firm_reads_it(
    db: Session, keeper: TestClient, firm: int, inside: TestClient
) -> None:
    inside.post("/door/figures", data={f"rd_hnte.{LAST}": "90"})
    number = db.scalars(select(Correction.id)).one()
    assert "通道企业" in keeper.get("/corrections").text
    assert "企业更正，待核实" in keeper.get("/waiting").text
    bare = keeper.post(f"/corrections/{number}", data={"decision": "refuse"})
    assert bare.status_code == 422 and "请写明理由" in bare.text
    keeper.post(f"/corrections/{number}", data={"decision": "refuse", "reason": "与审计报告不符"})
    assert "与审计报告不符" in inside.get("/door").text
    assert db.scalars(select(Submission)).all() == []


def test_beside_a_better_source_only_an_analyst_decides(
    db: Session, firm: int, keeper: TestClient, inside: TestClient
) -> None:
    incubator = people.body(db, "door-incubator", "incubator")
    people.put_in_incubator(db, firm, incubator, Range(date(2015, 1, 1), None))
    manager = people.person(db, Role.INCUBATOR_MANAGER, incubator)
    put = {"firm_id": firm, "year": LAST, "indicator": "rd_hnte", "value": 100,
           "source": "tax_bureau", "effective_at": now()}  # fmt: skip
    db.add(Submission(**put))
    db.flush()
    for value, client, effective in (("90", manager, 1), ("91", keeper, 2)):
        inside.post("/door/figures", data={f"rd_hnte.{LAST}": value})
        number = db.scalars(select(Correction.id).order_by(Correction.id.desc())).first()
        done = client.post(f"/api/v1/corrections/{number}/decide", json={"accept": True})
        assert done.status_code == 200, done.text
        chosen = select(Submission.id).where(Submission.effective_at.is_not(None))
        assert len(db.scalars(chosen).all()) == effective


def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(
    db: Session, inside: TestClient
) -> None:
    for form, says in (
        ({f"rd_hnte.{LAST}": "很多"}, "不是金额"),
        ({"rd_hnte.1989": "9"}, "年度 1989"),
        ({f"nothing.{LAST}": "9"}, "没有这个指标"),
        ({f"rd_hnte.{LAST}": "0.0001"}, "没有与现有数据不同"),
        ({}, "没有与现有数据不同"),
    ):
        answer = inside.post("/door/figures", data=form)
        assert answer.status_code == 422 and says in answer.text, form
    assert db.scalars(select(Correction)).all() == []
    for path, form in (("answer", {"score": "9"}), ("answer", {"score": "5", "about": "99"}),
                       ("files", {})):  # fmt: skip
        assert inside.post(f"/door/{path}", data=form).status_code == 422
    program = {"file": ("x.exe", b"MZ", "application/pdf")}
    assert inside.post("/door/files", files=program).status_code == 422
    assert not db.scalars(select(Document)).all() and not db.scalars(select(DoorAnswer)).all()


def test_evidence_and_an_answer_come_through(
    db: Session, keeper: TestClient, firm: int, inside: TestClient
) -> None:
    case = SupportCase(firm_id=firm, measure="rd.subledger", criteria=[], reason="内部理由",
                       organisation_id=body(db, "tax").id, opened_on=today(), opened_by="x",
                       due_on=today(), state="done", closed_on=today(), result="x")  # fmt: skip
    db.add(case)
    db.flush()
    for words, seen in (("只给内部看", False), ("请补盖章", True)):
        db.add(CaseEntry(case_id=case.id, firm_id=firm, kind="note", text=words, firm_sees=seen,
                         recorded_by="x"))  # fmt: skip
    db.flush()
    page = inside.get("/door").text
    assert "请补盖章" in page and "只给内部看" not in page and "内部理由" not in page
    assert inside.post("/door/files", files={"file": ("证明.png", png(), "image/png")}
                       ).status_code == 303  # fmt: skip
    assert "证明.png" in inside.get("/door").text
    assert "证明.png" in keeper.get(f"/firms/{firm}").text
    for score in ("3", "5"):
        said = {"score": score, "about": str(case.id), "said": "很及时"}
        assert inside.post("/door/answer", data=said).status_code == 303
    assert db.scalars(select(DoorAnswer.score)).all() == [5], "the last word holds"
    assert "很及时" in keeper.get(f"/firms/{firm}/doors").text


# --- links that lead nowhere ----------------------------------------------------------------------


def test_every_bad_link_looks_the_same(db: Session, keeper: TestClient, firm: int) -> None:
    good, ended = link_of(keeper, firm), link_of(keeper, firm)
    revoked = link_of(keeper, firm)
    numbers = db.scalars(select(Door.id).order_by(Door.id)).all()
    db.execute(update(Door).where(Door.id == numbers[1]).values(expires_at=now()))
    keeper.post(f"/firms/{firm}/doors/{numbers[2]}/revoke")
    secret, _, signature = good.rpartition("/")[2].partition(".")
    forged = [
        f"/door/open/{secret}",
        f"/door/open/{secret}.{signature[:-1]}x",
        "/door/open/x.y",
        "/door/open/%F0%9F%9A%AA.x",
        f"/door/open/{'A' * 43}.{signature}",
    ]
    answers = set()
    for link in (ended, revoked, *forged):
        for ask in (visitor(db).get, visitor(db).post):
            found = ask(link, headers={"accept": "text/html"})
            assert found.status_code == 404 and SHUT in found.text, link
            answers.add(re.sub(r"[0-9a-f-]{36}", "", found.text))
    assert len(answers) == 1, "no hint of what was wrong"
    assert visitor(db).get(good).status_code == 200
    why = db.scalars(text("select distinct detail ->> 'purpose' from audit_entry "
                          "where table_name = 'door' and action = 'read'"))  # fmt: skip
    assert set(why) == {"expired", "revoked", "forged"}


def test_a_link_that_was_passed_on_opens_nothing_and_is_told(
    db: Session, keeper: TestClient, firm: int
) -> None:
    link, first = link_of(keeper, firm), visitor(db)
    first.post(link)
    other = visitor(db)
    assert other.get(link).status_code == 404 and other.post(link).status_code == 404
    assert other.get("/door").status_code == 404
    assert first.get("/door").status_code == 200
    assert "另有 2 次从其他浏览器打开被拒" in keeper.get(f"/firms/{firm}/doors").text


def test_of_two_who_press_at_once_one_enters(db: Session, keeper: TestClient, firm: int) -> None:
    link_of(keeper, firm)
    door = db.scalars(select(Door)).one()
    assert service.open_in(db, door, "one") and not service.open_in(db, door, "two")


def test_a_door_shuts_behind_who_is_inside(
    db: Session, keeper: TestClient, firm: int, inside: TestClient
) -> None:
    assert inside.get("/door").status_code == 200
    number = db.scalars(select(Door.id)).one()
    keeper.post(f"/firms/{firm}/doors/{number}/revoke")
    for shut in (inside.get("/door"), inside.post("/door/answer", data={"score": "5"})):
        assert shut.status_code == 404
    second = visitor(db)
    second.post(link_of(keeper, firm))
    assert second.post("/door/close").status_code == 200
    assert second.get("/door").status_code == 404
    assert "企业通道" in str(db.scalars(select(Door.revoked_by).order_by(Door.id.desc())).first())


def test_who_guesses_waits(db: Session) -> None:
    app = people.application(db, failures_per_minute=6, burst_seconds=60)
    guesser = TestClient(app, headers=people.OUR_PAGE, follow_redirects=False)
    answers = [guesser.get(f"/door/open/{n}.x").status_code for n in range(8)]
    assert answers == [404] * 6 + [429] * 2


def test_behind_the_door_there_is_one_firm(
    db: Session, firm: int, keeper: TestClient, inside: TestClient
) -> None:
    assert "别家企业" not in inside.get("/door").text
    for path in ("/", f"/firms/{firm}", "/pool", "/api/v1/firms", f"/firms/{firm}/doors"):
        assert inside.get(path).status_code in (401, 303), path
    door = db.scalars(select(Door)).one()
    service.enter(db, door, "00000000-0000-0000-0000-000000000000")
    assert db.scalars(select(Firm.name)).all() == ["通道企业"]
    db.execute(text("select set_config('role', 'none', true)"))


def test_the_secret_leaks_nowhere(db: Session, keeper: TestClient, firm: int, capfd: Any) -> None:
    link, browser = link_of(keeper, firm), visitor(db)
    capfd.readouterr()
    knock, entered = browser.get(link), browser.post(link)
    secret = link.rpartition("/")[2]
    assert secret not in capfd.readouterr().err
    for found in (knock, entered):
        assert found.headers["referrer-policy"] == "strict-origin"
        assert found.headers["cache-control"] == "no-store"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and secret[:40] not in cookie
    assert "script-src 'self'" in knock.headers["content-security-policy"]
    page = browser.get("/door").text
    assert secret not in page and "<script>" not in page
    kept = db.execute(text("select to_jsonb(door)::text from door")).scalar_one()
    trail = db.execute(text("select coalesce(string_agg(to_jsonb(r)::text, ''), '') "
                            "from audit_row as r")).scalar_one()  # fmt: skip
    assert secret.partition(".")[0] not in kept + trail


def test_programs_make_and_revoke_links(db: Session, firm: int) -> None:
    incubator = people.body(db, "door-programs", "incubator")
    people.put_in_incubator(db, firm, incubator, Range(date(2015, 1, 1), None))
    path, client = f"/api/v1/firms/{firm}/doors", people.machine(db, incubator)
    made = client.post(path, json={"given_to": "财务负责人", "days": 9},
                       headers={"Idempotency-Key": "door"})  # fmt: skip
    assert made.status_code == 201 and made.json()["expires_at"], made.text
    again = client.post(path, json={"given_to": "财务负责人", "days": 9},
                        headers={"Idempotency-Key": "door"})  # fmt: skip
    assert again.json() == made.json(), "asked again it is the same door"
    link = "/door" + made.json()["link"].split("/door", 1)[1]
    browser = visitor(db)
    assert browser.post(link).headers["location"] == "/door"
    assert browser.post("/door/answer", data={"score": "4"}).status_code == 303
    [seen] = client.get(path).json()["items"]
    assert seen["opened_at"] and "link" not in seen and "secret" not in str(seen)
    assert client.get(made.headers["location"]).json() == seen
    [said] = client.get(f"/api/v1/firms/{firm}/door-answers").json()["items"]
    assert (said["score"], said["door_id"]) == (4, seen["id"])
    revoked = client.post(f"{made.headers['location']}/revoke").json()
    assert revoked["revoked_at"] and browser.get("/door").status_code == 404
    assert client.post(f"{made.headers['location']}/revoke").json() == revoked, "once"
    for form, name in (({"given_to": " ", "days": 9}, "/given_to"),
                       ({"given_to": "x", "days": 91}, "/days")):  # fmt: skip
        refused = client.post(path, json=form)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, name)
    reader = people.machine(db, incubator, ("firms:read",))
    assert reader.post(path, json={"given_to": "x", "days": 9}).status_code == 403
    assert reader.post(f"{made.headers['location']}/revoke").status_code == 403


def test_who_may_make_links(db: Session, keeper: TestClient, firm: int) -> None:
    path = f"/firms/{firm}/doors"
    assert people.person(db, Role.OFFICER).post(path, data={"given_to": "x", "days": "9"}
                                                ).status_code == 403  # fmt: skip
    for form, says in (({"given_to": " ", "days": "9"}, "交给谁"),
                       ({"given_to": "x", "days": "91"}, "有效期应为"),
                       ({"given_to": "x", "days": "x"}, "有效期应为")):  # fmt: skip
        refused = keeper.post(path, data=form)
        assert refused.status_code == 422 and says in refused.text
    park = people.person(db, Role.PARK_OPERATOR, people.body(db, "door-park", "park"))
    assert park.post(path, data={"given_to": "x", "days": "9"}).status_code == 404
    db.add(Door(firm_id=firm, secret_hash="x", given_to="x", made_by="x",  # noqa: S106
                expires_at=now() + timedelta(days=1)))  # fmt: skip
    db.flush()
    foreign = make_firm(db)
    number = db.scalars(select(Door.id)).one()
    assert keeper.post(f"/firms/{foreign}/doors/{number}/revoke").status_code == 404
