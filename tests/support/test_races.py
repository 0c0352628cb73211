"""What several do at once, on connections of their own: nothing is lost, nothing done twice."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import BytesIO
from select import select as select_readable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Actor, Role
from app.accounts.auth import COOKIE
from app.core.clock import today
from app.core.errors import AppError, Conflict, NotFound, Stale
from app.core.settings import Settings
from app.firms import queries
from app.firms.document_models import Document
from app.firms.models import Firm, Location
from app.incubation.models import ServiceRecord
from app.main import create_app
from app.pipeline.service import assess
from app.support import clock, handover, opening, service, telling
from app.support.clock_models import NoticeSetting
from app.support.days import Calendar
from app.support.models import CaseEntry, SupportCase
from app.visits import service as visits
from tests import people
from tests.factories import make_firm
from tests.firms.test_documents import png
from tests.server import served
from tests.support.test_clock import DAY, Post, make_case, post, seated

__all__ = ["post"]  # the fixture
MEGABYTE, GIGABYTE = 1024**2, 1024**3


@pytest.fixture
def number(clone: Engine) -> int:
    """A case that an officer of tax has accepted."""
    with Session(clone) as session, session.begin():
        found = make_case(session, DAY, seated(session)["officer"])
        case = session.get_one(SupportCase, found)
        service.act(session, SYSTEM, case, 1, service.Act("accept"))
        return found


def at_once(clone: Engine, *acts: Callable[[Session], Any]) -> list[Any]:
    """What each act gave or why it was refused; all begin together, each in its own transaction."""
    together = threading.Barrier(len(acts))

    def run(act: Callable[[Session], Any]) -> Any:
        try:
            with Session(clone) as session, session.begin():
                together.wait(10)
                return act(session)
        except AppError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def acting(number: int, version: int, what: service.Act) -> Callable[[Session], str]:
    """One act on the case as it was read."""

    def act(session: Session) -> str:
        case = service.get(session, SYSTEM, number)
        return service.act(session, SYSTEM, case, version, what).state

    return act


def kinds(clone: Engine, number: int) -> list[str]:
    with Session(clone) as session:
        query = select(CaseEntry.kind).where(CaseEntry.case_id == number).order_by(CaseEntry.id)
        return list(session.scalars(query))


def test_of_those_who_close_one_case_one_does_and_the_others_are_told(
    clone: Engine, number: int
) -> None:
    outcomes = ("done", "declined", "not_reachable", "not_possible")
    acts = [acting(number, 2, service.Act("close", "说明", one)) for one in outcomes]
    results = at_once(clone, *acts)
    done = [one for one in results if isinstance(one, str)]
    assert len(done) == 1
    assert all(isinstance(one, Stale) for one in results if not isinstance(one, str))
    assert kinds(clone, number).count("closed") == 1
    with Session(clone) as session:
        assert session.get_one(SupportCase, number).state == done[0]


def test_a_reply_to_a_case_that_is_closed_meanwhile_is_refused_or_stands_before_it(
    clone: Engine, number: int
) -> None:
    results = at_once(clone, acting(number, 2, service.Act("close", "好", "done")),
                      acting(number, 2, service.Act("note", "再说一句")))  # fmt: skip
    assert sum(isinstance(one, Stale) for one in results) == 1
    assert len(set(kinds(clone, number)) & {"note", "closed"}) == 1
    with Session(clone) as session:
        version = session.get_one(SupportCase, number).version
        closed = session.get_one(SupportCase, number).closed_on is not None
    late = at_once(clone, acting(number, version, service.Act("note", "迟到")))
    assert isinstance(late[0], Conflict) if closed else late == ["accepted"]


@pytest.fixture
def firms(clone: Engine) -> list[int]:
    """Five firms that could be asked."""
    with Session(clone) as session, session.begin():
        found = [make_firm(session, f"并发企业{n}") for n in range(5)]
        assess(session, None, today())
        return found


def opening_of(firms: list[int], expected: int) -> Callable[[Session], list[int]]:
    """Cases of one measure for these firms, as many as were confirmed."""

    def open_them(session: Session) -> list[int]:
        query = [("id__in", ",".join(map(str, firms)))]
        found = opening.found(session, SYSTEM, "firms", query)
        wanted = opening.Wanted("tax.hnte15", expected, remark="并发")
        return opening.open_cases(session, SYSTEM, found, wanted)

    return open_them


def test_firms_selected_by_two_at_once_are_asked_once(clone: Engine, firms: list[int]) -> None:
    results = at_once(clone, opening_of(firms[:4], 4), opening_of(firms[1:], 4))
    opened = [one for one in results if isinstance(one, list)]
    refused = [one for one in results if isinstance(one, Conflict)]
    assert len(opened) == len(refused) == 1, results
    assert "1 家" in refused[0].detail, "the one firm that is left"
    with Session(clone) as session:
        assert session.scalar(select(func.count()).select_from(SupportCase)) == 4


def test_firms_that_leave_during_an_opening_stop_it_or_come_after(
    clone: Engine, firms: list[int]
) -> None:
    def leave(session: Session) -> str:
        session.execute(update(Firm).where(Firm.id == firms[0]).values(status="moved_out"))
        return "left"

    opened, left = at_once(clone, opening_of(firms, 5), leave)
    assert left == "left"
    with Session(clone) as session:
        there = session.scalar(select(func.count()).select_from(SupportCase))
    assert there == (5 if isinstance(opened, list) else 0)


def test_a_case_is_not_handed_over_and_closed_by_two_unseen(clone: Engine, number: int) -> None:
    with Session(clone) as session:
        officer = session.get_one(SupportCase, number).user_id or 0

    def hand_over(session: Session) -> list[int]:
        return handover.hand_over(session, SYSTEM, officer, None, 1)

    close = acting(number, 2, service.Act("close", "好", "done"))
    handed, closed = at_once(clone, hand_over, close)
    assert (isinstance(handed, Conflict), closed) == (True, "done") or (
        handed == [number] and isinstance(closed, Stale)
    )


def test_two_workers_send_one_mail(
    clone: Engine, settings: Settings, post: tuple[Post, int]
) -> None:
    inbox, port = post
    up = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port})
    with Session(clone) as session, session.begin():
        user = seated(session)["officer"]
        clock.load_shipped(session)
        make_case(session, DAY, user)
        clock.ring(session, Calendar(session).after(DAY, 1))
        session.add(NoticeSetting(user_id=user, quiet_from=0, quiet_to=0))
    send = lambda _: telling.tell(clone, up, telling.MAIL, user)  # noqa: E731
    at_once(clone, send, send, send)
    assert len(inbox.letters) == 1


@pytest.fixture
def site(clone: Engine, settings: Settings) -> Iterator[tuple[str, str]]:
    """The application behind a real socket, and an analyst's cookie."""
    keyed = settings.model_copy(update={"secret_key": SecretStr(people.KEY)})
    with Session(clone) as session, session.begin():
        cookie = people.person(session, Role.ANALYST).cookies[COOKIE]
    with served(create_app(keyed, clone)) as address:
        yield address, cookie


@pytest.mark.parametrize("path", ["/cases/{case}/files", "/visits/new?firm_id={firm}",
                                  "/door/files"])  # fmt: skip
@pytest.mark.parametrize("length", [f"Content-Length: {GIGABYTE}", "Transfer-Encoding: chunked"])
def test_a_file_of_a_gigabyte_is_refused_before_it_is_kept(
    site: tuple[str, str], clone: Engine, number: int, path: str, length: str
) -> None:
    """One that says its size before it is sent, another as soon as it is too much."""
    address, cookie = site
    host, port = str(urlsplit(address).hostname), int(urlsplit(address).port or 0)
    with Session(clone) as session:
        firm = session.get_one(SupportCase, number).firm_id
    head = (
        f"POST {path.format(case=number, firm=firm)} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Cookie: {COOKIE}={cookie}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n"
    )
    with socket.create_connection((host, port), timeout=20) as raw:
        raw.sendall(head.encode())
        sent = send_parts(raw) if "chunked" in length else 0
        answer = raw.recv(2**16)
        while "文件过大".encode() not in answer and (more := raw.recv(2**16)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 413") and "文件过大".encode() in answer
    assert sent < GIGABYTE / 5
    assert kinds(clone, number)[-1] == "accepted"
    with Session(clone) as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 0


def send_parts(raw: socket.socket) -> int:
    """A file in parts of a megabyte until the server answers; how much of it was sent."""
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    part, sent = b"x" * 2**20, 0
    try:
        raw.sendall(b"%x\r\n%b\r\n" % (len(start), start))
        while sent < GIGABYTE and not select_readable([raw], [], [], 0)[0]:
            raw.sendall(b"%x\r\n%b\r\n" % (len(part), part))
            sent += len(part)
    except OSError:  # the server hung up in the middle: what it said can still be read
        pass
    return sent


# --- firms that leave -----------------------------------------------------------------------------


@pytest.fixture
def park(clone: Engine, number: int) -> Actor:
    """A park in which the case's firm is."""
    with Session(clone) as session, session.begin():
        where = people.body(session, "race-park", "park")
        firm = session.get_one(SupportCase, number).firm_id
        people.put_in_park(session, firm, where, Range(date(2020, 1, 1), None))
        return replace(SYSTEM, role=Role.PARK_OPERATOR, organisation_id=where.id, name="园区")


def test_a_visit_to_a_firm_that_leaves_the_park_is_whole_or_not_there(
    clone: Engine, number: int, park: Actor
) -> None:
    with Session(clone) as session:
        firm = session.get_one(SupportCase, number).firm_id

    def visit(session: Session) -> str:
        entry = visits.Entry("visit", today(), "看了产线")
        found = queries.get(session, park, firm)
        visits.record(session, park, found, entry, [("现场.png", BytesIO(png()))], MEGABYTE)
        return "kept"

    def leave(session: Session) -> str:
        gone = Range(date(2020, 1, 1), today())
        session.execute(update(Location).where(Location.firm_id == firm).values(during=gone))
        return "left"

    visited, left = at_once(clone, visit, leave)
    assert left == "left" and (visited == "kept" or isinstance(visited, NotFound))
    with Session(clone) as session:
        counts = [session.scalar(select(func.count()).select_from(one))
                  for one in (ServiceRecord, Document)]  # fmt: skip
        assert counts == ([1, 1] if visited == "kept" else [0, 0])
        for ask in (lambda: service.get(session, park, number),
                    lambda: queries.get(session, park, firm)):  # fmt: skip
            with pytest.raises(NotFound):
                ask()


def test_a_case_of_a_firm_that_leaves_stays_with_who_works_on_it(
    clone: Engine, number: int, site: tuple[str, str]
) -> None:
    with Session(clone) as session:
        firm = session.get_one(SupportCase, number).firm_id

    def leave(session: Session) -> str:
        given = {"status": "moved_out", "status_on": today(), "status_reason": "迁往外区"}
        session.execute(update(Firm).where(Firm.id == firm).values(given))
        return "left"

    note = acting(number, 2, service.Act("note", "已约定"))
    assert at_once(clone, note, leave) == ["accepted", "left"]
    address, cookie = site
    page = httpx.get(f"{address}/cases/{number}", cookies={COOKIE: cookie}).text
    assert "企业已离开" in page and "已约定" in page
    assert at_once(clone, acting(number, 3, service.Act("close", "已迁出", "not_possible"))) == [
        "not_possible"]  # fmt: skip
    with Session(clone) as session:
        assert session.get_one(SupportCase, number).closed_on == today()


def test_no_case_is_opened_for_a_firm_that_has_left_meanwhile(
    clone: Engine, firms: list[int]
) -> None:
    """The firm's departure is not committed yet when the opening begins: it waits, and sees it."""
    begun, results = threading.Event(), []

    def open_them() -> None:
        begun.set()
        results.extend(at_once(clone, opening_of(firms, 5)))

    opener = threading.Thread(target=open_them)
    with Session(clone) as session, session.begin():
        session.execute(update(Firm).where(Firm.id == firms[0]).values(status="moved_out"))
        opener.start()
        begun.wait(5)
        # Not pg_stat_activity: a transaction keeps the picture that it took of it first.
        waits = text("select count(*) from pg_locks where not granted")
        while not session.scalar(waits):
            time.sleep(0.01)
    opener.join(20)
    assert isinstance(results[0], Conflict) and "4 家" in results[0].detail
