"""Firms that cases are opened for."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.core.clock import today
from app.pipeline.service import assess
from tests.factories import make_firm
from tests.support.opened import LAST, figures


@pytest.fixture
def firms(db: Session) -> list[int]:
    """Three firms that lack R&D for the certificate."""
    weak = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte=1, rd_hnte_domestic=1,
        revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    common = {"firm": {"registered_on": date(2015, 1, 1), "industry_code": "C3912"}}
    found = [make_firm(db, f"帮扶企业{n}", **common, figures=weak,
                       designations=[{"kind": "pool", "from": date(LAST, 1, 1)}])
             for n in range(3)]  # fmt: skip
    assess(db, None, today())
    return found
