"""What the statistics bureau would have told the demo's district; made-up figures."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.firms.models import Firm
from app.innovation.models import TechContract
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
    session.execute(insert(TechContract), _contracts(session, today))


def _contracts(session: Session, today: date) -> list[dict[str, Any]]:
    """Some firms sell what they can, a little more every year."""
    sellers = session.scalars(select(Firm.id).where(Firm.demo).order_by(Firm.id)).all()[::40]
    return [
        {"firm_id": firm, "number": f"{year}500114{number:05d}", "name": "技术开发合同（演示）",
         "kind": "development", "part": "seller", "partner": "演示受让方",
         "happened_on": date(year, 1 + (firm + year) % (today.month if year == today.year else 12),
                             1),
         "amount": Decimal(900_000 + 150_000 * (year - today.year + 6) + 1_000 * (number % 90)),
         "source": "bureau", "recorded_by": "demo"}
        for number, firm in enumerate(sellers) for year in range(today.year - 5, today.year + 1)
    ]  # fmt: skip
