"""An import from the file to its undo, in steps that are each a request or a job."""

from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, inspect

from app import worker
from app.accounts.actor import Role
from app.core.settings import Settings
from app.imports import running
from tests.factories import credit_code
from tests.imports.desk import FIGURES_HEADER, FIRMS_HEADER, Desk, book, csv

_serial = count(30_000_000)
COUNTS = ("rows", "created", "updated", "unchanged", "rejected")
# What grows and is never put back; counters that move on; the queue and an import's own records.
LOGS = ("audit_", "procrastinate_", "import_", "firm_history", "evaluation", "kept_reply",
        "sender_version", "alembic_version", "criteria_set", "user_session")  # fmt: skip
COUNTERS = {"firm": ("version", "recorded_at"), "firm_year": ("version", "updated_at")}


def counts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found[name] for name in COUNTS)


def firm_row(name: str = "", **more: Any) -> list[Any]:
    number = next(_serial)
    code = more.get("code", credit_code(number))
    return [
        name or f"导入企业{number}有限公司",
        code,
        "2019-05-31",
        "黔江区",
        more.get("capital", 500),
    ]


def everything(desk: Desk) -> dict[str, list[Any]]:
    """Every row of every table but logs, without the counters that only move on."""
    tables = inspect(desk.engine).get_table_names()
    found = {}
    for table in sorted(t for t in tables if not t.startswith(LOGS)):
        less = "".join(f" - '{c}'" for c in COUNTERS.get(table, ()))
        found[table] = desk.query(f"select (to_jsonb(t){less})::text from {table} t order by 1")  # noqa: S608
    return found


def test_from_the_file_to_its_undo(desk: Desk) -> None:
    old = firm_row()
    first = desk.send(book(FIRMS_HEADER, old))
    assert desk.ask(first["id"], "run")["state"] == "done"
    figures = desk.send(book(FIGURES_HEADER, (old[1], 2024, 100, 10)), kind="figures")
    assert desk.ask(figures["id"], "run")["created"] == 1
    before = everything(desk)

    changed, new = [*old[:4], 900], firm_row()
    again = desk.send(book(FIRMS_HEADER, changed, new, ["坏公司", "x", "", "", ""]))
    assert (again["state"], counts(again)) == ("checked", (3, 1, 1, 0, 1))
    assert everything(desk) == before
    done = desk.ask(again["id"], "run", mode="skip")
    assert (done["state"], counts(done)) == ("done", (3, 1, 1, 0, 1))
    more = desk.send(
        book(FIGURES_HEADER, (old[1], 2024, 150, 10), (old[1], 2023, 90, 9), (new[1], 2024, 5, 1)),
        kind="figures",
    )
    assert counts(desk.ask(more["id"], "run")) == (3, 2, 1, 0, 0)
    assert desk.query(
        "select revenue_sales from firm_year join firm on id = firm_id "
        "where credit_code = :c order by year",
        c=old[1],
    ) == [(90_000_000,), (150_000_000,)]

    undone = desk.ask(more["id"], "undo")
    assert (undone["state"], undone["left_alone"]) == ("undone", 0)
    undone = desk.ask(again["id"], "undo")
    assert (undone["state"], undone["left_alone"]) == ("undone", 0)
    assert everything(desk) == before
    assert desk.client.post(f"/api/v1/imports/{again['id']}/undo", json={}).status_code == 409


def test_an_undo_leaves_alone_what_was_edited_since(desk: Desk) -> None:
    kept, new = firm_row(), firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, kept))["id"], "run")
    base = desk.send(book(FIGURES_HEADER, (kept[1], 2024, 100, 10)), kind="figures")
    desk.ask(base["id"], "run")
    firms = desk.send(book(FIRMS_HEADER, [*kept[:3], "500102", 900], new))
    desk.ask(firms["id"], "run")
    figures = desk.send(
        book(FIGURES_HEADER, (kept[1], 2024, 150, 12), (new[1], 2024, 5, 1)), kind="figures"
    )
    desk.ask(figures["id"], "run")
    # Since then: one figure and the capital by hand.
    by_hand = desk.client.put(f"/api/v1/firms/by-credit-code/{kept[1]}/figures/2024",
                              json={"revenue_sales": "170万元"})  # fmt: skip
    assert by_hand.status_code == 200, by_hand.text
    desk.change("update firm set registered_capital = 7, registered_capital_typed = 'x' "
                "where credit_code = :c", c=kept[1])  # fmt: skip
    of = ("select revenue_sales, staff_avg from firm_year join firm on id = firm_id "
          "where credit_code = :c and year = 2024")  # fmt: skip
    undone = desk.ask(figures["id"], "undo")
    assert undone["left_alone"] > 0
    assert desk.query(of, c=kept[1]) == [(170_000_000, 10)]
    page = desk.client.get(f"/imports/{figures['id']}")
    assert kept[0] in page.text and "这些也恢复为导入前的值" in page.text

    # A new firm of which nothing else is known goes; the capital that was edited stays.
    undone = desk.ask(firms["id"], "undo")
    assert undone["left_alone"] == 1
    firm = "select region_code, registered_capital from firm where credit_code = :c"
    assert desk.query(firm, c=kept[1]) == [("500114", 7)]
    assert desk.query(firm, c=new[1]) == []

    assert desk.ask(firms["id"], "undo", edited=True)["left_alone"] == 0
    assert desk.ask(figures["id"], "undo", edited=True)["left_alone"] == 0
    assert desk.query(firm, c=kept[1]) == [("500114", 50_000_0000)]
    assert desk.query(of, c=kept[1]) == [(100_000_000, 10)]


def test_rejected_rows_come_back_as_a_workbook_that_can_be_sent_again(desk: Desk) -> None:
    good, bad = firm_row(), firm_row(capital="很多")
    found = desk.send(book(["某某孵化器"], FIRMS_HEADER, good, bad, [*firm_row()[:2], "2019年5月"]))
    assert counts(found) == (3, 1, 0, 0, 2)
    sheet = desk.rejected(found["id"]).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][-1] == "退回原因" and rows[2][1] == bad[1]
    assert "不是金额" in rows[2][-1] and len(rows) == 4
    assert sheet.cell(3, 5).fill.start_color.rgb.endswith("FFF3BF")
    assert sheet.cell(3, 5).comment is not None
    sheet.cell(3, 5).value = 600
    sheet.cell(4, 3).value = "2019-05-31"
    from io import BytesIO

    mended = BytesIO()
    sheet.parent.save(mended)
    again = desk.send(mended.getvalue())
    assert counts(again) == (2, 2, 0, 0, 0)


@pytest.mark.parametrize("write", [book, csv])
def test_what_was_mended_in_place_comes_back_mended(desk: Desk, write: Any) -> None:
    bad = firm_row(capital="很多")
    bad[3] = "不知何处"
    found = desk.send(write(FIRMS_HEADER, bad), "给出")
    desk.client.post(f"/imports/{found['id']}/rows/2", data={"place": ["4"], "cell": ["600"]})
    done = desk.ask(found["id"], "run", mode="skip")
    assert counts(done) == (1, 0, 0, 0, 1)
    sheet = desk.rejected(found["id"]).active
    assert [sheet.cell(2, at).value for at in (4, 5)] == ["不知何处", "600"]


def test_large_and_plain_files_come_back_written_anew(desk: Desk) -> None:
    found = desk.send(csv(FIRMS_HEADER, firm_row(), firm_row(capital="=很多")), "给出.csv")
    assert found["encoding"] == "utf-8"
    sheet = desk.rejected(found["id"]).active
    assert [cell.value for cell in sheet[2]][4] == "=很多" and sheet.cell(2, 5).data_type == "s"


def test_columns_are_proposed_confirmed_and_remembered(desk: Desk) -> None:
    row = firm_row()
    header = ("企业名称", "统一社会信用代码", "成立时日", "序号")
    found = desk.send(book(header, (*row[:3], 1)))
    assert found["state"] == "mapping"
    page = desk.client.get(f"/imports/{found['id']}").text
    assert 'value="成立日期" selected' in page or 'value="成立时间" selected' in page
    chosen = desk.client.post(
        f"/imports/{found['id']}/columns", follow_redirects=False,
        data={"said": ["", "", "成立日期", "ignore"], "unit": ["", "", "", ""]},
    )  # fmt: skip
    assert chosen.status_code == 303, chosen.text
    assert desk.work(found["id"])["state"] == "checked"
    # The next file of this organisation is understood at once.
    assert desk.send(book(header, (*firm_row()[:3], 2)))["state"] == "checked"
    with Desk.of(desk.engine) as other:
        assert other.send(book(header, (*firm_row()[:3], 2)))["state"] == "mapping"


def test_money_without_a_unit_takes_the_one_that_is_chosen(desk: Desk) -> None:
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    found = desk.send(
        book(("统一社会信用代码", "年度", "卖了多少"), (row[1], 2024, 12)), kind="figures"
    )
    assert found["state"] == "mapping"
    desk.client.post(f"/imports/{found['id']}/columns",
                     data={"said": ["", "", "销售收入"], "unit": ["", "", "万元"]})  # fmt: skip
    desk.work(found["id"])
    desk.ask(found["id"], "run")
    figure = desk.query("select revenue_sales from firm_year join firm on id = firm_id "
                        "where credit_code = :c", c=row[1])  # fmt: skip
    assert figure == [(12_000_000,)]


def test_a_bad_cell_is_mended_in_place(desk: Desk) -> None:
    bad = firm_row(capital="很多")
    found = desk.send(book(FIRMS_HEADER, bad))
    url = f"/imports/{found['id']}/rows/2"
    row = desk.client.post(
        url, data={"place": ["4"], "cell": ["也多"]}, headers={"HX-Request": "1"}
    )
    assert "不是金额" in row.text and desk.look(found["id"])["rejected"] == 1
    row = desk.client.post(url, data={"place": ["4"], "cell": ["600"]}, headers={"HX-Request": "1"})
    assert "不是金额" not in row.text and desk.look(found["id"])["rejected"] == 0
    done = desk.ask(found["id"], "run")
    assert (done["state"], done["created"]) == ("done", 1)
    capital = desk.query("select registered_capital from firm where credit_code = :c", c=bad[1])
    assert capital == [(6_000_000_00,)]


def test_an_atomic_import_with_a_fault_writes_nothing(desk: Desk) -> None:
    before = everything(desk)
    found = desk.send(book(FIRMS_HEADER, firm_row(), firm_row(capital="很多")))
    done = desk.ask(found["id"], "run", mode="atomic")
    assert (done["state"], counts(done)) == ("refused", (2, 1, 0, 0, 1))
    assert everything(desk) == before


def test_a_program_sends_and_looks_again(desk: Desk) -> None:
    sent = desk.client.post("/api/v1/imports", data={"kind": "firms", "mode": "skip"},
                            files={"file": ("a.csv", csv(FIRMS_HEADER, firm_row()))})  # fmt: skip
    assert sent.status_code == 202
    assert desk.work(sent.json()["id"])["state"] == "done"


def test_a_job_taken_twice_is_done_once(desk: Desk) -> None:
    found = desk.send(book(FIRMS_HEADER, firm_row()))
    assert desk.ask(found["id"], "run")["created"] == 1
    running.run(desk.engine, found["id"])
    running.check(desk.engine, found["id"])
    assert desk.look(found["id"])["created"] == 1


def test_an_import_is_called_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.send(book(FIRMS_HEADER, *(firm_row() for _ in range(10))))
    before = everything(desk)
    desk.client.post(f"/api/v1/imports/{found['id']}/run", json={})
    assert desk.client.post(f"/api/v1/imports/{found['id']}/cancel").status_code == 202
    running.run(desk.engine, found["id"])
    assert desk.look(found["id"])["state"] == "cancelled"
    assert everything(desk) == before
    assert desk.ask(found["id"], "run")["created"] == 10


def test_files_are_kept_for_ninety_days(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = firm_row(code="123")
    done, waiting, fresh = (
        desk.send(book(FIRMS_HEADER, firm_row(), faulty))["id"] for _ in range(3)
    )
    for number in (done, fresh):
        assert desk.ask(number, "run", mode="skip")["state"] == "done"
    desk.change(
        "update import_batch set made_at = made_at - interval '91 days', "
        "finished_at = finished_at - interval '91 days' where id in (:a, :b)", a=done, b=waiting,
    )  # fmt: skip
    monkeypatch.setattr(worker, "_tools", [worker.Tools(desk.engine, Settings())])
    worker.purge_expired()

    assert desk.query("select distinct batch_id from import_part where batch_id in (:a, :b, :c)",
                      a=done, b=waiting, c=fresh) == [(fresh,)]  # fmt: skip
    assert desk.faults(fresh) and not desk.faults(done)
    assert desk.client.get(f"/api/v1/imports/{done}/rejected").status_code == 404
    assert "90" in str(desk.look(waiting)["problem"])
    refused = desk.client.post(f"/api/v1/imports/{waiting}/run", json={"mode": "skip"})
    assert refused.status_code == 409
    assert desk.client.get(f"/imports/{waiting}").status_code == 200
    assert desk.ask(done, "undo")["state"] == "undone"


def test_whose_imports_are_whose(desk: Desk, district: Engine) -> None:
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    with (
        Desk.of(district, Role.INCUBATOR_MANAGER, "incubator") as one,
        Desk.of(district, Role.INCUBATOR_MANAGER, "incubator") as other,
    ):
        found = one.send(book(FIRMS_HEADER, row, firm_row()))
        assert counts(found) == (2, 1, 0, 0, 1)
        assert "不能由您写入" in one.faults(found["id"])[2]
        assert row[0] not in one.faults(found["id"])[2]
        done = one.ask(found["id"], "run", mode="skip")
        assert done["created"] == 1
        for path in ("", "/faults", "/rejected"):
            assert other.client.get(f"/api/v1/imports/{found['id']}{path}").status_code == 404
        assert other.client.post(f"/api/v1/imports/{found['id']}/undo", json={}).status_code == 404
        assert other.client.get("/api/v1/imports").json()["items"] == []
        assert desk.look(found["id"])["created"] == 1
        # The firm it brought into its incubator goes, and the stay with it.
        assert one.ask(found["id"], "undo")["left_alone"] == 0
    with Desk.of(district, Role.LEADER) as leader:
        sent = leader.client.post("/api/v1/imports", data={"kind": "firms"},
                                  files={"file": ("a.csv", b"x")})  # fmt: skip
        assert sent.status_code == 403


def test_a_name_alone_only_proposes(desk: Desk) -> None:
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    found = desk.send(book(FIRMS_HEADER, [row[0], "", "", "", 700]))
    assert found["rejected"] == 1
    page = desk.client.get(f"/imports/{found['id']}").text
    assert "同名企业" in page and row[1] in page
    form = {"place": "1", "cell": row[1]}
    said = desk.client.post(f"/imports/{found['id']}/rows/2", data=form)
    assert said.status_code == 200 and "就是这家" in page
    assert desk.ask(found["id"], "run")["updated"] == 1


def test_the_same_file_twice_at_once(desk: Desk, district: Engine) -> None:
    from threading import Thread

    rows = [firm_row() for _ in range(200)]
    with Desk.of(district) as other:
        both = [(one, one.send(book(FIRMS_HEADER, *rows))["id"]) for one in (desk, other)]
        for one, number in both:
            one.client.post(f"/api/v1/imports/{number}/run", json={})
        threads = [Thread(target=running.run, args=(district, number)) for _, number in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sorted((one.look(number)["created"], one.look(number)["unchanged"])
                       for one, number in both)  # fmt: skip
    assert found == [(0, 200), (200, 0)]


def test_a_sender_s_own_number_stands_for_the_code_once_it_was_given_with_it(desk: Desk) -> None:
    header = ("外部编号", *FIRMS_HEADER)
    row, other = firm_row(), firm_row()
    taught = desk.send(book(header, ["P-1", *row], ["P-2", *other]))
    assert desk.ask(taught["id"], "run")["created"] == 2
    changed = ["P-1", *row[:1], "", *row[2:4], 900]
    unknown = ["P-9", "没有人知道", "", "2020-01-01", "黔江区", 1]
    clash = ["P-2", *row]
    found = desk.send(book(header, changed, unknown, clash))
    assert counts(found) == (3, 0, 1, 0, 2)
    faults = desk.faults(found["id"])
    assert "请同时填写统一社会信用代码" in faults[3] and other[1] in faults[4]
    done = desk.ask(found["id"], "run", mode="skip")
    assert (done["state"], done["updated"]) == ("done", 1)
    figures = book(("外部编号", "年度", "销售收入（万元）"), ("P-2", 2024, 12))
    sent = desk.send(figures, kind="figures")
    assert desk.ask(sent["id"], "run")["created"] == 1
    assert desk.query("select year from firm_year join firm on id = firm_id "
                      "where credit_code = :code", code=other[1]) == [(2024,)]  # fmt: skip
    assert desk.ask(taught["id"], "undo")["state"] == "undone"
    with Desk.of(desk.engine) as elsewhere:
        sent = elsewhere.send(figures, kind="figures")
        assert sent["rejected"] == 1, "another sender's numbers are its own"
