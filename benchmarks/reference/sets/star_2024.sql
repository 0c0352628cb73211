-- 科创板科创属性（2024）
select firm_id,
  outcome(rd_share or rd_sum) as rd_o,
  share(rd_share or rd_sum,
    greatest(near(20 * acct_3y, operating_3y), near(acct_3y, 8_000_000_000))) as rd_s,
  outcome(staff) as staff_o, gap(staff, ratio_short(rd_staff, employees_ye, 1, 10)) as staff_g,
  share(staff, near(10 * rd_staff, employees_ye)) as staff_s,
  outcome(ip) as ip_o, gap(ip, 7 - coalesce(inventions_n, 0)) as ip_g,
  share(ip, near(coalesce(inventions_n, 0), 7)) as ip_s,
  outcome(growth or revenue) as growth_o,
  share(growth or revenue, greatest(near(16 * (operating_1 - operating_3), 9 * operating_3),
    near(operating_1, 30_000_000_000))) as growth_s
from (
  select *, ratio_reaches(acct_3y, operating_3y, 1, 20) as rd_share,
    acct_3y >= 8_000_000_000 as rd_sum,
    ratio_reaches(rd_staff, employees_ye, 1, 10) as staff,
    reaches(coalesce(inventions_n, 0),
      case when rights_checked then coalesce(inventions_m, 0) end, 7) as ip,
    -- 25 % a year for two years: (5/4)² − 1.
    ratio_reaches(operating_1 - operating_3, operating_3, 9, 16) as growth,
    operating_1 >= 30_000_000_000 as revenue
  from measured
)
