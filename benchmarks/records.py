"""Lists and portraits at 86,000 firms with ten records each, as one server process answers them."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text

from benchmarks.figures import milliseconds
from benchmarks.pages import fetched, signed_in
from benchmarks.scratch import UNRECORDED, database, vacuum

LIMIT = 150
# Four grants, three loans and three contracts of each firm, spread over six years.
OF = "with firms as (select id from firm where id > :after and id <= :most) "
ROWS = (
    OF
    + """insert into subsidy (firm_id, programme, kind, happened_on, amount, organisation_id)
       select id, 'P' || n, (array['grant', 'reward', 'voucher'])[1 + (id + n) % 3],
         current_date - (id * 7 + n * 331) % 2000, 100 * (1000 + id % 9000),
         case when id % 430 = 0 then (select min(id) from organisation) end
       from firms, generate_series(1, 4) as n""",
    OF
    + """insert into loan (firm_id, lender, number, kind, happened_on, due_on, amount)
       select id, 'B' || id % 9, 'D' || n,
         case when id % 8600 = 0 then 'light_asset'
           else (array['knowledge_value', 'credit', 'other'])[1 + (id + n) % 3] end,
         current_date - (id * 11 + n * 173) % 2000, current_date + id % 700,
         100 * (10000 + id % 90000)
       from firms, generate_series(1, 3) as n""",
    OF
    + """insert into tech_contract (firm_id, number, name, kind, part, partner, happened_on, amount)
       select id, 'C' || id || '-' || n, '合同', 'service', 'seller', '大学',
         current_date - (id * 13 + n * 97) % 2000, 100 * (5000 + id % 50000)
       from firms, generate_series(1, 3) as n""",
)
PAGES = {
    "list": "/records/loans",
    "list, one kind": "/records/loans?kind=credit",
    "list, a rare kind": "/records/loans?kind=light_asset",
    "list, one payer": "/api/v1/subsidies?organisation_id={body}&ordering=-happened_on",
    "list, totals": "/records/loans/totals?kind=light_asset",
    "list, due soon": "/records/loans?due_on__lte=today%2B90d",
    "list, by amount": "/records/loans?ordering=-amount",
    "list, one firm": "/records/loans?firm_id=500",
    "API": "/api/v1/loans?limit=50&count=capped",
    "register, count": "/api/v1/firms?count.loan__gte=2&limit=50",
    "register, sum": "/api/v1/firms?sum.subsidy.2025__gte=10000&limit=50",
    "portrait": "/firms/500",
}


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def main() -> None:
    """Print statements, p50 and p95 of each page, a tenth of the firms with records, then all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the register for next time")
    given = parser.parse_args()
    with database(given.firms, given.keep) as engine:
        client = signed_in(engine)
        with engine.begin() as connection:
            connection.execute(text("truncate loan, subsidy, tech_contract"))
        tenth = given.firms // 10
        record(engine, 0, tenth)
        few = measured(engine, client, given.times)
        record(engine, tenth, given.firms)
        many = measured(engine, client, given.times)
        for name in PAGES:
            statements, median, high = many[name]
            before = few[name][0]
            grown = "" if statements == before else f"  STATEMENTS GREW from {before}"
            over = "" if high <= LIMIT else f"  OVER {LIMIT} ms"
            times = f"p50 {median:6.1f} ms  p95 {high:6.1f} ms  (before p50 {few[name][1]:6.1f} ms)"
            print(f"{name:18} {statements:3} statements  {times}{grown}{over}", flush=True)


def record(engine: Engine, after: int, most: int) -> None:
    """Ten records of each firm whose number lies between."""
    with engine.begin() as connection:
        connection.execute(text(UNRECORDED))
        for rows in ROWS:
            connection.execute(text(rows), {"after": after, "most": most})
    vacuum(engine)


def measured(engine: Engine, client: TestClient, times: int) -> dict[str, tuple[int, float, float]]:
    """Statements, median and 95th percentile of each page."""
    found = {}
    with engine.connect() as connection:
        body = connection.scalar(text("select min(id) from organisation"))
    for name, address in PAGES.items():
        path = address.format(body=body)
        fetched(client, path)
        with counting(engine) as sent:
            fetched(client, path)
        median, high = milliseconds(lambda p=path: fetched(client, p), times)  # type: ignore[misc]
        found[name] = (len(sent), median, high)
    return found


if __name__ == "__main__":
    main()
