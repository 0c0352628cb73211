-- One row per firm: what it is, its figures by year (1 is the last full year), what it holds and
-- how many records it has: `n` surely pass, `m` may.
with held as (
  select firm_id,
    bool_or(kind = 'cq_tech_based') as cq_tech_based,
    bool_or(kind = 'hnte') as hnte,
    bool_or(kind in ('tech_sme', 'innovative_sme')) as base_tier,
    bool_or(kind in ('hnte', 'innovation_demonstration', 'ip_advantage')) as direct_title,
    bool_or(kind = 'srdi') as srdi,
    bool_or(kind in ('srdi', 'little_giant')) as srdi_or_giant,
    bool_or(kind = 'single_champion') as single_champion,
    bool_or(kind = 'contracting_qualification') as contracting_qualification,
    bool_or(kind in ('listed', 'otc')) as listed
  from designation
  where superseded_at is null and valid_from <= as_of() and (valid_to is null or valid_to > as_of())
  group by firm_id
),
housed as (
  select firm_id, true as resident from residency
  where superseded_at is null and during_from <= as_of() and (during_to is null or during_to > as_of())
  group by firm_id
),
blamed as (
  select firm_id,
    bool_or(kind in ('safety', 'quality', 'environment', 'research_misconduct')
      and happened_on >= make_date(year(as_of()) - 1, 1, 1)) as two_calendar_years,
    bool_or(kind in ('safety', 'quality', 'environment')
      and happened_on >= as_of() - 365) as year_before,
    bool_or(kind in ('safety', 'quality', 'environment', 'data_security')
      and happened_on >= (as_of() - interval 3 year)::date) as three_years,
    bool_or(kind in ('safety', 'quality', 'environment', 'data_security', 'data_fraud')
      and happened_on >= (as_of() - interval 3 year)::date) as three_years_or_fraud,
    bool_or(kind in ('abnormal_list', 'dishonest_list')
      and (ended_on is null or ended_on > as_of())) as on_a_list,
    bool_or(kind = 'dishonest_list' and (ended_on is null or ended_on > as_of())) as on_dishonest_list
  from incident
  where superseded_at is null and happened_on <= as_of()
  group by firm_id
),
said as (
  select firm_id,
    bool_or(holds) filter (criterion = 'grad.exit') as grad_exit,
    bool_or(holds) filter (criterion = 'cqt.product') as cqt_product,
    bool_or(holds) filter (criterion = 'tsme.product') as tsme_product,
    bool_or(holds) filter (criterion = 'pool.prospects') as pool_prospects,
    bool_or(holds) filter (criterion = 'hnte.field') as hnte_field,
    bool_or(holds) filter (criterion = 'srdi.market') as srdi_market,
    bool_or(holds) filter (criterion = 'lg.chain') as lg_chain,
    bool_or(holds) filter (criterion = 'sc.new_product') as sc_new_product,
    bool_or(holds) filter (criterion = 'sc.tech') as sc_tech,
    bool_or(holds) filter (criterion = 'sc.innov') as sc_innov,
    max(points) filter (criterion = 'hnte.score.ip.advancement') as advancement_points,
    max(points) filter (criterion = 'hnte.score.ip.support') as support_points,
    max(points) filter (criterion = 'hnte.score.ip.standards') as standards_points,
    max(points) filter (criterion = 'hnte.score.management.rules') as rules_points,
    max(points) filter (criterion = 'hnte.score.management.body') as body_points,
    max(points) filter (criterion = 'hnte.score.management.incentive') as incentive_points,
    max(points) filter (criterion = 'hnte.score.management.talent') as talent_points,
    max(points) filter (criterion = 'isme.special.field') as special_field
  from judgement
  where superseded_at is null
  group by firm_id
),
checked as (
  select firm_id,
    bool_or(kind = 'ip_right') as rights_checked,
    bool_or(kind = 'award') as awards_checked,
    bool_or(kind = 'standard') as standards_checked,
    bool_or(kind = 'rd_body') as bodies_checked
  from record_check
  where superseded_at is null and checked_on <= as_of()
  group by firm_id
),
rights as (
  select *,
    granted_on <= as_of() and (ended_on is null or ended_on > as_of()) as valid,
    coalesce(ip_class, 0) = 1 as class_1,
    coalesce(ip_class, 0) = 2 as class_2,
    ip_class = 1 or len(list_filter(used_in, lambda use: use like 'hnte:%')) = 0 as unused,
    acquired = 'own_research' as own,
    acquired = 'own_research' or as_of() - acquired_on >= 365 as kept
  from ip_right
  where superseded_at is null
),
right_tests as (
  select firm_id,
    class_1 and valid as i_valid,
    class_2 and valid as ii_valid,
    class_2 and valid and unused as ii_unused,
    (class_1 or class_2) and valid and own as own_valid,
    (class_1 or class_2) and valid and acquired in ('assignment', 'gift', 'merger') as got_valid,
    (class_1 or class_2) and valid and core_support and unused as core,
    class_1 and valid and not disputed and main_product as i_main_undisputed,
    class_2 and valid and not disputed and main_product as ii_main_undisputed,
    class_1 and valid and main_product as i_main,
    class_1 and valid and main_product and kept and list_has_any(high_value,
      ['foreign_family', 'kept_ten_years', 'pledge_financing', 'science_award']) as i_high,
    class_1 and valid and main_product and own as i_own,
    class_1 and valid and main_product and kept as i_kept,
    kind = 'software_copyright' and valid and main_product and kept as software_kept,
    kind in ('utility_model', 'design') and valid and main_product and kept
      and granted_on <= (as_of() - interval 2 year)::date as models_kept,
    class_1 and valid and main_product and earning
      and acquired not in ('assignment', 'gift', 'merger') and owner_rank <= 3 as i_earning,
    kind = 'invention_patent' and valid and main_product as inventions_main,
    kind = 'software_copyright' and valid and main_product as software_main
  from rights
),
owned as (
  select firm_id,
    number(i_valid) as i_valid_n, number(coalesce(i_valid, true)) as i_valid_m,
    number(ii_valid) as ii_valid_n, number(coalesce(ii_valid, true)) as ii_valid_m,
    number(ii_unused) as ii_unused_n, number(coalesce(ii_unused, true)) as ii_unused_m,
    number(own_valid) as own_n, number(coalesce(own_valid, true)) as own_m,
    number(got_valid) as got_n, number(coalesce(got_valid, true)) as got_m,
    number(core) as core_n, number(coalesce(core, true)) as core_m,
    number(i_main_undisputed) as i_undisputed_n, number(coalesce(i_main_undisputed, true)) as i_undisputed_m,
    number(ii_main_undisputed) as ii_undisputed_n, number(coalesce(ii_main_undisputed, true)) as ii_undisputed_m,
    number(i_main) as i_main_n, number(coalesce(i_main, true)) as i_main_m,
    number(i_high) as i_high_n, number(coalesce(i_high, true)) as i_high_m,
    number(i_own) as i_own_n, number(coalesce(i_own, true)) as i_own_m,
    number(i_kept) as i_kept_n, number(coalesce(i_kept, true)) as i_kept_m,
    number(software_kept) as software_kept_n, number(coalesce(software_kept, true)) as software_kept_m,
    number(models_kept) as models_kept_n, number(coalesce(models_kept, true)) as models_kept_m,
    number(i_earning) as i_earning_n, number(coalesce(i_earning, true)) as i_earning_m,
    number(inventions_main) as inventions_n, number(coalesce(inventions_main, true)) as inventions_m,
    number(software_main) as software_n, number(coalesce(software_main, true)) as software_m
  from right_tests
  group by firm_id
),
won as (
  select firm_id,
    number(national_5y) as national_5y_n, number(coalesce(national_5y, true)) as national_5y_m,
    number(provincial_3y) as provincial_3y_n,
    number(coalesce(provincial_3y, true)) as provincial_3y_m,
    number(provincial_first_3y) as provincial_first_3y_n,
    number(coalesce(provincial_first_3y, true)) as provincial_first_3y_m,
    number(national_first_3y) as national_first_3y_n,
    number(coalesce(national_first_3y, true)) as national_first_3y_m
  from (
    select firm_id,
      level = 'national' and rank <= 3 and awarded_on >= (as_of() - interval 5 year)::date
        as national_5y,
      level in ('national', 'provincial') and awarded_on >= (as_of() - interval 3 year)::date
        as provincial_3y,
      level in ('national', 'provincial') and rank <= 3
        and awarded_on >= (as_of() - interval 3 year)::date as provincial_first_3y,
      level = 'national' and rank <= 3 and awarded_on >= (as_of() - interval 3 year)::date
        as national_first_3y
    from award
    where superseded_at is null and awarded_on <= as_of()
  )
  group by firm_id
),
drafted as (
  select firm_id,
    number(led_5y) as led_5y_n, number(coalesce(led_5y, true)) as led_5y_m,
    number(wide) as wide_n
  from (
    select firm_id, level in ('international', 'national', 'industry') as wide,
      level in ('international', 'national', 'industry') and rank <= 5
        and published_on >= (as_of() - interval 5 year)::date as led_5y
    from standard
    where superseded_at is null and published_on <= as_of()
  )
  group by firm_id
),
hosted as (
  select firm_id, number(level in ('provincial', 'national')) as bodies_n
  from rd_body
  where superseded_at is null and valid_from <= as_of() and (valid_to is null or valid_to > as_of())
  group by firm_id
)
select
  firm.firm_id, registered_on, region_code, industry_code, hightech_field,
  resident_enterprise, year(registered_on) - year(as_of()) as first_year,
  y1.staff_avg, y1.st_staff_avg, y1.rd_staff, y1.employees_ye, y1.senior_title_staff,
  y1.revenue_sales as sales_1, y1.revenue_total, y1.revenue_hightech,
  y1.revenue_operating as operating_1, y1.revenue_main as main_1, y1.cost_expense,
  y1.net_assets_ye as net_assets_1, y1.assets_ye, y1.liabilities_ye, y1.rd_hnte as rd_1,
  y1.rd_hnte_domestic as domestic_1, y1.rd_deduct, y1.rd_acct as acct_1,
  y1.equity_raised as equity_1, y1.vc_raised_cum, y1.results_converted as converted_1,
  y1.segment_years, y1.market_share, y1.market_rank, y1.market_rank_global, y1.srdi_score,
  y2.revenue_sales as sales_2, y2.revenue_operating as operating_2, y2.revenue_main as main_2,
  y2.net_assets_ye as net_assets_2, y2.rd_hnte as rd_2, y2.rd_hnte_domestic as domestic_2,
  y2.rd_acct as acct_2, y2.equity_raised as equity_2, y2.results_converted as converted_2,
  y3.revenue_sales as sales_3, y3.revenue_operating as operating_3, y3.revenue_main as main_3,
  y3.net_assets_ye as net_assets_3, y3.rd_hnte as rd_3, y3.rd_hnte_domestic as domestic_3,
  y3.rd_acct as acct_3, y3.equity_raised as equity_3, y3.results_converted as converted_3,
  y4.revenue_operating as operating_4,
  held.* exclude (firm_id), housed.* exclude (firm_id), blamed.* exclude (firm_id),
  said.* exclude (firm_id), checked.* exclude (firm_id), owned.* exclude (firm_id),
  won.* exclude (firm_id), drafted.* exclude (firm_id), hosted.* exclude (firm_id)
from firm
left join firm_year as y1 on y1.firm_id = firm.firm_id and y1.year = year(as_of()) - 1
left join firm_year as y2 on y2.firm_id = firm.firm_id and y2.year = year(as_of()) - 2
left join firm_year as y3 on y3.firm_id = firm.firm_id and y3.year = year(as_of()) - 3
left join firm_year as y4 on y4.firm_id = firm.firm_id and y4.year = year(as_of()) - 4
left join held on held.firm_id = firm.firm_id
left join housed on housed.firm_id = firm.firm_id
left join blamed on blamed.firm_id = firm.firm_id
left join said on said.firm_id = firm.firm_id
left join checked on checked.firm_id = firm.firm_id
left join owned on owned.firm_id = firm.firm_id
left join won on won.firm_id = firm.firm_id
left join drafted on drafted.firm_id = firm.firm_id
left join hosted on hosted.firm_id = firm.firm_id
