-- 高新技术企业认定条件（2016 办法 第十一条）
select firm_id,
  outcome(age) as age_o, gap(age, 365 - days) as age_g, share(age, near(days, 365)) as age_s,
  outcome(ip) as ip_o, gap(ip, 1 - coalesce(core_n, 0)) as ip_g, share(ip, 0) as ip_s,
  outcome(hnte_field) as field_o, share(hnte_field, 0) as field_s,
  outcome(staff) as staff_o, gap(staff, ratio_short(st_staff_avg, staff_avg, 1, 10)) as staff_g,
  share(staff, near(10 * st_staff_avg, staff_avg)) as staff_s,
  outcome(rd) as rd_o, gap(rd, ratio_short(rd_3y, sales_3y, rd_percent, 100)) as rd_g,
  share(rd, near(100 * rd_3y, rd_percent * sales_3y)) as rd_s,
  outcome(domestic) as rd_domestic_o,
  gap(domestic, ratio_short(domestic_3y, rd_3y, 3, 5)) as rd_domestic_g,
  share(domestic, near(5 * domestic_3y, 3 * rd_3y)) as rd_domestic_s,
  outcome(income) as income_o,
  gap(income, ratio_short(revenue_hightech, revenue_total, 3, 5)) as income_g,
  share(income, near(5 * revenue_hightech, 3 * revenue_total)) as income_s,
  outcome(score) as score_o, gap(score, 71 - hnte_low) as score_g,
  share(score, near(hnte_low, 70)) as score_s,
  outcome(clean) as clean_o, share(clean, 0) as clean_s
from (
  select *, as_of() - registered_on >= 365 as age,
    reaches(coalesce(core_n, 0), case when rights_checked then coalesce(core_m, 0) end, 1) as ip,
    ratio_reaches(st_staff_avg, staff_avg, 1, 10) as staff,
    ratio_reaches(rd_3y, sales_3y, rd_percent, 100) as rd,
    ratio_reaches(domestic_3y, rd_3y, 3, 5) as domestic,
    ratio_reaches(revenue_hightech, revenue_total, 3, 5) as income,
    reaches(hnte_low, hnte_high, 71) as score,
    not coalesce(year_before, false) as clean
  from (
    select *, as_of() - registered_on as days,
      case when sales_1 <= 5_000_000_000 then 5 when sales_1 <= 20_000_000_000 then 4
        when sales_1 is not null then 3 end as rd_percent
    from measured
  )
)
