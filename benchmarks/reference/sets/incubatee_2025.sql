-- 在孵企业条件（2025 办法）: only the residency is checked.
select firm_id, coalesce(resident, false)::tinyint as resident_o,
  case when resident then 10000 else 0 end as resident_s
from measured
