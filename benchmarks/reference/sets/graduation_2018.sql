-- 毕业企业条件（2018 办法 第九条）: any one of four, for residents.
select firm_id,
  outcome_when(inside, any_of) as any_o,
  share_when(inside, any_of, greatest(vc_s, revenue_s)) as any_s,
  is_hnte::tinyint as hnte_o,
  outcome(vc) as vc_o, gap(vc, 500_000_000 - vc_raised_cum + 1) as vc_g,
  outcome(revenue) as revenue_o, gap(revenue, 1_000_000_000 - best_revenue + 1) as revenue_g,
  outcome(left_it) as exit_o
from (
  select *, is_hnte or vc or revenue or left_it as any_of,
    share(vc, near(vc_raised_cum, 500_000_000)) as vc_s,
    share(revenue, near(best_revenue, 1_000_000_000)) as revenue_s
  from (
    select *, coalesce(resident, false) as inside, vc_raised_cum > 500_000_000 as vc,
      greatest(operating_2y, operating_2y_before) as best_revenue,
      -- One pair of years may be enough; both must be known to say that neither is.
      case when greatest(operating_2y, operating_2y_before) > 1_000_000_000 then true
        when operating_2y is not null and operating_2y_before is not null then false
        end as revenue,
      coalesce(listed, false) or grad_exit as left_it
    from measured
  )
)
