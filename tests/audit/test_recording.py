"""What the triggers write down: who, for whom, when, why, which rows, before and after."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Grant, Organisation, User, UserSession
from app.audit.ddl import attach
from app.audit.service import note_read
from app.core.clock import now, today
from app.firms.models import Contact, Firm, FirmYear, FormerName, Submission
from app.pipeline.service import assess
from tests.audit.trail import WHO, act, entries, last, rows
from tests.factories import make_firm


def test_who_for_whom_when_why(db: Session) -> None:
    firm, since = make_firm(db), last(db)
    act(db)
    db.execute(update(Firm).where(Firm.id == firm).values(chain="新材料"))
    [found] = entries(db, since, "firm")
    said = found._mapping
    assert {name: said[name] for name in WHO} == WHO
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (found.action, found.row_count) == ("update", 1)
    [row] = rows(db, since, "firm")
    assert (row.firm_id, row.key) == (firm, str(firm))
    assert "chain" not in row.before and row.after["chain"] == "新材料"
    assert (row.before["version"], row.after["version"]) == (1, 2)
    assert set(row.after) == {"chain", "version", "recorded_at"}


def test_undeclared_it_is_the_system(db: Session) -> None:
    since = last(db)
    make_firm(db)
    [found] = entries(db, since, "firm")
    assert (found.name, found.user_id, found.role, found.request_id) == ("system",) + (None,) * 3


def test_an_insert_keeps_what_was_said_and_a_delete_what_was_lost(db: Session) -> None:
    since = last(db)
    firm = make_firm(db, "审计科技有限公司")
    submission = Submission(firm_id=firm, year=2024, indicator="rd_hnte", value=5, source="import")
    db.add(submission)
    db.flush()
    [made] = rows(db, since, "submission")
    assert made.before is None
    assert made.after["value"] == 5 and made.after["indicator"] == "rd_hnte"
    assert "typed" not in made.after and made.key == str(submission.id)
    since = last(db)
    db.execute(delete(Submission).where(Submission.id == submission.id))
    [gone] = rows(db, since, "submission")
    assert gone.after is None and gone.before == made.after


def test_a_statement_is_one_entry_however_many_rows_it_changes(db: Session) -> None:
    firms = [make_firm(db) for _ in range(3)]
    since = last(db)
    db.execute(insert(Submission), [
        {"firm_id": firm, "year": 2000 + n, "indicator": "rd_hnte", "value": n, "source": "import"}
        for firm in firms for n in range(20)
    ])  # fmt: skip
    [bulk] = entries(db, since, "submission")
    assert (bulk.action, bulk.row_count) == ("insert", 60)
    found = rows(db, since, "submission")
    assert {(r.firm_id, r.after["year"]) for r in found} == {
        (firm, 2000 + n) for firm in firms for n in range(20)
    }
    since = last(db)
    db.execute(update(Submission).where(Submission.firm_id == firms[0]).values(typed="x"))
    [bulk] = entries(db, since, "submission")
    assert (bulk.action, bulk.row_count) == ("update", 20)
    assert all((r.before, r.after) == ({}, {"typed": "x"}) for r in rows(db, since, "submission"))


def test_rows_copied_in_are_recorded(db: Session) -> None:
    firm, since = make_firm(db), last(db)
    cursor = db.connection().connection.cursor()
    with cursor.copy("copy former_name (firm_id, name, name_search) from stdin") as copy:
        for name in ("旧名甲", "旧名乙"):
            copy.write_row((firm, name, name))
    assert [(r.firm_id, r.key) for r in rows(db, since, "former_name")] == [
        (firm, "旧名甲"), (firm, "旧名乙"),
    ]  # fmt: skip


def test_an_upsert_is_an_insert_and_an_update(db: Session) -> None:
    firm = make_firm(db)
    db.add(FormerName(firm_id=firm, name="甲", name_search="甲"))
    db.flush()
    since = last(db)
    db.execute(text(
        "insert into former_name (firm_id, name, name_search) "
        "values (:f, '甲', 'x'), (:f, '乙', 'y') "
        "on conflict (firm_id, name) do update set name_search = excluded.name_search"
    ), {"f": firm})  # fmt: skip
    found = {r.action: r for r in rows(db, since, "former_name")}
    assert (found["insert"].key, found["insert"].after) == ("乙", {"name_search": "y"})
    assert (found["update"].key, found["update"].before) == ("甲", {"name_search": "甲"})


def test_what_changes_nothing_writes_nothing(db: Session) -> None:
    firm, since = make_firm(db), last(db)
    db.execute(update(Firm).where(Firm.id == firm).values(status="active"))
    db.execute(update(Firm).where(Firm.id == -1).values(status="active"))
    db.execute(delete(Firm).where(Firm.id == -1))
    db.execute(
        text("insert into firm (name, name_search, pinyin) select 'a', 'a', 'a' where false")
    )
    assert entries(db, since) == []


def test_a_new_primary_key_shows_both_rows(db: Session) -> None:
    firm = make_firm(db)
    db.add(FormerName(firm_id=firm, name="甲", name_search="甲"))
    db.flush()
    since = last(db)
    db.execute(update(FormerName).where(FormerName.firm_id == firm).values(name="乙"))
    found = {r.key: (r.before, r.after) for r in rows(db, since, "former_name")}
    assert found["甲"][0]["name_search"] == "甲" and found["甲"][1] == {}
    assert found["乙"][0] == {} and found["乙"][1]["name_search"] == "甲"


def test_a_cascade_is_in_the_trail(db: Session) -> None:
    firm = make_firm(db, figures={"rd_hnte": {2023: 100, 2024: 200}},
                     designations=[{"kind": "hnte", "from": today()}])  # fmt: skip
    assess(db, None, today())
    since = last(db)
    act(db, reason="重复登记")
    db.execute(delete(Firm).where(Firm.id == firm))
    gone = {e.table_name: e for e in entries(db, since)}
    assert {"firm", "firm_year", "designation", "assessment"} <= set(gone)
    assert all((e.action, e.reason) == ("delete", "重复登记") for e in gone.values())
    years = {r.key: r.before["rd_hnte"] for r in rows(db, since, "firm_year")}
    assert years == {"2023": 10_000, "2024": 20_000}
    assert {r.firm_id for r in rows(db, since, "assessment")} == {firm}


def test_emptying_a_table_is_in_the_trail_with_what_was_in_it(db: Session) -> None:
    firm = make_firm(db)
    db.add(FormerName(firm_id=firm, name="甲", name_search="甲"))
    db.flush()
    since = last(db)
    db.execute(text("truncate former_name"))
    [entry] = entries(db, since)
    assert (entry.action, entry.row_count) == ("truncate", 1)
    [row] = rows(db, since, "former_name")
    assert (row.firm_id, row.key, row.before) == (firm, "甲", {"name_search": "甲"})


def test_derived_rows_are_told_by_what_changes_them(db: Session) -> None:
    """New ones by their keys alone; each later change says what was there before."""
    firm, since = make_firm(db, figures={"rd_hnte": {2024: 1}, "staff_avg": {2024: 5}}), 0
    assess(db, None, today())
    [made] = [r for r in rows(db, since, "assessment") if r.firm_id == firm]
    sets = set(db.scalars(text("select set_id from assessment where firm_id = :f"), {"f": firm}))
    assert {int(key) for key in made.key.split(",")} == sets and len(sets) > 5
    assert (made.before, made.after) == (None, None)
    since = last(db)
    db.execute(update(FirmYear).where(FirmYear.firm_id == firm).values(staff_avg=9))
    [row] = rows(db, since, "firm_year")
    assert (row.key, row.before, row.after) == ("2024", {"staff_avg": 5}, {"staff_avg": 9})


def secret_values(db: Session) -> list[str]:
    """Rows of people, with something secret in each."""
    body = Organisation(code="secret-body", name="保密单位", kind="department")
    user = User(username="secret", name="某人", password_hash="argon-hash-value", locale="zh")  # noqa: S106
    db.add_all([body, user])
    db.flush()
    grant = Grant(user_id=user.id, role="analyst", organisation_id=body.id, since=today())
    db.add(grant)
    db.flush()
    db.add(UserSession(token_hash="session-hash-value", user_id=user.id,  # noqa: S106
                       grant_id=grant.id, expires_at=now()))  # fmt: skip
    db.execute(text(
        "insert into token (name, prefix, token_hash, organisation_id, scopes, expires_at) "
        "values ('t', 'p', 'token-hash-value', :b, '{}', now())"), {"b": body.id})  # fmt: skip
    db.flush()
    return ["argon-hash-value", "session-hash-value", "token-hash-value", "other-hash-value"]


def test_secrets_never_enter_the_trail(db: Session) -> None:
    since = last(db)
    values = secret_values(db)
    db.execute(update(User).where(User.username == "secret").values(password_hash=values[3]))
    [changed] = [r for r in rows(db, since, "user_account") if r.action == "update"]
    assert changed.before == changed.after == {"password_hash": "(secret)"}
    db.execute(delete(UserSession).where(UserSession.token_hash == values[1]))
    gone = [r for r in rows(db, since, "user_session") if r.action == "delete"]
    assert [r.key for r in gone] == ["(secret)"] and gone[0].before["grant_id"]
    everything = db.scalar(text("select string_agg(r::text, '') from audit_row as r"))
    assert not [value for value in values if value in str(everything)]


def test_persons_to_reach_are_not_copied_into_what_cannot_be_deleted(db: Session) -> None:
    firm, since = make_firm(db), last(db)
    contact = Contact(firm_id=firm, name="张三丰", phone="13900001111")
    db.add(contact)
    db.flush()
    contact.phone = "13900002222"
    db.flush()
    made, changed = rows(db, since, "contact")
    assert made.firm_id == firm
    assert (made.after["name"], made.after["phone"]) == ("(secret)", "(secret)")
    assert changed.before == changed.after == {"phone": "(secret)"}


def test_a_column_with_a_secret_name_is_hidden_without_being_told(db: Session) -> None:
    make_firm(db)
    since = last(db)
    db.execute(text("alter table firm add column door_secret text, add column door text"))
    db.execute(text("update firm set door_secret = 'sesame', door = 'back'"))
    [row] = rows(db, since, "firm")
    assert {"door_secret": "(secret)", "door": "back"}.items() <= row.after.items()


def test_a_sign_of_life_is_no_act(db: Session) -> None:
    secret_values(db)
    since = last(db)
    mine = update(UserSession).where(UserSession.token_hash == "session-hash-value")  # noqa: S105
    db.execute(mine.values(seen_at=now() + timedelta(hours=1)))
    db.execute(text("update token_use set used_at = now()"))
    assert entries(db, since) == []
    db.execute(mine.values(seen_at=now(), expires_at=now()))
    [row] = rows(db, since, "user_session")
    assert set(row.after) == {"seen_at", "expires_at"}


def test_history_of_many_firms_is_one_entry(db: Session) -> None:
    firms = [make_firm(db) for _ in range(5)]
    since = last(db)
    db.execute(update(Firm).where(Firm.id.in_(firms)).values(chain="x"))
    db.execute(update(Firm).where(Firm.id.in_(firms)).values(chain="x"))
    assert [(e.table_name, e.row_count) for e in entries(db, since)] == [
        ("firm", 5), ("firm_history", 5),
    ]  # fmt: skip
    kept = db.execute(text(
        "select h.record ->> 'chain', h.superseded_at = f.recorded_at, f.version "
        "from firm_history as h join firm as f on f.id = h.firm_id where f.id = any(:f)"
    ), {"f": firms}).all()  # fmt: skip
    assert [tuple(row) for row in kept] == [(None, True, 2)] * 5


def test_a_reading_is_noted_with_filter_and_row_count(db: Session) -> None:
    firm, since = make_firm(db), last(db)
    act(db)
    note_read(
        db, "contacts", purpose="回访", filter={"contacts": [1, 2]}, row_count=2, firm_id=firm
    )
    note_read(db, "pool", filter={"q": "银河"})
    of_firm, search = entries(db, since)
    assert (of_firm.table_name, of_firm.action, of_firm.row_count) == ("contacts", "read", 2)
    assert of_firm.detail == {"purpose": "回访", "filter": {"contacts": [1, 2]}}
    assert (of_firm.name, search.detail) == (WHO["name"], {"filter": {"q": "银河"}})
    [row] = rows(db, since, "contacts")
    assert (row.firm_id, row.before, row.after) == (firm, None, None)
    assert rows(db, since, "pool") == []


@pytest.mark.parametrize("said", [{}, {"ignore": ["note"]}])
def test_any_table_with_a_primary_key_can_be_recorded(db: Session, said: dict[str, Any]) -> None:
    db.execute(text('create table "odd Table" ("the Key" text, part int, note json, '
                    'primary key (part, "the Key"))'))  # fmt: skip
    db.execute(text(attach('"odd Table"', **said)))
    since = last(db)
    db.execute(text("""insert into "odd Table" values ('a''b', 1, '{"x": 1}')"""))
    db.execute(text("""update "odd Table" set note = '{"x": 2}'"""))
    made, *changed = rows(db, since, "odd Table")
    assert (made.key, made.firm_id, made.after) == ("a'b/1", None, {"note": {"x": 1}})
    assert [r.before for r in changed] == ([] if said else [{"note": {"x": 1}}])


def test_ordinary_ways_of_writing_are_recorded(db: Session) -> None:
    """What the application itself does: an object loaded, changed, deleted."""
    firm = db.get_one(Firm, make_firm(db))
    since = last(db)
    firm.address = "正阳街道 1 号"
    db.flush()
    db.delete(firm)
    db.flush()
    assert [e.action for e in entries(db, since, "firm")] == ["update", "delete"]
    assert db.scalar(select(Firm.id).where(Firm.id == firm.id)) is None
