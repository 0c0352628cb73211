"""Figures from files: exact, ranked by source, contradictions kept for a person to settle."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.service import upsert_figures
from app.firms.models import FirmYear, Submission
from app.firms.queries import open_conflicts
from app.pipeline.models import Assessment
from tests.exchange.files import FIRM_HEADER, csv_file, details, firm, given
from tests.factories import credit_code

CODE = credit_code(1)
WIDE = "统一社会信用代码,年度,销售收入（万元）,职工总数,科技人员,市场占有率"


@pytest.fixture(autouse=True)
def registered(tmp_path: Path, db: Session) -> None:
    """A firm of 2020."""
    given(db, csv_file(tmp_path, FIRM_HEADER, f"甲公司,{CODE},2020-01-05,黔江,1"))


def year(db: Session, of: int = 2024) -> FirmYear:
    """The best known figures of a year."""
    query = select(FirmYear).where(FirmYear.year == of)
    return db.scalars(query.execution_options(populate_existing=True)).one()


def test_wide_long_and_year_in_header_say_the_same(tmp_path: Path, db: Session) -> None:
    wide = given(db, csv_file(tmp_path, WIDE, f'{CODE},2024,"1,234.5678",50,10,12.5%'), "figures")
    assert wide.created == 1, details(wide)
    assert getattr(year(db), "revenue_sales") == Decimal("12345678")  # noqa: B009
    long = given(db, csv_file(tmp_path, "credit_code,year,indicator,value,unit",
                              f"{CODE},2024,销售收入,1234.5678,万元",
                              f"{CODE},2024,staff_avg,50,"), "figures")  # fmt: skip
    assert (long.unchanged, long.rows) == (2, 2), details(long)
    headed = given(db, csv_file(tmp_path, "统一社会信用代码,2024年销售收入（亿元）",
                                f"{CODE},0.12345678"), "figures")  # fmt: skip
    assert headed.unchanged == 1, details(headed)


def test_bad_figures_are_each_named(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(
        tmp_path, WIDE,
        f"{CODE},2024,1,-5,,",
        f"{CODE},2023,1,50,60,",
        f"{CODE},2019,1,,,",
        f"{CODE},2999,1,,,",
        f"{CODE},2022,1,,,120",
        f"{credit_code(9)},2024,1,,,",
        f"{CODE},2021,0.1234567,,,",
        f"{CODE},2020,1,,,", f"{CODE},2020,2,,,",
        f"{CODE},2019,,50,60,120",
        f"{CODE},2024,,3.5,,",
    ), "figures")  # fmt: skip
    text = details(found)
    assert found.created == 1 and found.rejected == 10
    assert "2 职工总数: 职工总数应在 0 至" in text
    assert "年科技人员 60 大于职工总数 50" in text
    assert "4 年度: 企业 2020-01-05 才成立" in text
    assert "5 年度: 年度应在 1990" in text
    assert "6 市场占有率: 市场占有率应在 0 至 100" in text
    assert "7 统一社会信用代码: 登记簿中没有该企业" in text
    assert "8 销售收入（万元）: 金额细于 1 分" in text
    assert "重复" in text and "repeats row" in details(found, "en")
    for told in ("市场占有率应在", "科技人员 60 大于职工总数 50", "企业 2020-01-05 才成立"):
        assert any(line.startswith("11 ") and told in line for line in text.splitlines()), text


def test_an_unknown_indicator(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(tmp_path, "credit_code,year,indicator,value",
                               f"{CODE},2024,happiness,7"), "figures")  # fmt: skip
    assert "没有这个指标" in details(found)


def test_a_part_is_held_against_the_whole_that_is_known(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, WIDE, f"{CODE},2024,,50,,"), "figures")
    later = given(db, csv_file(tmp_path, WIDE, f"{CODE},2024,,,51,"), "figures")
    assert "科技人员 51 大于职工总数 50" in details(later)


def test_a_lesser_source_never_overwrites_a_better_one(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, WIDE, f"{CODE},2024,100,,,")
    given(db, path, "figures", source="tax_bureau")
    other = csv_file(tmp_path, WIDE, f"{CODE},2024,90,,,")
    found = given(db, other, "figures", source="self_reported")
    assert (found.updated, found.conflicts) == (1, 1)
    assert getattr(year(db), "revenue_sales") == 1_000_000  # noqa: B009
    open_ = open_conflicts(db, firm(db, CODE).id)
    assert [(c.value, c.source) for c in open_] == [(90_000_000, "self_reported")]
    assert given(db, other, "figures", source="self_reported").unchanged == 1


def test_a_better_source_wins_and_nothing_is_lost(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, WIDE, f"{CODE},2024,90,,,"), "figures", source="self_reported")
    better = csv_file(tmp_path, WIDE, f"{CODE},2024,100,,,")
    assert given(db, better, "figures", source="tax_bureau").updated == 1
    assert getattr(year(db), "revenue_sales") == 1_000_000  # noqa: B009
    kept = db.scalars(select(Submission).order_by(Submission.id)).all()
    assert [s.value for s in kept] == [90_000_000, 100_000_000]
    assert kept[0].superseded_at is not None and kept[1].superseded_at is None


def test_sent_twice_nothing_is_added(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, WIDE, f"{CODE},2024,100,50,10,12.5")
    given(db, path, "figures")
    number = db.scalar(select(func.count()).select_from(Submission))
    again = given(db, path, "figures")
    assert (again.unchanged, again.rows) == (1, 1)
    assert db.scalar(select(func.count()).select_from(Submission)) == number


def test_figures_are_assessed_in_the_same_transaction(tmp_path: Path, db: Session) -> None:
    before = db.scalars(select(Assessment.readiness).order_by(Assessment.set_id)).all()
    given(db, csv_file(tmp_path, WIDE, f"{CODE},2025,100,50,10,12.5"), "figures")
    after = db.scalars(select(Assessment.readiness).order_by(Assessment.set_id)).all()
    assert before != after


def test_rows_of_a_request(db: Session) -> None:
    rows = [{"credit_code": CODE, "year": 2024, "staff_avg": 5, "revenue_sales": "1.5万元"}]
    found = upsert_figures(db, SYSTEM, rows, source="bureau")
    assert (found.created, found.rejected) == (1, 0), details(found)
    assert upsert_figures(db, SYSTEM, rows, source="bureau").unchanged == 1


def test_clearing_is_a_submission_too(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, WIDE, f"{CODE},2024,100,50,,"), "figures")
    cleared = given(db, csv_file(tmp_path, WIDE, f"{CODE},2024,100,,,"), "figures", clear=True)
    assert cleared.updated == 1, details(cleared)
    assert getattr(year(db), "staff_avg") is None  # noqa: B009
