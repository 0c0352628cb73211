"""A scratch database with as many firms as asked for; figures, rights and the rest of them."""

import tempfile
from collections.abc import Callable, Iterator
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
# What is made up, or changed for a benchmark's sake, is kept out of the trail: it would take longer
# than what is measured.
UNRECORDED = "set local session_replication_role = replica"
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
  case when die(n, 1) < 0.995 then current_date - (100 + die(n, 1) * 5000)::int end,
  case when die(n, 2) < 0.97 then '5001' || lpad((1 + (die(n, 2) * 20)::int)::text, 2, '0')
       when die(n, 2) < 0.99 then '510107' end,
  (array['C3061','C2740','I6510','M7452','F5199','A0141','C3825','N7721','E4710','F5211','G5990','G6020','H6110',
         'I6410','K7010','K7020','L7211','Q8510','J6710','R8810','B0610', null])[1 + (power(die(n, 3), 2) * 21.9)::int],
  case when die(n, 4) < 0.8 then '4.1' end,
  case when die(n, 5) < 0.9 then true when die(n, 5) < 0.95 then false end
from generate_series(1, :firms) as n
"""
# Every firm has a row for each year; nothing is reported for years before its registration.
YEAR_ROWS = f"""
insert into firm_year (firm_id, year, staff_avg, st_staff_avg, rd_staff, employees_ye,
  senior_title_staff, revenue_sales, revenue_total, revenue_hightech, revenue_operating,
  revenue_main, cost_expense, net_profit, net_assets_ye, assets_ye, liabilities_ye, rd_hnte,
  rd_hnte_domestic, rd_deduct, rd_acct, equity_raised, vc_raised_cum, results_converted,
  segment_years, market_share, market_rank, market_rank_global, srdi_score)
select id, {FIRST_YEAR} + y, case when d1 < 0.98 then staff end, (staff * d1 * 0.3)::int, (staff * d1 * 0.25)::int,
  case when d2 < 0.98 then staff + 1 end,
  (d2 * 2)::int, case when d3 < 0.92 then sales end, (sales * 1.02)::bigint,
  (sales * d4)::bigint, case when d4 > 0.01 then (sales * 0.99)::bigint end,
  case when d1 > 0.02 then (sales * (0.6 + 0.39 * d2))::bigint end,
  (sales * 0.9)::bigint, (sales * (d1 - 0.3) * 0.2)::bigint, (sales * 0.4 * (1 + y * d1) * (d2 - 0.05))::bigint,
  (sales * 0.9)::bigint, (sales * 0.9 * d2)::bigint,
  case when d4 < 0.94 then (sales * d1 * 0.09)::bigint end, (sales * d1 * (0.04 + d2 * 0.05))::bigint,
  case when d2 > 0.03 then (sales * d1 * 0.085)::bigint end, case when d3 > 0.02 then (sales * d1 * 0.088)::bigint end,
  case when d1 < 0.97 then (power(d2, 4) * 5000000000)::bigint end,
  (d4 * d4 * 700000000)::bigint, (d1 * 6)::int, (d2 * 12)::int, case when d4 > 0.03 then (d3 * 2000)::int end,
  1 + (d4 * 40)::int, case when d3 < 0.6 then 1 + (d1 * 8)::int end, (20 + d1 * 60)::int
from (
  select id, y, reported * (3 + power(die(id, 7), 4) * 2500)::int as staff,
    reported * die(id, 10 + y) as d1, reported * die(id, 20 + y) as d2,
    reported * die(id, 30 + y) as d3, reported * die(id, 40 + y) as d4,
    reported * (power(10, 7.5 + die(id, 8) * 3.4) * (1 + y * (die(id, 9) - 0.3)))::bigint as sales
  from firm, generate_series(0, {YEARS - 1}) as y, lateral (
    select case when extract(year from registered_on) > {FIRST_YEAR} + y then null else 1 end as reported
  ) as known
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
    """insert into residency (firm_id, incubator_id, during, premises_inside, field)
       select firm.id, body.id, daterange(current_date - 300, case when die(firm.id, 154) < 0.1 then current_date - 2 end),
         die(firm.id, 155) < 0.9, 'software' from firm
       join organisation as body
         on body.code = 'bench_incubator_' || 1 + (die(firm.id, 152) * 20)::int
       where die(firm.id, 153) < 0.05""",
    """insert into designation (firm_id, kind, valid)
       select id, kind, daterange(current_date - 400, current_date + (600 - die(id, 170 + n::int) * 650)::int)
       from firm, unnest(
         array['cq_tech_based','tech_sme','hnte','pool','srdi','innovative_sme','single_champion','listed','otc',
               'contracting_qualification','innovation_demonstration','ip_advantage','little_giant'],
         array[0.5, 0.3, 0.08, 0.1, 0.04, 0.08, 0.005, 0.002, 0.003, 0.02, 0.002, 0.004, 0.01])
         with ordinality as k (kind, share, n)
       where die(id, 50 + n::int) < share""",
    """insert into ip_right (firm_id, kind, title, granted_on, ended_on, acquired, acquired_on, owner_rank, disputed,
                             core_support, main_product, earning, high_value, used_in, superseded_at)
       select id, (array['invention_patent','utility_model','software_copyright','design','trademark'])[1 + (power(k, 2) * 4.5)::int],
         '技术', case when a < 0.97 then current_date - (a * 2000)::int end,
         case when a > 0.95 then current_date - 30 end,
         case when b < 0.85 then 'own_research' when b < 0.95 then 'assignment' when b < 0.97 then 'merger' end,
         case when b > 0.87 then current_date - (a * 900)::int end,
         case when c < 0.95 then 1 + (c * c * 4)::int end, case when b > 0.01 then a < 0.03 end,
         case when a < 0.9 then k < 0.95 end, case when b < 0.9 then c < 0.95 end, case when c < 0.8 then b < 0.9 end,
         case when c < 0.1 then array['pledge_financing'] else '{}' end,
         case when c > 0.9 then array['hnte:2023'] when c > 0.88 then array['srdi:2024'] else '{}' end,
         case when k between 0.50 and 0.52 then now() end
       from firm, generate_series(1, 9) as n,
         lateral (select die(id, 200 + n) * sqrt(die(id, 87)) as k, die(id, 220 + n) as a, die(id, 240 + n) as b, die(id, 260 + n) as c) as drawn
       where die(id, 280 + n) < power(die(id, 88), 4)""",
    """insert into record_check (firm_id, kind, checked_on)
       select id, kind, current_date - 30 from firm,
       unnest(array['ip_right','award','standard','rd_body']) with ordinality as k (kind, n)
       where die(id, 94 + n::int) < 0.8""",
    """insert into judgement (firm_id, criterion, holds, evidence, judged_on)
       select id, criterion, die(id, 100 + n::int) < 0.8, 'x', current_date - 10 from firm,
       unnest(array['hnte.field','pool.prospects','tsme.product','cqt.product','srdi.market','lg.chain','grad.exit',
                    'sc.new_product','sc.tech','sc.innov'],
              array[0.5, 0.5, 0.5, 0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05]) with ordinality as q (criterion, share, n)
       where die(id, 110 + n::int) < share""",
    """insert into judgement (firm_id, criterion, points, evidence, judged_on)
       select id, criterion, least_points + round(die(id, 300 + n::int) * (most - least_points))::int, 'x', current_date - 10
       from firm,
       unnest(array['hnte.score.ip.advancement','hnte.score.ip.support','hnte.score.ip.standards','hnte.score.management.rules',
                    'hnte.score.management.body','hnte.score.management.incentive','hnte.score.management.talent','isme.special.field'],
              array[0, 0, 0, 0, 0, 0, 0, 5], array[8, 8, 2, 6, 6, 4, 4, 10]) with ordinality as q (criterion, least_points, most, n)
       where die(id, 121) < 0.3 and die(id, 310 + n::int) < 0.7""",
    """insert into incident (firm_id, kind, happened_on, ended_on)
       select id, kind, current_date - (a * 1300)::int,
         case when kind like '%_list' and a > 0.4 then current_date - (a * 300 - 10)::int end
       from firm, lateral (select die(id, 130) as a, (array['safety','quality','environment','data_security',
         'research_misconduct','data_fraud','abnormal_list','dishonest_list'])[1 + (die(id, 132) * 7)::int] as kind) as drawn
       where die(id, 131) < 0.04""",
    """insert into platform (firm_id, name, kind, level, happened_on, ended_on)
       select id, '中心', 'rd_centre', (array['provincial','municipal','national'])[1 + (die(id, 141) * 2)::int],
         current_date - 500, case when die(id, 142) < 0.2 then current_date - 5 end from firm
       where die(id, 140) < 0.04""",
    """insert into award (firm_id, name, level, rank, awarded_on)
       select id, '奖', (array['national','provincial','municipal'])[1 + (die(id, 151) * 2)::int],
         case when die(id, 152) < 0.9 then 1 + (die(id, 153) * 5)::int end, current_date - (die(id, 154) * 2200)::int
       from firm where die(id, 150) < 0.03""",
    """insert into standard (firm_id, name, level, rank, published_on)
       select id, '标准', (array['national','industry','district'])[1 + (die(id, 161 + n) * 2)::int],
         case when die(id, 163 + n) < 0.9 then 1 + (die(id, 165 + n) * 7)::int end, current_date - (die(id, 167 + n) * 2200)::int
       from firm, generate_series(0, 1) as n where die(id, 160 + n * 9) < 0.03""",
)


@contextmanager
def database(
    firms: int, keep: Path | None = None, prepare: Callable[[Engine], None] = lambda _: None
) -> Iterator[Engine]:
    """An engine on a register of that many generated firms, analysed and prepared.

    In a folder to keep, it is filled and prepared once and used as it is from then on.
    """
    with tempfile.TemporaryDirectory(prefix="tidu-bench-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        ready = folder / f"{firms}.ready"
        with _served(folder) as engine:
            if not ready.exists():
                _fill(engine, firms)
                prepare(engine)
                ready.touch()
            yield engine


@contextmanager
def _served(folder: Path) -> Iterator[Engine]:
    settings = Settings(data_dir=folder, durable=False, database_url=None, statement_timeout_ms=0)
    folder.chmod(0o755)
    with running(settings) as url:
        engine = make_engine(url, settings)
        yield engine
        engine.dispose()


def _fill(engine: Engine, firms: int) -> None:
    migrate(engine)
    with Session(engine) as session, session.begin():
        plans.load_shipped(session)
        store.load_shipped(session)
    generate(engine, firms)


def generate(engine: Engine, firms: int) -> None:
    """Fill an empty register."""
    with engine.begin() as connection:
        connection.execute(text(UNRECORDED))
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
