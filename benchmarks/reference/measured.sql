-- One row per firm: the quantities that several criteria share, unknown where a figure is missing.
-- `low` and `high` bound what answers still missing leave open.
with counted as (
  -- Without a check of the records nobody knows how many more there are.
  select *,
    coalesce(hnte, false) as is_hnte,
    case when rights_checked then coalesce(i_valid_m, 0) end as i_valid_high,
    case when rights_checked then coalesce(ii_valid_m, 0) end as ii_valid_high,
    case when awards_checked then coalesce(provincial_first_3y_m, 0) end as provincial_first_high,
    case when awards_checked then coalesce(national_first_3y_m, 0) end as national_first_high,
    case when bodies_checked then coalesce(bodies_n, 0) end as bodies_high,
    case when rights_checked then coalesce(i_earning_m, 0) end as i_earning_high,
    lived(first_year, -2, sales_2) as sales_2_lived,
    lived(first_year, -2, rd_2) as rd_2_lived,
    lived(first_year, -2, acct_2) as acct_2_lived,
    lived(first_year, -2, equity_2) as equity_2_lived,
    lived(first_year, -2, main_2) as main_2_lived,
    lived(first_year, -2, operating_2) as operating_2_lived,
    lived(first_year, -3, operating_3) as operating_3_lived,
    1 + (coalesce(first_year, -9) <= -2)::bigint + (coalesce(first_year, -9) <= -3)::bigint
      as years_lived
  from facts
),
summed as (
  select *,
    sales_1 + sales_2_lived as sales_2y,
    sales_1 + sales_2_lived + lived(first_year, -3, sales_3) as sales_3y,
    rd_1 + rd_2_lived as rd_2y,
    rd_1 + rd_2_lived + lived(first_year, -3, rd_3) as rd_3y,
    domestic_1 + lived(first_year, -2, domestic_2) + lived(first_year, -3, domestic_3)
      as domestic_3y,
    acct_1 + acct_2_lived as acct_2y,
    acct_1 + acct_2_lived + lived(first_year, -3, acct_3) as acct_3y,
    equity_1 + equity_2_lived as equity_2y,
    equity_1 + equity_2_lived + lived(first_year, -3, equity_3) as equity_3y,
    main_1 + main_2_lived + lived(first_year, -3, main_3) as main_3y,
    operating_1 + operating_2_lived as operating_2y,
    operating_2 + operating_3_lived as operating_2y_before,
    operating_1 + operating_2_lived + operating_3_lived as operating_3y,
    converted_1 + lived(first_year, -2, converted_2) + lived(first_year, -3, converted_3)
      as converted_3y,
    -- ½ (v2/v1 + v3/v2) − 1 with 195号's rules for zero bases and young firms, as top over bottom.
    case when first_year >= -1 or net_assets_2 <= 0 then -1::hugeint
      when first_year = -2 or net_assets_3 <= 0 then net_assets_1 - net_assets_2
      else net_assets_2::hugeint * net_assets_2 + net_assets_1::hugeint * net_assets_3
        - 2 * net_assets_3::hugeint * net_assets_2 end as assets_growth,
    case when first_year >= -1 or net_assets_2 <= 0 then 1::hugeint
      when first_year = -2 or net_assets_3 <= 0 then net_assets_2
      else 2 * net_assets_3::hugeint * net_assets_2 end as assets_growth_base,
    case when first_year >= -1 or sales_2 <= 0 then -1::hugeint
      when first_year = -2 or sales_3 <= 0 then sales_1 - sales_2
      else sales_2::hugeint * sales_2 + sales_1::hugeint * sales_3
        - 2 * sales_3::hugeint * sales_2 end as sales_growth,
    case when first_year >= -1 or sales_2 <= 0 then 1::hugeint
      when first_year = -2 or sales_3 <= 0 then sales_2
      else 2 * sales_3::hugeint * sales_2 end as sales_growth_base,
    -- The bounds of large firms: below any of them is an SME (工信部联企业〔2011〕300号).
    case industry_code[1]
      when 'B' then 1000 when 'C' then 1000 when 'D' then 1000
      when 'F' then case industry_code[:3] when 'F51' then 200 when 'F52' then 300 else 300 end
      when 'G' then case industry_code[:3] when 'G59' then 200 else 1000 end
      when 'I' then case when industry_code[:3] in ('I63', 'I64') then 2000 else 300 end
      when 'K' then case when industry_code[:5] = 'K7010' then null
        when industry_code[:4] = 'K702' then 1000 else 300 end
      when 'A' then null when 'E' then null else 300 end as large_staff,
    case industry_code[1]
      when 'A' then 20_000_000_000
      when 'B' then 40_000_000_000 when 'C' then 40_000_000_000 when 'D' then 40_000_000_000
      when 'E' then 80_000_000_000
      when 'F' then case industry_code[:3]
        when 'F51' then 40_000_000_000 when 'F52' then 20_000_000_000 end
      when 'G' then 30_000_000_000
      when 'H' then 10_000_000_000
      when 'I' then case when industry_code[:3] in ('I63', 'I64') then 100_000_000_000
        when industry_code[:3] = 'I65' then 10_000_000_000 end
      when 'K' then case when industry_code[:5] = 'K7010' then 200_000_000_000
        when industry_code[:4] = 'K702' then 5_000_000_000 end
      end as large_revenue,
    case industry_code[1]
      when 'E' then 80_000_000_000
      when 'K' then case when industry_code[:5] = 'K7010' then 10_000_000_000 end
      when 'L' then 120_000_000_000 end as large_assets
  from counted
),
scored as (
  select *,
    -- Points of 195号 三（七）: experts', rights, conversions, growth.
    coalesce(advancement_points, 0) + coalesce(support_points, 0) + coalesce(standards_points, 0)
      + case when i_valid_n >= 1 then 7 when ii_unused_n >= 5 then 5 when ii_unused_n >= 3 then 3
        when ii_unused_n >= 1 then 1 else 0 end
      + case when own_n >= 1 then 1 when got_n >= 1 then 1 else 0 end as ip_low,
    coalesce(advancement_points, 8) + coalesce(support_points, 8) + coalesce(standards_points, 2)
      + case when rights_checked is not true then 8 when i_valid_m >= 1 then 8
        when ii_unused_m >= 5 then 6 when ii_unused_m >= 3 then 4 when ii_unused_m >= 1 then 2
        else 0 end
      + case when rights_checked is not true then 6 when own_m >= 1 then 6 when got_m >= 1 then 3
        else 0 end as ip_high,
    case when converted_3y >= 5 * years_lived then 25 when converted_3y >= 4 * years_lived then 19
      when converted_3y >= 3 * years_lived then 13 when converted_3y >= 2 * years_lived then 7
      when converted_3y >= years_lived then 1 else 0 end as conversion_low,
    coalesce(rules_points, 0) + coalesce(body_points, 0) + coalesce(incentive_points, 0) + coalesce(talent_points, 0)
      as management_low,
    coalesce(rules_points, 6) + coalesce(body_points, 6) + coalesce(incentive_points, 4) + coalesce(talent_points, 4)
      as management_high,
    case when 20 * assets_growth >= 7 * assets_growth_base then 9
      when 4 * assets_growth >= assets_growth_base then 7
      when 20 * assets_growth >= 3 * assets_growth_base then 5
      when 20 * assets_growth >= assets_growth_base then 3
      when assets_growth > 0 then 1 else 0 end as assets_growth_low,
    case when 20 * sales_growth >= 7 * sales_growth_base then 9
      when 4 * sales_growth >= sales_growth_base then 7
      when 20 * sales_growth >= 3 * sales_growth_base then 5
      when 20 * sales_growth >= sales_growth_base then 3
      when sales_growth > 0 then 1 else 0 end as sales_growth_low,
    case when industry_code is not null then
      (large_staff is not null and employees_ye < large_staff)
      or (large_revenue is not null and operating_1 < large_revenue)
      or (large_assets is not null and assets_ye < large_assets) end as sme
  from summed
)
select
  firm_id, registered_on, region_code, industry_code, hightech_field, resident_enterprise,
  staff_avg, st_staff_avg, rd_staff, employees_ye, senior_title_staff, sales_1, revenue_total,
  revenue_hightech, operating_1, main_1, cost_expense, assets_ye, liabilities_ye, rd_deduct,
  acct_1, vc_raised_cum, segment_years, market_share, market_rank, market_rank_global, srdi_score,
  sales_2, operating_2, main_2, acct_2, operating_3, acct_3, operating_4, cq_tech_based,
  base_tier, direct_title, srdi, srdi_or_giant, single_champion, contracting_qualification,
  listed, resident, two_calendar_years, year_before, three_years, three_years_or_fraud, on_a_list,
  on_dishonest_list, grad_exit, cqt_product, tsme_product, pool_prospects, hnte_field,
  srdi_market, lg_chain, sc_new_product, sc_tech, sc_innov, special_field, rights_checked,
  awards_checked, standards_checked, i_valid_n, ii_valid_n, core_n, core_m, i_undisputed_n,
  i_undisputed_m, ii_undisputed_n, ii_undisputed_m, i_main_n, i_main_m, i_high_n, i_high_m,
  i_own_n, i_own_m, i_kept_n, i_kept_m, software_kept_n, software_kept_m, models_kept_n,
  models_kept_m, i_earning_n, inventions_n, inventions_m, software_n, software_m, national_5y_n,
  national_5y_m, provincial_3y_n, provincial_3y_m, provincial_first_3y_n, national_first_3y_n,
  led_5y_n, led_5y_m, wide_n, bodies_n, is_hnte, i_valid_high, ii_valid_high,
  provincial_first_high, national_first_high, bodies_high, i_earning_high, years_lived, sales_2y,
  sales_3y, rd_2y, rd_3y, domestic_3y, acct_2y, acct_3y, equity_2y, equity_3y, main_3y,
  operating_2y, operating_2y_before, operating_3y, sme,
  -- The range of an expert or of a tier not yet decided is added to what is sure.
  least(ip_low, 30) + conversion_low + management_low + assets_growth_low + sales_growth_low
    as hnte_low,
  least(ip_high, 30) + management_high
    + case when converted_3y is null then 30 when conversion_low > 0 then conversion_low + 5
      else 0 end
    + case when assets_growth is null or assets_growth_base is null then 10
      when assets_growth_low > 0 then assets_growth_low + 1 else 0 end
    + case when sales_growth is null or sales_growth_base is null then 10
      when sales_growth_low > 0 then sales_growth_low + 1 else 0 end as hnte_high,
  -- One bound alone names an amount to fall by.
  case when large_staff is not null and large_revenue is null and large_assets is null
      then employees_ye - large_staff + 1
    when large_revenue is not null and large_staff is null and large_assets is null
      then operating_1 - large_revenue + 1 end as sme_missing,
  greatest(near(large_staff, employees_ye), near(large_revenue, operating_1),
    near(large_assets, assets_ye)) as sme_near
from scored
