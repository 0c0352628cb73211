"""The board by rung, and the decisions that a moved card asks for."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.firms import queries
from app.firms.models import Designation
from app.pipeline import board
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
SINCE = Range(date(2020, 1, 1), None)


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst's browser."""
    return browser(db, Role.ANALYST)


def browser(db: Session, role: Role) -> TestClient:
    found = people.person(db, role)
    found.headers.update({"Accept": "text/html"})
    found.follow_redirects = False
    return found


def firms(db: Session, kind: str | None, number: int, revenue: int = 1_000_000) -> list[int]:
    """So many firms that hold a title, assessed."""
    facts: dict[str, Any] = {"firm": {"registered_on": date(2015, 1, 1)},
             "figures": {"revenue_sales": {LAST: revenue}}}  # fmt: skip
    found = [make_firm(db, **facts) for _ in range(number)]
    if kind is not None:
        db.add_all(Designation(firm_id=one, kind=kind, valid=SINCE) for one in found)
    assess(db, None, today())
    return found


def column(page: str, rung: str) -> str:
    [found] = re.findall(rf'<h2 class="h4 mb-0" id="rung-{rung}">(.*?)</section>', page, re.DOTALL)
    return str(found)


def standing(db: Session, firm: int) -> str | None:
    db.expire_all()
    return queries.rung_of(db, firm, today())


def test_columns_count_and_sum_and_page_their_cards(
    db: Session, engine: Engine, client: TestClient
) -> None:
    firms(db, "pool", 3)
    many = firms(db, "hnte", board.CARDS + 5, revenue=2_000_000)
    client.get("/board")
    with people.statements(engine) as sent:
        page = client.get("/board").text
    certified = column(page, "certified")
    with people.statements(engine) as summed:
        totals = client.get("/board/totals", headers={"HX-Request": "true"}).text
    assert 'id="count-candidate" hx-swap-oob="true">3<' in totals and "300 万元" in totals
    assert f'id="count-certified" hx-swap-oob="true">{len(many)}<' in totals
    assert "不在梯次" in client.get("/board/totals").text
    shown = re.findall(r'data-firm="(\d+)"', certified)
    assert len(shown) == board.CARDS
    [more] = re.findall(r'data-more href="([^"]+)"', certified)
    rest = re.findall(r'data-firm="(\d+)"', client.get(more.replace("&amp;", "&")).text)
    assert sorted(map(int, shown + rest)) == sorted(many)
    firms(db, "pool", 9)
    with people.statements(engine) as again:
        client.get("/board")
        client.get("/board/totals")
    assert len(again) == len(sent) + len(summed)


def test_the_board_takes_the_pools_grammar_and_names_what_is_wrong(
    db: Session, client: TestClient
) -> None:
    [one] = firms(db, "pool", 1)
    firms(db, "pool", 2)
    assert column(client.get(f"/board?id={one}").text, "candidate").count("data-firm") == 1
    totals = client.get(f"/board/totals?id={one}", headers={"HX-Request": "true"}).text
    assert 'id="count-candidate" hx-swap-oob="true">1<' in totals
    assert "gap_count" in client.get("/board?gapcount=1").text
    assert client.get("/board/nowhere").status_code == 404
    assert client.get("/board/candidate?zzz=1").status_code == 422


def test_a_move_tells_what_is_missing_and_a_person_decides(db: Session, client: TestClient) -> None:
    [firm] = firms(db, "pool", 1)
    path = f"/firms/{firm}/move/certified?next=/board%3Fgap_count__lte=9"
    asked = client.get(path).text
    assert "还差什么" in asked and "第十一条" in asked
    assert standing(db, firm) == "candidate"  # asking decides nothing
    form = {
        "kind": "hnte",
        "first": str(today()),
        "last": "",
        "number": "GR1",
        "reason": "公示期满",
    }
    assert "请填写结束日" in client.post(path, data=form | {"despite": "yes"}).text
    form["last"] = str(today() + timedelta(days=1095))
    refused = client.post(path, data=form)
    assert refused.status_code == 422 and "勾选" in refused.text
    assert standing(db, firm) == "candidate"
    assert client.post(path, data=form | {"despite": "yes", "reason": " "}).status_code == 422
    assert client.post(path, data=form | {"despite": "yes", "kind": "srdi"}).status_code == 422
    done = client.post(path, data=form | {"despite": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, "/board?gap_count__lte=9")
    assert standing(db, firm) == "certified"
    title = db.scalars(select(Designation).where(Designation.number == "GR1")).one()
    assert (title.decided_reason, title.granted_under, title.recorded_by) == (
        "公示期满", "hnte_2016", "analyst",
    )  # fmt: skip
    assert title.basis is not None and title.basis["outcome"] in ("unmet", "unknown")
    assert title.basis["unmet"] or title.basis["unknown"]
    twice = client.post(path, data=form | {"despite": "yes"})
    assert twice.status_code == 409
    told = client.get(f"/firms/{firm}/history").text
    assert "公示期满" in told and "not_served/" not in told  # flags by their names


def test_moving_down_ends_a_title_with_a_reason(db: Session, client: TestClient) -> None:
    [firm] = firms(db, "pool", 1)
    db.add(Designation(firm_id=firm, kind="hnte", valid=SINCE))
    db.flush()
    asked = client.get(f"/firms/{firm}/move/candidate").text
    [path] = re.findall(r'action="(/firms/\d+/designations/\d+/end)"', asked)
    form = {"last": str(date(today().year - 1, 6, 30)), "code": "", "rung": "candidate"}
    assert client.post(path, data=form).status_code == 422
    assert client.post(path, data=form | {"code": "revoked", "last": "x"}).status_code == 422
    done = client.post(path, data=form | {"code": "revoked", "more": "抽查不合格"})
    assert done.status_code == 303
    assert standing(db, firm) == "candidate"
    ended = db.scalars(select(Designation).where(
        Designation.kind == "hnte", Designation.superseded_at.is_(None)
    )).one()  # fmt: skip
    assert ended.end_reason == "revoked: 抽查不合格"
    assert "被取消: 抽查不合格" in client.get(f"/firms/{firm}").text


def test_a_title_beside_the_ladder_is_granted_and_ended_alike(
    db: Session, client: TestClient
) -> None:
    [firm] = firms(db, "pool", 1)
    chosen = client.get(f"/firms/{firm}/move").text
    assert f"/firms/{firm}/move/srdi" in chosen and f"/firms/{firm}/move/listed" in chosen
    path = f"/firms/{firm}/move/srdi"
    assert "全部条件" in client.get(path).text
    form = {"kind": "srdi", "first": str(today()), "last": "", "number": "Z1", "reason": "公告"}
    assert "请填写结束日" in client.post(path, data=form | {"despite": "yes"}).text
    form["last"] = str(today() + timedelta(days=1095))
    refused = client.post(path, data=form)
    assert refused.status_code == 422 and "勾选" in refused.text
    assert client.post(path, data=form | {"despite": "yes"}).status_code == 303
    assert standing(db, firm) == "candidate"
    [end] = re.findall(r'action="(/firms/\d+/designations/\d+/end)"', client.get(path).text)
    given = {"last": str(today()), "code": "", "rung": "srdi"}
    assert "请选择结束原因" in client.post(end, data=given).text
    assert client.post(end, data=given | {"code": "revoked"}).status_code == 303
    listed = client.get(f"/firms/{firm}/move/listed").text
    assert "仍然认定" not in listed and 'name="kind"' in listed  # no criteria, nothing to overrule
    assert client.get(f"/firms/{firm}/move/graduation").status_code == 404


def test_others_look_and_do_not_decide(db: Session) -> None:
    [firm] = firms(db, "pool", 1)
    leader = browser(db, Role.LEADER)
    asked = leader.get(f"/firms/{firm}/move/certified")
    assert asked.status_code == 200 and "<textarea" not in asked.text
    form = {"kind": "hnte", "first": str(today()), "last": str(today()), "reason": "x",
            "despite": "yes"}  # fmt: skip
    assert leader.post(f"/firms/{firm}/move/certified", data=form).status_code == 403
    incubator = people.body(db, "nest", "incubator")
    people.put_in_incubator(db, firm, incubator, SINCE)
    manager = people.person(db, Role.INCUBATOR_MANAGER, incubator)
    manager.headers.update({"Accept": "text/html"})
    refused = manager.post(f"/firms/{firm}/move/certified", data=form)
    assert refused.status_code == 403
    assert standing(db, firm) == "candidate"


def test_the_way_back_stays_on_this_site(db: Session, client: TestClient) -> None:
    [firm] = firms(db, "pool", 1)
    form = {"kind": "hnte", "first": str(today()), "last": str(today()), "reason": "x",
            "despite": "yes"}  # fmt: skip
    done = client.post(f"/firms/{firm}/move/certified?next=https://evil.example/", data=form)
    assert done.headers["location"] == "/"
