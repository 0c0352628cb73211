"""Six years of figures with the relations, gaps and mistakes of real ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from app.firms.catalogue import INDICATORS

Row = dict[str, Any]
YEARS = 6
TAX = {"revenue_sales", "revenue_total", "cost_expense", "net_profit", "profit_total",
       "net_assets_ye", "assets_ye", "liabilities_ye", "rd_deduct"}  # fmt: skip


def years(random: Random, registered: date, today: date, level: float, strength: float
          ) -> dict[int, Row]:  # fmt: skip
    """Figures by year in stored steps; `level` is first-year revenue in yuan."""
    first = max(registered.year, today.year - YEARS)
    revenue = level
    assets = level * random.uniform(0.6, 1.6)
    growth = random.gauss(0.12, 0.16)
    found = {}
    for year in range(first, today.year):
        found[year] = _year(random, revenue, assets, strength)
        factor = max(0.55, 1 + growth + random.gauss(0, 0.08))
        revenue, assets = revenue * factor, assets * (0.4 + 0.6 * factor)
    return {year: _with_gaps(random, row) for year, row in found.items()}


def _year(random: Random, revenue: float, assets: float, strength: float) -> Row:
    sales = round(revenue)
    total = round(sales * random.uniform(1.0, 1.04))
    operating = round(sales * random.uniform(0.98, 1.0))
    research = round(sales * max(0.002, random.gauss(0.018 + 0.055 * strength, 0.012)))
    liabilities = round(assets * random.uniform(0.15, 0.85))
    staff = max(2, round(revenue / random.uniform(350_000, 900_000)))
    science = min(staff, max(0, round(staff * random.gauss(0.05 + 0.16 * strength, 0.05))))
    profit = round(sales * random.gauss(0.06, 0.07))
    hightech = min(0.97, max(0, random.gauss(0.15 + 0.7 * strength, 0.12)))
    money = {
        "revenue_sales": sales,
        "revenue_total": total,
        "revenue_hightech": round(total * hightech),
        "revenue_operating": operating,
        "revenue_main": round(operating * random.uniform(0.62, 0.99)),
        "cost_expense": round(sales * random.uniform(0.85, 1.02)),
        "net_profit": round(profit * 0.85),
        "profit_total": profit,
        "assets_ye": round(assets),
        "liabilities_ye": liabilities,
        "net_assets_ye": round(assets) - liabilities,
        "rd_hnte": research,
        "rd_hnte_domestic": round(research * random.uniform(0.8, 1.0)),
        "rd_deduct": round(research * random.uniform(0.8, 0.98)),
        "rd_acct": round(research * random.uniform(0.9, 1.1)),
        "rd_stat": round(research * random.uniform(0.75, 1.0)),
        "equity_raised": random.choice((0,) * 9 + (2_000_000,)),
        "vc_raised_cum": random.choice((0,) * 8 + (3_000_000, 6_000_000)),
    }
    counts = {
        "staff_avg": staff,
        "st_staff_avg": science,
        "rd_staff": round(science * 0.8),
        "employees_ye": staff + random.randint(0, 3),
        "senior_title_staff": random.choice((0, 0, 0, 1, 2)),
        "results_converted": max(0, round(random.gauss(7.5 * strength, 1.5))),
        "segment_years": random.randint(1, 12),
        "market_share": random.randint(10, 1500),
        "market_rank": random.randint(1, 40),
        "srdi_score": min(95, max(20, round(random.gauss(30 + 35 * strength, 8)))),
    }
    counts["senior_title_staff"] = min(counts["senior_title_staff"], counts["employees_ye"])
    return {code: value * 100 for code, value in money.items()} | counts


def nearly(random: Random, found: dict[int, Row]) -> dict[int, Row]:
    """The same years without gaps, and with a little less R&D than a small firm is asked for."""
    return {year: _short_of_research(random, row) for year, row in found.items()}


def _short_of_research(random: Random, row: Row) -> Row:
    fresh = _year(random, (row["revenue_sales"] or 800_000_000) / 100, 3_000_000, 0.95)
    research = fresh["revenue_sales"] * random.randint(455, 498) // 10_000
    staff = fresh["staff_avg"]
    return fresh | {
        "rd_hnte": research,
        "rd_hnte_domestic": research * 9 // 10,
        "revenue_hightech": fresh["revenue_total"] * 8 // 10,
        "st_staff_avg": -(-staff // 5),
        "rd_staff": staff // 6,
        "results_converted": 6,
    }


def _with_gaps(random: Random, row: Row) -> Row:
    """About one figure in ten is missing, and now and then most of a year."""
    share = 0.7 if random.random() < 0.05 else 0.1
    return {code: None if random.random() < share else value for code, value in row.items()}


def submissions(random: Random, firm_id: int, found: dict[int, Row], today: date) -> list[Row]:
    """How each figure came: who said it and when; some corrected, some contradicted."""
    rows: list[Row] = []
    for year, figures in found.items():
        reported = _instant(random, year, today)
        for code, value in figures.items():
            if value is None:
                continue
            source = "tax_bureau" if code in TAX else random.choice(("self_reported", "incubator"))
            best = _row(firm_id, year, code, value, source, reported)
            rows.append(best)
            if random.random() < 0.004:
                rows.append(
                    best
                    | {
                        "value": value + 1,
                        "source": "self_reported",
                        "superseded_at": reported,
                        "recorded_at": reported - timedelta(days=40),
                        "effective_at": reported - timedelta(days=40),
                    }
                )
            elif code == "revenue_sales" and random.random() < 0.02:
                rows.append(
                    _row(
                        firm_id,
                        year,
                        code,
                        round(value * 1.1),
                        "self_reported",
                        reported + timedelta(days=9),
                    )
                    | {"effective_at": None}
                )
    return rows


def _instant(random: Random, year: int, today: date) -> datetime:
    day = min(date(year + 1, 3, 1) + timedelta(days=random.randint(0, 90)), today - timedelta(2))
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def _row(firm_id: int, year: int, code: str, value: int, source: str, at: datetime) -> Row:
    shown = INDICATORS[code].shown(value)
    return {
        "firm_id": firm_id, "year": year, "indicator": code, "value": value,
        "typed": f"{Decimal(shown).normalize():f}", "source": source, "origin_ref": "demo",
        "recorded_by": "demo", "recorded_at": at, "effective_at": at, "superseded_at": None,
        "settled_at": None,
    }  # fmt: skip
