"""What waits: every list within one's scope, each entry leading to where it is done."""

import html
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import now, today
from app.firms.models import Designation, Submission
from app.imports.models import ImportBatch
from app.pipeline.service import assess
from tests.entry.readily import LAST, nearly
from tests.people import body, person, statements


@pytest.fixture
def incubator(db: Session) -> Organisation:
    return body(db, "waiting-incubator", "incubator")


@pytest.fixture
def manager(db: Session, incubator: Organisation) -> TestClient:
    return person(db, Role.INCUBATOR_MANAGER, incubator)


FURTHER = ("flags", "expiring", "unknown", "missing", "stale")


def section(client: TestClient, name: str, query: str = "") -> str:
    """One part of the page, or of what comes after it."""
    path = "/waiting/further" if name in FURTHER else "/waiting"
    page = client.get(f"{path}{query}")
    assert page.status_code == 200, page.text[:300]
    found = re.search(f'<section class="card mb-3" id="{name}">.*?</section>', page.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[0])


def test_missing_figures_are_counted_by_firm_and_year(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    number = nearly(db, "缺三项", incubator, "rd_hnte", "rd_hnte_domestic", "revenue_total")
    whole = nearly(db, "不缺的", incubator)
    nearly(db, "别家的", body(db, "elsewhere", "incubator"), "rd_hnte")
    shown = section(manager, "missing")
    assert f'href="/entry/{number}?year={LAST}" aria-label="缺三项 {LAST}: 3"' in shown
    assert f"/entry/{whole}?" not in shown and "别家的" not in shown
    db.execute(text("update firm set status = 'moved_out' where id = :n"), {"n": number})
    assert "缺三项" not in section(manager, "missing")


def test_criteria_that_wait_for_figures_say_how_many_firms_they_hold_up(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    nearly(db, "只差收入", incubator, "revenue_total")
    nearly(db, "差两项", incubator, "rd_hnte", "rd_hnte_domestic")
    judged = nearly(db, "还差判断", incubator, "revenue_total")
    db.execute(
        text("delete from judgement where firm_id = :n and criterion = 'hnte.field'"), {"n": judged}
    )
    assess(db, None, today())
    shown = section(manager, "unknown")
    assert "最多 2 家企业可达标" in shown
    link = re.search(
        r'href="(/entry\?[^"]*unknown=hnte.income[^"]*gap_count=1)"[^>]*>([^<]+)<', shown
    )
    assert link is not None and "1 家" in link[2]
    grid = manager.get(link[1]).text
    assert "只差收入" in grid and "差两项" not in grid and "还差判断" not in grid
    assert "总收入" in grid
    assert "hnte.field" not in shown  # a person decides it, no figure


def test_duties_are_due_in_time(db: Session, manager: TestClient, incubator: Organisation) -> None:
    day = today()
    soon, later, renewed = (nearly(db, name, incubator) for name in ("快到期", "还早", "已续期"))
    for number, end in ((soon, 30), (later, 400), (renewed, 30)):
        db.add(Designation(firm_id=number, kind="hnte",
                           valid=Range(day - timedelta(900), day + timedelta(end))))  # fmt: skip
    db.add(Designation(firm_id=renewed, kind="hnte",
                       valid=Range(day + timedelta(30), day + timedelta(1000))))  # fmt: skip
    db.flush()
    shown = section(manager, "expiring")
    assert "快到期" in shown and "还有 29 天" in shown
    assert "还早" not in shown and "已续期" not in shown
    # Residents since 2015 with a limit of 48 months are over it.
    assert section(manager, "residencies").count("已过") == 3
    db.execute(text("update residency set during = daterange(:d, null)"), {"d": day})
    assert "已过" not in section(manager, "residencies")


def test_what_the_law_asks_and_what_was_refused_stand_here(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    number = nearly(db, "该复核了", incubator)
    last = today() + timedelta(days=60)
    db.add(Designation(firm_id=number, kind="srdi", valid=Range(today(), last + timedelta(1))))
    db.flush()
    shown = section(manager, "duties")
    assert "该复核了" in shown and "优质中小企业复核" in shown and "三个月内" in shown
    typed = {"year": LAST, "cells": [{"firm": number, "column": "rd_hnte", "text": "2O0"}]}
    assert manager.post("/entry/cells", json=typed).status_code == 200
    refused = section(manager, "refused")
    assert f'href="/entry?year={LAST}&id={number}"' in refused
    assert "该复核了" not in section(person(db, Role.ANALYST), "refused")  # another's typing


def test_files_whose_rows_did_not_all_come_in_stand_here(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    common = {"kind": "figures", "state": "done", "size": 1, "digest": "x", "role": "analyst",
              "by_name": "某人", "locale": "zh", "source": "import", "mode": "skip",
              "finished_at": now()}  # fmt: skip
    other = body(db, "waiting-other", "incubator")
    for name, where, rejected in (("有错.xlsx", incubator, 3), ("无错.xlsx", incubator, 0),
                                  ("别家.xlsx", other, 2)):  # fmt: skip
        db.add(ImportBatch(file_name=name, organisation_id=where.id, rejected=rejected, **common))
    db.flush()
    shown = section(manager, "rejected")
    assert re.search(r'href="/imports/\d+">有错.xlsx</a></td><td class="num">3<', shown)
    assert "无错" not in shown and "别家" not in shown
    assert "别家" in section(person(db, Role.ANALYST), "rejected")


def test_the_page_takes_the_same_statements_for_any_number_of_firms(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    sent: list[list[int]] = []
    for more in (1, 15):
        for n in range(more):
            nearly(db, f"待办{more}-{n}", incubator, "rd_hnte")
        assess(db, None, today())
        sent.append([])
        for path in ("/waiting", "/waiting/further"):
            manager.get(path)
            with statements(db.connection().engine) as seen:
                manager.get(path)
            sent[-1].append(len(seen))
    assert sent[0] == sent[1]
    assert max(sent[0]) <= 25


def test_old_figures_and_conflicts_are_listed(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    number = nearly(db, "旧数据", incubator)
    assert "旧数据" not in section(manager, "stale")
    db.execute(text("update firm_year set updated_at = now() - interval '400 days'"))
    assert "旧数据" in section(manager, "stale")
    db.add(Submission(firm_id=number, year=LAST, indicator="rd_hnte", value=123_456_700,
                      source="self_reported"))  # fmt: skip
    db.flush()
    shown = section(manager, "conflicts")
    assert "旧数据" in shown and "123.4567 万元" in shown
    assert "采用另报的值" not in shown
    assert "采用另报的值" in section(person(db, Role.ANALYST), "conflicts")


def test_another_set_asks_for_other_figures(
    db: Session, manager: TestClient, incubator: Organisation
) -> None:
    nearly(db, "换条件", incubator)
    assert "换条件" not in section(manager, "missing")
    assert "换条件" in section(manager, "missing", "?set=srdi_2026")
    for path in ("/waiting", "/waiting/further"):
        assert "alert-danger" in manager.get(f"{path}?set=nothing").text
    part = manager.get("/waiting/further?set=srdi_2026", headers={"HX-Request": "true"}).text
    assert re.search('id="count-missing" hx-swap-oob="true">1<', part)
    assert 'hx-get="/waiting/further?set=srdi_2026"' in manager.get("/waiting?set=srdi_2026").text
