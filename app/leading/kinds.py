"""Who leads, who follows, and who goes public: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.leading.models import ChainMember, ListingStep
from app.leading.schemas import ChainMemberIn, ListingStepIn
from app.leading.settling import climbed

KINDS = (
    FactKind("chain-members", "链条企业", ChainMember, ChainMemberIn, "since",
             key=("chain", "since"), family="leading", named="chain"),
    FactKind("listing-steps", "上市梯次", ListingStep, ListingStepIn, "reached_on",
             key=("step", "reached_on"), settle=climbed, mutual=True, family="leading",
             named="code", until=None),
)  # fmt: skip
