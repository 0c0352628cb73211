"""Long lists as files: led to, written by a job, fetched by their asker, neither lost nor twice."""

import csv
import io

import openpyxl
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import now
from app.exports import running, service, store
from tests.exports.asking import FIRMS, asked, look
from tests.factories import make_firm
from tests.imports.desk import Desk


def test_a_short_list_is_sent_at_once_and_a_long_one_leads_to_a_job(desk: Desk) -> None:
    short = desk.client.get("/firms/export?name__ic=导出企业0")
    assert short.status_code == 200 and short.text.count("\n") == 11
    led = desk.client.get("/firms/export?name__ic=导出&format=xlsx")
    assert "将在后台生成" in led.text and "共 25 行" in led.text
    form = {"of": "firms", "on": "name__ic=导出", "format": "xlsx"}
    page = desk.client.post("/exports", data=form)
    assert 'hx-trigger="load delay:1s"' in page.text
    number = int(page.url.path.rsplit("/", 1)[1])
    running.write(desk.engine, number)
    moved = desk.client.get(f"/exports/{number}/state")
    assert moved.headers["hx-redirect"] == f"/exports/{number}"
    assert f"/exports/{number}/content" in desk.client.get(f"/exports/{number}").text
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get(f"/exports/{number}/content").content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == FIRMS + 1 and rows[1][0] == "=导出企业00"
    assert f"/exports/{number}" in desk.client.get("/exports").text
    [[kept]] = desk.query("select count(*) from audit_entry where action = 'read' and "
                          "request_id is not null and row_count = :n", n=FIRMS)  # fmt: skip
    assert kept >= 1, "who takes how many rows away is noted"


@pytest.mark.parametrize(
    ("of", "rows"),
    [("firms", FIRMS), ("pool", FIRMS), ("board", FIRMS), ("records/loans", 0), ("leads", 1)],
)
def test_every_list_is_written_as_its_page_shows_it(desk: Desk, of: str, rows: int) -> None:
    query = "name__ic=导出" if of in ("firms", "pool") else ""
    number = asked(desk, of=of, query=query, format="csv")["id"]
    assert desk.client.get(f"/api/v1/exports/{number}/content").status_code == 404
    running.write(desk.engine, number)
    found = look(desk, number)
    assert (found["state"], found["rows"], found["done"]) == ("ready", rows, rows)
    content = desk.client.get(f"/api/v1/exports/{number}/content").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(content)))
    assert len(lines) == rows + 1
    direct = desk.client.get(f"/{of}/export?{query}&limit=3") if rows < 10 else None
    assert direct is None or direct.content.decode("utf-8-sig") == content


def test_a_killed_writer_leaves_nothing_and_the_next_begins_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = asked(desk)["id"]
    monkeypatch.setattr(store, "keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        running.write(desk.engine, number)
    assert look(desk, number)["state"] == "failed"
    # A kill leaves it as it is, running.
    desk.change("update export_file set state = 'running', done = 8 where id = :n", n=number)
    monkeypatch.undo()
    running.write(desk.engine, number)
    first = look(desk, number)
    assert (first["state"], first["done"]) == ("ready", FIRMS)
    running.write(desk.engine, number)
    assert look(desk, number) == first, "done twice is done once"
    [[parts]] = desk.query("select count(*) from export_part where export_id = :n", n=number)
    assert parts == 1


def test_what_is_called_off_stops_and_what_is_old_goes(desk: Desk) -> None:
    off = asked(desk)["id"]
    assert desk.client.post(f"/api/v1/exports/{off}/cancel").json()["state"] == "cancelled"
    running.write(desk.engine, off)
    assert look(desk, off)["state"] == "cancelled"
    assert desk.client.post(f"/api/v1/exports/{off}/cancel").status_code == 409
    old = asked(desk)["id"]
    running.write(desk.engine, old)
    desk.change("update export_file set finished_at = :at where id = :n", n=old,
                at=now() - service.KEPT * 2)  # fmt: skip
    with Session(desk.engine) as session, session.begin():
        service.forget_old(session)
    assert look(desk, old)["state"] == "gone"
    gone = desk.client.get(f"/exports/{old}/content")
    assert gone.status_code == 404 and "7 天" in gone.json()["detail"]


def test_a_file_is_its_asker_s_and_holds_what_they_may_know(desk: Desk, district: Engine) -> None:
    number = asked(desk)["id"]
    with Desk.of(district, Role.INCUBATOR_MANAGER, "incubator") as other:
        assert other.client.get(f"/api/v1/exports/{number}").status_code == 404
        own = asked(other, query="")["id"]
        running.write(district, own)
        assert look(other, own)["rows"] == 0, "no resident, no row"
        wrong = other.client.post("/api/v1/exports", json={"of": "firms", "query": "zzz=1"})
        assert wrong.status_code == 422
        assert other.client.post("/api/v1/exports", json={"of": "x"}).status_code == 404


def test_one_firm_s_figures_are_a_table(district: Engine) -> None:
    with Session(district) as session, session.begin():
        firm = make_firm(session, "有数企业", figures={"revenue_sales": {2024: 40_000_000}})
    with Desk.of(district) as desk:
        answer = desk.client.get(f"/firms/{firm}/figures/export")
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert lines[0] == ["指标", "单位", "2024"] and lines[1][1:] == ["万元", "4000"]
        assert f"/firms/{firm}/figures/export?format=xlsx" in desk.client.get(f"/firms/{firm}").text
