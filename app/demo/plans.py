"""What the statistics bureau would have told the demo's district; made-up figures."""

from datetime import date
from decimal import Decimal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.plans.models import PlanFigure

PLAN = "qianjiang_2023_2027"
SERIES = {
    "population": (487_300, 486_100, 485_200, 484_600, 483_900, 483_100),
    "strategic_emerging_share": (8.4, 9.1, 10.3, 11.6, 12.8, 13.7),
    "hightech_manufacturing_share": (5.2, 5.9, 6.8, 7.4, 8.3, 9.1),
}
SAID = "演示：统计年报"


def load(session: Session, today: date) -> None:
    """Six years of each series, as told for the end of each year."""
    first = today.year - 6
    rows = [
        {"plan_code": PLAN, "series": series, "day": date(first + number, 12, 31),
         "value": Decimal(str(value)), "source": "statistics_bureau", "document": SAID,
         "recorded_by": "demo"}
        for series, values in SERIES.items() for number, value in enumerate(values)
    ]  # fmt: skip
    session.execute(insert(PlanFigure), rows)
