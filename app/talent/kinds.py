"""Talent: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.talent.models import Adviser, Secondment, TalentAward, TalentHire, Training
from app.talent.schemas import AdviserIn, SecondmentIn, TalentAwardIn, TalentHireIn, TrainingIn

KINDS = (
    FactKind("talent-awards", "人才计划", TalentAward, TalentAwardIn,
             key=("programme", "person"), family="talent", named="programme"),
    FactKind("talent-hires", "引进人才", TalentHire, TalentHireIn,
             key=("person", "happened_on"), family="talent", named="person"),
    FactKind("advisers", "科技特派与联络", Adviser, AdviserIn,
             key=("kind", "person", "happened_on"), family="talent", named="person"),
    FactKind("trainings", "订单式培养", Training, TrainingIn, key=("name", "happened_on"),
             family="talent"),
    FactKind("secondments", "科研人员双向流动", Secondment, SecondmentIn,
             key=("person", "happened_on"), family="talent", named="person"),
)  # fmt: skip
