-- 科技型中小企业评价（2017 办法 第六条、第八条）: score of 60, or one of the direct routes.
select firm_id,
  outcome(resident_enterprise) as resident_o, share(resident_enterprise, 0) as resident_s,
  outcome(staff) as staff_cap_o, gap(staff, staff_avg - 500) as staff_cap_g,
  share(staff, near(500, staff_avg)) as staff_cap_s,
  outcome(sales) as sales_cap_o, gap(sales, sales_1 - 20_000_000_000) as sales_cap_g,
  share(sales, near(20_000_000_000, sales_1)) as sales_cap_s,
  outcome(assets) as assets_cap_o, gap(assets, assets_ye - 20_000_000_000) as assets_cap_g,
  share(assets, near(20_000_000_000, assets_ye)) as assets_cap_s,
  outcome(tsme_product) as product_o, share(tsme_product, 0) as product_s,
  outcome(clean and unlisted) as clean_o,
  share(clean and unlisted, (share(clean, 0) + share(unlisted, 0)) // 2) as clean_s,
  outcome(score or is_hnte or award or body or drafted) as route_o,
  share(score or is_hnte or award or body or drafted, share(score, score_near)) as route_s,
  outcome(score) as score_o,
  is_hnte::tinyint as direct_hnte_o,
  outcome(award) as direct_award_o, gap(award, 1 - coalesce(national_5y_n, 0)) as direct_award_g,
  outcome(body) as direct_body_o, gap(body, 1 - coalesce(bodies_n, 0)) as direct_body_g,
  outcome(drafted) as direct_standard_o, gap(drafted, 1 - coalesce(led_5y_n, 0)) as direct_standard_g
from (
  select *, total and staffed as score,
    (share(total, near(low, 60)) + share(staffed, 0)) // 2 as score_near
  from (
    select *, staff_low + greatest(rd_sales_low, rd_cost_low) + results_low as low,
      reaches(staff_low + greatest(rd_sales_low, rd_cost_low) + results_low,
        staff_high + greatest(rd_sales_high, rd_cost_high) + results_high, 60) as total,
      reaches(staff_low, staff_high, 1) as staffed
    from (
      select *,
        case when staff_base is null or st_staff_avg is null then 20 else staff_low end
          as staff_high,
        case when sales_base is null or rd_deduct is null then 50 else rd_sales_low end
          as rd_sales_high,
        case when cost_base is null or rd_deduct is null then 50 else rd_cost_low end
          as rd_cost_high
      from (
        select *,
          case when 100 * st_staff_avg >= 30 * staff_base then 20
            when 100 * st_staff_avg >= 25 * staff_base then 16
            when 100 * st_staff_avg >= 20 * staff_base then 12
            when 100 * st_staff_avg >= 15 * staff_base then 8
            when 100 * st_staff_avg >= 10 * staff_base then 4 else 0 end as staff_low,
          case when 100 * rd_deduct >= 6 * sales_base then 50
            when 100 * rd_deduct >= 5 * sales_base then 40
            when 100 * rd_deduct >= 4 * sales_base then 30
            when 100 * rd_deduct >= 3 * sales_base then 20
            when 100 * rd_deduct >= 2 * sales_base then 10 else 0 end as rd_sales_low,
          case when 100 * rd_deduct >= 30 * cost_base then 50
            when 100 * rd_deduct >= 25 * cost_base then 40
            when 100 * rd_deduct >= 20 * cost_base then 30
            when 100 * rd_deduct >= 15 * cost_base then 20
            when 100 * rd_deduct >= 10 * cost_base then 10 else 0 end as rd_cost_low,
          case when i_undisputed_n >= 1 then 30 when ii_undisputed_n >= 4 then 24
            when ii_undisputed_n >= 3 then 18 when ii_undisputed_n >= 2 then 12
            when ii_undisputed_n >= 1 then 6 else 0 end as results_low,
          case when rights_checked is not true then 30 when i_undisputed_m >= 1 then 30
            when ii_undisputed_m >= 4 then 24 when ii_undisputed_m >= 3 then 18
            when ii_undisputed_m >= 2 then 12 when ii_undisputed_m >= 1 then 6 else 0 end
            as results_high
        from (
          select *,
            case when staff_avg > 0 then staff_avg end as staff_base,
            case when sales_1 > 0 then sales_1 end as sales_base,
            case when cost_expense > 0 then cost_expense end as cost_base,
            staff_avg <= 500 as staff, sales_1 <= 20_000_000_000 as sales,
            assets_ye <= 20_000_000_000 as assets,
            not coalesce(two_calendar_years, false) as clean,
            not coalesce(on_a_list, false) as unlisted,
            reaches(coalesce(national_5y_n, 0),
              case when awards_checked then coalesce(national_5y_m, 0) end, 1) as award,
            reaches(coalesce(bodies_n, 0), bodies_high, 1) as body,
            reaches(coalesce(led_5y_n, 0),
              case when standards_checked then coalesce(led_5y_m, 0) end, 1) as drafted
          from measured
        )
      )
    )
  )
)
