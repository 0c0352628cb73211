"""Where firms come from and who helps them start: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.incubation.models import ContestEntry, Founding, ServiceRecord, SpinOff
from app.incubation.schemas import ContestEntryIn, FoundingIn, ServiceRecordIn, SpinOffIn
from app.incubation.settling import known_parent, served_by

KINDS = (
    FactKind("service-records", "走访服务", ServiceRecord, ServiceRecordIn, "served_on",
             key=("kind", "served_on"), apart=("organisation_id",), settle=served_by,
             family="incubation", named="effect", until=None, due="next_on"),
    FactKind("spin-offs", "裂变", SpinOff, SpinOffIn, "spun_off_on", key=("parent_id",),
             settle=known_parent, family="incubation", named="parent_id", until=None),
    FactKind("foundings", "创办背景", Founding, FoundingIn, "since", key=("kind", "institution"),
             family="incubation", named="institution"),
    FactKind("contest-entries", "创新创业赛事", ContestEntry, ContestEntryIn, "entered_on",
             key=("name", "entered_on"), family="incubation", until="won_on"),
)  # fmt: skip
