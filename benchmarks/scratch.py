"""A scratch database with as many firms as asked for; figures, rights and the rest of them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.core.db import make_engine
from app.core.postgres import running
from app.core.settings import Settings
from app.criteria import store
from app.plans import service as plans
from app.start import migrate

YEARS = 4
FIRST_YEAR = "extract(year from current_date)::int - 4"
# Repeatable and evenly spread: the n-th number for a firm, in 0..1.
DIE = """
create function die(firm bigint, n int) returns double precision immutable parallel safe language sql
as $$ select (hashint8extended(firm, n) & 1048575) / 1048576.0 $$
"""
FIRMS = """
insert into firm (name, name_search, pinyin, credit_code, registered_on, region_code,
                  industry_code, hightech_field, resident_enterprise)
select '基准企业' || n, '基准企业' || n || ' jizhunqiye' || n || ' jzqy' || n, 'jizhunqiye' || n,
  '91500114' || lpad(n::text, 10, '0'),
  current_date - (100 + die(n, 1) * 5000)::int, '5001' || lpad((1 + (die(n, 2) * 20)::int)::text, 2, '0'),
  (array['C3061','C2740','I6510','M7452','F5199','A0141','C3825','N7721'])[1 + (die(n, 3) * 7)::int],
  case when die(n, 4) < 0.8 then '4.1' end, case when die(n, 5) < 0.9 then true end
from generate_series(1, :firms) as n
"""
YEAR_ROWS = f"""
insert into firm_year (firm_id, year, staff_avg, st_staff_avg, rd_staff, employees_ye,
  senior_title_staff, revenue_sales, revenue_total, revenue_hightech, revenue_operating,
  revenue_main, cost_expense, net_profit, net_assets_ye, assets_ye, liabilities_ye, rd_hnte,
  rd_hnte_domestic, rd_deduct, rd_acct, equity_raised, vc_raised_cum, results_converted,
  segment_years, market_share, market_rank, srdi_score)
select id, {FIRST_YEAR} + y, staff, (staff * d1 * 0.3)::int, (staff * d1 * 0.25)::int, staff + 1,
  (d2 * 2)::int, case when d3 < 0.92 then sales end, (sales * 1.02)::bigint,
  (sales * d4)::bigint, (sales * 0.99)::bigint, (sales * (0.6 + 0.39 * d2))::bigint,
  (sales * 0.9)::bigint, (sales * (d1 - 0.3) * 0.2)::bigint, (sales * 0.4 * (1 + y * d1))::bigint,
  (sales * 0.9)::bigint, (sales * 0.9 * d2)::bigint,
  case when d4 < 0.94 then (sales * d1 * 0.09)::bigint end, (sales * d1 * 0.08)::bigint,
  (sales * d1 * 0.085)::bigint, (sales * d1 * 0.088)::bigint, (d2 * d2 * 500000000)::bigint,
  (d4 * d4 * 700000000)::bigint, (d1 * 6)::int, (d2 * 12)::int, (d3 * 2000)::int,
  1 + (d4 * 40)::int, (20 + d1 * 60)::int
from (
  select id, y, (3 + die(id, 7) * 200)::int as staff, die(id, 10 + y) as d1, die(id, 20 + y) as d2,
    die(id, 30 + y) as d3, die(id, 40 + y) as d4,
    (power(10, 7.5 + die(id, 8) * 2.7) * (1 + y * (die(id, 9) - 0.3)))::bigint as sales
  from firm, generate_series(0, {YEARS - 1}) as y
) as drawn
"""
RECORDS = (
    """insert into organisation (code, name, kind, demo)
       select 'bench_' || kind || '_' || n, kind || n, kind, false
       from unnest(array['park', 'incubator']) as kind, generate_series(1, 20) as n
       where kind = 'incubator' or n <= 5""",
    """insert into location (firm_id, park_id, during)
       select firm.id, body.id, daterange(current_date - 900, null) from firm
       join organisation as body on body.code = 'bench_park_' || 1 + (die(firm.id, 150) * 5)::int
       where die(firm.id, 151) < 0.7""",
    """insert into residency (firm_id, incubator_id, during)
       select firm.id, body.id, daterange(current_date - 300, null) from firm
       join organisation as body
         on body.code = 'bench_incubator_' || 1 + (die(firm.id, 152) * 20)::int
       where die(firm.id, 153) < 0.05""",
    """insert into designation (firm_id, kind, valid)
       select id, kind, daterange(current_date - 400, current_date + 600) from firm,
       unnest(array['cq_tech_based','tech_sme','hnte','pool','srdi','innovative_sme'],
              array[0.5, 0.3, 0.08, 0.1, 0.04, 0.08]) with ordinality as k (kind, share, n)
       where die(id, 50 + n::int) < share""",
    """insert into ip_right (firm_id, kind, title, granted_on, acquired, owner_rank, disputed,
                             core_support, main_product, earning)
       select id, (array['invention_patent','utility_model','software_copyright'])
                  [1 + (die(id, 60 + n) * 2)::int], '技术',
         current_date - (die(id, 70 + n) * 2000)::int, 'own_research', 1, false,
         case when die(id, 80 + n) < 0.9 then true end, case when die(id, 81 + n) < 0.9 then true end,
         case when die(id, 82 + n) < 0.8 then true end
       from firm, generate_series(1, 4) as n where die(id, 90 + n) < 0.5""",
    """insert into record_check (firm_id, kind, checked_on)
       select id, kind, current_date - 30 from firm,
       unnest(array['ip_right','award','standard','rd_body']) as kind where die(id, 95) < 0.8""",
    """insert into judgement (firm_id, criterion, holds, evidence, judged_on)
       select id, criterion, die(id, 100 + n::int) < 0.8, 'x', current_date - 10 from firm,
       unnest(array['hnte.field','pool.prospects','tsme.product']) with ordinality as q (criterion, n)
       where die(id, 110 + n::int) < 0.5""",
    """insert into judgement (firm_id, criterion, points, evidence, judged_on)
       select id, 'hnte.score.ip.advancement', (die(id, 120) * 8)::int, 'x', current_date - 10
       from firm where die(id, 121) < 0.3""",
    """insert into incident (firm_id, kind, happened_on)
       select id, 'safety', current_date - (die(id, 130) * 900)::int from firm
       where die(id, 131) < 0.02""",
    """insert into rd_body (firm_id, name, level, valid)
       select id, '中心', 'provincial', daterange(current_date - 500, null) from firm
       where die(id, 140) < 0.03""",
)


@contextmanager
def database(firms: int) -> Iterator[Engine]:
    """An engine on a register of that many generated firms, analysed."""
    with tempfile.TemporaryDirectory(prefix="tidu-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder), durable=False, database_url=None, statement_timeout_ms=0
        )
        Path(folder).chmod(0o755)
        with running(settings) as url:
            engine = make_engine(url, settings)
            migrate(engine)
            with Session(engine) as session, session.begin():
                plans.load_shipped(session)
                store.load_shipped(session)
            generate(engine, firms)
            yield engine
            engine.dispose()


def generate(engine: Engine, firms: int) -> None:
    """Fill an empty register."""
    with engine.begin() as connection:
        connection.execute(text(DIE))
        connection.execute(text(FIRMS), {"firms": firms})
        connection.execute(text(YEAR_ROWS))
        for statement in RECORDS:
            connection.execute(text(statement))
    vacuum(engine)


def vacuum(engine: Engine) -> None:
    """What autovacuum does in its own time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
