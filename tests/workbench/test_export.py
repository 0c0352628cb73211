"""The lists as files: the rows of the filter in its order, harmless to spreadsheets, noted."""

import csv
import io

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.audit.models import AuditEntry
from app.core.clock import today
from app.pipeline.service import assess
from app.workbench import export_pages
from tests import people
from tests.factories import make_firm


def rows(client: TestClient, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.fixture
def client(db: Session) -> TestClient:
    for number in range(7):
        make_firm(db, f"=公式{number}")
    make_firm(db, "另一家")
    assess(db, None, today())
    return people.person(db, Role.ANALYST)


@pytest.mark.parametrize("path", ["firms", "pool"])
def test_a_file_holds_every_row_of_the_filter_in_its_order(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(export_pages, "LARGEST_LIMIT", 3)
    query = "name__ic=公式&ordering=-name&limit=2"
    head, *found = rows(client, f"/{path}/export?{query}&fields=name,credit_code")
    assert len(head) == 2
    assert [row[0] for row in found] == [f"'=公式{n}" for n in range(6, -1, -1)]
    page = client.get(f"/{path}", params={"name__ic": "公式"}).text
    assert f"/{path}/export?name__ic=" in page


def test_an_unknown_filter_gives_no_file(client: TestClient) -> None:
    assert client.get("/pool/export?zzz=1").status_code == 422


def test_an_export_is_noted(db: Session, client: TestClient) -> None:
    rows(client, "/pool/export?name__ic=公式")
    found = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)
    noted = db.scalars(found).one()
    written = {c.key: getattr(noted, c.key) for c in inspect(AuditEntry).columns}
    assert 7 in written.values()
    assert "export" in str(written)
