"""What every route for programs understands: keys, tries, ETags, and nothing unnamed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.replies import forget_old
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.settings import Settings
from app.firms.models import Firm
from app.main import create_app
from app.pipeline.models import Assessment
from tests import people
from tests.conftest import copied
from tests.factories import credit_code, make_firm

CODE = credit_code(88_100_000)
ROW = {"credit_code": CODE, "name": "武陵材料有限公司"}
AWARD = {"name": "科技进步奖", "level": "municipal", "awarded_on": "2024-05-01"}
KEY = {"Idempotency-Key": "nightly-1"}


@pytest.fixture
def analyst(db: Session) -> TestClient:
    """Somebody who may write every firm."""
    return people.person(db, Role.ANALYST)


# --- the same again -----------------------------------------------------------------------------


def test_a_post_sent_again_is_answered_as_before_and_done_once(
    db: Session, analyst: TestClient
) -> None:
    award = AWARD | {"firm_id": make_firm(db)}
    first = analyst.post("/api/v1/awards", json=award, headers=KEY)
    again = analyst.post("/api/v1/awards", json=award, headers=KEY)
    assert (first.status_code, first.content) == (201, again.content)
    assert again.status_code == 201 and again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]
    assert len(analyst.get("/api/v1/awards").json()["items"]) == 1
    another = analyst.post("/api/v1/awards", json=award, headers={"Idempotency-Key": "nightly-2"})
    assert another.status_code == 409, "another key is another act, and such an award there is"


def test_a_key_holds_for_one_content_and_one_caller(db: Session, analyst: TestClient) -> None:
    award = AWARD | {"firm_id": make_firm(db)}
    assert analyst.post("/api/v1/awards", json=award, headers=KEY).status_code == 201
    other = analyst.post("/api/v1/awards", json=award | {"rank": 2}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/KeyReused")
    elsewhere = analyst.post("/api/v1/standards", json=award, headers=KEY)
    assert elsewhere.json()["type"] == "/problems/KeyReused"
    colleague = people.person(db, Role.ANALYST)
    assert (
        "idempotent-replayed"
        not in colleague.post("/api/v1/awards", json=award, headers=KEY).headers
    )


def test_a_refusal_is_not_kept(db: Session, analyst: TestClient) -> None:
    award = AWARD | {"firm_id": make_firm(db)}
    wrong = analyst.post("/api/v1/awards", json=award | {"level": "galactic"}, headers=KEY)
    assert wrong.status_code == 422
    assert analyst.post("/api/v1/awards", json=award, headers=KEY).status_code == 201


def test_a_key_runs_out_after_a_day(db: Session, analyst: TestClient) -> None:
    award = AWARD | {"firm_id": make_firm(db)}
    first = analyst.post("/api/v1/awards", json=award, headers=KEY).json()["id"]
    db.execute(text("update kept_reply set kept_at = kept_at - interval '25 hours'"))
    other = award | {"name": "技术发明奖"}
    assert analyst.post("/api/v1/awards", json=other, headers=KEY).json()["id"] != first
    forget_old(db)
    assert db.scalar(text("select count(*) from kept_reply")) == 1
    db.execute(text("update kept_reply set kept_at = kept_at - interval '25 hours'"))
    forget_old(db)
    assert db.scalar(text("select count(*) from kept_reply")) == 0


def test_what_is_kept_cannot_be_read_in_the_database(db: Session) -> None:
    park = people.body(db, "replies-park", "park")
    machine = people.machine(db, park)
    made = machine.post(
        "/api/v1/webhooks", json={"url": "https://example.org/in", "kinds": ["figure"]}, headers=KEY
    )
    assert made.status_code == 201, made.text
    again = machine.post(
        "/api/v1/webhooks", json={"url": "https://example.org/in", "kinds": ["figure"]}, headers=KEY
    )
    assert again.json()["secret"] == made.json()["secret"]
    kept = db.scalar(text("select reply from kept_reply"))
    assert made.json()["secret"] not in kept and "secret" not in kept


@pytest.mark.parametrize("key", ["", "x" * 256, "bell\x07"])
def test_a_key_that_is_none_is_refused(analyst: TestClient, key: str) -> None:
    answer = analyst.post(
        "/api/v1/firms:batch", json={"rows": []}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


@pytest.fixture
def site(engine: Engine, settings: Settings) -> Iterator[tuple[Engine, list[TestClient]]]:
    """A database of its own, and ten callers with one token whose requests really run at once."""
    with copied(engine, settings, "repeating") as own:
        with Session(own) as session, session.begin():
            park = people.body(session, "repeating-park", "park")
            secret = issue(session, Wanted(park.code, "race", SCOPES), SYSTEM).secret
        app = create_app(settings, own)
        headers = {"Authorization": f"Bearer {secret}"}
        yield own, [TestClient(app, headers=headers) for _ in range(10)]


def test_ten_at_once_are_done_once(site: tuple[Engine, list[TestClient]]) -> None:
    own, clients = site
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(
            lambda client: client.post("/api/v1/firms:batch", json={"rows": [ROW]}, headers=KEY),
            clients,
        ))  # fmt: skip
    assert {answer.json()["created"] for answer in answers} == {1}
    replayed = [answer for answer in answers if "idempotent-replayed" in answer.headers]
    assert len(replayed) == len(clients) - 1
    with Session(own) as session:
        found = select(func.count()).select_from(Firm).where(Firm.credit_code == CODE)
        assert session.scalar(found) == 1


# --- a try --------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_and_keeps_nothing(db: Session, analyst: TestClient) -> None:
    before = (db.scalar(select(func.count()).select_from(Firm)),
              db.scalar(select(func.count()).select_from(Assessment)))  # fmt: skip
    tried = analyst.post("/api/v1/firms:batch?dry_run=true", json={"rows": [ROW]}, headers=KEY)
    assert (tried.status_code, tried.json()["created"]) == (200, 1)
    assert tried.headers["dry-run"] == "true"
    assert analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").status_code == 404
    after = (db.scalar(select(func.count()).select_from(Firm)),
             db.scalar(select(func.count()).select_from(Assessment)))  # fmt: skip
    assert before == after
    # A try does not use up the key.
    done = analyst.post("/api/v1/firms:batch", json={"rows": [ROW]}, headers=KEY)
    assert done.json() == tried.json() and "dry-run" not in done.headers
    assert analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").status_code == 200


def test_a_dry_run_names_faults_as_the_write_does(analyst: TestClient) -> None:
    address = f"/api/v1/firms/by-credit-code/{CODE}?dry_run=1"
    assert analyst.put(address, json={"name": "x"}).status_code == 422
    wrong = analyst.put(address.replace("=1", "=perhaps"), json={"name": "武陵"})
    assert wrong.json()["errors"][0]["parameter"] == "dry_run"


# --- ETags and parameters -----------------------------------------------------------------------


def test_what_is_known_is_not_sent_again(db: Session, analyst: TestClient) -> None:
    one = f"/api/v1/firms/{make_firm(db)}"
    tag = analyst.get(one).headers["etag"]
    known = analyst.get(one, headers={"If-None-Match": f'"else", {tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    changed = analyst.patch(one, json={"chain": "玻纤"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    anew = analyst.get(one, headers={"If-None-Match": tag})
    assert anew.status_code == 200 and anew.headers["etag"] != tag


def test_what_follows_from_other_records_counts_as_a_change(
    db: Session, analyst: TestClient
) -> None:
    """A firm's rung is shown with it: its ETag must not say that all is as before."""
    firm = make_firm(db)
    one = f"/api/v1/firms/{firm}"
    tag = analyst.get(one).headers["etag"]
    park = people.body(db, "moved-to", "park")
    people.put_in_park(db, firm, park, Range(date(2015, 1, 1), None))
    assert analyst.get(one, headers={"If-None-Match": tag}).status_code == 200


def test_lists_have_etags_too(db: Session, analyst: TestClient) -> None:
    make_firm(db)
    tag = analyst.get("/api/v1/firms").headers["etag"]
    assert tag.startswith("W/")
    assert analyst.get("/api/v1/firms", headers={"If-None-Match": tag}).status_code == 304
    make_firm(db)
    assert analyst.get("/api/v1/firms", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(("address", "near"), [
    ("/api/v1/funnel?asof=2025-01-01", "as_of"),
    ("/api/v1/indicators?limit=3", "unknown parameter"),
    ("/api/v1/events?afer=3", "after"),
])  # fmt: skip
def test_a_misspelt_parameter_is_refused_with_the_nearest(
    analyst: TestClient, address: str, near: str
) -> None:
    answer = analyst.get(address)
    assert answer.status_code == 422
    assert near in answer.json()["errors"][0]["detail"]


def test_a_misspelt_try_is_no_write(db: Session, analyst: TestClient) -> None:
    answer = analyst.post("/api/v1/firms:batch?dryrun=true", json={"rows": [ROW]})
    assert answer.status_code == 422 and "dry_run" in answer.json()["detail"]
    assert analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").status_code == 404


def test_a_method_that_is_not_described_is_refused_with_those_that_are(
    analyst: TestClient,
) -> None:
    for method, path, allowed in (("OPTIONS", "/api/v1/firms/1", "GET, PATCH"),
                                  ("PUT", "/api/v1/leads/filters", "GET"),
                                  ("PATCH", "/api/v1/firms/1:merge", "POST"),
                                  ("DELETE", "/api/v1/firms/1:merge", "POST")):  # fmt: skip
        answer = analyst.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path
