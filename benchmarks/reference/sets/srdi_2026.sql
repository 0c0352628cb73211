-- 专精特新中小企业认定条件（2026 办法 附件1）
select firm_id,
  outcome(clean and unlisted and sme) as base_o,
  share(clean and unlisted and sme,
    (share(clean, 0) + share(unlisted, 0) + share(sme, sme_near)) // 3) as base_s,
  outcome(sme) as base_sme_o, gap(sme, sme_missing) as base_sme_g,
  prereq::tinyint as prereq_o, share(prereq, 0) as prereq_s,
  outcome(segment) as segment_o, gap(segment, 3 - segment_years) as segment_g,
  share(segment, near(segment_years, 3)) as segment_s,
  outcome(revenue or equity) as scale_o,
  share(revenue or equity,
    greatest(near(operating_1, 1_500_000_000), near(equity_2y, 2_000_000_000))) as scale_s,
  outcome(focus) as focus_o, gap(focus, ratio_short(main_1, operating_1, 4, 5)) as focus_g,
  share(focus, near(5 * main_1, 4 * operating_1)) as focus_s,
  outcome(debt) as debt_o, gap(debt, ratio_above(liabilities_ye, assets_ye, 4, 5)) as debt_g,
  share(debt, near(4 * assets_ye, 5 * liabilities_ye)) as debt_s,
  outcome(rd_1m and rd_2m and rd_1p and rd_2p) as rd_o,
  share(rd_1m and rd_2m and rd_1p and rd_2p,
    (share(rd_1m, near(acct_1, 100_000_000)) + share(rd_2m, near(acct_2, 100_000_000))
      + share(rd_1p, near(100 * acct_1, 3 * operating_1))
      + share(rd_2p, near(100 * acct_2, 3 * operating_2))) // 4) as rd_s,
  outcome(right_used or exempt) as ip_o, share(right_used or exempt, 0) as ip_s,
  outcome(exempt) as ip_exempt_o,
  outcome(srdi_market) as market_o, share(srdi_market, 0) as market_s,
  outcome(score) as score_o, gap(score, 50 - srdi_score) as score_g,
  share(score, near(srdi_score, 50)) as score_s
from (
  select *,
    not coalesce(three_years_or_fraud, false) as clean,
    not coalesce(on_a_list, false) as unlisted,
    coalesce(base_tier, false) as prereq,
    segment_years >= 3 as segment,
    operating_1 >= 1_500_000_000 as revenue, equity_2y >= 2_000_000_000 as equity,
    ratio_reaches(main_1, operating_1, 4, 5) as focus,
    ratio_stays(liabilities_ye, assets_ye, 4, 5) as debt,
    acct_1 >= 100_000_000 as rd_1m, acct_2 >= 100_000_000 as rd_2m,
    ratio_reaches(acct_1, operating_1, 3, 100) as rd_1p,
    ratio_reaches(acct_2, operating_2, 3, 100) as rd_2p,
    reaches(coalesce(i_earning_n, 0), i_earning_high, 1) as right_used,
    reaches(coalesce(provincial_first_3y_n, 0), provincial_first_high, 1)
      or reaches(coalesce(bodies_n, 0), bodies_high, 1) as exempt,
    srdi_score >= 50 as score
  from measured
)
