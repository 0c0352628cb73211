"""Single writes of the register: names, codes, versions, designations, judgements, sources."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import SYSTEM, Actor, Role
from app.core.clock import today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.firms import queries, reporting, service
from app.firms.models import Designation, Firm, FirmHistory, FirmYear, Judgement, Submission
from tests import people
from tests.factories import credit_code, make_firm

YEAR = today().year - 1


@pytest.fixture
def firm(db: Session) -> Firm:
    """A firm founded long ago."""
    return db.get_one(Firm, make_firm(db, firm={"registered_on": date(2015, 1, 1)}))


def manager(db: Session) -> Actor:
    """The manager of an incubator."""
    return Actor(Role.INCUBATOR_MANAGER, people.body(db, "nest", "incubator").id, "管理员")


def test_names_are_found_by_sound_and_initials() -> None:
    columns = service.name_columns("重庆银行ＡＢＣ（中国）")
    assert columns["name_search"].startswith("重庆银行abc(中国) chongqingyinhang")
    assert " cqyh" in columns["name_search"]
    assert columns["pinyin"].startswith("chongqingyinhang")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("9150011400000001", "18 位"),
        ("91500114000000019g", None),
        ("91500114I00000019G", "不允许"),
        ("91500114000000019H", "校验码"),
        ("", "18 位"),
    ],
)
def test_a_credit_code_is_checked(code: str, told: str | None) -> None:
    if told is None:
        assert service.check_credit_code(code) == code.upper()
        return
    with pytest.raises(service.CreditCodeInvalid, match=told):
        service.check_credit_code(code)


def test_a_wrong_organisation_code_is_named() -> None:
    stem = "91500114000000018"  # the check digit of the organisation code should be 9 … not 8
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(letters.index(c) * pow(3, i, 31) for i, c in enumerate(stem))
    with pytest.raises(service.CreditCodeInvalid, match="组织机构代码"):
        service.check_credit_code(stem + letters[-total % 31])


def test_whoever_registers_a_firm_sees_it(db: Session) -> None:
    actor = manager(db)
    act_as(db, actor)
    made = service.register(db, actor, "萌芽科技有限公司", credit_code=credit_code(77_000_001))
    assert queries.get(db, actor, made.id).source == "incubator"
    with pytest.raises(Conflict, match="已登记"):
        service.register(db, actor, "别名", credit_code=credit_code(77_000_001))


def test_a_change_keeps_the_old_record_and_the_old_name(db: Session, firm: Firm) -> None:
    old, version = firm.name, firm.version
    service.update(db, SYSTEM, firm, {"name": "全新名称有限公司", "chain": "材料"}, version)
    assert (firm.version, firm.chain) == (version + 1, "材料")
    assert queries.former_names(db, firm.id) == [old]
    history = db.scalars(select(FirmHistory.record).where(FirmHistory.firm_id == firm.id)).one()
    assert history["name"] == old
    for name in (old, "全新", "quanxin", "qxmc"):
        assert db.scalars(select(Firm.id).where(queries.search(name), Firm.id == firm.id)).one()
    with pytest.raises(Stale):
        service.update(db, SYSTEM, firm, {"chain": "x"}, version)


def test_a_credit_code_is_given_once(db: Session, firm: Firm) -> None:
    team = service.register(db, SYSTEM, "团队")
    assert team.credit_code is None
    with pytest.raises(Conflict, match="另一企业"):
        service.update(db, SYSTEM, team, {"credit_code": firm.credit_code}, team.version)
    service.update(db, SYSTEM, team, {"credit_code": credit_code(77_000_002)}, team.version)
    with pytest.raises(Conflict, match="不能更改"):
        service.update(db, SYSTEM, team, {"credit_code": credit_code(77_000_003)}, team.version)


def test_a_designation_says_who_decided_why_and_on_what(db: Session, firm: Firm) -> None:
    made = service.designate(
        db, SYSTEM, firm, "pool", Range(date(2024, 1, 1), date(2027, 1, 1)), reason="符合入库条件",
        basis={"set": "pool_qianjiang_2023", "outcome": "met"}, number="P-1",
    )  # fmt: skip
    assert (made.decided_reason, made.recorded_by, made.number) == ("符合入库条件", "system", "P-1")
    with pytest.raises(Conflict, match="2024-01-01 – 2026-12-31"):
        service.designate(db, SYSTEM, firm, "pool", Range(date(2026, 12, 31), None), reason="x")
    service.designate(db, SYSTEM, firm, "pool", Range(date(2027, 1, 1), None), reason="续期")
    ended = service.end_designation(db, SYSTEM, made, date(2025, 5, 31), "迁出")
    assert ended.valid == Range(date(2024, 1, 1), date(2025, 6, 1))
    assert (ended.end_reason, ended.number, made.superseded_at is None) == ("迁出", "P-1", False)
    with pytest.raises(Stale):
        service.correct(db, SYSTEM, made, number="P-2")


def test_only_analysts_decide_titles(db: Session, firm: Firm) -> None:
    with pytest.raises(Forbidden):
        service.designate(db, manager(db), firm, "pool", Range(today(), None), reason="x")


def test_the_database_itself_refuses_overlaps(db: Session, firm: Firm) -> None:
    span = Range(date(2024, 1, 1), date(2025, 1, 1))
    for _ in range(2):
        db.add(Designation(firm_id=firm.id, kind="hnte", valid=span))
    with pytest.raises(IntegrityError):
        db.flush()


def test_a_judgement_is_corrected_not_overwritten(db: Session, firm: Firm) -> None:
    service.judge(db, SYSTEM, firm, "hnte.field", True, "技术说明书")
    service.judge(db, SYSTEM, firm, "hnte.field", True, "技术说明书")
    service.judge(db, SYSTEM, firm, "hnte.field", False, "复核")
    rows = db.scalars(select(Judgement).where(Judgement.firm_id == firm.id).order_by(Judgement.id))
    assert [(r.holds, r.superseded_at is None) for r in rows] == [(True, False), (False, True)]
    points = service.judge(db, SYSTEM, firm, "hnte.score.ip.support", 6, "专家评分")
    assert (points.holds, points.points) == (None, 6)


# --- figures ------------------------------------------------------------------------------------


def value(db: Session, firm: Firm, code: str = "staff_avg") -> Decimal | None:
    """The best known value."""
    found = {f.indicator.code: f.value for f in queries.figures_of(db, firm.id, YEAR)}
    return found.get(code)


def report(db: Session, firm: Firm, number: int | None, source: str) -> reporting.Reported:
    """One figure from one source."""
    return reporting.report_figures(db, SYSTEM, firm, YEAR, {"staff_avg": number}, source=source)


def test_a_better_or_equal_source_wins(db: Session, firm: Firm) -> None:
    assert report(db, firm, 10, "self_reported").accepted == ["staff_avg"]
    assert report(db, firm, 11, "self_reported").accepted == ["staff_avg"]
    assert report(db, firm, 12, "tax_bureau").accepted == ["staff_avg"]
    assert value(db, firm) == 12
    assert report(db, firm, 12, "self_reported").unchanged == ["staff_avg"]
    history = select(func.count()).where(Submission.firm_id == firm.id)
    assert db.scalar(history) == 3
    assert db.scalar(history.where(Submission.superseded_at.is_not(None))) == 2


def test_a_lesser_source_that_differs_waits(db: Session, firm: Firm) -> None:
    report(db, firm, 12, "tax_bureau")
    for _ in range(2):
        again = report(db, firm, 99, "self_reported")
    assert (again.conflicts, again.unchanged) == ([], ["staff_avg"])
    assert value(db, firm) == 12
    [conflict] = queries.open_conflicts(db, firm.id)
    reporting.settle(db, SYSTEM, conflict.id, accept=True)
    assert value(db, firm) == 99
    assert queries.open_conflicts(db, firm.id) == []
    with pytest.raises(Conflict):
        reporting.settle(db, SYSTEM, conflict.id, accept=False)


def test_a_conflict_can_be_put_aside(db: Session, firm: Firm) -> None:
    report(db, firm, 12, "tax_bureau")
    report(db, firm, 99, "import")
    [conflict] = queries.open_conflicts(db, firm.id)
    with pytest.raises((NotFound, Forbidden)):
        reporting.settle(db, manager(db), conflict.id, accept=True)
    reporting.settle(db, SYSTEM, conflict.id, accept=False)
    assert value(db, firm) == 12
    assert queries.open_conflicts(db, firm.id) == []


def test_a_figure_can_be_cleared(db: Session, firm: Firm) -> None:
    assert report(db, firm, None, "bureau").unchanged == ["staff_avg"]
    report(db, firm, 12, "bureau")
    assert report(db, firm, None, "bureau").accepted == ["staff_avg"]
    assert value(db, firm) is None
    version = db.scalar(select(FirmYear.version).where(FirmYear.firm_id == firm.id))
    assert version == 2


def test_money_is_exact(db: Session, firm: Firm) -> None:
    given = {"revenue_sales": Decimal("1234567890123.45"), "market_share": Decimal("12.34")}
    reporting.report_figures(db, SYSTEM, firm, YEAR, given)
    for code, number in given.items():
        assert value(db, firm, code) == number


@pytest.mark.parametrize(
    ("year", "values", "told"),
    [
        (YEAR, {"staff_avg": -1}, "之间"),
        (YEAR, {"staff_avg": Decimal("1.5")}, "小数"),
        (YEAR, {"revenue_sales": Decimal("0.001")}, "2 位小数"),
        (YEAR, {"revenue_sales": Decimal("1e13")}, "之间"),
        (YEAR, {"revenue_sales": Decimal("NaN")}, "之间"),
        (YEAR, {"staf_avg": 1}, "staff_avg"),
        (2014, {"staff_avg": 1}, "年度"),
        (today().year + 1, {"staff_avg": 1}, "年度"),
        (YEAR, {"staff_avg": 10, "st_staff_avg": 11}, "大于"),
        (YEAR, {"st_staff_avg": 21}, "大于"),
    ],
)
def test_what_cannot_be_is_refused(
    db: Session, firm: Firm, year: int, values: dict[str, Decimal | int | None], told: str
) -> None:
    report(db, firm, 20, "self_reported")
    with pytest.raises(Invalid, match=told):
        reporting.report_figures(db, SYSTEM, firm, year, values)
    assert value(db, firm) == 20
