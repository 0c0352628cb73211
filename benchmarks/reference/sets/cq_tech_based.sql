-- 重庆市科技型企业入库条件
select firm_id,
  outcome(seat) as seat_o, share(seat, 0) as seat_s,
  outcome(cqt_product) as product_o, share(cqt_product, 0) as product_s,
  outcome(clean) as clean_o, share(clean, 0) as clean_s,
  outcome(unlisted) as lists_o, share(unlisted, 0) as lists_s,
  outcome(staff or seniors) as staff_o,
  share(staff or seniors, greatest(
    near(20 * st_staff_avg, employees_ye), near(senior_title_staff, 1))) as staff_s
from (
  select *, region_code like '50%' as seat,
    not coalesce(two_calendar_years, false) as clean, not coalesce(on_a_list, false) as unlisted,
    ratio_reaches(st_staff_avg, employees_ye, 1, 20) as staff, senior_title_staff >= 1 as seniors
  from measured
)
