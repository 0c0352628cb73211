"""Loads and removes the demo district; the same rows for the same seed and day."""

import json
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.models import Grant, Organisation, Token, User
from app.accounts.secrets import PASSWORDS
from app.attraction.models import Lead
from app.core.errors import Conflict
from app.demo import figures, incubation, plans, records, support
from app.demo.names import INDUSTRIES, credit_code, firm_name
from app.demo.people import ACCOUNTS, INCUBATORS, PARKS, PASSWORD
from app.duties.queries import OVERDUE, open_duties
from app.firms.flag_models import DutyDone
from app.firms.models import Contact, Firm, FirmYear, FormerName, Submission
from app.firms.names import search_columns
from app.incubation.models import RewardRate
from app.leading.models import Zone
from app.plans.models import PlanFigure

FIRMS = 1_100
SEED = 20_230_101
# One firm in so many lacks a little R&D for the high-tech certificate, and nothing else.
NEAR_EACH = 40
DONE_IN_TIME = 0.9
Row = dict[str, Any]


def load(session: Session, today: date, seed: int = SEED) -> int:
    """Make the district; returns the number of firms. Conflict if it is there already."""
    if session.scalar(select(Firm.id).where(Firm.demo).limit(1)) is not None:
        raise Conflict("演示数据已经存在：先用 tidu demo remove 删除")
    random = Random(seed)
    bodies = _bodies(session)
    _people(session)
    firms = _firms(random, today)
    ids = list(
        session.scalars(
            insert(Firm).returning(Firm.id, sort_by_parameter_order=True),
            firms,
            execution_options=records.TOGETHER,
        )
    )
    made = records.Records(random, today, bodies)
    reported: list[Row] = []
    yearly: list[Row] = []
    for number, (firm_id, firm) in enumerate(zip(ids, firms, strict=True)):
        near = number % NEAR_EACH == 0
        strength = 0.95 if near else random.betavariate(2.2, 2.4)
        level = 10 ** random.uniform(5.9, 7.2 if near else 8.2)
        found = figures.years(random, firm["registered_on"], today, level, strength)
        if near:
            found = figures.nearly(random, found)
        reported += figures.submissions(random, firm_id, found, today)
        yearly += [{"firm_id": firm_id, "year": year, **row} for year, row in found.items()]
        made.add(firm_id, firm, strength, near=near)
    _pour(session, FirmYear.__tablename__, yearly)
    _pour(session, Submission.__tablename__, reported)
    made.insert(session)
    _extras(session, random, ids, today)
    _duties_done(session, random, today)
    incubation.add(session, Random(seed + 1), today, ids, firms)
    plans.load(session, today)
    support.add(session, Random(seed + 2), today, ids, ids[::NEAR_EACH])
    return len(ids)


def _bodies(session: Session) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kind, names in (("park", PARKS), ("incubator", INCUBATORS)):
        rows = [
            {"code": f"demo_{kind}_{n}", "name": zh, "name_en": en, "kind": kind, "demo": True}
            for n, (zh, en) in enumerate(names.items(), 1)
        ]
        stmt = insert(Organisation).returning(Organisation.id, sort_by_parameter_order=True)
        found[kind] = list(session.scalars(stmt, rows))
    return found


def _people(session: Session) -> None:
    hashed = PASSWORDS.hash(PASSWORD)
    codes = dict(session.execute(select(Organisation.code, Organisation.id)).all())
    for account in ACCOUNTS:
        user = User(username=account.username, name=account.name, password_hash=hashed,
                    locale="zh", demo=True)  # fmt: skip
        session.add(user)
        session.flush()  # the grant needs its number
        session.add(Grant(user_id=user.id, role=account.role.value, since=date.min,
                          organisation_id=codes[account.organisation]))  # fmt: skip
    session.flush()


def _firms(random: Random, today: date) -> list[Row]:
    used: set[str] = set()
    made = []
    for number in range(FIRMS):
        industry, code, field, chain = random.choice(INDUSTRIES)
        name = firm_name(random, industry, used)
        age = min(int(random.expovariate(1 / 2600)) + 40, 9500)
        made.append({
            "credit_code": credit_code(number), "name": name, **search_columns(name),
            "registered_on": today - timedelta(days=age), "region_code": "500114",
            "industry_code": code, "chain": chain,
            "hightech_field": field if random.random() < 0.85 else None,
            "resident_enterprise": True if random.random() < 0.95 else None,
            "legal_form": "有限责任公司", "address": f"重庆市黔江区正阳街道科创路 {number + 1} 号",
            "origin": random.choice(("incubated", "attracted", "spun_off", None, None)),
            "demo": True, "source": "bureau",
        })  # fmt: skip
    return made


def _pour(session: Session, table: str, rows: list[Row]) -> None:
    """Many rows in one value: their figures are stored steps, which a model would take for yuan."""
    names = ", ".join(sorted({name for row in rows for name in row}))
    statement = text(
        f"insert into {table} ({names}) select {names} "  # noqa: S608 - our own names
        f"from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
    )
    session.execute(statement, {"rows": json.dumps(rows, default=str)})


def _extras(session: Session, random: Random, ids: list[int], today: date) -> None:
    renamed = [
        {"firm_id": firm_id, "name": f"黔江旧名{n}号厂", "until": today - timedelta(days=40 * n),
         "name_search": search_columns(f"黔江旧名{n}号厂")["name_search"]}
        for n, firm_id in enumerate(random.sample(ids, 40), 1)
    ]  # fmt: skip
    session.execute(insert(FormerName), renamed)
    people = [
        {"firm_id": firm_id, "name": f"联系人{n}", "duty": "财务", "phone": f"000-0000-{n:04d}",
         "email": f"contact{n}@firm.example"}
        for n, firm_id in enumerate(ids, 1)
    ]  # fmt: skip
    session.execute(insert(Contact), people)


def _duties_done(session: Session, random: Random, today: date) -> None:
    """Most of what was due has been done; a few firms forgot."""
    owed = open_duties(SYSTEM, today).subquery()
    over = select(owed).where(owed.c.stage == OVERDUE).order_by(owed.c.firm_id, owed.c.due)
    done = [
        {"firm_id": row.firm_id, "code": row.duty, "period": row.period,
         "done_on": row.due - timedelta(days=random.randint(1, 40))}
        for row in session.execute(over)
        if random.random() < DONE_IN_TIME
    ]  # fmt: skip
    if done:
        session.execute(insert(DutyDone), done)


def remove(session: Session) -> int:
    """Remove exactly the demo; returns how many firms went."""
    number = session.scalar(select(func.count()).select_from(Firm).where(Firm.demo)) or 0
    session.execute(delete(Lead).where(Lead.demo))
    session.execute(delete(Zone).where(Zone.name.endswith("（演示）")))
    session.execute(delete(RewardRate).where(RewardRate.basis == incubation.DEMO_BASIS))
    session.execute(delete(Firm).where(Firm.demo))
    session.execute(delete(User).where(User.demo))
    session.execute(delete(PlanFigure).where(PlanFigure.document == plans.SAID))
    demo = select(Organisation.id).where(Organisation.demo)
    session.execute(delete(Token).where(Token.organisation_id.in_(demo)))
    session.execute(delete(Organisation).where(Organisation.demo))
    return number
