"""The whole register held against the criteria while others work in it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.pipeline import service
from app.pipeline.models import Evaluation
from tests.factories import make_firm

LAST = today().year - 1
FIGURES = {"revenue_sales": 10_000_000, "rd_hnte": 90_000, "rd_hnte_domestic": 90_000}
FACTS: dict[str, Any] = {
    "firm": {"registered_on": date(2015, 1, 1)},
    "figures": {code: {LAST - n: value for n in range(3)} for code, value in FIGURES.items()},
}
VERDICTS = text("select firm_id, set_id, outcomes, gaps, readiness from assessment order by 1, 2")
WAITS = text("select exists (select from pg_locks where not granted and pid in "
             "(select pid from pg_stat_activity where datname = current_database()))")  # fmt: skip
KNOTS = text("select deadlocks from pg_stat_database where datname = current_database()")
SPENT = text("update firm_year set rd_hnte = :fen where firm_id = :firm and year = :year")


@pytest.fixture
def firms(clone: Engine) -> list[int]:
    """Three firms, evaluated."""
    with Session(clone) as session, session.begin():
        made = [make_firm(session, **FACTS) for _ in range(3)]
    service.evaluate(clone, today())
    return made


def spend(session: Session, firm: int, fen: int) -> None:
    """A figure of a firm, from which its verdicts follow."""
    session.execute(SPENT, {"firm": firm, "fen": fen, "year": LAST})


def verdicts(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(VERDICTS)]


@contextmanager
def evaluating(engine: Engine) -> Iterator[Future[Evaluation]]:
    """An evaluation that runs beside what the test does."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(service.evaluate, engine, today())


@contextmanager
def edited(engine: Engine, firm: int) -> Iterator[Session]:
    """Somebody who has given a firm a figure, and has yet to commit it with its verdicts."""
    with Session(engine) as editor:
        spend(editor, firm, 70_000_000)
        assert service.assess(editor, [firm], today())
        yield editor


def until(true: Callable[[], object]) -> None:
    """Wait for what comes true at once; sooner than the server looks for a knot."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def test_by_ranges_it_gives_what_it_gives_of_a_whole(
    clone: Engine, firms: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = verdicts(clone)
    with clone.begin() as connection:
        connection.execute(text("truncate assessment"))
    monkeypatch.setattr(service, "RANGE", 2)
    run = service.evaluate(clone, today())
    assert (run.firms, run.changed) == (len(firms), len(whole))
    assert verdicts(clone) == whole
    assert service.evaluate(clone, today()).changed == 0


def test_what_somebody_stored_meanwhile_stands(clone: Engine, firms: list[int]) -> None:
    with Session(clone) as session, session.begin():
        for firm in firms:
            spend(session, firm, 8_000_000)
    with edited(clone, firms[1]) as editor, evaluating(clone) as running:
        until(lambda: editor.scalar(WAITS))
        editor.commit()
        assert running.result(30).changed
    stored = verdicts(clone)
    with Session(clone) as session, session.begin():
        assert service.assess(session, firms, today()) == 0, "a verdict was left behind its facts"
    assert verdicts(clone) == stored


def test_it_gives_way_to_who_edits_firms_in_another_order(clone: Engine, firms: list[int]) -> None:
    with Session(clone) as session, session.begin():
        for firm in firms:
            spend(session, firm, 8_000_000)
    with Session(clone) as editor:
        # The evaluation finds the knot first, for it looks sooner.
        editor.execute(text("set local deadlock_timeout = '1min'"))
        touch = "update assessment set since = since where firm_id = any(:firms)"
        editor.execute(text(touch), {"firms": firms[2:]})
        with evaluating(clone) as running:
            until(lambda: editor.scalar(WAITS))
            editor.execute(text(touch), {"firms": firms[:2]})
            editor.commit()
            assert running.result(30).changed
        until(lambda: editor.scalar(KNOTS))
    with Session(clone) as session, session.begin():
        assert service.assess(session, firms, today()) == 0


def test_a_day_without_sets_is_a_run_that_finds_nothing(clone: Engine, firms: list[int]) -> None:
    run = service.evaluate(clone, date(1990, 1, 1))
    assert (run.firms, run.changed) == (len(firms), 0)
    assert verdicts(clone) == []
