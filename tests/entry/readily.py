"""Firms that lack nothing for certification but some figures of the last full year."""

from copy import deepcopy
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.clock import today
from tests.factories import credit_code, make_firm
from tests.people import put_in_incubator

ALWAYS = Range(date(2015, 1, 1), None)
LAST = today().year - 1


def base() -> dict[str, Any]:
    """Certified by everything; the figures of the last three full years are there."""
    years = (LAST - 2, LAST - 1, LAST)
    return {
        "firm": {"registered_on": date(2015, 3, 1), "region_code": "500114",
                 "industry_code": "C3912", "resident_enterprise": True},
        "figures": {
            "staff_avg": {LAST: 100}, "st_staff_avg": {LAST: 20},
            "revenue_sales": dict(zip(years, (30_000_000, 35_000_000, 40_000_000), strict=True)),
            "revenue_total": {LAST: 42_000_000}, "revenue_hightech": {LAST: 30_000_000},
            "rd_hnte": dict.fromkeys(years, 2_000_000),
            "rd_hnte_domestic": dict.fromkeys(years, 2_000_000),
            "results_converted": dict.fromkeys(years, 5),
            "net_assets_ye": dict(zip(years, (10_000_000, 14_000_000, 20_000_000), strict=True)),
        },
        "rights": [{"kind": "invention_patent", "granted": date(2020, 1, 1),
                    "acquired": "own_research", "core_support": True}],
        "judgements": {
            "hnte.field": True, "hnte.score.ip.advancement": 7, "hnte.score.ip.support": 7,
            "hnte.score.ip.standards": 0, "hnte.score.management.rules": 6,
            "hnte.score.management.body": 6, "hnte.score.management.incentive": 4,
            "hnte.score.management.talent": 4,
        },
        "checked": ["ip_right"],
    }  # fmt: skip


def nearly(session: Session, name: str, where: Organisation, *lacking: str) -> int:
    """One such firm in an incubator, without some figures of the last full year."""
    facts = deepcopy(base())
    for code in lacking:
        del facts["figures"][code][LAST]
    number = make_firm(session, name, **facts)
    session.execute(
        text("update firm set credit_code = :code, pinyin = :pinyin where id = :n"),
        {"code": credit_code(number + 40_000_000), "pinyin": f"{number:09d}", "n": number},
    )
    put_in_incubator(session, number, where, ALWAYS)
    return number
