"""A reform run over the whole register: the set of certification with other thresholds."""

import argparse

from sqlalchemy.orm import Session

from app.core.clock import today
from app.criteria.drafting import contents, proved, thresholds, with_thresholds
from app.criteria.store import get_sets
from app.pipeline.reform import compare
from app.pipeline.service import evaluate
from benchmarks.figures import milliseconds
from benchmarks.processor import of_server
from benchmarks.scratch import database, vacuum

CHANGES = {"hnte_2016": ("hnte.rd", "3%"), "srdi_2026": ("srdi.debt", "50%")}


def main() -> None:
    """Print p50 and p95 of each set's reform."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        evaluate(engine, today())
        vacuum(engine)  # as the server does by itself within a minute
        for code, (criterion, value) in CHANGES.items():
            current = get_sets(session, [code])[0]
            content = contents(session)[code]
            places = [t for t in thresholds(content, current.policy) if t.criterion == criterion]
            draft = proved(session, with_thresholds(content, {places[0].path: value}))
            found = compare(session, current, draft)
            median, high = milliseconds(lambda c=current, d=draft: compare(session, c, d), 20)  # type: ignore[misc]
            with of_server(session) as processor:
                spent = processor()
                compare(session, current, draft)
                spent = processor() - spent
            print(f"{code}: {found.firms} firms, {found.counts}")
            print(f"{code}: p50 {median:.0f} ms, p95 {high:.0f} ms; processor {spent:.1f} s")


if __name__ == "__main__":
    main()
