"""Targets as pages and over REST, and the figures that people enter."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.plans import store
from tests.people import person
from tests.plans.targets import held, many


def test_every_target_and_its_forecast_has_a_page(db: Session) -> None:
    client = person(db, Role.ANALYST)
    for target in store.in_force(db, today()).file.targets:
        for kind in ("targets", "forecasts"):
            page = client.get(f"/{kind}/{target.code}")
            assert page.status_code == 200 and target.label.zh in page.text, target.code


def test_pages_show_targets_and_keep_what_is_entered(db: Session) -> None:
    many(db, 3, held("hnte", date(2024, 1, 1)))
    client = person(db, Role.ANALYST)
    for path in ("/targets", "/targets?as_of=2024-03-01", "/targets/hnte_count?by=department",
                 "/targets/hnte_count/firms", "/targets/strategic_emerging_share"):  # fmt: skip
        page = client.get(path)
        assert page.status_code == 200, page.text
    given = {"about": "value", "day": "2025-12-31", "value": "14.2", "source": "statistics_bureau",
             "document": "2025 年统计公报"}  # fmt: skip
    kept = client.post("/targets/strategic_emerging_share/figures", data=given,
                       follow_redirects=False)  # fmt: skip
    assert kept.status_code == 303, kept.text
    assert "14.20" in client.get("/targets/strategic_emerging_share").text
    wrong = client.post("/targets/strategic_emerging_share/figures", data=given | {"value": "x"})
    assert wrong.status_code == 422 and "不是数字" in wrong.text and "2025 年统计公报" in wrong.text
    lit = client.post("/targets/lights", data={"green": "90", "amber": "70"})
    assert lit.status_code == 200 and "90%" in lit.text
    assert client.post("/targets/lights", data={"green": "9", "amber": "70"}).status_code == 422


@pytest.mark.parametrize(
    ("body_", "field"),
    [({"series": "nothing"}, "/series"), ({"value": -1}, "/value"), ({"day": "2190-01-01"}, "/day"),
     ({"source": "hearsay"}, "/source"), ({"series": "hnte_count"}, "/series"),
     ({"value": 0.00001}, "/value")],
)  # fmt: skip
def test_a_wrong_figure_names_its_field(db: Session, body_: dict[str, Any], field: str) -> None:
    given = {"series": "population", "day": "2024-12-31", "value": 480_000,
             "source": "statistics_bureau", "document": "公报"}  # fmt: skip
    client = person(db, Role.ANALYST)
    path = "/api/v1/plans/qianjiang_2023_2027/figures"
    assert client.post(path, json=given).status_code == 201
    answer = client.post(path, json=given | body_)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == field


def test_mistyped_parameters_are_named(db: Session) -> None:
    client: TestClient = person(db, Role.LEADER)
    wrong = {"asof=2024-01-01": "as_of", "plan=qianjiang_2023": "qianjiang_2023_2027",
             "as_of=2024-02-30": ""}  # fmt: skip
    for query, says in wrong.items():
        found = client.get(f"/api/v1/targets?{query}")
        assert found.status_code == 422 and says in found.text, query
    assert client.get("/api/v1/targets/hnte/firms").status_code == 404
    assert client.get("/api/v1/targets/hnte_count/firms?by=street").status_code == 422
