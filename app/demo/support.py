"""The demo's support: cases in every state with what came of them, visits, plans, doors."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation, User
from app.accounts.secrets import digest
from app.core.clock import DISTRICT
from app.criteria.store import sets_in_force
from app.demo.records import TOGETHER
from app.doors.models import Correction, Door, DoorAnswer
from app.firms.models import Firm
from app.incubation.models import ServiceRecord
from app.support import clock, plans
from app.support.days import Calendar
from app.support.models import OUTCOMES, CaseEntry, Measure, SupportCase
from app.support.peer_models import CasePeer

Row = dict[str, Any]
SET, CRITERION, MEASURE = "hnte_2016", "hnte.rd", "rd.subledger"
CLOSED, OPEN, PLANS, DOORS = 120, 44, 6, 24
# How the closed ones ended: most are done.
ENDED = (OUTCOMES[0],) * 8 + OUTCOMES[1:]
RESULTS = {
    "done": ("已辅导建账，企业已能自行归集", "材料已补齐并提交", "已对接机构，签订服务协议"),
    "not_possible": ("企业当前不具备条件，来年再议",),
    "not_reachable": ("三次联系未果，已登门未遇",),
    "declined": ("企业表示暂不需要",),
}
REASONS = ("距下一梯次只差一项", "季度走访发现的需求", "年报数据提示短板")
NOTES = ("已电话沟通，约定上门时间", "已收到部分材料，待补审计报告", "已请第三方机构预审")
VISITS = (("visit", "查看研发现场，核对项目台账"), ("application_guidance", "逐项讲解申报条件"),
          ("technology", "介绍高校团队，约定试验方案"),
          ("financing", "介绍知识价值信用贷款"))  # fmt: skip
NEXT = ("补交审计报告", "提交研发项目清单", "约见银行客户经理")
SAID = ("答复及时", "希望多一些上门辅导", None, None)


def add(session: Session, random: Random, today: date, ids: list[int], near: list[int]) -> None:
    """Half of the firms that are nearly certified have a case; the others wait for one."""
    found = _Cases(session, random, today)
    for firm_id in near[::2]:
        found.open(firm_id, MEASURE, [CRITERION])
    for firm_id in random.sample(ids, OPEN):
        found.open(firm_id, random.choice(list(found.measures)), [])
    for firm_id in random.sample(ids, CLOSED):
        found.close(firm_id, *random.choice(found.helps))
    numbers = found.insert(session)
    _beside(session, random, today, found.rows, numbers, ids)
    _visits(session, random, today, found.rows, numbers)
    _plans(session, today, near[:PLANS])
    _doors(session, random, today, found.rows, numbers)
    day = today
    while not found.calendar.works(day):
        day -= timedelta(days=1)
    clock.ring(session, day)


class _Cases:
    """Collects cases with their entries, the same for the same seed."""

    def __init__(self, session: Session, random: Random, today: date) -> None:
        self.random, self.today, self.calendar = random, today, Calendar(session)
        known = session.scalars(select(Measure).where(Measure.active).order_by(Measure.code))
        self.measures = {one.code: one for one in known}
        codes = session.execute(select(Organisation.code, Organisation.id))
        self.bodies: dict[str, int] = {code: number for code, number in codes}
        people = session.execute(select(User.username, User.id).where(User.demo))
        users: dict[str, int] = {name: number for name, number in people}
        self.officers = {"science": users["analyst"], "industry_info": users["officer"]}
        # What helps with which criterion on the way to the certificate.
        [loaded] = [one for one in sets_in_force(session, today) if one.policy.code == SET]
        self.helps = [(code, one.id) for one in loaded.policy.criteria for code in one.measures
                      if code in self.measures]  # fmt: skip
        self.rows: list[Row] = []
        self.entries: list[list[Row]] = []
        self.busy: set[tuple[int, str]] = set()

    def open(self, firm_id: int, measure: str, criteria: list[str]) -> None:
        """One that is not closed; some are late."""
        if (firm_id, measure) in self.busy:
            return
        self.busy.add((firm_id, measure))
        days = self.random.choice((2, 5, 9, 14, 21, 26, 40))
        row = self._row(firm_id, measure, criteria, self.today - timedelta(days=days))
        state = "open" if days < 6 else self.random.choice(("accepted", "in_progress"))
        if state != "open":
            row["answered_at"] = self._at(row["opened_on"] + timedelta(days=2))
        self._put(row, state, ("accepted", "started") if state == "in_progress" else ("accepted",))

    def close(self, firm_id: int, measure: str, criterion: str) -> None:
        """One that ended in the last year; after some the gap was closed."""
        random = self.random
        row = self._row(firm_id, measure, [criterion],
                        self.today - timedelta(days=random.randint(60, 400)))  # fmt: skip
        state = random.choice(ENDED)
        answered = row["opened_on"] + timedelta(days=random.randint(0, 9))
        closed = answered + timedelta(days=random.randint(5, 45))
        row |= {"closed_on": closed, "answered_at": self._at(answered),
                "result": random.choice(RESULTS[state])}  # fmt: skip
        if random.random() < (0.75 if state == "done" else 0.2):
            row["gap_closed_on"] = min(closed + timedelta(days=random.randint(0, 90)), self.today)
            if random.random() < 0.3:
                row["rung_reached_on"] = min(row["gap_closed_on"] + timedelta(60), self.today)
        self._put(row, state, ("accepted", "started", "closed"))

    def _row(self, firm_id: int, measure: str, criteria: list[str], day: date) -> Row:
        one = self.measures[measure]
        return {
            "firm_id": firm_id, "measure": measure, "set_code": SET if criteria else None,
            "criteria": criteria, "reason": self.random.choice(REASONS), "opened_on": day,
            "opened_by": "demo", "organisation_id": self.bodies[one.lead],
            "user_id": self.officers.get(one.lead), "due_on": self.calendar.after(day, one.days),
            "answered_at": None, "closed_on": None, "result": None, "gap_closed_on": None,
            "rung_reached_on": None,
        }  # fmt: skip

    def _put(self, row: Row, state: str, steps: Iterable[str]) -> None:
        """The case with what happened in it, from its opening to where it stands."""
        first, last = row["opened_on"], row["closed_on"] or self.today
        entries = [self._entry("opened", first)]
        if state != "open":
            entries += [self._entry(kind, first + timedelta(days=2)) for kind in steps
                        if kind != "closed"]  # fmt: skip
            note = self._entry("note", first + (last - first) / 2, self.random.choice(NOTES))
            entries.append(note | {"firm_sees": self.random.random() < 0.5})
        if row["closed_on"] is not None:
            entries.append(self._entry("closed", last, row["result"]))
        self.rows.append(row | {"state": state})
        self.entries.append(entries)

    def _entry(self, kind: str, day: date, text: str | None = None) -> Row:
        return {"kind": kind, "text": text, "firm_sees": False, "recorded_by": "demo",
                "recorded_at": self._at(min(day, self.today))}  # fmt: skip

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, time(9, 30), DISTRICT)

    def insert(self, session: Session) -> list[int]:
        """Everything collected; the cases' numbers."""
        returning = insert(SupportCase).returning(SupportCase.id, sort_by_parameter_order=True)
        numbers = list(session.scalars(returning, self.rows, execution_options=TOGETHER))
        entries = [
            one | {"case_id": number, "firm_id": row["firm_id"]}
            for number, row, some in zip(numbers, self.rows, self.entries, strict=True)
            for one in some
        ]
        session.execute(insert(CaseEntry), entries, execution_options=TOGETHER)
        return numbers


def _beside(
    session: Session, random: Random, today: date, rows: list[Row], numbers: list[int],
    ids: list[int],
) -> None:  # fmt: skip
    """Firms without a case beside the closed ones; fewer of them closed the gap."""
    had = {row["firm_id"] for row in rows}
    free = [firm_id for firm_id in ids if firm_id not in had]
    peers = []
    for number, row in zip(numbers, rows, strict=True):
        if row["closed_on"] is None:
            continue
        for firm_id in random.sample(free, 3):
            later = row["opened_on"] + timedelta(days=random.randint(40, 300))
            closed = later if random.random() < 0.2 and later <= today else None
            peers.append({"case_id": number, "firm_id": firm_id, "gap_closed_on": closed})
    session.execute(insert(CasePeer), peers, execution_options=TOGETHER)


def _visits(
    session: Session, random: Random, today: date, rows: list[Row], numbers: list[int]
) -> None:
    """Most cases that are worked on were visited for."""
    found = []
    for number, row in zip(numbers, rows, strict=True):
        if row["state"] in ("open", "accepted") or random.random() < 0.4:
            continue
        day = min(row["opened_on"] + timedelta(days=random.randint(2, 20)), today)
        kind, effect = random.choice(VISITS)
        goes_on = row["closed_on"] is None
        found.append({
            "firm_id": row["firm_id"], "kind": kind, "served_on": day, "effect": effect,
            "organisation_id": row["organisation_id"], "person": "部门经办", "case_id": number,
            "next_step": random.choice(NEXT) if goes_on else None,
            "next_on": day + timedelta(days=14) if goes_on else None,
            "source": "bureau", "recorded_by": "demo",
        })  # fmt: skip
    session.execute(insert(ServiceRecord), found, execution_options=TOGETHER)


def _plans(session: Session, today: date, firms: list[int]) -> None:
    """Plans of firms that are nearly certified, agreed with them."""
    for firm_id in firms:
        goal = plans.Goal(
            "certified", today + timedelta(days=240), {MEASURE: today + timedelta(days=60)},
            note="集中辅导研发费用归集", agreed_on=today - timedelta(days=7), agreed_with="总经理",
        )  # fmt: skip
        plans.make(session, SYSTEM, session.get_one(Firm, firm_id), goal, 0)


def _doors(
    session: Session, random: Random, today: date, rows: list[Row], numbers: list[int]
) -> None:
    """Links that were used, though nobody has them any more, and what came through them."""
    served = [(number, row) for number, row in zip(numbers, rows, strict=True)
              if row["closed_on"] is not None][:DOORS]  # fmt: skip
    noon = datetime.combine(today, time(12), DISTRICT)
    doors = [
        {"firm_id": row["firm_id"], "secret_hash": digest(f"demo {number}"), "given_to": "财务",
         "made_by": "demo", "made_at": noon - timedelta(days=20), "uses": random.randint(1, 5),
         "opened_at": noon - timedelta(days=19), "used_at": noon - timedelta(days=3),
         "expires_at": noon + timedelta(days=10)}
        for number, row in served
    ]  # fmt: skip
    returning = insert(Door).returning(Door.id, sort_by_parameter_order=True)
    made = list(session.scalars(returning, doors, execution_options=TOGETHER))
    pairs = list(zip(made, served, strict=True))
    session.execute(insert(DoorAnswer), [
        {"firm_id": row["firm_id"], "door_id": door, "case_id": number,
         "score": random.choice((3, 4, 4, 5, 5)), "words": random.choice(SAID)}
        for door, (number, row) in pairs
    ], execution_options=TOGETHER)  # fmt: skip
    session.execute(insert(Correction), [
        {"firm_id": row["firm_id"], "door_id": door, "year": today.year - 1, "indicator": "rd_hnte",
         "value": 100 * yuan, "typed": f"{yuan // 10_000} 万元", "note": "以审计报告为准"}
        for door, (_number, row) in pairs[::4]
        for yuan in (random.randint(60, 400) * 10_000,)
    ])  # fmt: skip
