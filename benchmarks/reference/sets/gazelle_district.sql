-- 瞪羚企业（区级参考）: growth is not asked of the young with very large revenue.
select firm_id,
  is_hnte::tinyint as hnte_o, share(is_hnte, 0) as hnte_s,
  outcome_when(grown, base) as base_o, gap_when(grown, base, 1_000_000_000 - operating_4) as base_g,
  share_when(grown, base, near(operating_4, 1_000_000_000)) as base_s,
  outcome_when(grown, growth) as growth_o,
  gap_when(grown, growth, ratio_short(operating_1 - operating_4, operating_4, 91, 125))
    as growth_g,
  share_when(grown, growth, near(125 * (operating_1 - operating_4), 91 * operating_4))
    as growth_s,
  outcome_when(grown, risen) as last_o,
  gap_when(grown, risen, operating_2 - operating_1 + 1) as last_g,
  share_when(grown, risen, 0) as last_s
from (
  select *,
    -- At most so many months begun: so many months after its day the date has not passed.
    not ((registered_on + interval 60 month >= as_of() and operating_1 >= 50_000_000_000)
      or (registered_on + interval 120 month >= as_of() and operating_1 >= 100_000_000_000))
      as grown,
    operating_4 >= 1_000_000_000 as base,
    -- 20 % a year for three years: (6/5)³ − 1.
    ratio_reaches(operating_1 - operating_4, operating_4, 91, 125) as growth,
    case when operating_2 > 0 then operating_1 > operating_2 end as risen
  from measured
)
