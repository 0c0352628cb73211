-- 创新型中小企业评价（2022 办法 附件1）: score, or one of the direct routes.
select firm_id,
  outcome(clean and unlisted and sme) as base_o,
  share(clean and unlisted and sme,
    (share(clean, 0) + share(unlisted, 0) + share(sme, sme_near)) // 3) as base_s,
  outcome(sme) as base_sme_o, gap(sme, sme_missing) as base_sme_g,
  outcome(score or award or title or body or equity) as route_o,
  share(score or award or title or body or equity,
    greatest(share(score, score_near), share(equity, near(equity_3y, 500_000_000)))) as route_s,
  outcome(score) as score_o,
  outcome(award) as direct_award_o,
  gap(award, 1 - coalesce(provincial_3y_n, 0)) as direct_award_g,
  title::tinyint as direct_title_o,
  outcome(body) as direct_body_o, gap(body, 1 - coalesce(bodies_n, 0)) as direct_body_g,
  outcome(equity) as direct_equity_o, gap(equity, 500_000_000 - equity_3y) as direct_equity_g
from (
  select *, total and innovation and growth and special as score,
    (share(total, near(innovation_low + growth_low + special_low, 60))
      + share(innovation, near(innovation_low, 20)) + share(growth, near(growth_low, 15))
      + share(special, near(special_low, 15))) // 4 as score_near
  from (
    select *,
      reaches(innovation_low, innovation_high, 20) as innovation,
      reaches(growth_low, growth_high, 15) as growth,
      reaches(special_low, special_high, 15) as special,
      reaches(innovation_low + growth_low + special_low,
        innovation_high + growth_high + special_high, 60) as total
    from (
      select *,
        ip_points_low + rd_low as innovation_low,
        ip_points_high + case when operating_base is null or acct_1 is null then 20
          else rd_low end as innovation_high,
        revenue_low + debt_low as growth_low,
        case when main_base is null or main_1 is null then 20 else revenue_low end
          + case when assets_base is null or liabilities_ye is null then 10
            else debt_low end as growth_high,
        coalesce(special_field, 5) + share_low as special_low,
        coalesce(special_field, 10)
          + case when operating_base is null or main_1 is null then 20 else share_low end
          as special_high
      from (
        select *,
          case when i_high_n >= 1 then 20 when i_own_n >= 1 then 15 when i_kept_n >= 1 then 10
            when software_kept_n >= 1 or models_kept_n >= 1 then 5 else 0 end as ip_points_low,
          case when rights_checked is not true then 20 when i_high_m >= 1 then 20
            when i_own_m >= 1 then 15 when i_kept_m >= 1 then 10
            when software_kept_m >= 1 or models_kept_m >= 1 then 5 else 0 end as ip_points_high,
          case when 100 * acct_1 >= 5 * operating_base then 20
            when 100 * acct_1 >= 3 * operating_base then 15
            when 100 * acct_1 >= 2 * operating_base then 10
            when 100 * acct_1 >= operating_base then 5 else 0 end as rd_low,
          case when 100 * (main_1 - main_base) >= 15 * main_base then 20
            when 100 * (main_1 - main_base) >= 10 * main_base then 15
            when 100 * (main_1 - main_base) >= 5 * main_base then 10
            when main_1 >= main_base then 5 else 0 end as revenue_low,
          case when 100 * liabilities_ye <= 55 * assets_base then 10
            when 100 * liabilities_ye <= 75 * assets_base then 5 else 0 end as debt_low,
          case when 100 * main_1 >= 70 * operating_base then 20
            when 100 * main_1 >= 60 * operating_base then 15
            when 100 * main_1 >= 55 * operating_base then 10
            when 100 * main_1 >= 50 * operating_base then 5 else 0 end as share_low
        from (
          select *,
            case when operating_1 > 0 then operating_1 end as operating_base,
            case when main_2 > 0 then main_2 end as main_base,
            case when assets_ye > 0 then assets_ye end as assets_base,
            not coalesce(three_years, false) as clean, not coalesce(on_a_list, false) as unlisted,
            reaches(coalesce(provincial_3y_n, 0),
              case when awards_checked then coalesce(provincial_3y_m, 0) end, 1) as award,
            coalesce(direct_title, false) as title,
            reaches(coalesce(bodies_n, 0), bodies_high, 1) as body,
            equity_3y >= 500_000_000 as equity
          from measured
        )
      )
    )
  )
)
