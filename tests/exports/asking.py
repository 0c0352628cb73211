"""Files of lists as programs ask for them."""

from typing import Any

from tests.imports.desk import Desk

FIRMS = 25


def asked(desk: Desk, **wanted: Any) -> dict[str, Any]:
    sent = {"of": "firms", "query": "name__ic=导出&ordering=-name&fields=name,credit_code"} | wanted
    answer = desk.client.post("/api/v1/exports", json=sent)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/exports/{found['id']}"
    return found


def look(desk: Desk, number: int) -> dict[str, Any]:
    found: dict[str, Any] = desk.client.get(f"/api/v1/exports/{number}").json()
    return found
