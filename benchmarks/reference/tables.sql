-- The facts as DuckDB keeps them: typed columns, ranges as two dates, money in whole fen.
create table firm (
  firm_id integer, registered_on date, region_code varchar, industry_code varchar,
  hightech_field varchar, resident_enterprise boolean
);
create table firm_year (
  firm_id integer, year smallint, staff_avg integer, st_staff_avg integer, rd_staff integer,
  employees_ye integer, senior_title_staff integer, revenue_sales bigint, revenue_total bigint,
  revenue_hightech bigint, revenue_operating bigint, revenue_main bigint, cost_expense bigint,
  net_assets_ye bigint, assets_ye bigint, liabilities_ye bigint, rd_hnte bigint,
  rd_hnte_domestic bigint, rd_deduct bigint, rd_acct bigint, equity_raised bigint,
  vc_raised_cum bigint, results_converted integer, segment_years integer, market_share integer,
  market_rank integer, market_rank_global integer, srdi_score integer
);
create table designation (
  firm_id integer, kind varchar, valid_from date, valid_to date, superseded_at timestamptz
);
create table residency (
  firm_id integer, during_from date, during_to date, premises_inside boolean, field varchar,
  superseded_at timestamptz
);
create table incident (
  firm_id integer, kind varchar, happened_on date, ended_on date, superseded_at timestamptz
);
create table judgement (
  firm_id integer, criterion varchar, holds boolean, points smallint, superseded_at timestamptz
);
create table record_check (
  firm_id integer, kind varchar, checked_on date, superseded_at timestamptz
);
create table ip_right (
  firm_id integer, kind varchar, ip_class tinyint, granted_on date, ended_on date,
  owner_rank smallint, acquired varchar, acquired_on date, disputed boolean, core_support boolean,
  main_product boolean, earning boolean, high_value varchar[], used_in varchar[],
  superseded_at timestamptz
);
create table award (
  firm_id integer, level varchar, rank smallint, awarded_on date, superseded_at timestamptz
);
create table standard (
  firm_id integer, level varchar, rank smallint, published_on date, superseded_at timestamptz
);
create table rd_body (
  firm_id integer, level varchar, valid_from date, valid_to date, superseded_at timestamptz
);
