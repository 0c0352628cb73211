-- 北交所创新性（三项之一）
select firm_id,
  outcome(rd or ip or drafted) as any_o,
  share(rd or ip or drafted, greatest(share(rd, rd_near), share(ip, ip_near),
    share(drafted, near(coalesce(wide_n, 0), 2)))) as any_s,
  outcome(rd) as rd_o, outcome(ip) as ip_o,
  outcome(drafted) as standards_o, gap(drafted, 2 - coalesce(wide_n, 0)) as standards_g
from (
  select *, (spent and staffed) as rd,
    (share(spent, greatest(share(rd_share, near(100 * acct_3y, 3 * operating_3y)),
        share(rd_mean, near(acct_3y, 1_000_000_000 * years_lived)),
        share(rd_growth and rd_last,
          (share(rd_growth, near(100 * (acct_1 - acct_3), 21 * acct_3))
            + share(rd_last, near(acct_1, 1_500_000_000))) // 2)))
      + share(staffed, greatest(near(10 * rd_staff, employees_ye), near(rd_staff, 10)))) // 2
      as rd_near,
    greatest(near(coalesce(i_main_n, 0), 3), near(coalesce(software_n, 0), 50)) as ip_near
  from (
    select *, rd_share or rd_mean or (rd_growth and rd_last) as spent,
      ratio_reaches(rd_staff, employees_ye, 1, 10) or rd_staff >= 10 as staffed,
      reaches(coalesce(i_main_n, 0),
          case when rights_checked then coalesce(i_main_m, 0) end, 3)
        or reaches(coalesce(software_n, 0),
          case when rights_checked then coalesce(software_m, 0) end, 50) as ip,
      reaches(coalesce(wide_n, 0), case when standards_checked then coalesce(wide_n, 0) end, 2)
        as drafted
    from (
      select *, ratio_reaches(acct_3y, operating_3y, 3, 100) as rd_share,
        acct_3y >= 1_000_000_000 * years_lived as rd_mean,
        -- 10 % a year for two years: (11/10)² − 1.
        ratio_reaches(acct_1 - acct_3, acct_3, 21, 100) as rd_growth,
        acct_1 >= 1_500_000_000 as rd_last
      from measured
    )
  )
)
