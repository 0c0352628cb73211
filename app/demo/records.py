"""Designations, residencies, rights, judgements and incidents of the demo's firms."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.demo import plan, titles
from app.firms.models import Designation, Incident, Judgement, Location, RecordCheck, Residency
from app.innovation.models import Award, IpRight, Platform, Standard

Row = dict[str, Any]
THREE_YEARS = timedelta(days=1096)
STRONG, FAIR = 0.62, 0.42
EXPERTS = {
    "hnte.score.ip.advancement": 8,
    "hnte.score.ip.support": 8,
    "hnte.score.ip.standards": 2,
    "hnte.score.management.rules": 6,
    "hnte.score.management.body": 6,
    "hnte.score.management.incentive": 4,
    "hnte.score.management.talent": 4,
}
QUESTIONS = ("hnte.field", "cqt.product", "tsme.product", "pool.prospects", "srdi.market")
CHECKED = ("ip_right", "award", "standard", "rd_body")
# Rows with and without a value go in one statement.
TOGETHER = {"render_nulls": True}


class Records:
    """Collects rows per table, then inserts each table at once."""

    def __init__(self, random: Random, today: date, bodies: dict[str, list[int]]) -> None:
        self.random, self.today, self.bodies = random, today, bodies
        self.rows: dict[type[Any], list[Row]] = {}

    def put(self, model: type[Any], **values: Any) -> None:
        """One row, known since the demo was made."""
        self.rows.setdefault(model, []).append(
            {"source": "bureau", "recorded_by": "demo", **values}
        )

    def insert(self, session: Session) -> None:
        """Everything collected."""
        for model, rows in self.rows.items():
            session.execute(insert(model), rows, execution_options=TOGETHER)

    def add(self, firm_id: int, firm: Row, strength: float, *, near: bool) -> None:
        """Everything about one firm; the experts have seen all of one that is near."""
        self._places(firm_id, firm["registered_on"])
        known = self.rows.setdefault(Designation, [])
        before = len(known)
        self._titles(firm_id, firm["registered_on"], strength)
        titles.add(self, firm_id, firm, known[before:])
        self._rights(firm_id, strength, firm["registered_on"])
        self._judged(firm_id, strength, near=near)
        plan.add(self, firm_id, firm, strength)
        if near or self.random.random() < 0.8:
            for kind in CHECKED:
                self.put(
                    RecordCheck,
                    firm_id=firm_id,
                    kind=kind,
                    checked_on=self.today - timedelta(days=self.random.randint(5, 300)),
                )
        if self.random.random() < 0.02:
            self.put(
                Incident,
                firm_id=firm_id,
                kind=self.random.choice(("safety", "environment")),
                happened_on=self.today - timedelta(days=self.random.randint(20, 900)),
            )

    def _places(self, firm_id: int, registered: date) -> None:
        random = self.random
        first, second = random.sample(self.bodies["park"], 2)
        moved = self.today - timedelta(days=random.randint(30, 700))
        if random.random() < 0.05 and moved > registered:
            self.put(Location, firm_id=firm_id, park_id=first, during=Range(registered, moved))
            self.put(Location, firm_id=firm_id, park_id=second, during=Range(moved, None))
        else:
            self.put(Location, firm_id=firm_id, park_id=first, during=Range(registered, None))
        young = (self.today - registered).days < 1400
        if random.random() < (0.55 if young else 0.08):
            self._stay(firm_id, registered, young)

    def _stay(self, firm_id: int, registered: date, young: bool) -> None:
        start = registered + timedelta(days=self.random.randint(10, 500))
        if start >= self.today:
            return
        left = None if young else min(start + timedelta(days=1200), self.today)
        self.put(
            Residency,
            firm_id=firm_id,
            during=Range(start, left),
            incubator_id=self.random.choice(self.bodies["incubator"]),
            premises_inside=self.random.choice((True, True, None)),
            limit_months=48,
            field=self.random.choice(("biomedicine", "other")),
            graduated_on=left,
        )

    def _titles(self, firm_id: int, registered: date, strength: float) -> None:
        random, today = self.random, self.today
        age = (today - registered).days
        if random.random() < 0.2 + 0.75 * strength and age > 120:
            self._grant(firm_id, "cq_tech_based", random.randint(30, min(age, 2000)), None)
            if random.random() < 0.6:
                self.put(
                    Designation,
                    firm_id=firm_id,
                    kind="tech_sme",
                    number=f"{today.year}50011400{firm_id % 10000:04d}",
                    valid=Range(date(today.year, 1, 1), date(today.year + 1, 1, 1)),
                )
        certified = strength > STRONG and age > 900 and random.random() < 0.36
        if certified or (strength < 0.3 and random.random() < 0.012 and age > 900):
            self._certified(firm_id, age)
        elif strength > FAIR and age > 200 and random.random() < 0.24:
            self._grant(firm_id, "pool", random.randint(20, min(age, 900)), THREE_YEARS)
        if strength > 0.55 and age > 1500 and random.random() < 0.14:
            self._grant(firm_id, "srdi", random.randint(20, 1090), THREE_YEARS)
            if random.random() < 0.1:
                self._grant(firm_id, "little_giant", random.randint(20, 1000), THREE_YEARS)
        if random.random() < 0.1:
            self._grant(firm_id, "innovative_sme", random.randint(20, 1090), THREE_YEARS)
        if random.random() < 0.12:
            self._grant(firm_id, "above_scale", random.randint(20, 1500), None)

    def _certified(self, firm_id: int, age: int) -> None:
        since = self.random.randint(5, min(age - 400, 1250))
        self._grant(firm_id, "hnte", since, THREE_YEARS)
        if age - since > 1600 and self.random.random() < 0.5:
            self._grant(firm_id, "hnte", since + 1096 + self.random.randint(0, 200), THREE_YEARS)

    def _grant(self, firm_id: int, kind: str, days_ago: int, length: timedelta | None) -> None:
        start = self.today - timedelta(days=days_ago)
        end = None if length is None else start + length
        number = f"GR{start.year}5110{firm_id % 10000:04d}" if kind == "hnte" else None
        self.put(
            Designation,
            firm_id=firm_id,
            kind=kind,
            valid=Range(start, end),
            number=number,
            batch=f"{start.year} 年第 {self.random.randint(1, 3)} 批",
        )

    def _rights(self, firm_id: int, strength: float, registered: date) -> None:
        random = self.random
        for number in range(max(0, round(random.gauss(9 * strength, 2.5)))):
            kind = random.choices(
                ("invention_patent", "utility_model", "software_copyright", "design", "trademark"),
                (1.6 * strength, 4, 3, 1, 0.5),
            )[0]
            span = max(30, (self.today - registered).days - 30)
            granted = self.today - timedelta(days=random.randint(5, span))
            self.put(
                IpRight,
                firm_id=firm_id,
                kind=kind,
                title=f"一种演示技术 {number + 1}",
                number=f"ZL{granted.year}{firm_id:06d}{number:02d}",
                granted_on=granted,
                applied_on=granted - timedelta(days=random.randint(200, 700)),
                acquired=random.choice(("own_research",) * 6 + ("assignment", None)),
                owner_rank=1,
                disputed=False,
                core_support=random.choice((True, True, None)),
                main_product=random.choice((True, True, True, None, False)),
                earning=random.choice((True, True, None)),
                high_value=["strategic_industry"]
                if kind == "invention_patent" and granted.toordinal() % 3 == 0
                else [],
                used_in=[],
                ended_on=None,
                acquired_on=granted,
            )
        if random.random() < 0.12 * strength:
            self.put(
                Platform,
                firm_id=firm_id,
                name="企业技术中心",
                kind="enterprise_technology_centre",
                happened_on=registered,
                level=random.choice(("district", "municipal", "provincial")),
            )
        if random.random() < 0.05 * strength:
            day = self.today - timedelta(days=random.randint(20, 1400))
            self.put(
                Award,
                firm_id=firm_id,
                name="科学技术奖",
                level="provincial",
                rank=2,
                awarded_on=day,
            )
            self.put(
                Standard,
                firm_id=firm_id,
                name="团体标准",
                level="industry",
                rank=3,
                published_on=day,
                number=None,
            )

    def _judged(self, firm_id: int, strength: float, *, near: bool) -> None:
        random = self.random
        day = self.today - timedelta(days=random.randint(1, 200))
        for question in QUESTIONS:
            if near or random.random() < 0.3 + 0.5 * strength:
                self.put(
                    Judgement,
                    firm_id=firm_id,
                    criterion=question,
                    judged_on=day,
                    holds=near or random.random() < 0.55 + 0.45 * strength,
                    points=None,
                    evidence="演示：材料已核",
                )
        if near or random.random() < 0.25 + 0.5 * strength:
            for quantity, most in EXPERTS.items():
                points = min(most, max(0, round(random.gauss(most * (0.45 + 0.6 * strength), 0.8))))
                self.put(
                    Judgement,
                    firm_id=firm_id,
                    criterion=quantity,
                    judged_on=day,
                    holds=None,
                    points=points,
                    evidence="演示：专家评议",
                )
