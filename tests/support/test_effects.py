"""What worked: the effect of cases beside firms alike that had none."""

from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.firms.models import FirmYear
from app.pipeline.service import assess
from app.support import service
from app.support.peer_models import CasePeer
from tests import people
from tests.factories import make_firm
from tests.support.opened import LAST, case, figures, opened


def beside(db: Session, firms: list[int]) -> list[int]:
    """Firms like the case's own, and one in another line of business."""
    weak = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte=1, rd_hnte_domestic=1,
        revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    pool = [{"kind": "pool", "from": date(LAST, 1, 1)}]
    made = [make_firm(db, f"可比企业{n}", figures=weak, designations=pool,
                      firm={"registered_on": date(2015, 1, 1), "industry_code": code})
            for n, code in enumerate(("C3512", "C2110", "C3912", "C1311", "G5430"))]  # fmt: skip
    assess(db, None, today())
    return made


def spent(db: Session, firm: int, day: date) -> None:
    """The firm spends enough on R&D, and is evaluated."""
    db.execute(update(FirmYear).where(FirmYear.firm_id == firm).values(
        rd_hnte=900_000, rd_hnte_domestic=900_000))  # fmt: skip
    assess(db, [firm], day)


def test_what_worked_stands_beside_firms_alike(db: Session, firms: list[int]) -> None:
    alike, client = beside(db, firms), people.person(db, Role.ANALYST)
    number = opened(db, firms[:1])[0]
    pairs = db.execute(select(CasePeer.case_id, CasePeer.firm_id)).all()
    assert len(pairs) == 3 and {case for case, _ in pairs} == {number}
    peers = {firm for _, firm in pairs}
    assert peers <= {*alike[:4], *firms[1:]}, "the same section of industry"
    act = service.Act
    service.act(db, SYSTEM, case(db, number), 1, act("accept"))
    service.act(db, SYSTEM, case(db, number), 2, act("close", "好", "done"))
    spent(db, firms[0], today() + timedelta(days=4))
    spent(db, min(peers), today() + timedelta(days=9))
    [line] = client.get("/api/v1/case-effects?by=organisation").json()["items"]
    assert (line["key"], line["cases"], line["done"]) == ("science", 1, 1)
    assert (line["answer_days"], line["done_days"]) == ("0.0", "0.0")
    assert line["own"] == {"firms": 1, "closed": 1, "share": "100.0", "days": "4.0"}
    assert line["peers"] == {"firms": 3, "closed": 1, "share": "33.3", "days": "9.0"}
    assert line["difference"] is None, "too few to compare"
    page = client.get("/cases/effects").text
    assert "研发费用辅助账" in page and "这是关联，不是因果" in page
    closed = client.get(
        "/api/v1/case-effects/peers?measure=rd.subledger&gap_closed_on__empty=false"
    )
    assert [one["firm_id"] for one in closed.json()["items"]] == [min(peers)]
    assert client.get("/cases/effects/beside?measure=rd.subledger").text.count("对照事项") == 3
    assert client.get("/api/v1/case-effects/peers?mesure=x").status_code == 422
    opened(db, [min(peers)])
    [later] = client.get("/api/v1/case-effects").json()["items"]
    assert later["peers"]["firms"] >= 2 and later["peers"]["closed"] == 0, "it has a case now"
    assert db.scalar(select(func.count()).select_from(CasePeer).where(
        CasePeer.firm_id.in_(firms[:1]))) == 0  # fmt: skip


def test_no_firm_stands_twice_beside_the_cases_of_one_opening(
    db: Session, firms: list[int]
) -> None:
    beside(db, firms)
    opened(db, firms)
    found = db.scalars(select(CasePeer.firm_id)).all()
    assert len(found) == len(set(found)) == 4


def test_effects_take_as_many_statements_for_many_cases_as_for_one(
    db: Session, firms: list[int]
) -> None:
    client, engine = people.person(db, Role.ANALYST), db.connection().engine
    sent = []
    for some in (firms[:1], firms[1:]):
        opened(db, some)
        client.get("/cases/effects")  # whatever is kept for later is there
        with people.statements(engine) as found:
            client.get("/cases/effects")
        sent.append(len(found))
    assert sent[0] == sent[1]
