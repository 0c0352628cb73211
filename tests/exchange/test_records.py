"""Records from files: what a template offers, an import takes; every fault names its remedy."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.criteria.kinds import RECORDS
from app.exchange import templates
from app.exchange.kinds import TEMPLATES, VOCABULARIES
from app.exchange.mapping import Mapping
from app.exchange.report import Report
from app.exchange.service import import_file
from app.firms.models import Firm
from app.pipeline.records import BY_PATH
from tests import people
from tests.exchange.files import csv_file, workbook
from tests.factories import make_firm
from tests.facts.samples import RECORDS as SAMPLES

LOANS = "统一社会信用代码,企业名称,贷款机构,合同编号,种类,放款日期,到期日期,贷款金额（万元）"


@pytest.fixture
def code(db: Session) -> str:
    return str(db.scalar(select(Firm.credit_code).where(Firm.id == make_firm(db))))


def run(db: Session, path: Path, kind: str, **how: Any) -> Report:
    return import_file(db, SYSTEM, path, kind, Mapping(), **how)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_every_template_is_a_file_that_its_import_takes(
    db: Session, code: str, tmp_path: Path, locale: str
) -> None:
    for kind in RECORDS:
        if kind.path not in SAMPLES:
            continue
        path = tmp_path / f"{kind.path}-{locale}.xlsx"
        templates.write(path, TEMPLATES[kind.path], locale)
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        heads = [cell.value for cell in sheet[templates.HEADER_ROW + 1]]
        given = {"credit_code": code} | SAMPLES[kind.path]
        words = VOCABULARIES[kind.path].words
        row = [_cell(given, field.name) for field in TEMPLATES[kind.path].fields]
        assert len(heads) >= len(row) and words
        for at, value in enumerate(row, 1):
            sheet.cell(templates.FIRST_ROW + 1, at, value)
        book.save(path)
        report = run(db, path, kind.path)
        assert not report.faults, (kind.path, report.faults)
        assert report.created + report.unchanged == 1, kind.path
        db.execute(text(f"delete from {kind.table}"))  # noqa: S608 - our own names


def _cell(given: dict[str, Any], name: str) -> Any:
    value = given.get(name)
    if isinstance(value, list):
        return "；".join(value)
    money = name in ("amount", "asked", "technology_amount") and value is not None
    return float(str(value)) / 10_000 if money else value


def test_a_row_is_known_by_its_key_and_blanks_leave_what_stands(
    db: Session, code: str, tmp_path: Path
) -> None:
    row = f"{code},某企业,重庆银行,D-1,知识价值信用贷款,2024-01-05,2026-01-05,300"
    path = csv_file(tmp_path, LOANS, row)
    assert run(db, path, "loans", dry_run=True).created == 1
    assert db.scalar(text("select count(*) from loan")) == 0
    assert run(db, path, "loans").created == 1
    assert run(db, path, "loans").unchanged == 1
    later = f"{code},某企业,重庆银行,D-1,knowledge-value credit loan,2024/1/5,,350"
    assert run(db, csv_file(tmp_path, LOANS, later), "loans").updated == 1
    kept = db.execute(text("select due_on::text, amount from loan where superseded_at is null"))
    assert kept.all() == [("2026-01-05", 350_000_000)]
    assert db.scalar(text("select count(*) from loan")) == 2


def test_every_fault_of_every_row_is_told_in_both_languages(
    db: Session, code: str, tmp_path: Path
) -> None:
    path = workbook(
        tmp_path, LOANS.split(","),
        (code, "", "某行", "1", "知识价值信用贷", "2024-01-05", "昨天", "三百"),
        (code, "", "某行", "2", "其他贷款", "2024-01-05", "2023-01-05", "300"),
        (code, "", "某行", "", "其他贷款", "2024-01-05", "", "300"),
        ("91500114MA00000000", "", "某行", "3", "其他贷款", "2024-01-05", "", "300"),
        (code, "", "某行", "4", "其他贷款", "2024-01-05", "", "300美元"),
        (code, "", "某行", "5", "其他贷款", "2024-01-05", "", "300"),
        (code, "", "某行", "5", "其他贷款", "2024-01-06", "", "301"),
    )  # fmt: skip
    report = run(db, path, "loans", mode="skip")
    assert (report.created, report.rejected, report.rows) == (1, 6, 7)
    told = {(fault.row, fault.column) for fault in report.faults}
    assert {(2, "种类"), (2, "到期日期"), (2, "贷款金额（万元）"), (4, "合同编号")} <= told
    for fault in report.faults:
        assert fault.zh != fault.en, fault


def test_an_unknown_unit_of_money_is_refused_in_the_header(
    db: Session, code: str, tmp_path: Path
) -> None:
    from app.core.errors import Invalid

    wrong = LOANS.replace("万元", "万美元")
    with pytest.raises(Invalid) as refused:
        run(db, csv_file(tmp_path, wrong, f"{code},,某行,1,其他贷款,2024-01-05,,1"), "loans")
    assert "万美元" in str(refused.value.extra["errors"])


def test_lists_forms_and_files_of_records(db: Session, code: str) -> None:
    analyst = people.person(db, Role.ANALYST)
    filled = {"credit_code": code, "lender": "重庆银行", "number": "D-9", "kind": "light_asset",
              "happened_on": "2024-01-05", "amount": "12.5", "unit": "万元"}  # fmt: skip
    wrong = filled | {"due_on": "2023-01-01", "amount": "多少"}
    refused = analyst.post("/records/loans/new", data=wrong)
    assert refused.status_code == 422 and "不是金额" in refused.text and "D-9" in refused.text
    late = analyst.post("/records/loans/new", data=filled | {"due_on": "2023-01-01"})
    assert late.status_code == 422 and "请核对两个日期" in late.text
    strange = analyst.post("/records/loans/new", data=filled | {"unit": "亿亿"})
    assert strange.status_code == 422 and "金额单位应为元、万元或亿元" in strange.text
    assert (
        analyst.post("/records/loans/new", data=filled, follow_redirects=False).status_code == 303
    )
    [loan] = analyst.get("/api/v1/loans").json()["items"]
    assert loan["amount"] == "125000"
    one = f"/records/loans/{loan['id']}"
    assert 'value="125000"' in analyst.get(one).text
    again = {k: v for k, v in filled.items() if k != "credit_code"} | {"ended_on": "2024-06-01"}
    assert analyst.post(one, data=again, follow_redirects=False).status_code == 303
    assert analyst.post(one, data=again).status_code == 412
    for lang in ("zh", "en"):
        analyst.cookies.set("lang", lang)
        for kind in BY_PATH:
            assert analyst.get(f"/records/{kind}").status_code == 200, kind
            assert analyst.get(f"/records/{kind}/new").status_code == 200, kind
    assert '<option value="万元">10k yuan<' in analyst.get("/records/loans/new").text
    assert ">tax bureau<" in analyst.get("/imports").text
    assert "D-9" in analyst.get("/records/loans/export").text
    assert "125,000" in analyst.get("/records/loans/totals?kind=light_asset").text
    book = analyst.get("/records/loans/export?format=xlsx")
    assert book.content[:2] == b"PK"
    assert analyst.get("/records/loans?knd=x").text.count("unknown parameter") == 1
    number = analyst.get("/api/v1/loans").json()["items"][0]["id"]
    assert analyst.get(f"/records/loans/{number}/remove").status_code == 200
    gone = analyst.post(f"/records/loans/{number}/remove", follow_redirects=False)
    assert gone.status_code == 303 and analyst.get("/api/v1/loans").json()["items"] == []
