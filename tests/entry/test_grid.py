"""The grid: what it shows, how blocks are saved, kept as drafts, and put beside better sources."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.entry.columns import GROUPS
from app.entry.models import EntryDraft
from app.firms.catalogue import INDICATORS
from app.firms.models import FirmYear, Submission
from app.pipeline.service import assess
from tests.entry.readily import ALWAYS, LAST, nearly
from tests.factories import make_firm
from tests.people import body, person, put_in_incubator, statements


@pytest.fixture
def incubator(db: Session) -> Organisation:
    return body(db, "grid-incubator", "incubator")


@pytest.fixture
def manager(db: Session, incubator: Organisation) -> TestClient:
    return person(db, Role.INCUBATOR_MANAGER, incubator)


def cell(firm: int, column: str, text: str) -> dict[str, Any]:
    return {"firm": firm, "column": column, "text": text}


def send(client: TestClient, *cells: dict[str, Any], **more: Any) -> Any:
    """One block, as the page sends it."""
    found = client.post("/entry/cells", json={"year": LAST, "cells": list(cells)} | more)
    assert found.status_code == 200, found.text
    return found.json()


def stored(db: Session, firm: int, column: str, year: int = LAST) -> Any:
    db.expire_all()
    row = db.get(FirmYear, (firm, year))
    return None if row is None else getattr(row, column)


def test_every_indicator_is_offered_once() -> None:
    codes = [code for group in GROUPS for code in group.codes]
    assert sorted(codes) == sorted(INDICATORS)


def test_a_figure_turns_a_firm_ready_at_once(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "差一项科技", incubator, "rd_hnte", "rd_hnte_domestic")
    assess(db, None, today())
    page = manager.get("/entry").text
    assert "差一项科技" in page and "缺数据" in page
    done = send(manager, cell(firm, "rd_hnte", "２００"), cell(firm, "rd_hnte_domestic", "200万元"))
    assert [c["status"] for c in done["cells"]] == ["saved", "saved"]
    assert done["firms"] == [{"firm": firm, "outcome": "met", "label": "达标", "unmet": 0,
                              "unknown": 0, "readiness": 100}]  # fmt: skip
    assert stored(db, firm, "rd_hnte") == 2_000_000


@pytest.mark.parametrize(
    ("column", "typed", "unit", "fen"),
    [
        ("revenue_sales", "1,234.5", "wan", 12_345_000),
        ("revenue_sales", "1,234.5", "yuan", "1234.5"),
        ("revenue_sales", "0.5", "yi", 50_000_000),
        ("revenue_sales", "1.2亿元", "wan", 120_000_000),
        ("revenue_sales", "３０００", "wan", 30_000_000),
        ("rd_staff", "12 人", "wan", 12),
        ("market_share", "12.5%", "wan", 1250),
    ],
)
def test_cells_are_read_as_imports_read_them(
    db: Session, manager: TestClient, incubator: Organisation, column: str, typed: str, unit: str,
    fen: Any,
) -> None:  # fmt: skip
    firm = nearly(db, "读数", incubator, "revenue_sales")
    done = send(manager, cell(firm, column, typed), unit=unit)
    assert done["cells"][0]["status"] == "saved", done
    assert str(stored(db, firm, column)).rstrip("0").rstrip(".") == str(fen).rstrip("0").rstrip(".")


def test_the_same_block_twice_changes_nothing(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "两次", incubator, "rd_hnte")
    block = (cell(firm, "rd_hnte", "200"), cell(firm, "rd_acct", "abc"))
    send(manager, *block)
    before = db.scalar(select(func.count()).select_from(Submission))
    done = send(manager, *block)
    assert [c["status"] for c in done["cells"]] == ["unchanged", "faulty"]
    assert db.scalar(select(func.count()).select_from(Submission)) == before
    assert db.scalar(select(func.count()).select_from(EntryDraft)) == 1


def test_faulty_cells_stay_as_drafts_until_they_are_mended(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "草稿", incubator, "rd_hnte")
    assess(db, None, today())
    done = send(manager, cell(firm, "rd_hnte", "二百"), cell(firm, "staff_avg", "1.5"))
    assert [c["status"] for c in done["cells"]] == ["faulty", "faulty"]
    assert "不是金额" in done["cells"][0]["fault"] and "整数" in done["cells"][1]["fault"]
    page = manager.get("/entry?columns=rd_hnte&columns=staff_avg").text
    assert "二百" in page and "不是金额" in page and 'aria-invalid="true"' in page
    # Somebody else of the same incubator sees what is stored, not what another types.
    colleague = person(db, Role.INCUBATOR_MANAGER, body(db, "other", "incubator"))
    assert "二百" not in colleague.get("/entry?columns=rd_hnte").text
    manager.cookies.set("lang", "en")
    assert "not an amount" in manager.get("/entry?columns=rd_hnte").text
    done = send(manager, cell(firm, "rd_hnte", "200"))
    assert done["cells"][0]["fault"] is None
    left = db.scalars(select(EntryDraft.indicator)).all()
    assert left == ["staff_avg"]


def test_a_part_above_its_whole_is_stored_once_the_whole_is_mended(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "部分", incubator, "revenue_total", "revenue_hightech")
    done = send(manager, cell(firm, "revenue_total", "42"), cell(firm, "revenue_hightech", "3000"))
    by = {c["column"]: c for c in done["cells"]}
    assert by["revenue_total"]["status"] == "saved"
    assert "大于" in by["revenue_hightech"]["fault"]
    done = send(manager, cell(firm, "revenue_total", "4200"))
    assert {c["column"]: c["status"] for c in done["cells"]} == {
        "revenue_total": "saved", "revenue_hightech": "saved",
    }  # fmt: skip
    assert stored(db, firm, "revenue_hightech") == 30_000_000


def test_a_lesser_value_stands_beside_the_better_source(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "冲突", incubator, "rd_hnte")
    bureau = person(db, Role.ANALYST)
    send(bureau, cell(firm, "rd_hnte", "300"))
    done = send(manager, cell(firm, "rd_hnte", "200"))["cells"][0]
    assert done["status"] == "conflict"
    assert (done["text"], done["source"]) == ("300", "科技局")
    assert [(r["text"], r["source"]) for r in done["rivals"]] == [("200", "孵化载体")]
    assert stored(db, firm, "rd_hnte") == 3_000_000
    page = manager.get("/entry?columns=rd_hnte").text
    assert "孵化载体 200" in page
    number = done["rivals"][0]["id"]
    refused = manager.post(f"/entry/conflicts/{number}", data={"accept": "true"})
    assert refused.status_code == 403
    settled = bureau.post(f"/entry/conflicts/{number}", data={"accept": "true"},
                          follow_redirects=False)  # fmt: skip
    assert settled.headers["location"] == "/waiting"
    assert stored(db, firm, "rd_hnte") == 2_000_000


def test_an_empty_cell_is_taken_away_when_typed_and_left_when_pasted(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "清空", incubator)
    send(manager, cell(firm, "rd_acct", "5"))
    done = send(manager, cell(firm, "rd_acct", "—"), clear=False)
    assert done["cells"][0]["status"] == "skipped"
    assert stored(db, firm, "rd_acct") == 50_000
    assert send(manager, cell(firm, "rd_acct", ""))["cells"][0]["status"] == "saved"
    assert stored(db, firm, "rd_acct") is None


def test_a_foreign_firm_is_refused_like_one_that_is_not_there(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    own = nearly(db, "自己的", incubator)
    foreign = nearly(db, "别人的", body(db, "elsewhere", "incubator"))
    done = send(manager, cell(own, "rd_acct", "5"), cell(foreign, "rd_acct", "5"),
                cell(2**31 - 1, "rd_acct", "5"))["cells"]  # fmt: skip
    assert [c["status"] for c in done] == ["saved", "faulty", "faulty"]
    assert done[1]["fault"].replace(str(foreign), "N") == done[2]["fault"].replace(
        str(2**31 - 1), "N"
    )
    assert stored(db, foreign, "rd_acct") is None
    assert db.scalar(select(func.count()).select_from(EntryDraft)) == 0


def test_a_team_without_a_credit_code_is_entered_too(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    team = make_firm(db, "团队", firm={"registered_on": None})
    put_in_incubator(db, team, incubator, ALWAYS)
    from app.firms.models import Firm

    found = db.get(Firm, team)
    assert found is not None
    found.credit_code = None
    db.flush()
    done = send(manager, cell(team, "staff_avg", "3"), cell(team, "st_staff_avg", "5"))["cells"]
    by = {c["column"]: c["status"] for c in done}
    assert by == {"staff_avg": "saved", "st_staff_avg": "faulty"}
    assert stored(db, team, "staff_avg") == 3


@pytest.mark.parametrize("path", ["/entry?year=1800", "/entry?columns=rd", "/entry?unit=mao",
                                  "/entry?gapcount=1", "/entry?set=nothing"])  # fmt: skip
def test_a_mistyped_address_is_named(manager: TestClient, path: str) -> None:
    found = manager.get(path)
    assert found.status_code == 200
    assert "alert-danger" in found.text and 'id="grid"' not in found.text


def test_only_who_keeps_firms_may_write(db: Session, incubator: Organisation) -> None:
    firm = nearly(db, "只读", incubator)
    leader = person(db, Role.LEADER)
    assert "data-editable" not in leader.get("/entry").text
    found = leader.post("/entry/cells", json={"year": LAST, "cells": [cell(firm, "rd_acct", "5")]})
    assert found.status_code == 403


def test_the_form_saves_what_was_changed_only(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    firm = nearly(db, "表单", incubator, "rd_hnte", "rd_hnte_domestic")
    path = f"/entry/{firm}"
    assert "销售收入" in manager.get(f"{path}?year={LAST}").text
    asked = {"year": LAST, "unit": "wan", "column": ["rd_hnte", "staff_avg", "revenue_sales"]}
    found = manager.post(path, data=asked | {"typed": ["200", "一百", "4,000"],
                                             "was": ["", "100", "4,000"]})  # fmt: skip
    assert found.status_code == 422
    assert "一百" in found.text and "不是数字" in found.text
    assert stored(db, firm, "rd_hnte") == 2_000_000
    assert stored(db, firm, "staff_avg") == 100
    short = manager.post(path, data=asked | {"typed": ["1"], "was": ["", "", ""]})
    assert short.status_code == 422


def test_the_grid_takes_the_same_number_of_statements_for_one_firm_and_for_sixty(
    db: Session, engine: Engine, manager: TestClient, incubator: Organisation
) -> None:
    def asked(path: str) -> int:
        manager.get(path)
        with statements(engine) as sent:
            assert manager.get(path).status_code == 200
        return len(sent)

    nearly(db, "第一家", incubator)
    assess(db, None, today())
    before = {path: asked(path) for path in ("/entry", "/waiting")}
    for n in range(60):
        nearly(db, f"又一家{n}", incubator, "rd_hnte")
    assess(db, None, today())
    assert {path: asked(path) for path in before} == before


def test_a_block_takes_the_same_number_of_statements_whatever_its_size(
    db: Session, engine: Engine, manager: TestClient, incubator: Organisation
) -> None:
    firms = [nearly(db, f"批量{n}", incubator) for n in range(40)]
    assess(db, None, today())
    send(manager, cell(firms[0], "rd_acct", "1"))

    def saved(some: list[int], amount: str) -> int:
        with statements(engine) as sent:
            send(manager, *(cell(firm, "rd_acct", amount) for firm in some))
        return len(sent)

    assert saved(firms[:2], "7") == saved(firms, "8")
