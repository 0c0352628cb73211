-- 制造业单项冠军企业认定条件（2023 办法 附件1）
select firm_id,
  outcome(ten or fresh) as years_o,
  share(ten or fresh, greatest(near(segment_years, 10), share(fresh, fresh_near))) as years_s,
  outcome(fresh) as new_product_o,
  outcome(large or lesser) as revenue_o,
  share(large or lesser, greatest(near(main_3y, 40_000_000_000 * years_lived),
    share(lesser, (share(titled, 0) + share(half, near(main_3y, 20_000_000_000 * years_lived)))
      // 2))) as revenue_s,
  outcome(ranked) as share_o, gap(ranked, market_rank_global - 3) as share_g,
  share(ranked, near(3, market_rank_global)) as share_s,
  outcome(sc_tech) as tech_o, share(sc_tech, 0) as tech_s,
  outcome(sc_innov) as innov_o, share(sc_innov, 0) as innov_s,
  outcome(clean and unlisted) as clean_o,
  share(clean and unlisted, (share(clean, 0) + share(unlisted, 0)) // 2) as clean_s
from (
  select *, sc_new_product and five as fresh, titled and half as lesser,
    (share(sc_new_product, 0) + share(five, near(segment_years, 5))) // 2 as fresh_near
  from (
    select *, segment_years >= 10 as ten, segment_years >= 5 as five,
      coalesce(srdi_or_giant, false) as titled,
      main_3y >= 40_000_000_000 * years_lived as large,
      main_3y >= 20_000_000_000 * years_lived as half,
      market_rank_global <= 3 as ranked,
      not coalesce(three_years_or_fraud, false) as clean,
      not coalesce(on_dishonest_list, false) as unlisted
    from measured
  )
)
