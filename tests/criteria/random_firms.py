"""Random firms with gaps, drawn so that figures often lie on a threshold or a step beside it."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from app.firms.catalogue import INDICATORS
from app.firms.models import DESIGNATION_KINDS, INCIDENT_KINDS
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, WAYS_ACQUIRED
from tests.criteria.facts import FirmFacts, Record, add_months
from tests.criteria.oracle import criteria_of, load_sets

YEARS = range(2020, 2027)
FEN = Decimal("0.01")
INDUSTRIES = ("A01", "B06", "C3912", "D44", "E47", "F5111", "F5211", "F53", "G54", "G5911", "G6010",
              "H61", "I63", "I6510", "J66", "K7010", "K7020", "K703", "L72", "M73", "N77", "O80",
              "P83", "Q84", "Q85", "R87", "S91", None)  # fmt: skip
AMOUNTS = tuple(Decimal(m) * 1_000_000 for m in (
    "0", "0.5", "1", "2", "4", "5", "6", "10", "12", "15", "20", "25", "30", "40", "50", "60", "80",
    "100", "150", "200", "300", "400", "800", "1200", "2000",
))  # fmt: skip
SHARES = tuple(Decimal(s) / 100 for s in (
    0, 1, 2, 3, 4, 5, 6, 10, 15, 20, 25, 30, 35, 40, 50, 55, 60, 65, 70, 75, 80, 90, 100
))  # fmt: skip
STAFF = (0, 1, 5, 10, 20, 50, 99, 100, 199, 200, 299, 300, 500, 501, 999, 1000, 2000)
GROWTHS = tuple(Decimal(g) / 100 for g in (-20, 0, 2, 5, 10, 15, 20, 25, 35, 60))
WHOLES = {
    "revenue_total": "revenue_sales",
    "revenue_main": "revenue_operating",
    "revenue_hightech": "revenue_total",
    "cost_expense": "revenue_sales",
    "rd_hnte": "revenue_sales",
    "rd_hnte_domestic": "rd_hnte",
    "rd_deduct": "revenue_sales",
    "rd_acct": "revenue_operating",
    "liabilities_ye": "assets_ye",
    "st_staff_avg": "staff_avg",
    "rd_staff": "employees_ye",
    "senior_title_staff": "employees_ye",
}
SMALL = {
    "results_converted": 6,
    "segment_years": 12,
    "market_rank": 5,
    "market_rank_global": 5,
}


class Dice:
    """Draws firms; the same seed draws the same firms."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.random, self.as_of = Random(seed), as_of  # noqa: S311 - repeatable, not secret
        self.questions = _questions()

    def firm(self) -> FirmFacts:
        """One firm; some answer nearly everything, some nearly nothing."""
        gaps = self.random.choice((0.0, 0.02, 0.1, 0.3, 0.7))
        attributes = self._attributes(gaps)
        registered = attributes["registered_on"] or date.min
        figures = self._figures(gaps).items()
        return FirmFacts(
            attributes=attributes,
            # Nothing is reported for years before the firm was there.
            figures={(code, y): value for (code, y), value in figures if y >= registered.year},
            designations=self._designations(),
            residencies=self._residencies(gaps),
            rights=[self._right(gaps) for _ in range(self.random.choice((0, 1, 1, 2, 4, 7)))],
            awards=self._ranked(gaps),
            standards=self._ranked(gaps),
            rd_bodies=self._rd_bodies(),
            incidents=self._incidents(),
            judgements=self._judgements(gaps),
            checked={k for k in ("ip_right", "award", "standard", "rd_body")
                     if self.random.random() < 0.6},
        )  # fmt: skip

    def maybe(self, value: Any, gaps: float) -> Any:
        """The value, or now and then nothing."""
        return None if self.random.random() < gaps else value

    def day(self) -> date:
        """A day; often exactly a number of years, months or days before the day that matters."""
        about = self.random.choice((
            self.as_of - timedelta(days=self.random.choice((0, 1, 179, 180, 364, 365, 366))),
            add_months(self.as_of, -12 * self.random.randint(1, 6)),
            add_months(self.as_of, -self.random.randint(1, 70)),
            date(self.as_of.year - self.random.randint(0, 2), 1, 1),
            self.as_of - timedelta(days=self.random.randint(0, 3000)),
        ))  # fmt: skip
        return about + timedelta(days=self.random.choice((-1, 0, 0, 0, 1)))

    def _attributes(self, gaps: float) -> dict[str, Any]:
        found = {
            "registered_on": self.day() if self.random.random() < 0.7 else date(2012, 2, 29),
            "region_code": self.random.choice(("500114", "500101", "510100")),
            "industry_code": self.random.choice(INDUSTRIES),
            "hightech_field": self.random.choice(("4.1", "8.3", None)),
            "resident_enterprise": self.random.random() < 0.9,
        }
        return {key: self.maybe(value, gaps / 2) for key, value in found.items()}

    def _figures(self, gaps: float) -> dict[tuple[str, int], Decimal | None]:
        figures: dict[tuple[str, int], Decimal] = {}
        growth = self.random.choice(GROWTHS)
        for year in YEARS:
            for code in INDICATORS:
                if code not in WHOLES:
                    figures[code, year] = self._figure(code, figures.get((code, year - 1)), growth)
            for code, whole in WHOLES.items():
                figures[code, year] = self._part(code, figures[whole, year])
        return {key: self.maybe(value, gaps) for key, value in figures.items()}

    def _figure(self, code: str, before: Decimal | None, growth: Decimal) -> Decimal:
        indicator = INDICATORS[code]
        if code in SMALL:
            return Decimal(self.random.randint(0, SMALL[code]))
        if indicator.kind == "points":
            return Decimal(self.random.choice((30, 49, 50, 59, 60, 80)))
        if indicator.kind == "percent":
            return Decimal(self.random.choice(("0", "9.99", "10", "10.01", "35")))
        if indicator.kind == "count":
            return Decimal(self.random.choice(STAFF))
        sign = -1 if indicator.signed and self.random.random() < 0.2 else 1
        amount = sign * self.random.choice(AMOUNTS)
        if before is not None and self.random.random() < 0.7:
            amount = (before * (1 + growth)).quantize(FEN)
        amount += self._nudge()
        return amount if indicator.signed else max(amount, Decimal(0))

    def _part(self, code: str, whole: Decimal) -> Decimal:
        share = self.random.choice(SHARES)
        if INDICATORS[code].kind == "count":
            return Decimal(int(whole * share) + self.random.choice((0, 0, 1)))
        return max((whole * share).quantize(FEN) + self._nudge(), Decimal(0))

    def _nudge(self) -> Decimal:
        return self.random.choice((-1, 0, 0, 0, 1)) * FEN

    def _designations(self) -> list[Record]:
        kinds = [k for k in DESIGNATION_KINDS if self.random.random() < 0.25]
        return [{"kind": kind, **self._range()} for kind in kinds]

    def _range(self) -> Record:
        start = self.day()
        end = self.random.choice((None, add_months(start, 36) - timedelta(days=1), self.as_of))
        return {"from": start, "to": None if end is None or end < start else end}

    def _residencies(self, gaps: float) -> list[Record]:
        if self.random.random() < 0.4:
            return []
        fields = ("biomedicine", "software", "integrated_circuits")
        return [{
            **self._range(),
            "premises_inside": self.maybe(self.random.random() < 0.8, gaps),
            "field": self.maybe(self.random.choice(fields), gaps),
        }]  # fmt: skip

    def _right(self, gaps: float) -> Record:
        granted = self.maybe(self.day(), gaps / 2)
        ended = self.day() if self.random.random() < 0.2 else None
        yes = {key: self.maybe(self.random.random() < 0.8, gaps)
               for key in ("core_support", "main_product", "earning")}  # fmt: skip
        return {
            "kind": self.random.choice((*IP_KINDS, "invention_patent", "software_copyright")),
            "granted": granted,
            "ended": ended,
            "owner_rank": self.maybe(self.random.randint(1, 4), gaps),
            "acquired": self.maybe(self.random.choice(("own_research", *WAYS_ACQUIRED)), gaps),
            "acquired_on": self.maybe(self.day(), gaps),
            "disputed": self.maybe(self.random.random() < 0.1, gaps),
            "high_value": [r for r in HIGH_VALUE_REASONS if self.random.random() < 0.1],
            "used_in": self.random.choice(([], [], ["hnte:2023"], ["srdi:2024"])),
        } | yes

    def _ranked(self, gaps: float) -> list[Record]:
        return [
            {"level": self.random.choice(LEVELS), "day": self.day(),
             "rank": self.maybe(self.random.randint(1, 6), gaps)}
            for _ in range(self.random.choice((0, 0, 1, 2)))
        ]  # fmt: skip

    def _rd_bodies(self) -> list[Record]:
        count = self.random.choice((0, 0, 1))
        return [{"level": self.random.choice(LEVELS), **self._range()} for _ in range(count)]

    def _incidents(self) -> list[Record]:
        found = []
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            kind, day = self.random.choice(INCIDENT_KINDS), self.day()
            ended = self.random.choice((None, self.as_of, self.as_of + timedelta(days=1)))
            listed = kind.endswith("_list") and ended is not None and ended >= day
            found.append({"kind": kind, "day": day, "ended": ended if listed else None})
        return found

    def _judgements(self, gaps: float) -> dict[str, bool | int]:
        found: dict[str, bool | int] = {}
        for name, span in self.questions.items():
            if self.random.random() < max(gaps, 0.05):
                continue
            high = self.random.random() < 0.7
            answer = self.random.randint(span[0], span[1]) if span else high
            found[name] = span[1] if span and high else answer
        return found


def _questions() -> dict[str, list[int] | None]:
    """What people are asked: criteria by yes or no, experts for points in a range."""
    found: dict[str, list[int] | None] = {}
    for policy in load_sets().values():
        for criterion in criteria_of(policy["criteria"]):
            found[criterion["id"]] = None
        for name, quantity in policy.get("quantities", {}).items():
            if "expert" in quantity["of"]:
                found[name] = quantity["of"]["expert"]
    return found
