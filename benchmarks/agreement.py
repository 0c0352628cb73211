"""Whether both engines say the same of every firm, set and criterion, and where they do not."""

from typing import Any

from app.criteria.compiler import LoadedSet
from benchmarks import reference
from benchmarks.engines import Engines

SHOWN = 3
STORED = """
select firm_id, outcome, unmet_count, unknown_count, (readiness * 10000)::int as readiness,
  outcomes, translate(gaps::text, '{{}}', '[]') as gaps
from assessment where set_id = {number}
"""
COLUMNS = {
    "firm_id": "integer", "outcome": "tinyint", "unmet_count": "tinyint",
    "unknown_count": "tinyint", "readiness": "integer", "outcomes": "bigint",
    "gaps": "bigint[]",
}  # fmt: skip
COUNTED = ("outcome", "unmet_count", "unknown_count", "readiness")
DIFFERING = f"""
select firm_id, {{wanted}} from ours full join (from verdict where set_id = {{number}}) as theirs
using (firm_id) where ({", ".join(f"ours.{name}" for name in list(COLUMNS)[1:])})
  is distinct from ({", ".join(f"theirs.{name}" for name in list(COLUMNS)[1:])})
"""


def differences(engines: Engines) -> int:
    """How many verdicts stored by us differ from theirs; the first of each set are printed."""
    differing = 0
    for loaded in engines.sets:
        _fetch(engines, loaded)
        query = DIFFERING.format(wanted="ours, theirs", number=loaded.id)
        found = engines.theirs.execute(f"select count(*) from ({query})").fetchall()[0][0]
        differing += found
        if found:
            print(f"{loaded.policy.code}: {found} verdicts differ")
            rows = engines.theirs.execute(f"{query} order by firm_id limit {SHOWN}").fetchall()
            for firm, ours, theirs in rows:
                print("\n".join(_told(loaded, firm, ours, theirs)))
    total = engines.theirs.execute("select count(*) from verdict").fetchall()[0][0]
    print(f"{total - differing:,} of {total:,} verdicts agree", flush=True)
    return differing


def _fetch(engines: Engines, loaded: LoadedSet) -> None:
    """One set's verdicts as we stored them, into their database; outcomes out of their number."""
    path = engines.folder / "assessment.csv"
    with engines.ours.connect() as connection:
        driver: Any = connection.connection.driver_connection
        reference.export(driver, STORED.format(number=loaded.id), path)
    places = range(len(list(loaded.policy.walk())))
    outcomes = ", ".join(f"(outcomes >> {2 * place} & 3)::tinyint" for place in places)
    engines.theirs.execute(
        f"create or replace temp table ours as select * replace ([{outcomes}] as outcomes)"
        f" from read_csv('{path}', header = true, columns = {COLUMNS})"
    )
    path.unlink()


def _told(loaded: LoadedSet, firm: int, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What differs, criterion by criterion: ours, then theirs."""
    for whose, found in (("ours", ours), ("theirs", theirs)):
        if found["outcomes"] is None:
            return [f"  firm {firm}: no verdict of {whose}"]
    lines = [
        f"  firm {firm} {name}: {ours[name]} ≠ {theirs[name]}"
        for name in COUNTED if ours[name] != theirs[name]
    ]  # fmt: skip
    ids = [criterion.id for criterion in loaded.policy.walk()]
    told = [zip(found["outcomes"], found["gaps"], strict=True) for found in (ours, theirs)]
    for criterion, left, right in zip(ids, *told, strict=True):
        if left != right:
            lines.append(f"  firm {firm} {criterion}: outcome, gap {left} ≠ {right}")
    return lines
