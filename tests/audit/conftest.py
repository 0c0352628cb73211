"""A firm with a trail."""

from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.clock import today
from app.firms.models import Contact, Designation, Firm, FirmYear, Submission
from app.pipeline.service import assess
from tests.audit.trail import act
from tests.factories import make_firm
from tests.people import body, put_in_park

ALWAYS = Range(date(2015, 1, 1), None)


@pytest.fixture
def park(db: Session) -> Organisation:
    return body(db, "trail-park", "park")


@pytest.fixture
def firm(db: Session, park: Organisation) -> int:
    """A firm with something of every sort, each act by somebody."""
    act(
        db, name="李经办", role="officer", organisation_id=park.id, request_id="r-made", reason=None
    )
    number = make_firm(db, "黔江审计科技有限公司", figures={"revenue_sales": {2024: 1_234_567}})
    put_in_park(db, number, park, ALWAYS)
    act(db, organisation_id=park.id, request_id="r-2", reason="年报更正")
    db.add(Submission(firm_id=number, year=2024, indicator="rd_hnte", value=98_765_432_10,
                      typed="9876.54321万元", source="tax_bureau"))  # fmt: skip
    db.add(Designation(firm_id=number, kind="hnte", number="GR2024",
                       valid=Range(date(2024, 1, 1), date(2027, 1, 1))))  # fmt: skip
    db.add(Contact(firm_id=number, name="张绝密", phone="13900001111"))
    db.flush()
    db.execute(update(FirmYear).where(FirmYear.firm_id == number).values(revenue_sales=2_000_000))
    db.execute(update(Firm).where(Firm.id == number).values(status="moved_out", chain="新材料"))
    assess(db, None, today())
    return number
