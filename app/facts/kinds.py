"""Every kind of record: the plan's, and those that say where a firm stands and what was judged."""

from app.criteria.kinds import RECORDS
from app.facts import schemas, settling
from app.firms.models import (
    DESIGNATION_KINDS,
    Designation,
    Judgement,
    Location,
    RecordCheck,
    Residency,
)
from app.firms.record_kinds import FactKind

KINDS = (
    *RECORDS,
    FactKind("designations", "资质", Designation, schemas.DesignationIn, "valid_from",
             {"kind": "choice", "number": "text", "level": "text", "batch": "text",
              "granted_by": "text"},
             {"kind": DESIGNATION_KINDS}, key=("kind", "valid_from"), span="valid", decided=True),
    FactKind("residencies", "在孵", Residency, schemas.ResidencyIn, "valid_from",
             {"incubator_id": "number", "graduated_on": "date"},
             key=("incubator_id", "valid_from"), span="during", place="incubator_id",
             settle=settling.own("incubator_id")),
    FactKind("locations", "所在园区", Location, schemas.LocationIn, "valid_from",
             {"park_id": "number"}, key=("park_id", "valid_from"), span="during",
             place="park_id", settle=settling.own("park_id")),
    FactKind("judgements", "判断", Judgement, schemas.JudgementIn, "judged_on",
             {"criterion": "text", "holds": "bool", "points": "number", "judged_on": "date"},
             key=("criterion",), settle=settling.known_criterion),
    FactKind("record-checks", "完整性确认", RecordCheck, schemas.RecordCheckIn, "checked_on",
             {"kind": "choice", "checked_on": "date"}, {"kind": schemas.CHECKED_KINDS},
             key=("kind",)),
)  # fmt: skip
