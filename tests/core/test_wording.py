"""What the schemas find wrong is said in both languages."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.core.wording import in_language, said


class Typed(BaseModel):
    """One field of each sort."""

    model_config = ConfigDict(extra="forbid")
    number: int = 1
    name: Annotated[str, Field(min_length=2, max_length=4)] = "某某"
    kind: Literal["park", "incubator"] = "park"
    day: date | None = None
    amount: Annotated[Decimal, Field(ge=0, decimal_places=2)] = Decimal(0)
    flag: bool = False
    rows: Annotated[list[int], Field(max_length=1)] = []

    @field_validator("name")
    @classmethod
    def _no_slash(cls, name: str) -> str:
        if "/" in name:
            raise ValueError("名称不能有斜线 (no slash in a name)")
        return name


CASES: dict[str, dict[str, Any]] = {
    "应为整数 (Input should be a valid integer": {"number": "x"},
    "至少 2 个字 (": {"name": "某"},
    "最多 4 个字 (": {"name": "某某某某某"},
    "名称不能有斜线 (no slash in a name)": {"name": "某/"},
    "应为 'park' 或 'incubator' (Input should be": {"kind": "x"},
    "应为日期，例如 2024-05-31 (": {"day": "31.5.2024"},
    "不得小于 0 (": {"amount": "-1"},
    "最多 2 位小数 (": {"amount": "1.234"},
    "应为 true 或 false (": {"flag": "vielleicht"},
    "最多 1 项 (": {"rows": [1, 2]},
    "没有这一项：请核对名称或删去 (": {"nubmer": 1},
}


@pytest.mark.parametrize("told", CASES)
def test_each_fault_says_what_to_give_instead(told: str) -> None:
    given = CASES[told]
    with pytest.raises(ValidationError) as refused:
        Typed.model_validate(given)
    (error,) = refused.value.errors()
    assert said(error).startswith(told)


def test_a_page_says_a_fault_in_one_language() -> None:
    both = (
        "gapcount: 没有参数 gapcount (unknown parameter)；最接近的是 gap_count (did you mean it?)"
    )
    assert in_language(both, "zh") == "gapcount: 没有参数 gapcount；最接近的是 gap_count"
    assert in_language(both, "en") == "gapcount: unknown parameter; did you mean it?"
    assert in_language("只有一种语言", "en") == "只有一种语言"
    below = "amount: 不得小于 0 (Input should be greater than or equal to 0)"
    named = in_language(below, "zh", lambda code, locale: {"amount": "金额"}[code])
    assert named == "金额: 不得小于 0"
