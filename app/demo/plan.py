"""Records of the plan of the demo's firms: the stronger a firm, the more of them.

They draw from a generator of their own, so that the rest of the demo stays as it is.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from app.funding import models as funding
from app.innovation import models as innovation
from app.services import models as services
from app.talent import models as talent

if TYPE_CHECKING:
    from app.demo.records import Records

Row = dict[str, Any]
BANKS = ("重庆银行", "重庆农村商业银行", "中国银行黔江支行", "建设银行黔江支行")
SCHOOLS = ("重庆大学", "西南大学", "重庆理工大学", "重庆旅游职业学院")
FUNDS = ("渝富创投", "重庆科风投", "黔江产业引导基金")
PROGRAMMES = ("研发准备金补助", "高企认定奖励", "科技型企业入库奖励", "成果转化补助")
YOUNGEST = 30
SURNAMES = "王李张刘陈杨赵黄周吴"


def _wan(random: Random, low: int, high: int) -> Decimal:
    return Decimal(random.randint(low, high) * 10_000)


def _project(random: Random, day: date) -> Row:
    asked = random.randint(20, 300)
    return {"name": f"关键技术研究 {day:%Y%m}", "number": f"CSTB{day:%Y%m%d}", "level": "municipal",
            "stage": random.choice(("running", "accepted")), "asked": Decimal(asked * 10_000),
            "amount": Decimal(asked * 8_000), "partners": [random.choice(SCHOOLS)]}  # fmt: skip


def _contract(random: Random, day: date) -> Row:
    amount = _wan(random, 5, 400)
    return {"number": f"{day:%Y}500114{random.randint(0, 999_999):06d}", "name": "技术开发合同",
            "kind": random.choice(innovation.CONTRACT_KINDS), "amount": amount,
            "part": random.choice(innovation.CONTRACT_PARTS), "partner": random.choice(SCHOOLS),
            "partner_code": None, "registered_on": day, "technology_amount": amount}  # fmt: skip


def _loan(random: Random, day: date) -> Row:
    paid_back = random.random() < 0.4
    return {"lender": random.choice(BANKS), "number": f"DK{day:%Y%m%d}{random.randint(0, 999):03d}",
            "kind": random.choice(funding.LOAN_KINDS), "due_on": day + timedelta(days=365),
            "ended_on": day + timedelta(days=20) if paid_back else None,
            "amount": _wan(random, 30, 500)}  # fmt: skip


def _case(random: Random, day: date) -> Row:
    return {"name": f"专利维权 {day:%Y%m}", "kind": random.choice(innovation.CASE_KINDS),
            "opponent": "某公司", "outcome": None, "amount": None}  # fmt: skip


def _hire(random: Random, day: date) -> Row:
    return {"person": f"{random.choice(SURNAMES)}博士", "kind": "doctor", "field": "材料",
            "amount": _wan(random, 2, 10)}  # fmt: skip


def _adviser(random: Random, day: date) -> Row:
    return {"person": f"{random.choice(SURNAMES)}老师", "kind": random.choice(talent.ADVISER_KINDS),
            "home": random.choice(SCHOOLS), "field": None, "effect": "解决工艺问题"}  # fmt: skip


# Each kind: how likely a firm of full strength has one, and what it says.
KINDS: tuple[tuple[type[Any], float, Callable[[Random, date], Row]], ...] = (
    (innovation.Project, 0.35, _project),
    (innovation.TechContract, 0.4, _contract),
    (innovation.Product, 0.08, lambda random, day: {
        "name": f"新产品 {day:%Y%m}", "kind": random.choice(innovation.PRODUCT_KINDS),
        "level": "municipal", "number": None}),
    (innovation.Purchase, 0.06, lambda random, day: {
        "name": "新产品", "buyer": "区住房城乡建委", "amount": _wan(random, 5, 90)}),
    (innovation.IpCase, 0.03, _case),
    (funding.EquityRound, 0.07, lambda random, day: {
        "investor": random.choice(FUNDS), "kind": random.choice(("angel", "a", "strategic")),
        "amount": _wan(random, 100, 3000)}),
    (funding.Loan, 0.35, _loan),
    (funding.Pledge, 0.06, lambda random, day: {
        "number": f"Y{day:%Y%m%d}{random.randint(0, 999):03d}", "name": "发明专利",
        "kind": "patent", "creditor": random.choice(BANKS), "amount": _wan(random, 50, 400)}),
    (funding.SeedFunding, 0.05, lambda random, day: {
        "fund": "黔江种子基金", "kind": "equity", "amount": _wan(random, 20, 80)}),
    (funding.Subsidy, 0.5, lambda random, day: {
        "programme": random.choice(PROGRAMMES), "kind": random.choice(("grant", "reward")),
        "number": None, "amount": _wan(random, 1, 40)}),
    (talent.TalentAward, 0.05, lambda random, day: {
        "programme": "重庆英才计划", "person": f"{random.choice(SURNAMES)}工", "level": "municipal",
        "amount": _wan(random, 10, 50)}),
    (talent.TalentHire, 0.12, _hire),
    (talent.Adviser, 0.3, _adviser),
    (talent.Training, 0.06, lambda random, day: {
        "name": f"订单班 {day:%Y%m}", "school": random.choice(SCHOOLS),
        "people": random.randint(10, 60), "amount": None}),
    (services.ProviderService, 0.25, lambda random, day: {
        "provider": "易智网渝东南科技创新中心", "kind": random.choice(services.PROVIDER_KINDS),
        "hours": Decimal(random.randint(1, 40)), "effect": "已对接", "amount": None}),
    (services.Story, 0.02, lambda random, day: {
        "name": f"创新故事 {day:%Y%m}", "stage": "draft", "content": "演示：企业的创新故事。",
        "consent_by": None, "consent_on": None, "published_on": None, "published_in": None}),
    (services.Provider, 0.01, lambda random, day: {
        "name": "演示科技服务机构", "kind": "testing", "level": "municipal"}),
)  # fmt: skip
COMMON: Row = {"ended_on": None, "organisation_id": None, "evidence": None, "notes": None,
               "attachments": []}  # fmt: skip


def add(made: "Records", firm_id: int, firm: Row, strength: float) -> None:
    """What one firm has; a firm of a month or two has nothing yet."""
    random = Random(firm["credit_code"])
    span = (made.today - firm["registered_on"]).days - YOUNGEST
    if span < YOUNGEST:
        return
    for model, likely, say in KINDS:
        if random.random() < likely * (0.3 + strength):
            day = made.today - timedelta(days=random.randint(YOUNGEST, min(span, 1400)))
            made.put(model, firm_id=firm_id, **(COMMON | say(random, day) | {"happened_on": day}))
