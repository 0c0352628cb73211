"""Templates: what they hold, that they come back as they went, and that spreadsheets open them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.accounts.actor import Role
from app.exchange import templates
from app.exchange.headers import VOCABULARIES, locate
from app.exchange.mapping import Mapping
from tests.facts.samples import RECORDS
from tests.imports.desk import FIGURES_HEADER, FIRMS_HEADER, Desk, book
from tests.imports.test_imports import firm_row


def sheet_of(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content)).worksheets[0]


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_every_header_is_one_that_imports_take(tmp_path: Path, name: str, locale: str) -> None:
    path = tmp_path / "t.xlsx"
    template = templates.TEMPLATES[name]
    assert templates.write(path, template, locale) == 0
    rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    cells = ((n, ["" if v is None else v for v in row]) for n, row in enumerate(rows, 1))
    header, _ = locate(cells, Mapping(), VOCABULARIES[name.split("-", maxsplit=1)[0]], path.name)
    assert header.row == templates.HEADER_ROW + 1
    assert all(column is not None for column in header.columns)


def test_a_filled_template_comes_back_unchanged_and_its_keys_are_locked(desk: Desk) -> None:
    rows = [firm_row(), firm_row()]
    desk.ask(desk.send(book(FIRMS_HEADER, *rows))["id"], "run")
    sent = book(FIGURES_HEADER, *((row[1], 2024, 12.5, 7) for row in rows))
    desk.ask(desk.send(sent, kind="figures")["id"], "run")
    codes = "&on=" + "%26".join(f"credit_code%3D{row[1]}" for row in rows)
    for name, kind in (("firms", "firms"), ("figures", "figures"), ("figures-long", "figures")):
        url = f"/imports/templates/{name}?filled=true&year=2024{codes}"
        answer = desk.client.get(url)
        assert answer.status_code == 200, answer.text
        sheet = sheet_of(answer.content)
        assert sheet.protection.sheet and sheet["A4"].protection.locked
        assert not sheet.cell(4, sheet.max_column).protection.locked or name == "figures-long"
        found = desk.send(answer.content, kind=kind)
        assert (found["state"], found["rejected"]) == ("checked", 0), desk.faults(found["id"])
        assert found["unchanged"] == found["rows"] == (4 if name == "figures-long" else 2)


def test_only_one_s_own_firms_are_filled_in(desk: Desk) -> None:
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    with Desk.of(desk.engine, Role.INCUBATOR_MANAGER, "incubator") as other:
        answer = other.client.get("/api/v1/imports/templates/firms?filled=true")
        assert sheet_of(answer.content).max_row == templates.HEADER_ROW + 1
    assert desk.client.get("/imports/templates/figures?filled=true").status_code == 422
    assert desk.client.get("/imports/templates/nothing").status_code == 404


def test_a_filled_template_of_records_comes_back_unchanged(desk: Desk) -> None:
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    for path, sample in RECORDS.items():
        sent = {"rows": [sample | {"credit_code": row[1]}]}
        answer = desk.client.post(f"/api/v1/{path}:batch", json=sent)
        if answer.status_code == 200 and answer.json()["created"] == 1:
            url = f"/imports/templates/{path}?filled=true&on=credit_code%3D{row[1]}"
            found = desk.send(desk.client.get(url).content, kind=path)
            assert (found["state"], found["rows"]) == ("checked", 1), (path, found)
            assert found["unchanged"] == 1, (path, desk.faults(found["id"]))
