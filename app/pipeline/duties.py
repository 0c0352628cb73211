"""Statutory duties that follow from a title: who has them, when they are due, by which article."""

from dataclasses import dataclass

from app.firms.catalogue import Label


@dataclass(frozen=True)
class Duty:
    """Due each year on a day, for the year before; or so many months after a change of name."""

    code: str
    label: Label
    holders: tuple[str, ...]
    citation: str
    month: int = 0
    day: int = 0
    months: int | None = None


DUTIES = (
    Duty(
        "hnte_annual",
        Label(zh="高企年度发展情况报表", en="Yearly report of a high-tech enterprise"),
        ("hnte",), "国科发火〔2016〕32号 第十三条", 5, 31,
    ),
    Duty(
        "sme_update",
        Label(zh="优质中小企业年度信息更新", en="Yearly update of quality SMEs"),
        ("innovative_sme", "srdi", "little_giant"), "工信部企业〔2022〕63号", 5, 31,
    ),
    Duty(
        "champion_update",
        Label(zh="单项冠军年度信息更新", en="Yearly update of single champions"),
        ("single_champion",), "制造业单项冠军企业认定管理办法 第十一条", 5, 31,
    ),
    Duty(
        "hnte_change",
        Label(zh="高企更名等重大变化报告", en="Report of a change of name (high-tech enterprise)"),
        ("hnte",), "国科发火〔2016〕32号 第十七条", months=3,
    ),
)  # fmt: skip
DUTY_OF = {one.code: one for one in DUTIES}
