"""The same criteria by hand, for DuckDB: the query that our evaluation is measured against."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import psycopg

FOLDER = Path(__file__).with_name("reference")
FIGURES = (
    "staff_avg", "st_staff_avg", "rd_staff", "employees_ye", "senior_title_staff", "revenue_sales",
    "revenue_total", "revenue_hightech", "revenue_operating", "revenue_main", "cost_expense",
    "net_assets_ye", "assets_ye", "liabilities_ye", "rd_hnte", "rd_hnte_domestic", "rd_deduct",
    "rd_acct", "equity_raised", "vc_raised_cum", "results_converted", "segment_years",
    "market_share", "market_rank", "market_rank_global", "srdi_score",
)  # fmt: skip
# What each table is copied from; lists as DuckDB reads them.
COPIED = {
    "firm": "select id, registered_on, region_code, industry_code, hightech_field,"
    " resident_enterprise from firm",
    "firm_year": f"select firm_id, year, {', '.join(FIGURES)} from firm_year",
    "designation": "select firm_id, kind, lower(valid), upper(valid), superseded_at"
    " from designation",
    "residency": "select firm_id, lower(during), upper(during), premises_inside, field,"
    " superseded_at from residency",
    "incident": "select firm_id, kind, happened_on, ended_on, superseded_at from incident",
    "judgement": "select firm_id, criterion, holds, points, superseded_at from judgement",
    "record_check": "select firm_id, kind, checked_on, superseded_at from record_check",
    "ip_right": "select firm_id, kind, ip_class, granted_on, ended_on, owner_rank, acquired,"
    " acquired_on, disputed, core_support, main_product, earning,"
    " translate(high_value::text, '{}', '[]'), translate(used_in::text, '{}', '[]'),"
    " superseded_at from ip_right",
    "award": "select firm_id, level, rank, awarded_on, superseded_at from award",
    "standard": "select firm_id, level, rank, published_on, superseded_at from standard",
    "rd_body": "select firm_id, level, happened_on, ended_on, superseded_at from platform",
}
# The criteria of each set in order. In parentheses: named members, which count only in their
# outer one. After a minus: disabled. With a star: those whose gap has an amount.
CRITERIA = {
    "graduation_2018": "any (hnte) (vc*) (revenue*) (exit)",
    "incubatee_2025": "-incubatee -graduate -std_equity -std_growth -std_income resident",
    "cq_tech_based": "seat product clean lists staff -other -update",
    "tech_sme_2017": "resident staff_cap* sales_cap* assets_cap* product clean route (score)"
    " (direct_hnte) (direct_award*) (direct_body*) (direct_standard*)",
    "pool_qianjiang_2023": "base age* field figures* (ip) (staff*) (rd*) (income*) (fast*)"
    " (strong*) prospects",
    "hnte_2016": "age* ip* field staff* rd* rd_domestic* income* score* clean",
    "innovative_sme_2022": "base (base_sme*) route (score) (direct_award*) (direct_title)"
    " (direct_body*) (direct_equity*)",
    "srdi_2026": "base (base_sme*) prereq segment* scale focus* debt* rd ip (ip_exempt) market"
    " score*",
    "little_giant_2026": "prereq segment* revenue* focus* growth* debt* rd_sum* rd_ratio ip"
    " (ip_exempt*) market chain score* not_champion clean",
    "single_champion_2023": "years (new_product) revenue share* tech innov clean",
    "above_scale_2024": "revenue*",
    "sme_size_2011": "sme*",
    "gazelle_district": "hnte base* growth* last* -gbt",
    "star_2024": "rd staff* ip* growth",
    "bse_2024": "any (rd) (ip) (standards*)",
}


def connect(folder: Path, as_of: date, threads: int) -> duckdb.DuckDBPyConnection:
    """An empty database in memory, with the tables and the words of the query."""
    connection = duckdb.connect(config={"threads": threads, "temp_directory": str(folder)})
    connection.execute("set variable as_of = $1::date", [as_of])
    for name in ("tables", "macros"):
        connection.execute(_read(name))
    return connection


def copy_table(
    source: psycopg.Connection, target: duckdb.DuckDBPyConnection, folder: Path, table: str
) -> None:
    """One table anew through a CSV file."""
    path = folder / f"{table}.csv"
    export(source, COPIED[table], path)
    target.execute(f"truncate {table}")
    target.execute(
        f"copy {table} from '{path}' (format csv, header, nullstr '', allow_quoted_nulls false)"
    )
    path.unlink()


def export(source: psycopg.Connection, query: str, path: Path) -> None:
    """A query's rows as PostgreSQL writes them; nothing stands for null, "" for empty text."""
    command = f"copy ({query}) to stdout (format csv, header)"
    with path.open("wb") as file, source.cursor() as cursor, cursor.copy(command) as rows:
        for block in rows:
            file.write(block)


def measure() -> str:
    """The first statement: a row per firm with all that the sets compare."""
    return (
        f"create or replace temp table measured as with facts as ({_read('facts')})"
        f" select * from ({_read('measured')})"
    )


def verdicts(numbers: dict[str, int]) -> str:
    """The second: a row per firm and set, numbered as our database numbers the sets."""
    if missing := set(numbers) ^ set(CRITERIA):
        raise SystemExit(f"in force, but not written by hand, or the reverse: {sorted(missing)}")
    return " union all ".join(_verdict(code, numbers[code]) for code in CRITERIA)


def _read(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _criteria(code: str) -> Iterator[tuple[str, bool, bool, bool]]:
    """Name; whether it counts in the set, is evaluated, and has an amount as its gap."""
    for written in CRITERIA[code].split():
        yield written.strip("()-*"), written[0] != "(", written[0] != "-", "*" in written


def _verdict(code: str, number: int) -> str:
    """A set's verdict from the columns of its criteria: counted, averaged and listed in order."""
    found = list(_criteria(code))
    outer = [name for name, counts, live, _ in found if counts and live]
    outcomes = ", ".join(f"{name}_o" if live else "3" for name, _, live, _ in found)
    gaps = ", ".join(f"{name}_g" if amount else "null" for name, _, _, amount in found)

    def total(test: str) -> str:
        return " + ".join(f"({name}_o {test})::tinyint" for name in outer)

    return f"""
    select firm_id, {number}::smallint as set_id,
      case when unmet_count > 0 then 0 when unknown_count > 0 then 2 when applied > 0 then 1
        else 3 end::tinyint as outcome,
      unmet_count, unknown_count, (reached // greatest(applied, 1))::integer as readiness,
      outcomes, gaps
    from (
      select firm_id, {total("= 0")} as unmet_count, {total("= 2")} as unknown_count,
        {total("<> 3")} as applied, {" + ".join(f"{name}_s" for name in outer)} as reached,
        [{outcomes}]::tinyint[] as outcomes, [{gaps}]::bigint[] as gaps
      from ({_read(f"sets/{code}")})
    )"""
