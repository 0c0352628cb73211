"""Cells as people type them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.exchange import values

WAN = 10_000


@pytest.mark.parametrize(
    ("typed", "yuan"),
    [
        ("1,000(万)", "10000000"),
        ("50(万人民币元)", "500000"),
        ("600万人民币", "6000000"),
        ("600万元人民币", "6000000"),
        ("4,550.4900(万)", "45504900"),
        ("0.4500(万人民币元)", "4500"),
        ("12.5亿", "1250000000"),
        ("1234.56元", "1234.56"),
        ("７８万元", "780000"),
        ("-3.5万元", "-35000"),
    ],
)
def test_amounts(typed: str, yuan: str) -> None:
    assert values.amount(values.folded(typed)) == Decimal(yuan)


def test_a_bare_number_takes_the_header_s_unit() -> None:
    assert values.amount("12,345.67", WAN) == Decimal("123456700")
    assert values.amount("5元", WAN) == 5


@pytest.mark.parametrize("typed", ["6(万美元)", "20(万香港元)", "1(万日元)"])
def test_other_currencies_are_never_converted(typed: str) -> None:
    with pytest.raises(values.ForeignCurrency):
        values.amount(typed)


@pytest.mark.parametrize("typed", ["abc", "1,00", "12.345元", "1.2.3", "万", "1,0000"])
def test_what_is_no_exact_amount_is_refused(typed: str) -> None:
    with pytest.raises(values.Unreadable) as refused:
        values.amount(typed)
    assert refused.value.zh and refused.value.en


@pytest.mark.parametrize(
    "typed",
    [
        "2002-01-05",
        "2002/1/5",
        "20020105",
        "2002年1月5日",
        "37261",
        datetime(2002, 1, 5, tzinfo=UTC),
        "2002.01.05",
    ],
)
def test_dates(typed: object) -> None:
    assert values.day(typed) == date(2002, 1, 5)


@pytest.mark.parametrize("typed", ["2002-13-01", "2023-02-29", "5 Jan", "12"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(values.Unreadable):
        values.day(typed)


@pytest.mark.parametrize("typed", ["", "N/A", "-", "无", "—", "null"])
def test_missing(typed: str) -> None:
    assert values.is_missing(values.folded(typed))


def test_counts_and_percentages() -> None:
    assert values.whole("1,234") == 1234
    assert values.percentage("12.5%") == Decimal("12.5")
    with pytest.raises(values.Unreadable):
        values.whole("3.5")
