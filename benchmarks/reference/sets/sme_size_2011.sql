-- 中小企业划型（非大型企业）
select firm_id, outcome(sme) as sme_o, gap(sme, sme_missing) as sme_g,
  share(sme, sme_near) as sme_s
from measured
