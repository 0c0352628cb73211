"""Saved views: the same object on the page, over REST and as `?view=`; whose they are holds."""

import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.pipeline.service import assess
from app.views.models import SavedView
from tests import people
from tests.workbench.lists import browser, firm, plain

QUERY = "name__ic=甲&fields=name,credit_code&ordering=-name"


@pytest.fixture
def client(db: Session) -> TestClient:
    for name in ("甲一", "甲二", "乙一"):
        firm(db, name)
    assess(db, None, today())
    return browser(db, Role.ANALYST)


def saved(client: TestClient, query: str = QUERY, of: str = "firms", **form: str) -> int:
    """A view saved from its page, by its number."""
    given = {"name": "甲字头", "on": query} | form
    answer = client.post(f"/lists/{of}/views", data=given)
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(rf"/{of}\?view=(\d+)", answer.headers["location"])
    assert found is not None
    return int(found[1])


def test_a_view_is_the_same_list_on_the_page_and_over_rest(client: TestClient) -> None:
    number = saved(client)
    page = plain(client.get(f"/firms?view={number}").text)
    assert "甲二" in page
    assert "甲一" in page
    assert "乙一" not in page
    found = client.get(f"/api/v1/firms?view={number}").json()
    assert [set(row) for row in found["items"]] == [{"name", "credit_code"}] * 2
    assert [row["name"] for row in found["items"]] == ["甲二", "甲一"]
    assert client.get(f"/api/v1/views/{number}").json()["name"] == "甲字头"


def test_what_is_given_besides_replaces_the_views_own(client: TestClient) -> None:
    number = saved(client)
    found = client.get(f"/api/v1/firms?view={number}&name__ic=乙&fields=name").json()
    assert found["items"] == [{"name": "乙一"}]


def test_the_firms_of_a_view_are_changed_at_once(client: TestClient) -> None:
    found = f"/api/v1/firms?view={saved(client)}&expected_count="
    assert client.patch(f"{found}3", json={"chain": "甲链"}).json()["count"] == 2
    assert client.patch(f"{found}2", json={"chain": "甲链"}).json() == {"changed": 2}
    assert (
        client.patch("/api/v1/firms?view=0&expected_count=0", json={"chain": "x"}).status_code
        == 404
    )


@pytest.mark.parametrize("raw", ["x", "1.5", "-1", "１"])
def test_a_view_that_is_no_number_is_refused(client: TestClient, raw: str) -> None:
    answer = client.get(f"/api/v1/firms?view={quote(raw)}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "view"


def test_a_private_view_does_not_exist_for_others(db: Session, client: TestClient) -> None:
    number = saved(client)
    other = browser(db, Role.ANALYST)
    for path in (f"/firms?view={number}", f"/api/v1/firms?view={number}",
                 f"/api/v1/views/{number}", f"/lists/firms/views/{number}"):  # fmt: skip
        assert other.get(path).status_code == 404, path
    assert "甲字头" not in other.get("/firms").text
    assert other.get("/api/v1/views").json() == {"items": []}
    for act in ("", "/query", "/remove"):
        form = {"name": "我的", "on": "q=1"}
        assert other.post(f"/lists/firms/views/{number}{act}", data=form).status_code == 404
    assert db.get_one(SavedView, number).name == "甲字头"


def test_a_team_shares_by_organisation_and_a_token_with_it(db: Session) -> None:
    body = people.body(db, "team-incubator", "incubator")
    number = saved(browser(db, Role.INCUBATOR_MANAGER, body), audience="team")
    colleague = people.machine(db, body)
    assert colleague.get(f"/api/v1/firms?view={number}").status_code == 200
    elsewhere = people.machine(db, people.body(db, "other-incubator", "incubator"))
    assert elsewhere.get(f"/api/v1/firms?view={number}").status_code == 404


def test_only_analysts_share_with_everybody_and_only_owners_change(
    db: Session, client: TestClient
) -> None:
    manager = browser(db, Role.INCUBATOR_MANAGER)
    refused = manager.post("/lists/firms/views", data={"name": "x", "audience": "all"})
    assert refused.status_code == 403
    number = saved(client, audience="all")
    assert manager.get(f"/firms?view={number}").status_code == 200
    changed = manager.post(f"/lists/firms/views/{number}", data={"name": "别人的"})
    assert changed.status_code == 403


def test_a_role_opens_the_list_with_its_view(db: Session, client: TestClient) -> None:
    number = saved(client, audience="all", opens_for="leader")
    leader = browser(db, Role.LEADER)
    answer = leader.get("/firms")
    assert answer.headers["location"] == f"/firms?view={number}"
    # Any query of one's own is left alone, and other roles have no such view.
    assert leader.get("/firms?ordering=name").status_code == 200
    assert client.get("/firms").status_code == 200


def test_saving_as_never_touches_the_source(db: Session, client: TestClient) -> None:
    number = saved(client)
    page = client.get(f"/firms?{QUERY}&based_on={number}&status=active").text
    assert "（已改动）" in page
    second = saved(client, f"{QUERY}&status=active&based_on={number}", name="甲字头在营")
    assert second != number
    assert ["status", "active"] not in db.get_one(SavedView, number).params
    updated = client.post(f"/lists/firms/views/{number}/query", data={"on": "q=乙"})
    assert updated.status_code == 303
    db.expire_all()
    assert db.get_one(SavedView, number).params == [["q", "乙"]]


def test_a_second_view_of_a_name_and_one_without_are_told(client: TestClient) -> None:
    saved(client)
    twice = client.post("/lists/firms/views", data={"name": "甲字头", "on": ""})
    assert twice.status_code == 409
    assert "已有名为" in twice.text
    assert client.post("/lists/firms/views", data={"name": " ", "on": ""}).status_code == 422
    assert client.post("/lists/firms/views", data={"name": "a", "on": "zzz=1"}).status_code == 422


def test_a_view_is_removed_and_its_removal_is_on_the_trail(db: Session, client: TestClient) -> None:
    number = saved(client)
    assert client.post(f"/lists/firms/views/{number}/remove").status_code == 303
    assert db.scalar(select(SavedView.id).where(SavedView.id == number)) is None


def test_a_view_of_the_pool_is_none_of_the_register(client: TestClient) -> None:
    number = saved(client, "gap_count__lte=3", of="pool")
    assert client.get(f"/api/v1/pool?view={number}").status_code == 200
    assert client.get(f"/api/v1/firms?view={number}").status_code == 404
