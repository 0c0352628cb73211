-- 规模以上（入统标准）: a bar per industry; those without one are not asked.
select firm_id,
  outcome_when(applies, reached) as revenue_o, gap(reached, bar - taken) as revenue_g,
  share(reached, near(taken, case when section = 'K7010' then 0 else bar end))
    as revenue_s
from (
  select *,
    case when industry_code is not null then bar is not null or section = 'E' end as applies,
    case when section = 'E' then coalesce(contracting_qualification, false)
      else taken >= bar end as reached
  from (
    select *,
      case when section in ('B', 'C', 'D') then main_1 else operating_1 end as taken,
      case section
        when 'B' then 2_000_000_000 when 'C' then 2_000_000_000 when 'D' then 2_000_000_000
        when 'F51' then 2_000_000_000 when 'F52' then 500_000_000
        when 'H' then 200_000_000
        when 'K7010' then 1
        when 'Q85' then 500_000_000 when 'O' then 500_000_000 when 'R' then 500_000_000
        when 'G' then 2_000_000_000 when 'I' then 2_000_000_000 when 'N' then 2_000_000_000
        when 'Q84' then 2_000_000_000
        when 'L' then 1_000_000_000 when 'M' then 1_000_000_000 when 'P' then 1_000_000_000
        when 'K' then 1_000_000_000
        end as bar
    from (
      select *,
        case when industry_code[:5] = 'K7010' then 'K7010'
          when industry_code[1] in ('F', 'Q') then industry_code[:3]
          else industry_code[1] end as section
      from measured
    )
  )
)
