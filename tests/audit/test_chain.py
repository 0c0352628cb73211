"""The chain: without gaps whoever commits first, and whatever was touched is found and named."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from app.audit import ddl
from app.audit.service import note_read
from app.cli import cli
from tests.audit.trail import act
from tests.criteria.facts import parsed
from tests.factories import insert_firms

RUNNER = CliRunner()
Verify = Callable[..., Result]


@pytest.fixture
def verify(clone: Engine, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """`tidu audit verify` on the clone, called as people do."""
    url = clone.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *options: RUNNER.invoke(cli, ["audit", "verify", *options])


@pytest.fixture
def trail(clone: Engine) -> Engine:
    """Some acts, one of many rows, a reading, and several in one transaction."""
    with Session(clone) as session, session.begin():
        act(session)
        insert_firms(session, [parsed({"figures": {"rd_hnte": {2024: n}}}) for n in range(1, 8)])
    for chain in ("新材料", '一 \u0007 \\ " 二\n三', "😀"):
        with Session(clone) as session, session.begin():
            act(session, name=chain, reason=None)
            session.execute(text("update firm set chain = :c where id % 2 = 0"), {"c": chain})
            note_read(session, "pool", filter={"q": chain}, row_count=3)
    return clone


def tamper(engine: Engine, *statements: str) -> None:
    """As somebody who owns the server and switches every trigger off."""
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0, statement


def report(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def number(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def test_an_untouched_trail_is_whole(trail: Engine, verify: Verify) -> None:
    told = verify()
    assert told.exit_code == 0 and "whole" in told.stdout
    head = told.stdout.split()[-1]
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", head)
    found = report(verify("--json"))
    links = number(trail, "select count(*) from audit_link")
    assert found["ok"] and found["findings"] == [] and found["head"] == head
    assert found["entries"] == links == number(trail, "select count(*) from audit_entry") > 10
    assert found["rows"] == number(trail, "select count(*) from audit_row") > 20
    assert verify("--head", head).exit_code == 0


def test_what_is_filed_holds_after_more_was_done(trail: Engine, verify: Verify) -> None:
    head = report(verify("--json"))["head"]
    with trail.begin() as connection:
        connection.execute(text("update firm set chain = 'later'"))
    found = report(verify("--json", "--head", head))
    assert found["ok"] and found["head"] != head


SOME = "(select entry_id from audit_link where seq = (select max(seq) - 4 from audit_link))"
UPDATED = "(select max(id) from audit_entry where action = 'update' and table_name = 'firm')"
TOUCHED = {
    "who": (f"update audit_entry set name = 'nobody' where id = {SOME}", {"altered"}),
    "when": (f"update audit_entry set at = at + interval '1 second' where id = {SOME}",
             {"altered"}),
    "why": (f"update audit_entry set reason = 'x' where id = {SOME}", {"altered"}),
    "filter": ("update audit_entry set detail = '{}' where action = 'read'", {"altered"}),
    "count": (f"update audit_entry set row_count = row_count + 1 where id = {SOME}", {"altered"}),
    "after": ("update audit_row set after = jsonb_set(after, '{chain}', '\"y\"') "
              f"where entry_id = {UPDATED} and n = 2", {"altered"}),
    "before": (f"update audit_row set before = null where entry_id = {UPDATED} and n = 2",
               {"altered"}),
    "firm": (f"update audit_row set firm_id = 1 where entry_id = {UPDATED} and firm_id <> 1",
             {"altered"}),
    "key": (f"update audit_row set key = '99' where entry_id = {UPDATED} and n = 1", {"altered"}),
    "order": (f"update audit_row set n = 100 where entry_id = {UPDATED} and n = 1", {"altered"}),
    "row gone": (f"delete from audit_row where entry_id = {UPDATED} and n = 1", {"altered"}),
    "row added": ("insert into audit_row (entry_id, n, at, firm_id, key) select id, 99, at, 1, '1' "
                  f"from audit_entry where id = {UPDATED}", {"altered"}),
    "row astray": ("insert into audit_row (entry_id, n, at, key) values (999999, 1, now(), '1')",
                   {"inserted"}),
    "digest": (f"update audit_entry set digest = sha256('x') where id = {UPDATED}", {"altered"}),
    "link": (f"update audit_link set hash = sha256('x') where entry_id = {SOME}", {"altered"}),
    "link elsewhere": (f"update audit_link set entry_id = 999999 where entry_id = {SOME}",
                       {"removed", "inserted"}),
    "entry gone": (f"delete from audit_entry where id = {SOME}", {"removed"}),
    "link gone": (f"delete from audit_link where entry_id = {SOME}", {"removed", "inserted"}),
    "entry added": ("insert into audit_entry (at, name, table_name, action, row_count, digest) "
                    "values (now(), 'x', 'firm', 'update', 0, sha256(''))", {"inserted"}),
}  # fmt: skip


@pytest.mark.parametrize("what", TOUCHED)
def test_whatever_is_touched_is_found(trail: Engine, verify: Verify, what: str) -> None:
    statement, kinds = TOUCHED[what]
    some = number(trail, f"select {SOME[1:-1].replace('select entry_id', 'entry_id')}")
    updated = number(trail, UPDATED[1:-1])
    tamper(trail, statement)
    result = verify("--json")
    found = report(result)
    assert (result.exit_code, found["ok"]) == (1, False)
    told = {one["kind"] for one in found["findings"]}
    assert kinds <= told <= kinds | {"inserted"}, found["findings"]
    named = {one["entry_id"] for one in found["findings"]}
    if SOME in statement or UPDATED in statement:
        assert named & {some, updated}, found["findings"]
    assert verify().exit_code == 1


def test_an_altered_link_is_told_from_an_altered_entry(trail: Engine, verify: Verify) -> None:
    tamper(trail, f"update audit_link set hash = sha256('x') where entry_id = {SOME}")
    [finding] = report(verify("--json"))["findings"]
    assert "link was altered" in finding["detail"]


def test_an_entry_removed_with_all_that_belongs_to_it_leaves_a_gap(
    trail: Engine, verify: Verify
) -> None:
    entry = number(trail, SOME[1:-1])
    tamper(trail, f"delete from audit_link where entry_id = {entry}",
           f"delete from audit_entry where id = {entry}")  # fmt: skip
    [finding] = [f for f in report(verify("--json"))["findings"] if f["kind"] == "removed"]
    assert finding["seq"] is not None
    # Closing the gap by counting anew breaks the chain instead.
    tamper(trail, f"update audit_link set seq = seq - 1 where seq > {finding['seq']}")
    found = report(verify("--json"))["findings"]
    assert {one["kind"] for one in found} & {"altered"}


def test_a_cut_tail_shows_beside_the_filed_head(trail: Engine, verify: Verify) -> None:
    head = report(verify("--json"))["head"]
    tamper(
        trail,
        "delete from audit_row where entry_id in (select entry_id from audit_link where seq > 5)",
        "delete from audit_entry where id in (select entry_id from audit_link where seq > 5)",
        "delete from audit_link where seq > 5",
    )
    assert verify("--json").exit_code == 0  # a chain alone cannot know how long it was
    result = verify("--json", "--head", head)
    assert result.exit_code == 1
    assert [one["kind"] for one in report(result)["findings"]] == ["cut"]


def test_a_chain_made_anew_does_not_fit_the_filed_head(trail: Engine, verify: Verify) -> None:
    head = report(verify("--json"))["head"]
    with trail.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update audit_entry set name = 'somebody else'"))
        connection.execute(text("delete from audit_link"))
        connection.execute(text("create temporary table copy as table audit_entry"))
        connection.execute(text("delete from audit_entry"))
        connection.execute(text("set local session_replication_role = origin"))
        again = "insert into audit_entry overriding system value select * from copy order by id"
        connection.execute(text(again))
    assert verify("--json").exit_code == 0
    result = verify("--json", "--head", head)
    assert result.exit_code == 1 and report(result)["findings"][0]["kind"] == "altered"


@pytest.mark.parametrize("head", ["5", "5:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(trail: Engine, verify: Verify, head: str) -> None:
    assert verify(f"--head={head}").exit_code != 0


def test_a_database_without_a_trail_says_so(clone: Engine, verify: Verify) -> None:
    with clone.begin() as connection:
        connection.execute(text("drop table audit_link"))
    result = verify()
    assert result.exit_code != 0 and "tidu migrate" in str(result.exception)


def test_whoever_begins_first_the_chain_follows_the_commits(clone: Engine, verify: Verify) -> None:
    with Session(clone) as early, Session(clone) as late:
        early.execute(text("update plan set document = 'early'"))
        late.execute(text("update criteria_set set title = 'late' where id = 1"))
        late.commit()
        early.commit()
    query = ("select string_agg(e.table_name, ' ' order by l.seq desc) from audit_link as l "
             "join audit_entry as e on e.id = l.entry_id where e.action = 'update'")  # fmt: skip
    with clone.connect() as connection:
        assert str(connection.scalar(text(query))).startswith("plan criteria_set")
    assert verify().exit_code == 0


def test_writers_at_once_leave_no_gap(clone: Engine, verify: Verify) -> None:
    with Session(clone) as session, session.begin():
        firms = insert_firms(session, [parsed({}) for _ in range(6)])
    writers, acts = 6, 15
    ready = Barrier(writers)

    def write(firm: int) -> None:
        ready.wait()
        for n in range(acts):
            with Session(clone) as session, session.begin():
                session.execute(text("update firm set chain = :c where id = :f"),
                                {"c": f"{n}", "f": firm})  # fmt: skip
                if n % 5 == 0:
                    session.flush()
                    session.rollback()

    before = number(clone, "select max(seq) from audit_link")
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, firms))
    seqs = number(clone, "select count(*) from audit_link")
    assert number(clone, "select max(seq) from audit_link") == seqs
    # Each kept act changed the firm and its history; every fifth was taken back.
    assert seqs - before == 2 * writers * (acts - acts // 5)
    assert verify().exit_code == 0


def put_away(engine: Engine, month: date, *rows: str) -> None:
    """Acts of a past month: appending is what the trail is for, whatever the time they bear."""
    with engine.begin() as connection:
        assert month in ddl.ensure_months(connection, month)
        for at in rows:
            connection.execute(text(
                "insert into audit_entry (at, name, table_name, action, row_count, digest) "
                "values (cast(:at as timestamptz), '旧人', 'pool', 'read', 1, sha256(''))"),
                {"at": at})  # fmt: skip


def test_an_old_month_is_put_away_and_the_chain_goes_on(
    trail: Engine, verify: Verify, clone: Engine
) -> None:
    put_away(clone, date(2025, 3, 1), "2025-03-01 00:00+08", "2025-03-31 23:59:59+08")
    head = report(verify("--json"))["head"]
    done = RUNNER.invoke(cli, ["audit", "archive", "2025-03"])
    assert done.exit_code == 0, done.output
    assert "2 entries" in done.stdout and "audit_entry_2025_03" in done.stdout
    assert number(clone, "select count(*) from audit_entry_2025_03") == 2
    found = report(verify("--json", "--head", head))
    assert found["ok"], found
    assert found["archived"] == 2
    told = number(clone, "select count(*) from audit_entry where table_name = 'audit_archive'")
    assert told == 1
    again = RUNNER.invoke(cli, ["audit", "archive", "2025-03"])
    assert again.exit_code != 0
    with clone.begin() as connection:
        connection.execute(text("drop table audit_entry_2025_03, audit_row_2025_03"))
    assert verify().exit_code == 0


def test_a_month_that_was_not_put_away_properly_is_found(trail: Engine, verify: Verify) -> None:
    put_away(trail, date(2025, 3, 1), "2025-03-05 00:00+08", "2025-03-06 00:00+08")
    with trail.begin() as connection:
        connection.execute(text("alter table audit_entry detach partition audit_entry_2025_03"))
    assert {f["kind"] for f in report(verify("--json"))["findings"]} == {"removed"}
    tamper(trail, "insert into audit_archive (month, entries, digest) values "
                  "('2025-03-01', 2, sha256('x'))")  # fmt: skip
    told = [f["detail"] for f in report(verify("--json"))["findings"]]
    assert len(told) == 2 and all("2025-03" in one for one in told)


def test_a_young_month_stays(trail: Engine, verify: Verify) -> None:
    with trail.connect() as connection:
        month = connection.scalar(text("select to_char(now(), 'YYYY-MM')"))
    done = RUNNER.invoke(cli, ["audit", "archive", str(month)])
    assert done.exit_code != 0 and "180" in str(done.exception)
    missing = RUNNER.invoke(cli, ["audit", "archive", "2001-01"])
    assert missing.exit_code != 0 and "2001-01" in str(missing.exception)
