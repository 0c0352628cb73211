"""Firms from files: good rows land, each bad row is named, nothing is guessed or half-written."""

from decimal import Decimal
from pathlib import Path
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor, Role
from app.exchange.mapping import Mapping, load
from app.exchange.service import upsert_firms
from app.firms.models import Firm
from app.pipeline.models import Assessment
from tests.exchange.files import FIRM_HEADER, csv_file, details, firm, given
from tests.factories import credit_code
from tests.people import body

REGISTRY = "企业名称,统一社会信用代码,注册日期,企业类型,注册资金,经营范围,所在省份,地区,注册地址"
GOOD = f'武陵材料有限公司,{credit_code(1)},2020年1月5日,黔江,"1,000(万)"'


def test_a_good_row_lands_and_is_assessed(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(tmp_path, FIRM_HEADER, GOOD))
    assert (found.created, found.applied) == (1, True), details(found)
    made = firm(db, credit_code(1))
    assert made.registered_capital == Decimal(10_000_000)
    assert (made.region_code, made.registered_capital_typed) == ("500114", "1,000(万)")
    assert made.name_search == "武陵材料有限公司 wulingcailiaoyouxiangongsi wlclyxgs"
    assert db.scalar(select(func.count()).where(Assessment.firm_id == made.id)) == 15


def test_every_fault_of_every_row_is_told(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(
        tmp_path, FIRM_HEADER, GOOD,
        f"乙公司,{credit_code(2)[:-1]}0,2020-01-05,黔江,1",
        f"丙公司,{credit_code(3)},2999-01-01,火星,六百",
        f"重复公司,{credit_code(1)},2020-01-05,黔江,1",
        f",{credit_code(5)},2020-01-05,黔江,1",
        f"乱\ufffd码,{credit_code(6)},2020-01-05,黔江,1",
        f"丁公司,{credit_code(3)},2020-01-05,黔江,1",
    ))  # fmt: skip
    text = details(found)
    assert (found.rows, found.created, found.rejected) == (7, 1, 6)
    assert "3 统一社会信用代码: 统一社会信用代码有误（校验码不符" in text
    assert "4 成立日期: 日期在将来" in text and "4 地区: 没有行政区划“火星”" in text
    assert "4 注册资本（万元）: 不是金额" in text
    assert "5 统一社会信用代码: 与第 2 行重复" in text
    assert "6 企业名称: 缺企业名称" in text
    assert "7 企业名称: 文字已损坏" in text
    assert "8 统一社会信用代码: 与第 4 行重复" in text
    assert "repeats row 2" in details(found, "en")


def test_atomic_and_dry_run_leave_everything_as_it_was(tmp_path: Path, db: Session) -> None:
    bad = csv_file(tmp_path, FIRM_HEADER, GOOD, "乙公司,123,2020-01-05,黔江,1")
    for found in (given(db, bad, mode="atomic"), given(db, bad, dry_run=True)):
        assert (found.created, found.rejected, found.applied) == (1, 1, False)
    assert db.scalar(select(func.count()).select_from(Firm)) == 0


def test_the_same_file_twice_changes_nothing(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, FIRM_HEADER, GOOD)
    given(db, path)
    version = firm(db, credit_code(1)).version
    again = given(db, path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    assert firm(db, credit_code(1)).version == version


def test_blank_cells_leave_values_unless_clearing_was_chosen(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, FIRM_HEADER, GOOD))
    blank = csv_file(tmp_path, FIRM_HEADER, f"武陵材料有限公司,{credit_code(1)},,,")
    assert given(db, blank).unchanged == 1
    assert firm(db, credit_code(1)).registered_capital is not None
    assert given(db, blank, clear=True).updated == 1
    assert firm(db, credit_code(1)).registered_capital is None


def test_a_foreign_currency_is_kept_as_typed(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(tmp_path, FIRM_HEADER, f"甲公司,{credit_code(1)},,,6(万美元)"))
    assert (found.created, len(found.notes)) == (1, 1)
    made = firm(db, credit_code(1))
    assert (made.registered_capital, made.registered_capital_typed) == (None, "6(万美元)")


def test_a_mapping_says_what_headers_and_words_mean(tmp_path: Path, db: Session) -> None:
    path = csv_file(
        tmp_path, REGISTRY,
        f"甲公司,{credit_code(1)},1995-01-01,N/A,N/A,生产,重庆,万盛,某路 1 号",
        f"乙公司,{credit_code(2)},1995-01-01,N/A,50(万),生产,重庆,北部新区,某路 2 号",
    )  # fmt: skip
    found = given(db, path, mapping=load("chongqing-registry"))
    assert found.created == 2, details(found)
    assert firm(db, credit_code(1)).region_code == "500110"
    assert firm(db, credit_code(2)).region_code is None
    assert [note.row for note in found.notes] == [3]
    assert Mapping().regions == {}


def test_counts_add_up_to_the_rows(tmp_path: Path, db: Session) -> None:
    random = Random(7)  # noqa: S311 - a test that can be repeated
    for _ in range(5):
        lines = [
            f"公司{n},{random.choice([credit_code(random.randint(1, 30)), 'x'])},"
            f"{random.choice(['2020-01-05', '2999-01-01', ''])},黔江,{random.choice(['1', 'y'])}"
            for n in range(60)
        ]
        found = given(db, csv_file(tmp_path, FIRM_HEADER, *lines))
        assert found.rows == 60
        assert found.created + found.updated + found.unchanged + found.rejected == found.rows


def test_an_incubator_keeps_its_own_firms_only(db: Session) -> None:
    first, second = body(db, "one", "incubator"), body(db, "two", "incubator")
    mine = Actor(Role.INCUBATOR_MANAGER, first.id, "甲")
    theirs = Actor(Role.INCUBATOR_MANAGER, second.id, "乙")
    row = {"credit_code": credit_code(1), "name": "在孵企业"}
    act_as(db, mine)
    assert upsert_firms(db, mine, [row], source="incubator").created == 1
    assert upsert_firms(db, mine, [row], source="incubator").unchanged == 1
    act_as(db, theirs)
    refused = upsert_firms(db, theirs, [row | {"name": "改名"}], source="incubator")
    assert (refused.rejected, refused.updated) == (1, 0)
    act_as(db, mine)
    assert firm(db, credit_code(1)).name == "在孵企业"
