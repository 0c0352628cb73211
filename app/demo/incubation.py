"""The demo's incubation and attraction: carriers, teams, services, origins, chains and leads."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.attraction.models import CHANNELS, WAY, Lead, LeadStep
from app.attraction.words import CHAINS, PARTNERS
from app.demo.records import TOGETHER
from app.firms.models import Firm, Residency
from app.firms.names import search_columns
from app.incubation.models import (
    FOUNDER_KINDS,
    SPIN_OFF_WAYS,
    Carrier,
    ContestEntry,
    Founding,
    Promotion,
    RewardRate,
    ServiceRecord,
    SpinOff,
)
from app.leading.models import LISTING_STEPS, ChainMember, ListingStep, Zone

Row = dict[str, Any]
# By name: kind, level, place among the platforms, square metres, seats.
CARRIERS = {
    "武陵众创空间": ("makerspace", "municipal", "N", 1_800, 120),
    "濯水创客谷": ("makerspace", "district", "N", 900, 60),
    "正阳科技企业孵化器": ("incubator", "municipal", "1", 12_500, 420),
    "小南海孵化基地": ("incubator", "district", "3", 6_200, 180),
    "仰头山加速器": ("accelerator", "district", "2", 21_000, 300),
    "官渡科创园": ("accelerator", "district", "2", 15_600, 260),
}
DEMO_BASIS = "演示：孵化绩效奖励办法"
RATES = {"entered": 2_000, "graduates": 30_000, "tech_based": 10_000, "certified": 50_000}
TEAMS = ("山歌智能传感团队", "乌江水质监测团队", "土家织锦数字设计团队", "桑蚕蛋白材料团队",
         "武陵中药饮片检测团队", "猕猴桃冷链算法团队")  # fmt: skip
SERVICES = (
    ("startup_advice", "明确了产品路线和首批客户"), ("roadshow", "两家投资机构约谈"),
    ("financing", "银行受理知识价值信用贷款"), ("training", "会计学会归集研发费用"),
    ("space", "调整到带中试间的场地"), ("application_guidance", "补齐科技型企业申报材料"),
    ("visit", None),
)  # fmt: skip
HOURS = ("1.00", "1.50", "2.00", "3.00", "8.00")
INSTITUTIONS = ("重庆大学", "西南大学", "重庆三峡学院", "长江师范学院", "中国科学院重庆研究院")
CONTESTS = (("中国创新创业大赛（重庆赛区）", "municipal"), ("“渝创渝新”创业大赛", "municipal"),
            ("黔江区创新创业大赛", "district"))  # fmt: skip
LEADS = ("华岳电子玻纤", "海纳储能科技", "泰山铝基复材", "川东生物制药", "嘉陵数据科技", "蓝港冷链",
         "巴山中药", "京渝环保装备", "浦江智能制造", "日升光伏", "南充丝纺新材", "渝新检测",
         "中信产业算力", "西部微电子封测", "黄海海洋生物", "金佛山药械", "长航新能源", "云帆软件",
         "天府精密", "北斗农业", "瀚海石英", "远景储能", "青云云计算", "大巴山食品")  # fmt: skip
FORMED = date(2023, 1, 1)
LOST = ("went_elsewhere", "funds", "no_answer")


class _Rows:
    """Rows per table, inserted each table at once."""

    def __init__(self, today: date) -> None:
        self.today, self.rows = today, dict[type[Any], list[Row]]()

    def fact(self, model: type[Any], **values: Any) -> None:
        """A record of a firm, known since the demo was made."""
        self.put(model, source="bureau", recorded_by="demo", **values)

    def put(self, model: type[Any], **values: Any) -> None:
        """A row of any table."""
        self.rows.setdefault(model, []).append(values)

    def ago(self, days: int) -> date:
        """So many days before today."""
        return self.today - timedelta(days=days)

    def insert(self, session: Session) -> None:
        """Everything collected."""
        for model, rows in self.rows.items():
            session.execute(insert(model), rows, execution_options=TOGETHER)


def add(session: Session, random: Random, today: date, ids: list[int], firms: list[Row]) -> None:
    """Everything about how the district's firms came to be and what is done for the young."""
    rows = _Rows(today)
    carriers = _carriers(session, rows)
    _teams(session, random, rows, carriers)
    _services(session, random, rows)
    _promotions(session, rows, carriers)
    _origins(random, rows, ids, firms)
    _chains(random, rows, ids, firms)
    _zones(session, rows)
    rows.insert(session)
    _leads(session, random, rows, ids, firms)


def _carriers(session: Session, rows: _Rows) -> dict[str, int]:
    query = select(Organisation.name, Organisation.id).where(Organisation.kind == "incubator",
                                                             Organisation.demo)  # fmt: skip
    numbers = {name: number for name, number in session.execute(query)}
    for name, (kind, level, platform, area, seats) in CARRIERS.items():
        rows.put(Carrier, organisation_id=numbers[name], kind=kind, level=level, version=1,
                 platform=platform, area_m2=area, seats=seats, opened_on=date(2019, 6, 1),
                 field=None, operator=f"{name}运营公司")  # fmt: skip
    for measure, amount in RATES.items():
        rows.put(RewardRate, measure=measure, amount=amount, since=date(rows.today.year - 2, 1, 1),
                 basis=DEMO_BASIS)  # fmt: skip
    return numbers


def _teams(session: Session, random: Random, rows: _Rows, carriers: dict[str, int]) -> None:
    homes = [number for name, number in carriers.items() if CARRIERS[name][0] == "makerspace"]
    made = [{"name": name, **search_columns(name), "origin": "incubated", "demo": True,
             "chain": random.choice(CHAINS), "source": "incubator"} for name in TEAMS]  # fmt: skip
    returning = insert(Firm).returning(Firm.id, sort_by_parameter_order=True)
    for firm_id in session.scalars(returning, made).all():
        rows.fact(Residency, firm_id=firm_id, incubator_id=random.choice(homes), limit_months=24,
                  during=Range(rows.ago(random.randint(20, 300)), None))  # fmt: skip


def _services(session: Session, random: Random, rows: _Rows) -> None:
    query = select(Residency.firm_id, Residency.incubator_id, Residency.during).join(
        Firm, Firm.id == Residency.firm_id
    )
    stays = session.execute(query.where(Firm.demo).order_by(Residency.firm_id)).all()
    for firm_id, incubator_id, during in stays:
        for _ in range(random.choice((0, 1, 1, 2, 4))):
            day = rows.ago(random.randint(3, 700))
            if day not in during:
                continue
            kind, effect = random.choice(SERVICES)
            follow = kind == "financing" and (rows.today - day).days < 40
            rows.fact(ServiceRecord, firm_id=firm_id, kind=kind, served_on=day, effect=effect,
                      hours=random.choice(HOURS), organisation_id=incubator_id, person="创业导师",
                      next_step="跟进放款" if follow else None, note=None,
                      next_on=day + timedelta(days=30) if follow else None)  # fmt: skip


def _promotions(session: Session, rows: _Rows, carriers: dict[str, int]) -> None:
    home, to = carriers["武陵众创空间"], carriers["正阳科技企业孵化器"]
    query = select(Residency.firm_id).where(
        Residency.incubator_id == home, Residency.during.contains(rows.today)
    )
    for firm_id in session.scalars(query.order_by(Residency.firm_id).limit(2)):
        rows.fact(Promotion, firm_id=firm_id, from_id=home, to_id=to, starts_on=rows.today,
                  reason="产品已定型，需要中试场地")  # fmt: skip


def _origins(random: Random, rows: _Rows, ids: list[int], firms: list[Row]) -> None:
    pairs = list(zip(ids, firms, strict=True))
    old = [firm_id for firm_id, firm in pairs if firm["registered_on"] < rows.ago(3000)]
    for firm_id, firm in pairs:
        born = firm["registered_on"]
        if firm["origin"] == "spun_off" and firm_id not in old and random.random() < 0.25:
            rows.fact(SpinOff, firm_id=firm_id, parent_id=random.choice(old), spun_off_on=born,
                      way=random.choice(SPIN_OFF_WAYS), note=None)  # fmt: skip
        if random.random() < 0.04:
            rows.fact(Founding, firm_id=firm_id, kind=random.choice(FOUNDER_KINDS), since=born,
                      institution=random.choice(INSTITUTIONS), note=None)  # fmt: skip
        if random.random() < 0.05:
            _contest(random, rows, firm_id)


def _contest(random: Random, rows: _Rows, firm_id: int) -> None:
    name, level = random.choice(CONTESTS)
    entered, won = rows.ago(random.randint(150, 900)), random.random() < 0.4
    rows.fact(ContestEntry, firm_id=firm_id, name=name, level=level, entered_on=entered,
              place=random.choice(("一等奖", "二等奖", "优秀奖")) if won else None,
              won_on=entered + timedelta(days=90) if won else None,
              prize=random.choice((20_000, 50_000)) if won else None)  # fmt: skip


def _chains(random: Random, rows: _Rows, ids: list[int], firms: list[Row]) -> None:
    for chain in (*CHAINS, "消费品"):
        pairs = zip(ids, firms, strict=True)
        of_chain = [firm_id for firm_id, firm in pairs
                    if firm["chain"] == chain and firm["registered_on"] < FORMED]  # fmt: skip
        for place, firm_id in enumerate(random.sample(of_chain, min(14, len(of_chain)))):
            rows.fact(ChainMember, firm_id=firm_id, chain=chain, since=FORMED,
                      role="leader" if place < 2 else "member", ended_on=None, note=None,
                      link=random.choice(("原料", "部件", "整机", "服务")))  # fmt: skip
            if place == 0:
                _listing(random, rows, firm_id)


def _zones(session: Session, rows: _Rows) -> None:
    """One core and three areas, made up, and the five parks."""
    areas = (("城西", "Chengxi"), ("舟白", "Zhoubai"), ("武陵山", "Wulingshan"))
    wholes = [Zone(name="正阳核心区（演示）", name_en="Zhengyang core (demo)", kind="core"),
              *(Zone(name=f"{zh}片区（演示）", name_en=f"{en} area (demo)", kind="area")
                for zh, en in areas)]  # fmt: skip
    session.add_all(wholes)
    session.flush()
    parks = select(Organisation).where(Organisation.kind == "park", Organisation.demo)
    for n, park in enumerate(session.scalars(parks.order_by(Organisation.id))):
        rows.put(
            Zone,
            name=park.name,
            name_en=park.name_en,
            kind="park",
            park_id=park.id,
            within_id=wholes[n % 4].id,
        )


def _listing(random: Random, rows: _Rows, firm_id: int) -> None:
    steps = [LISTING_STEPS[0], *random.sample(("otc", "guidance"), random.choice((0, 1, 2)))]
    for number, step in enumerate(sorted(steps, key=LISTING_STEPS.index)):
        rows.fact(ListingStep, firm_id=firm_id, step=step, sponsor="西南证券", code=None, note=None,
                  reached_on=rows.ago(900 - 300 * number), board=None)  # fmt: skip


# --- attraction ---------------------------------------------------------------------------------


def _leads(session: Session, random: Random, rows: _Rows, ids: list[int], firms: list[Row]) -> None:
    came = [firm_id for firm_id, firm in zip(ids, firms, strict=True)
            if firm["origin"] == "attracted" and firm["registered_on"] > rows.ago(900)]  # fmt: skip
    codes = select(Organisation.code, Organisation.id)
    bodies = {code: number for code, number in session.execute(codes)}
    leads = [_lead(random, rows, bodies, name, n, came) for n, name in enumerate(LEADS)]
    returning = insert(Lead).returning(Lead.id, sort_by_parameter_order=True)
    numbers = session.scalars(returning, leads, execution_options=TOGETHER).all()
    steps = [step for number, lead in zip(numbers, leads, strict=True)
             for step in _steps(number, lead)]  # fmt: skip
    session.execute(insert(LeadStep), steps)


def _lead(
    random: Random, rows: _Rows, bodies: dict[str, int], name: str, number: int, came: list[int]
) -> Row:
    stage = ("contact", "contact", "visit", "talks", "signed", "landed", "lost", "talks")[
        number % 8
    ]
    if stage == "landed" and not came:
        stage = "signed"
    since = rows.ago(random.randint(160, 420))
    under_way = stage in WAY[:-1]
    return {
        "name": f"{name}有限公司", "since": since, "stage": stage,
        "stage_on": since + timedelta(days=30 * (WAY.index(stage) if stage in WAY else 2)),
        "channel": random.choice(CHANNELS), "chain": random.choice(CHAINS),
        "partner": random.choice((*PARTNERS, None)), "introduced_by": "三磊玻纤（演示）",
        "investment": random.choice((None, 20_000_000, 80_000_000, 150_000_000)),
        "description": "演示线索", "owner": random.choice(("王经办", "李经办")), "demo": True,
        "organisation_id": bodies["investment"], "park_id": bodies["demo_park_1"],
        "next_step": random.choice(("邀请考察", "送出协议", "核实用地")) if under_way else None,
        "next_on": rows.ago(random.randint(-30, 6)) if under_way else None,
        "lost_reason": random.choice(LOST) if stage == "lost" else None,
        "firm_id": came.pop() if stage == "landed" else None, "recorded_by": "demo",
    }  # fmt: skip


def _steps(number: int, lead: Row) -> list[Row]:
    way = WAY[: WAY.index(lead["stage"]) + 1] if lead["stage"] in WAY else (*WAY[:2], "lost")
    said = {"contact": "展会上接触", "visit": "来区考察", "talks": "商谈用地和政策",
            "signed": "签订协议", "landed": "完成注册", "lost": "对方放弃"}  # fmt: skip
    return [{"lead_id": number, "taken_on": lead["since"] + timedelta(days=30 * place),
             "stage": stage, "note": said[stage], "recorded_by": "demo"}
            for place, stage in enumerate(way)]  # fmt: skip
