"""Several firms at once: compared, exported, taken into the pool and out, all or none."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.firms.models import Designation
from app.pipeline.service import assess
from tests import people
from tests.workbench.lists import ALWAYS, LAST, browser, firm, plain


@pytest.fixture
def firms(db: Session) -> list[int]:
    found = [firm(db, f"=选中{n}", figures={"revenue_sales": {LAST: 10 + n}}) for n in range(4)]
    db.add(Designation(firm_id=found[3], kind="pool", valid=ALWAYS))
    db.flush()
    assess(db, None, today())
    return found


@pytest.fixture
def client(db: Session, firms: list[int]) -> TestClient:
    return browser(db, Role.ANALYST)


def chosen(client: TestClient, numbers: list[int], act: str, **more: str) -> Any:
    form = {"on": "", "firm": [str(one) for one in numbers], "act": act} | more
    return client.post("/lists/pool/selection", data=form)


def holders(db: Session) -> set[int]:
    db.expire_all()
    held = select(Designation.firm_id).where(
        Designation.kind == "pool", Designation.superseded_at.is_(None),
        Designation.valid.op("@>")(today()),
    )  # fmt: skip
    return set(db.scalars(held))


def test_a_few_firms_side_by_side(client: TestClient, firms: list[int]) -> None:
    answer = chosen(client, firms[:3], "compare")
    page = plain(client.get(answer.headers["location"]).text)
    for words in ("=选中0", "=选中1", "=选中2", f"销售收入 {LAST}", "研发费用", "缺数据"):
        assert words in page
    assert "=选中3" not in page
    for wrong in (firms[:1], [], [*firms, 901, 902]):
        assert chosen(client, wrong, "compare").status_code == 422


def test_the_selected_are_exported_as_they_are_shown(client: TestClient, firms: list[int]) -> None:
    on = "fields=name,figure.revenue_sales&ordering=-name&name__ic=选中"
    answer = chosen(client, firms[:2], "export", on=on)
    address = answer.headers["location"]
    lines = client.get(address).text.removeprefix("\ufeff").splitlines()
    assert lines[0] == f"名称,销售收入（{LAST}）（元）"
    assert [line.split(",") for line in lines[1:]] == [["'=选中1", "11"], ["'=选中0", "10"]]
    everything = chosen(client, [], "export", on=on, everything="yes").headers["location"]
    assert len(client.get(everything).text.splitlines()) == 5


def test_a_workbook_holds_numbers_and_harmless_text(client: TestClient, tmp_path: Any) -> None:
    answer = client.get("/pool/export?format=xlsx&fields=name,registered_on,readiness,"
                        "figure.revenue_sales,rung&ordering=name")  # fmt: skip
    assert answer.status_code == 200
    path = tmp_path / "pool.xlsx"
    path.write_bytes(answer.content)
    sheet: Any = openpyxl.load_workbook(path).active
    head, first, *_ = sheet.iter_rows()
    assert [cell.value for cell in head][:3] == ["名称", "成立日期", "成熟度"]
    assert (first[0].value, first[0].data_type) == ("=选中0", "s")
    assert first[1].is_date
    assert first[3].value == 10
    assert client.get("/pool/export?format=pdf").status_code == 422


def entered(client: TestClient, location: str, **form: str) -> Any:
    [(_, on)] = parse_qsl(urlsplit(location).query)
    given = {"on": on, "first": today().isoformat(), "last": today().isoformat(),
             "reason": "年度入库评审", "despite": "yes", "expected": "3"} | form  # fmt: skip
    return client.post(urlsplit(location).path, data=given)


def test_a_number_is_stated_before_firms_enter_the_pool(
    db: Session, client: TestClient, firms: list[int]
) -> None:
    location = chosen(client, firms, "enter").headers["location"]
    page = plain(client.get(location).text)
    assert "选中 4 家企业。 其中 3 家尚未入库" in page
    assert "认定 3 家" in page
    answer = entered(client, location)
    assert answer.status_code == 303, plain(answer.text)
    assert holders(db) == set(firms)
    kept = db.scalars(select(Designation).where(Designation.firm_id.in_(firms[:3]))).all()
    assert {one.decided_reason for one in kept} == {"年度入库评审"}
    assert all(one.basis is not None for one in kept)


def test_nothing_is_decided_where_the_number_is_another_by_now(
    db: Session, client: TestClient, firms: list[int]
) -> None:
    location = chosen(client, firms, "enter").headers["location"]
    db.add(Designation(firm_id=firms[0], kind="pool", valid=ALWAYS))
    db.flush()
    answer = entered(client, location)
    assert answer.status_code == 409
    assert "现在涉及 2 家，您确认的是 3 家" in plain(answer.text)
    assert holders(db) == {firms[0], firms[3]}


@pytest.mark.parametrize(
    ("form", "told"), [({"despite": ""}, "尚有条件未达标"), ({"reason": " "}, "请写明理由"),
                       ({"first": "x"}, "请填写日期"), ({"last": "2001-01-01"}, "结束日早于")]
)  # fmt: skip
def test_one_fault_keeps_every_firm_out(
    db: Session, client: TestClient, firms: list[int], form: dict[str, str], told: str
) -> None:
    location = chosen(client, firms, "enter").headers["location"]
    answer = entered(client, location, **form)
    assert answer.status_code == 422
    assert told in plain(answer.text)
    assert holders(db) == {firms[3]}


def test_firms_leave_the_pool_with_a_reason_of_the_list(
    db: Session, client: TestClient, firms: list[int]
) -> None:
    location = chosen(client, [], "leave", everything="yes").headers["location"]
    page = client.get(location).text
    assert "移出 1 家" in plain(page)
    code = re.findall(r'<option value="(\w+)">', page)[0]
    path, on = urlsplit(location).path, parse_qsl(urlsplit(location).query)
    form = {"on": on[0][1] if on else "", "last": "2024-12-31", "expected": "1", "more": "补充"}
    assert client.post(path, data=form | {"code": "zzz"}).status_code == 422
    assert client.post(path, data=form | {"code": code}).status_code == 303
    assert holders(db) == set()


def test_only_analysts_decide_and_only_on_firms_they_see(db: Session, firms: list[int]) -> None:
    body = people.body(db, "deciding-park", "park")
    people.put_in_park(db, firms[0], body, ALWAYS)
    park = browser(db, Role.PARK_OPERATOR, body)
    location = chosen(park, firms, "enter").headers["location"]
    assert "选中 1 家企业" in plain(park.get(location).text)
    assert entered(park, location, expected="1").status_code == 403
    leader = browser(db, Role.LEADER)
    assert entered(leader, location).status_code == 403
    assert holders(db) == {firms[3]}
