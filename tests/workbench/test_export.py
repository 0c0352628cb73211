"""The lists as files: the rows of the filter in its order, harmless to spreadsheets, noted."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.audit.models import AuditEntry
from app.core.clock import today
from app.pipeline import board
from app.pipeline.service import assess
from app.workbench import exporting, sheets
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
    monkeypatch.setattr(exporting, "LARGEST_LIMIT", 3)
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


def test_the_heat_map_s_file_has_its_criteria(client: TestClient) -> None:
    head, *found = rows(client, "/pool/export?set=hnte_2016&display=heat&name__ic=公式")
    assert head[:3] == ["名称", "统一社会信用代码", "成熟度"] and len(head) > 8
    assert len(found) == 7 and {cell for row in found for cell in row[3:]} >= {"缺数据"}


def test_the_board_s_file_has_every_card(
    db: Session, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "AT_ONCE", 3)
    make_firm(db, "有证书", designations=[{"kind": "hnte", "from": today()}])
    assess(db, None, today())
    head, *found = rows(client, "/board/export?set=hnte_2016")
    assert head[:2] == ["梯次", "企业名称"]
    assert [row[0] for row in found] == ["不在梯次"] * 8 + ["高新技术企业"]
    assert found[-1][1] == "有证书" and {row[1][0] for row in found[:7]} <= {"'", "另"}
    assert "/board/export?set=hnte_2016" in client.get("/board?set=hnte_2016").text
    either = client.get("/board?rung=none&rung=candidate").text  # each value is carried along
    assert "/board/export?rung=none&amp;rung=candidate" in either
    assert either.count('type="hidden" name="rung"') == 2


def test_a_firm_s_standing_is_a_table(db: Session, client: TestClient) -> None:
    firm = make_firm(db, "=一家", figures={"revenue_sales": {2024: 40_000_000}})
    head, *found = rows(client, f"/firms/{firm}/standing/export?set=hnte_2016")
    assert head[0] == "条件集" and len(found) >= 8
    assert any("销售收入 2024: 4,000.00" in row[-1] for row in found)
    workbook = client.get(f"/firms/{firm}/standing/export?format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.content)).worksheets[0]
    assert sheet.max_row > len(found)
    assert client.get(f"/firms/{firm}/standing/export?set=nothing").status_code in (404, 422)


CELLS: list[Any] = [
    True, False, datetime(2025, 5, 31, 16, 30, tzinfo=UTC), date(2025, 5, 31), date(1899, 1, 2),
    Decimal("0.1"), 7, None, "=1+1",
]  # fmt: skip
AS_CSV = "TRUE,FALSE,2025-06-01 00:30:00,2025-05-31,1899-01-02,0.1,7,,'=1+1"


def test_each_kind_of_cell_is_what_it_is(tmp_path: Path) -> None:
    sheet = sheets.Sheet("cells", [f"列{n}" for n in range(9)], [10] * 9, lambda _: iter(()))
    sheets.write(tmp_path / "cells.csv", iter([[CELLS]]), sheet, "csv")
    assert (tmp_path / "cells.csv").read_text("utf-8-sig").splitlines()[1] == AS_CSV
    sheets.write(tmp_path / "cells.xlsx", iter([[CELLS]]), sheet, "xlsx")
    [_, found] = openpyxl.load_workbook(tmp_path / "cells.xlsx").worksheets[0].iter_rows()
    assert [cell.value for cell in found] == [
        True, False, datetime(2025, 6, 1, 0, 30), datetime(2025, 5, 31), "1899-01-02",  # noqa: DTZ001 - the district's
        0.1, 7, None, "=1+1",
    ]  # fmt: skip
    assert [cell.data_type for cell in found] == ["b", "b", "d", "d", "s", "n", "n", "n", "s"]
