"""Writes over REST as tests make them, and what they look for in the answers."""

from datetime import date
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.firms.models import Firm, FirmYear, Submission
from tests.factories import credit_code

CODE, OTHER, THIRD = (credit_code(88_000_000 + n) for n in range(3))
FIRM = {"name": "武陵材料有限公司", "registered_on": "2020-01-05", "region": "黔江"}
ROW = {"credit_code": CODE, **FIRM}
FIGURES = {"credit_code": CODE, "year": 2024, "staff_avg": 50, "revenue_sales": "1,234.5万元"}
ALWAYS = Range(date(2015, 1, 1), None)


def put_firm(client: TestClient, code: str = CODE, **fields: Any) -> Response:
    """One firm."""
    return client.put(f"/api/v1/firms/by-credit-code/{code}", json=FIRM | fields)


def put_figures(client: TestClient, code: str = CODE, year: int = 2024, **values: Any) -> Response:
    """One firm's figures of a year."""
    return client.put(f"/api/v1/firms/by-credit-code/{code}/figures/{year}", json=values)


def batch(client: TestClient, kind: str, *rows: dict[str, Any], atomic: bool = False) -> Response:
    """Rows of a kind."""
    return client.post(f"/api/v1/{kind}:batch", json={"atomic": atomic, "rows": list(rows)})


def pointers(answer: Response, status: int = 422) -> dict[str, str]:
    """Sentence by pointer of a refusal in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == status
    return {error["pointer"]: error["detail"] for error in problem["errors"]}


def counted(answer: Response) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected; they add up to the rows and their results."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    names = ("created", "updated", "unchanged", "rejected")
    assert sum(body[name] for name in names) == len(body["results"])
    for name in names:
        assert sum(result["status"] == name for result in body["results"]) == body[name]
    assert [result["index"] for result in body["results"]] == list(range(len(body["results"])))
    return tuple(body[name] for name in names)


def numbers(db: Session) -> tuple[int, int, int]:
    """How many firms, rows of figures and submissions there are."""
    return tuple(  # type: ignore[return-value]
        db.scalar(select(func.count()).select_from(table)) for table in (Firm, FirmYear, Submission)
    )
