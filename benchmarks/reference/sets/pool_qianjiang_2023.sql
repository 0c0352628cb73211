-- 高新技术企业培育库入库条件（黔江 任务2）
select firm_id,
  outcome(tech_based and not is_hnte) as base_o,
  share(tech_based and not is_hnte, (share(tech_based, 0) + share(not is_hnte, 0)) // 2) as base_s,
  outcome(age) as age_o, gap(age, 180 - days) as age_g, share(age, near(days, 180)) as age_s,
  outcome(field) as field_o, share(field, 0) as field_s,
  outcome(figures) as figures_o, gap(figures, 4 - met) as figures_g,
  share(figures, met * 10000 // 4) as figures_s,
  outcome(ip) as ip_o,
  outcome(staff) as staff_o, gap(staff, ratio_short(st_staff_avg, staff_avg, 1, 20)) as staff_g,
  outcome(rd) as rd_o, gap(rd, ratio_short(rd_2y, sales_2y, 3, 100)) as rd_g,
  outcome(income) as income_o,
  gap(income, ratio_short(revenue_hightech, revenue_total, 2, 5)) as income_g,
  outcome(fast) as fast_o, gap(fast, ratio_short(sales_1 - sales_2, sales_2, 1, 10)) as fast_g,
  outcome(strong) as strong_o, gap(strong, (101 - hnte_low - hnte_high) // 2) as strong_g,
  outcome(pool_prospects) as prospects_o, share(pool_prospects, 0) as prospects_s
from (
  select *, case when met >= 4 then true when may < 4 then false end as figures
  from (
    select *,
      coalesce(ip, false)::int + coalesce(staff, false)::int + coalesce(rd, false)::int
        + coalesce(income, false)::int + coalesce(fast, false)::int + strong::int as met,
      coalesce(ip, true)::int + coalesce(staff, true)::int + coalesce(rd, true)::int
        + coalesce(income, true)::int + coalesce(fast, true)::int + strong::int as may
    from (
      select *, coalesce(cq_tech_based, false) as tech_based, as_of() - registered_on as days,
        as_of() - registered_on >= 180 as age,
        case when hightech_field is not null then true end as field,
        reaches(coalesce(i_valid_n, 0), i_valid_high, 1)
          or reaches(coalesce(ii_valid_n, 0), ii_valid_high, 3) as ip,
        ratio_reaches(st_staff_avg, staff_avg, 1, 20) as staff,
        ratio_reaches(rd_2y, sales_2y, 3, 100) as rd,
        ratio_reaches(revenue_hightech, revenue_total, 2, 5) as income,
        ratio_reaches(sales_1 - sales_2, sales_2, 1, 10) as fast,
        hnte_low + hnte_high >= 100 as strong
      from measured
    )
  )
)
