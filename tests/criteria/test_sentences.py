"""What people read: each criterion's sentence says what decided it, in both languages."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.criteria import phrases
from app.criteria.schemas import CriterionExplanation
from app.pipeline.queries import explain
from tests.criteria import compiled
from tests.factories import make_firm

DAY = date(2026, 6, 1)
CHECKED = ["ip_right", "award", "standard", "rd_body"]
OLD = {"registered_on": date(2015, 1, 1), "region_code": "500114", "industry_code": "C3912"}


def told(
    db: Session, code: str, as_of: date = DAY, **facts: Any
) -> dict[str, CriterionExplanation]:
    """Every criterion of a set for a firm with these facts, nested ones included."""
    compiled.shipped(db, [code])
    firm = make_firm(db, **{"firm": OLD, "checked": CHECKED, **facts})

    def walk(criteria: list[CriterionExplanation]) -> Iterator[CriterionExplanation]:
        for criterion in criteria:
            yield criterion
            yield from walk(criterion.members)

    (found,) = explain(db, firm, as_of, codes=[code])
    return {criterion.id: criterion for criterion in walk(found.criteria)}


def test_what_stands_inside_a_not(db: Session) -> None:
    title = {"kind": "single_champion", "from": date(2025, 1, 1)}
    free = told(db, "little_giant_2026")["lg.not_champion"]
    held = told(db, "little_giant_2026", designations=[title])["lg.not_champion"]
    assert free.sentence.zh == "未持有有效资质（制造业单项冠军）：达标"
    assert free.sentence.en == "No valid title (single champion): met"
    assert held.sentence.zh == "未持有有效资质（制造业单项冠军）：未达标"
    assert [t.outcome for t in free.tests] == ["met"]


def test_only_the_firm_s_own_industry_is_spoken_of(db: Session) -> None:
    figures = {"revenue_main": {2025: 15_000_000}, "revenue_operating": {2025: 1_000}}
    industry = told(db, "above_scale_2024", figures=figures)["scale.revenue"]
    assert (
        industry.sentence.zh == "上年主营业务收入：1,500 万元，要求不低于 2,000 万元，差 500 万元"
    )
    assert len(industry.tests) == 1 and [f.indicator for f in industry.figures] == ["revenue_main"]
    farm = told(db, "above_scale_2024", firm=OLD | {"industry_code": "A0141"})["scale.revenue"]
    assert farm.sentence.zh == "不适用：本行业没有这项标准"
    nobody = told(db, "above_scale_2024", firm=OLD | {"industry_code": None})["scale.revenue"]
    assert nobody.sentence.zh == "缺数据：国民经济行业代码"


def test_only_what_is_missing_is_asked_for(db: Session) -> None:
    sme = told(db, "sme_size_2011")["size.sme"]
    assert sme.sentence.zh == "缺数据：2025 年从业人员期末数（企业）、2025 年营业收入（企业）"
    assert "Operating revenue of 2025 (held by the firm)" in sme.sentence.en


def test_years_before_the_firm_are_not_asked_for(db: Session) -> None:
    new = OLD | {"registered_on": date(2026, 3, 1)}
    found = told(db, "hnte_2016", firm=new)
    for name in ("hnte.staff", "hnte.rd", "hnte.rd_domestic", "hnte.income"):
        assert found[name].outcome == "unknown"
        assert found[name].sentence.zh == "企业 2026-03-01 成立，还没有所需的会计年度"
        assert found[name].figures == []
    young = OLD | {"registered_on": date(2025, 3, 1)}
    rd = told(db, "hnte_2016", firm=young)["hnte.rd"]
    assert rd.sentence.zh == (
        "缺数据：2025 年研发费用（高企口径）（企业）、2025 年销售收入（税务部门）"
    )
    growth = told(db, "little_giant_2026", firm=young,
                  figures={"revenue_operating": {2025: 1_000_000}})["lg.growth"]  # fmt: skip
    assert growth.sentence.en == "Registered on 2025-03-01: the years asked for are not there yet"


def test_why_this_tier(db: Session) -> None:
    figures = {"rd_hnte": {y: 2_000_000 for y in (2023, 2024, 2025)},
               "revenue_sales": {2023: 60_000_000, 2024: 60_000_000, 2025: 60_000_000}}  # fmt: skip
    rd = told(db, "hnte_2016", figures=figures)["hnte.rd"]
    assert rd.sentence.zh == (
        "近 3 年研发费用（高企口径）合计÷近 3 年销售收入合计：3.33%，"
        "要求不低于 4%（按上年销售收入 6,000 万元），差 120 万元"
    )
    assert rd.sentence.en.endswith(
        "3.33%, required at least 4% (by Sales revenue of last year of 60,000,000 yuan), "
        "1,200,000 yuan to go"
    )


def test_too_little_too_much_and_more_than(db: Session) -> None:
    debt = {"liabilities_ye": {2025: 9_000_000}, "assets_ye": {2025: 10_000_000}}
    high = told(db, "srdi_2026", figures=debt)["srdi.debt"]
    assert high.sentence.zh.endswith("90%，要求不高于 80%，超出 100 万元")
    assert high.sentence.en.endswith("90%, required at most 80%, 1,000,000 yuan too much")
    stay = {"from": date(2025, 1, 1)}
    grown = told(db, "graduation_2018", residencies=[stay],
                 figures={"vc_raised_cum": {2025: 3_000_000}})["grad.vc"]  # fmt: skip
    assert grown.sentence.zh.endswith("300 万元，要求超过 500 万元，差超过 200 万元")
    assert grown.gap == Decimal("2000000.01")


def test_alternatives_and_brackets(db: Session) -> None:
    figures = {"revenue_operating": {2025: 12_000_000}, "equity_raised": {2024: 0, 2025: 0},
               "market_share": {2025: 5}, "market_rank": {2025: 8},
               "revenue_main": {2023: 0, 2024: 0, 2025: 0}}  # fmt: skip
    scale = told(db, "srdi_2026", figures=figures)["srdi.scale"]
    assert "差 300 万元；或 近 2 年股权融资" in scale.sentence.zh
    market = told(db, "little_giant_2026", figures=figures)["lg.market"]
    assert market.sentence.zh.endswith("第 8 名，要求前 3 名，差 5 个名次")
    assert market.sentence.en.endswith("rank 8, required rank 3 or better, 5 places to go")
    champion = told(db, "single_champion_2023", figures=figures)["sc.revenue"]
    assert (
        "；或 （持有有效资质（专精特新中小企业或专精特新“小巨人”）：未达标；"
        in champion.sentence.zh
    )
    route = told(db, "tech_sme_2017", designations=[{"kind": "hnte", "from": date(2025, 1, 1)}])
    assert route["tsme.route"].sentence.zh.endswith("：达标（有效高新技术企业）")


def test_what_a_person_must_say(db: Session) -> None:
    found = told(db, "hnte_2016", judgements={"hnte.score.management.rules": 3})
    assert found["hnte.field"].sentence.zh == "核心技术属于国家重点支持的高新技术领域：尚待人员判断"
    assert found["hnte.field"].sentence.en.endswith(": not yet judged")
    pool = told(db, "pool_qianjiang_2023")
    assert pool["pool.field"].sentence.zh == "缺数据：高新技术领域"
    assert pool["pool.figures"].sentence.zh.startswith(
        "六项指标满足四项：已达标 0 项，要求 4 项；未达标："
    )


def test_what_does_not_apply(db: Session) -> None:
    found = told(db, "incubatee_2018", as_of=date(2025, 6, 1))
    assert {c.sentence.zh for c in found.values()} == {"不适用：没有在孵记录"}
    assert {c.outcome for c in found.values()} == {"not_applicable"}


def test_windows_and_singulars(db: Session) -> None:
    body = {"level": "provincial", "from": date(2020, 1, 1)}
    found = told(db, "tech_sme_2017", rd_bodies=[body])
    assert found["tsme.clean"].sentence.zh.startswith("上年及当年无相关事故、违法记录：达标；")
    assert found["tsme.direct_body"].sentence.en == (
        "Number of fitting R&D bodies: 1 body, required at least 1 body"
    )
    clean = told(db, "hnte_2016")["hnte.clean"]
    assert clean.sentence.en == "No such incident in the 365 days before: met"


@pytest.mark.parametrize(
    ("liabilities", "shown", "outcome"),
    [("8000000.00", "80", "met"), ("8000000.01", "80.01", "unmet"), ("7999999.99", "80", "met")],
)
def test_a_share_is_never_rounded_over_its_bound(
    db: Session, liabilities: str, shown: str, outcome: str
) -> None:
    figures = {"liabilities_ye": {2025: liabilities}, "assets_ye": {2025: 10_000_000}}
    debt = told(db, "srdi_2026", figures=figures)["srdi.debt"]
    assert (str(debt.tests[0].value), debt.outcome) == (shown, outcome)


def test_quotients_are_cut_towards_the_truth() -> None:
    for value in (Fraction(1, 3), Fraction(-1, 3), Fraction(5, 100), Fraction(0)):
        low, high = (phrases.hundredths(value, rising=rising) for rising in (True, False))
        assert Fraction(low) <= value <= Fraction(high) and high - low in (0, Decimal("0.01"))
    five = Fraction(105, 100)
    for years in (2, 3):
        exact = five**years - 1
        step = Fraction(1, 10**12)
        assert phrases.compounded(exact, years, rising=True) == 5
        assert phrases.compounded(exact, years, rising=False) == 5
        assert phrases.compounded(exact - step, years, rising=True) == Decimal("4.99")
        assert phrases.compounded(exact + step, years, rising=False) == Decimal("5.01")
    assert phrases.compounded(Fraction(-1), 2, rising=True) == -100
