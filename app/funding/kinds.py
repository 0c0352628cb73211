"""Money from outside: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.funding.models import EquityRound, Loan, Pledge, SeedFunding, Subsidy
from app.funding.schemas import EquityRoundIn, LoanIn, PledgeIn, SeedFundingIn, SubsidyIn

KINDS = (
    FactKind("equity-rounds", "股权融资", EquityRound, EquityRoundIn,
             key=("investor", "happened_on"), family="funding", named="investor"),
    FactKind("loans", "贷款", Loan, LoanIn, key=("lender", "number"), family="funding",
             named="lender", due="due_on"),
    FactKind("pledges", "质押", Pledge, PledgeIn, key=("number",), family="funding"),
    FactKind("seed-fundings", "种子基金", SeedFunding, SeedFundingIn,
             key=("fund", "happened_on"), family="funding", named="fund"),
    FactKind("subsidies", "资助与奖励", Subsidy, SubsidyIn, key=("programme", "happened_on"),
             family="funding", named="programme"),
)  # fmt: skip
