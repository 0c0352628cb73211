"""Firms on record twice: refused at entry, found at night, decided about, merged and un-merged."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.duplicates import finding
from app.duplicates.relations import FATES, Traces, undecided
from tests.factories import credit_code, make_firm
from tests.facts.test_api import SAMPLES, placed
from tests.people import body, person, put_in_incubator

ALWAYS = Range(today().replace(year=2015), None)
# Counted by every write, or made anew by the next evaluation.
MOVING = {"version", "updated_at"}


@pytest.fixture
def analyst(db: Session) -> TestClient:
    return person(db, Role.ANALYST)


def waiting(client: TestClient) -> dict[tuple[int, int], list[str]]:
    found = client.get("/api/v1/duplicates?limit=1000").json()["items"]
    return {(one["one"]["id"], one["other"]["id"]): one["reasons"] for one in found}


def merged(client: TestClient, kept: int, gone: int, **query: Any) -> Any:
    sent = {"other_id": gone, "reason": "同一家企业登记了两次"}
    return client.post(f"/api/v1/firms/{kept}:merge", json=sent, params=query)


# --- at entry -----------------------------------------------------------------------------------


def test_a_known_key_is_refused_with_who_has_it(db: Session, analyst: TestClient) -> None:
    first = analyst.post("/api/v1/firms", json={"name": "云山科技团队"}).json()
    again = analyst.post("/api/v1/firms", json={"name": " 云山科技团队 "})
    assert again.status_code == 409 and "云山科技团队" in again.json()["detail"]
    assert again.json()["candidates"] == [
        {"id": first["id"], "name": "云山科技团队", "credit_code": None}
    ]
    other = {"name": "云山科技团队", "despite_namesake": True}
    assert analyst.post("/api/v1/firms", json=other).status_code == 201
    firm = make_firm(db)
    code = analyst.get(f"/api/v1/firms/{firm}").json()["credit_code"]
    taken = {"name": "另一家", "credit_code": code}
    refused = analyst.post("/api/v1/firms", json=taken).json()
    assert [one["id"] for one in refused["candidates"]] == [firm]
    home = body(db, "twice-home", "incubator")
    page = person(db, Role.INCUBATOR_MANAGER, home)
    foreign = page.post("/api/v1/firms", json=taken)
    assert foreign.status_code == 409 and foreign.json()["candidates"] == []
    form = {"name": "云海团队", "since": today().isoformat()}
    where = f"/carriers/{home.id}/enter"
    assert page.post(where, data=form, follow_redirects=False).status_code == 303
    asked = page.post(where, data=form)
    assert asked.status_code == 409 and 'name="despite_namesake"' in asked.text
    told = form | {"despite_namesake": "true"}
    assert page.post(where, data=told, follow_redirects=False).status_code == 303


# --- at night -----------------------------------------------------------------------------------


def test_the_night_finds_what_is_alike_and_remembers_what_was_decided(
    db: Session, analyst: TestClient
) -> None:
    kept = make_firm(db, "重庆市黔江区云山电子科技有限公司")
    spelt = make_firm(db, "云山电子科技（重庆）有限责任公司")
    heard = make_firm(db, "云杉电子科技有限公司")
    far, near = make_firm(db, "甲乙制造有限公司"), make_firm(db, "丙丁贸易有限公司")
    db.execute(text("update firm set address = '正阳街道 白家河 88 号' where id = :a"), {"a": far})
    db.execute(text("update firm set address = '正阳街道白家河８８号' where id = :a"), {"a": near})
    right = {"kind": "invention_patent", "title": "一种玻纤", "number": "ZL 2020 1 0000001.X"}
    for firm in (far, kept):
        assert analyst.post("/api/v1/ip-rights", json=right | {"firm_id": firm}).status_code == 201
    finding.find(db)
    assert waiting(analyst) == {
        (kept, spelt): ["core"],
        (kept, heard): ["sound"],
        (spelt, heard): ["sound"],
        (far, near): ["address"],
        (kept, far): ["right"],
    }
    apart = f"/api/v1/firms/{spelt}/distinct-from/{kept}"
    assert analyst.put(apart, json={"reason": "母子公司"}).status_code == 204
    finding.find(db)
    assert (kept, spelt) not in waiting(analyst) and len(waiting(analyst)) == 4
    [decided] = analyst.get("/api/v1/duplicates?decided=true").json()["items"]
    assert decided["decided_reason"] == "母子公司" and decided["decided_by"] == "analyst"
    assert analyst.delete(apart).status_code == 204
    db.execute(text("update firm set name = '云山新名有限公司' where id = :id"), {"id": spelt})
    finding.find(db)
    assert (kept, spelt) not in waiting(analyst), "they are alike no more"


def test_a_page_of_the_queue_leads_on_to_the_next(db: Session, analyst: TestClient) -> None:
    firms = [make_firm(db, "重复命名企业有限公司") for _ in range(3)]
    finding.find(db)
    seen: list[tuple[int, int]] = []
    after = ""
    while after is not None:
        page = analyst.get(f"/api/v1/duplicates?limit=1&after={after}").json()
        seen += [(one["one"]["id"], one["other"]["id"]) for one in page["items"]]
        after = page["next"]
    a, b, c = firms
    assert seen == [(a, b), (a, c), (b, c)]


def test_a_pair_is_known_to_whoever_may_know_of_both(db: Session) -> None:
    home = body(db, "pair-home", "incubator")
    own, foreign = make_firm(db, "同名企业有限公司"), make_firm(db, "同名企业有限公司")
    put_in_incubator(db, own, home, ALWAYS)
    finding.find(db)
    manager = person(db, Role.INCUBATOR_MANAGER, home)
    assert waiting(manager) == {}
    assert manager.get(f"/duplicates/{own}/{foreign}").status_code == 404
    put_in_incubator(db, foreign, home, ALWAYS)
    assert list(waiting(manager)) == [(own, foreign)]
    assert merged(manager, own, foreign).status_code == 403
    page = manager.get(f"/duplicates/{own}/{foreign}")
    assert page.status_code == 200 and 'name="decision"' not in page.text


# --- merging ------------------------------------------------------------------------------------


def test_every_relation_of_a_firm_is_decided_about(db: Session) -> None:
    assert undecided(db) == []
    names = set(db.scalars(text(
        "select table_name || '.' || column_name from information_schema.columns "
        "where table_schema = current_schema()")))  # fmt: skip
    assert set(FATES) <= names, "a line of a table that is gone"


def everything(db: Session, firms: list[int]) -> dict[str, list[Any]]:
    """Every row that names one of these firms, but for what counts on."""
    found = {}
    for name, fate in FATES.items():
        table, column = name.split(".")
        if isinstance(fate, Traces) or table in ("duplicate_pair", "firm_merge", "firm_merge_row"):
            continue
        rows = db.scalars(
            text(f"select to_jsonb(t) from {table} as t where {column} = any(:firms)"),  # noqa: S608
            {"firms": firms},
        )
        kept = [{k: v for k, v in row.items() if k not in MOVING} for row in rows]
        found[name] = sorted(kept, key=str)
    return found


def filled(db: Session, client: TestClient, firm: int) -> None:
    """A record of every kind, two years of figures, a former name, a case."""
    samples = placed_once(db)
    for path, sample in samples.items():
        added = client.post(f"/api/v1/{path}", json=sample | {"firm_id": firm})
        assert added.status_code == 201, (path, added.text)
    code = client.get(f"/api/v1/firms/{firm}").json()["credit_code"]
    for year in (2023, 2024):
        put = client.put(f"/api/v1/firms/by-credit-code/{code}/figures/{year}",
                         json={"revenue_sales": 1_000_000 + firm, "staff_avg": 20})  # fmt: skip
        assert put.status_code == 200, put.text


def placed_once(db: Session) -> dict[str, dict[str, Any]]:
    if "samples" not in db.info:
        db.info["samples"] = placed(db, SAMPLES)
    found: dict[str, dict[str, Any]] = db.info["samples"]
    return found


def test_a_merge_moves_everything_and_an_unmerge_puts_it_back(
    db: Session, analyst: TestClient
) -> None:
    kept, gone = make_firm(db, "保留企业有限公司"), make_firm(db, "重复企业有限公司")
    filled(db, analyst, kept)
    filled(db, analyst, gone)
    own = analyst.get(f"/api/v1/firms/{gone}").json()
    tag = {"If-Match": f'"{own["version"]}"'}
    changed = {"address": "正阳街道 1 号"}
    assert analyst.patch(f"/api/v1/firms/{gone}", json=changed, headers=tag).status_code == 200
    before = {firm: everything(db, [firm]) for firm in (kept, gone)}
    figures = analyst.get(f"/api/v1/firms/{kept}/figures").json()["items"]

    tried = merged(analyst, kept, gone, dry_run="true").json()
    assert analyst.get(f"/api/v1/firms/{gone}").status_code == 200, "a try changes nothing"
    done = merged(analyst, kept, gone).json()
    assert {n: v for n, v in tried.items() if n != "merge_id"} == {
        n: v for n, v in done.items() if n != "merge_id"
    }
    assert done["conflicts"] == 2 and done["filled"] == ["address"]
    assert done["moved"]["submission"] == 4 and done["moved"]["award"] == 1
    assert {"designation", "location", "residency", "judgement"} <= set(done["superseded"])
    after = everything(db, [kept, gone])
    for name, fate in FATES.items():
        if name in after and "StaysAside" not in type(fate).__name__ and "former" not in name:
            assert len(after[name]) == len(before[kept][name]) + len(before[gone][name]), name

    missing = analyst.get(f"/api/v1/firms/{gone}")
    assert missing.status_code == 404 and missing.json()["merged_into"] == kept
    page = analyst.get(f"/firms/{gone}", headers={"accept": "text/html"}, follow_redirects=False)
    assert page.status_code == 303 and page.headers["location"] == f"/firms/{kept}"
    assert analyst.get("/api/v1/firms?q=重复企业").json()["items"][0]["id"] == kept
    shown = analyst.get(f"/api/v1/firms/{kept}/figures").json()
    assert shown["items"] == figures and len(shown["conflicts"]) == 2
    assert analyst.get(f"/api/v1/firms/{kept}").json()["address"] == "正阳街道 1 号"

    [listed] = analyst.get("/api/v1/merges").json()["items"]
    undone = analyst.post(f"/api/v1/merges/{listed['id']}:undo")
    assert undone.status_code == 200, undone.text
    for firm in (kept, gone):
        now = everything(db, [firm])
        changed_ = [name for name in now if now[name] != before[firm][name]]
        # The record that stayed was filled and emptied again, which its history tells.
        assert set(changed_) <= {"firm_history.firm_id"}, (firm, changed_)
    assert analyst.get(f"/api/v1/firms/{gone}").json()["address"] == "正阳街道 1 号"
    assert analyst.get(f"/api/v1/firms/{kept}").json()["address"] is None
    assert analyst.post(f"/api/v1/merges/{listed['id']}:undo").status_code == 409
    finding.find(db)
    assert (kept, gone) not in waiting(analyst), "that they differ is remembered"


def test_a_team_that_became_a_firm_is_taken_into_it_on_the_page(
    db: Session, analyst: TestClient
) -> None:
    team = analyst.post("/api/v1/firms", json={"name": "晨光团队", "chain": "新材料"}).json()["id"]
    code = credit_code(66_000_001)
    firm = analyst.post("/api/v1/firms", json={"name": "晨光材料", "credit_code": code}).json()[
        "id"
    ]
    page = analyst.get(f"/duplicates/{firm}/{team}")
    assert page.status_code == 200 and "补齐空缺" in page.text
    assert analyst.get(f"/api/v1/firms/{team}").status_code == 200, "looking changes nothing"
    refused = analyst.post(f"/duplicates/{firm}/{team}", data={"decision": "merge", "reason": " "})
    assert refused.status_code == 422
    form = {"decision": "merge", "reason": "团队注册为公司"}
    done = analyst.post(f"/duplicates/{firm}/{team}", data=form, follow_redirects=False)
    assert done.status_code == 303 and done.headers["location"] == f"/firms/{firm}"
    assert analyst.get(f"/api/v1/firms/{firm}").json()["chain"] == "新材料"
    queue = analyst.get("/duplicates")
    assert "晨光团队" in queue.text and "撤销合并" in queue.text
    [one] = analyst.get("/api/v1/merges").json()["items"]
    back = analyst.post(f"/duplicates/merges/{one['id']}/undo", follow_redirects=False)
    assert back.status_code == 303
    assert analyst.get(f"/api/v1/firms/{team}").json()["name"] == "晨光团队"


def test_what_two_firms_cannot_both_have_is_settled_first(db: Session, analyst: TestClient) -> None:
    kept, gone = make_firm(db), make_firm(db)
    for firm in (kept, gone):
        db.execute(text(
            "insert into lead (name, since, stage, stage_on, channel, firm_id) values "
            "(:name, '2024-01-01', 'landed', '2024-06-01', 'scenario', :firm)"),
            {"name": f"线索 {firm}", "firm": firm})  # fmt: skip
    refused = merged(analyst, kept, gone)
    assert refused.status_code == 409 and "招商线索" in refused.json()["detail"]
    assert analyst.get(f"/api/v1/firms/{gone}").status_code == 200
    assert merged(analyst, kept, kept).status_code == 422
