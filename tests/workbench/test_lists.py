"""The lists' pages: conditions in words, built field by field; facets, totals, columns, pages."""

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core import paging
from app.core.clock import today
from app.pipeline.service import assess
from tests import people
from tests.workbench.lists import ALWAYS, LAST, browser, firm, plain


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst's browser on six firms."""
    money = {"revenue_sales": {LAST: 1_000_000, LAST - 1: 7}, "rd_hnte": {LAST: 250_000}}
    firm(db, "生物一", "pool", figures=money)
    firm(db, "生物二", "pool", figures={"revenue_sales": {LAST: 2_500_000}})
    firm(db, "软件一", "hnte", figures={"revenue_sales": {LAST: 30_000}})
    for number in range(3):
        firm(db, f"其他{number}")
    db.connection().exec_driver_sql(
        "update firm set hightech_field = case when name like '生物%%' then '2.1' else '1.1' end,"
        " industry_code = 'C2740'"
    )
    assess(db, None, today())
    return browser(db, Role.ANALYST)


def added(client: TestClient, on: str = "", of: str = "firms", **form: str) -> Any:
    """What the builder makes of a filled-in condition."""
    return client.get(f"/lists/{of}/filter/add?{urlencode({'on': on} | form)}")


def query(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 303, plain(answer.text)
    return parse_qsl(urlsplit(answer.headers["location"]).query)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"field": "rung", "value": "candidate"}, ("rung", "candidate")),
        ({"field": "rung", "lookup": "n", "value": "none"}, ("rung__n", "none")),
        ({"field": "figure.rd_hnte", "year": "2024", "lookup": "gte", "value": "50万"},
         ("figure.rd_hnte.2024__gte", "500000")),
        ({"field": "figure.rd_hnte", "lookup": "lt", "value": "１，０００元"},
         ("figure.rd_hnte__lt", "1000")),
        ({"field": "figure.staff_avg", "lookup": "between", "value": "10~20"},
         ("figure.staff_avg__between", "10,20")),
        ({"field": "figure.rd_hnte", "lookup": "empty"}, ("figure.rd_hnte__empty", "true")),
        ({"field": "chain", "lookup": "filled"}, ("chain__empty", "false")),
        ({"field": "expires.hnte", "lookup": "lte", "value": "today+90d"},
         ("expires.hnte__lte", "today+90d")),
        ({"field": "since.hnte", "lookup": "gte", "value": "2024-01-01"},
         ("since.hnte__gte", "2024-01-01")),
        ({"field": "name", "lookup": "ic", "value": "生物"}, ("name__ic", "生物")),
    ],
)  # fmt: skip
def test_the_builder_writes_the_grammar(
    client: TestClient, form: dict[str, str], expected: tuple[str, str]
) -> None:
    assert query(added(client, **form)) == [expected]
    assert client.get(f"/api/v1/firms?{urlencode([expected])}").status_code == 200


def test_a_condition_beside_another_is_an_alternative(client: TestClient) -> None:
    on = urlencode([("status", "active"), ("rung", "candidate")])
    found = query(added(client, on, field="rung", value="certified", beside="1"))
    assert found == [("status", "active"), ("any", "rung:candidate|rung:certified")]
    wider = query(added(client, urlencode(found), field="name", value="a|b", beside="1"))
    assert wider[1] == ("any", "rung:candidate|rung:certified|name:a\\|b")
    page = plain(client.get(f"/firms?{urlencode(found)}").text)
    assert "梯次：高企培育库 或 梯次：高新技术企业" in page
    assert "共 3 家" in page


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"field": "figure.rd_hnte", "value": "很多"}, "不是金额"),
        ({"field": "figure.rd_hnte", "value": ""}, "请填写比较的值"),
        ({"field": "registered_on", "value": "昨天"}, "不是日期"),
        ({"field": "rung", "value": "zzz"}, "没有值"),
        ({"field": "rung", "lookup": "lt", "value": "none"}, "没有比较方式"),
        ({"field": "figure.staff_avg", "value": "1e9"}, "不是数字"),
    ],
)
def test_a_wrong_condition_is_told_in_its_form(
    client: TestClient, form: dict[str, str], told: str
) -> None:
    answer = added(client, **form)
    assert answer.status_code == 422
    assert told in plain(answer.text)
    assert "data-panel-body" in answer.text


def test_a_field_is_found_by_part_of_its_name(client: TestClient) -> None:
    several = plain(client.get("/lists/firms/filter?field=研发").text)
    assert "研发人员" in several
    assert "研发费用（高企口径）" in several
    one = plain(client.get(f"/lists/firms/filter?field={quote('从业人员平均数')}").text)
    assert "比较方式" in one or "没有叫" in one
    nothing = plain(client.get("/lists/firms/filter?field=zzz").text)
    assert "没有叫“zzz”的字段" in nothing


def test_dates_are_told_from_today(db: Session, client: TestClient) -> None:
    day = today() - timedelta(days=10)
    db.connection().exec_driver_sql(
        f"update firm set registered_on = '{day}' where name = '其他1'"  # noqa: S608
    )
    for written in ("today-30d", "today-1m", "today-2w"):
        found = client.get(f"/api/v1/firms?registered_on__gte={written}").json()
        assert [row["name"] for row in found["items"]] == ["其他1"], written
    assert client.get("/api/v1/firms?registered_on__gte=today-9d").json()["items"] == []
    page = plain(client.get("/firms?registered_on__gte=today-30d").text)
    assert "成立日期 不早于 30 天前" in page
    assert client.get("/api/v1/firms?registered_on__gte=today-x").status_code == 422


@pytest.mark.parametrize(
    ("parameter", "value", "filled"),
    [
        ("figure.rd_hnte.2024__gte", "500000", {"lookup": "gte", "value": "500000"}),
        ("rung__n", "none", {"lookup": "n", "value": "none"}),
        ("chain__empty", "false", {"lookup": "filled"}),
    ],
)
def test_a_condition_is_changed_where_it_stands(
    client: TestClient, parameter: str, value: str, filled: dict[str, str]
) -> None:
    """Its form is filled in, over a list without it: what comes back replaces it."""
    page = client.get(f"/firms?{urlencode([('status', 'active'), (parameter, value)])}").text
    link = [html.unescape(one) for one in re.findall('class="change" href="([^"]+)"', page)][1]
    form = client.get(link).text
    assert "修改条件" in form
    assert 'name="on" value="status=active"' in form
    for chosen in filled.values():
        assert re.search(f'value="{chosen}"(?: selected| maxlength)', form), chosen
    name = parameter.partition("__")[0]
    again = query(added(client, "status=active", field=name, **filled))
    assert again == [("status", "active"), (parameter, value)]


def test_what_no_form_says_is_only_taken_away(client: TestClient) -> None:
    query = urlencode([("any", "rung:candidate|rung:certified"), ("rung__in", "none,candidate")])
    page = client.get(f"/firms?{query}").text
    assert page.count('class="drop-it"') == 2
    assert 'class="change"' not in page


def test_each_condition_has_a_way_without_it(client: TestClient) -> None:
    page = client.get("/firms?rung=candidate&hightech_field__isw=2.&q=生物").text
    assert "高新技术领域：生物与新医药" in plain(page)
    [without] = re.findall(r'href="([^"]+)" aria-label="去掉条件: 梯次', page)
    assert "rung" not in without
    assert "hightech_field__isw=2." in without


# --- facets and totals ----------------------------------------------------------------------------


def facets(client: TestClient, of: str, on: str = "") -> str:
    answer = client.get(f"/lists/{of}/facets?{urlencode({'on': on})}")
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def test_facets_count_within_the_query_and_lead_to_their_firms(client: TestClient) -> None:
    page = facets(client, "firms")
    assert "高企培育库 2" in page
    assert "高新技术企业 1" in page
    assert "不在梯次 3" in page
    assert "生物与新医药 2" in page
    assert "制造业 6" in page
    narrowed = facets(client, "firms", "name__ic=生物")
    assert "高企培育库 2" in narrowed
    assert "不在梯次" not in narrowed
    raw = client.get("/lists/firms/facets?on=name__ic%3D生物").text
    [href] = re.findall(r'href="([^"]+)"[^>]*>\s*生物与新医药', raw)
    assert "共 2 家" in plain(client.get(href.replace("&amp;", "&")).text)


def test_facets_of_the_pool_count_criteria(client: TestClient) -> None:
    page = facets(client, "pool")
    assert re.search(r"缺数据的条件 .*研发费用", page)
    assert "整体结论" in page


def test_facets_and_totals_stay_within_the_scope(db: Session, client: TestClient) -> None:
    body = people.body(db, "own-park", "park")
    own = firm(db, "本园企业", figures={"revenue_sales": {LAST: 5}})
    people.put_in_park(db, own, body, ALWAYS)
    assess(db, None, today())
    park = browser(db, Role.PARK_OPERATOR, body)
    assert "不在梯次 1" in facets(park, "firms")
    assert "高企培育库" not in facets(park, "pool")
    on = urlencode({"on": "fields=name,figure.revenue_sales"})
    assert "合计 1 家" in plain(park.get(f"/lists/firms/totals?{on}").text)


def test_totals_are_exact_and_say_of_how_many(client: TestClient) -> None:
    columns = f"name,figure.revenue_sales.{LAST},figure.revenue_sales.{LAST - 1},figure.rd_hnte"
    on = urlencode({"on": f"fields={columns}"})
    page = plain(client.get(f"/lists/firms/totals?{on}").text)
    assert page == "合计 6 家 353.00 3 家有数 0.00 1 家有数 25.00 1 家有数"
    narrowed = urlencode({"on": f"fields={columns}&rung=candidate"})
    assert "合计 2 家 350.00" in plain(client.get(f"/lists/firms/totals?{narrowed}").text)


# --- columns and pages ----------------------------------------------------------------------------


def test_columns_are_added_moved_and_dropped_step_by_step(client: TestClient) -> None:
    def step(chosen: list[str], **form: str) -> list[str]:
        asked = [("column", name) for name in chosen] + list(form.items())
        page = client.get(f"/lists/firms/columns?{urlencode(asked)}").text
        return re.findall(r'name="column" value="([^"]+)"', page)

    usual = step([])
    assert usual[0] == "name"
    assert step(usual, act="add", add="研发费用") == usual, "several are called so"
    more = step(usual, act="add", add="研发费用（高企口径）", year=str(LAST - 2))
    assert more == [*usual, f"figure.rd_hnte.{LAST - 2}"]
    moved = step(more, act=f"up:{more[-1]}")
    assert moved.index(more[-1]) == len(usual) - 1
    assert step(moved, act="drop:name") == [one for one in moved if one != "name"]
    assert step(["name"], act="drop:name") == ["name"]
    asked = urlencode([("column", "name"), ("column", "rung"), ("act", "done")])
    answer = client.get(f"/lists/firms/columns?{asked}&on=q%3D生物")
    assert query(answer) == [("q", "生物"), ("fields", "name,rung")]


def test_a_page_leads_to_the_next_until_every_firm_was_shown(client: TestClient) -> None:
    address, seen = "/firms?limit=2&ordering=name", []
    while address:
        page = client.get(address).text
        seen += re.findall(r'class="firm"><a href="/firms/(\d+)', page)
        found = re.findall(r'rel="next" href="([^"]+)"', page)
        address = found[0].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 6


def test_a_wrong_filter_is_told_and_shows_no_firm(client: TestClient) -> None:
    for path in ("/firms?zzz=1", "/pool?set=zzz", "/firms?fields=zzz"):
        page = client.get(path).text
        assert 'role="alert"' in page, path
        assert "生物一" not in page


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        (f"-figure.revenue_sales.{LAST}", ["生物二", "生物一", "软件一"]),
        (f"figure.revenue_sales.{LAST}", ["软件一", "生物一", "生物二"]),
        ("figure.rd_hnte,name", ["生物一"]),
    ],
)
@pytest.mark.parametrize("of", ["firms", "pool"])
def test_a_list_is_ordered_by_any_figure_what_is_unknown_last(
    client: TestClient, of: str, ordering: str, expected: list[str]
) -> None:
    found, address = [], f"/api/v1/{of}?fields=name&limit=2&ordering={ordering}"
    after = ""
    while True:  # page by page, so that the cursor carries the value, or that there is none
        page = client.get(address + after).json()
        found += [row["name"] for row in page["items"]]
        if page["next"] is None:
            break
        after = f"&cursor={page['next']}"
    assert found[: len(expected)] == expected
    assert len(found) == len(set(found)) == 6


def test_the_head_of_a_column_orders_by_it(client: TestClient) -> None:
    wanted = f"figure.revenue_sales.{LAST}"
    page = client.get(f"/firms?fields=name,{wanted}").text
    assert f"ordering=-{wanted}" in page
    ordered = client.get(f"/firms?fields=name,{wanted}&ordering=-{wanted}").text
    names = re.findall(r'<td class="firm"><a[^>]*>([^<]+)</a>', ordered)
    assert names[:3] == ["生物二", "生物一", "软件一"]
    assert "▼</option>" in ordered


def test_too_many_rows_are_not_put_in_an_order_without_an_index(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_WORKED_OUT", 2)
    refused = client.get("/firms?ordering=figure.rd_hnte")
    assert "缩小范围" in plain(refused.text)
    answer = client.get("/api/v1/firms?ordering=figure.rd_hnte")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "ordering"
    assert client.get("/api/v1/firms?ordering=figure.rd_hnte&name__isw=生物").status_code == 200


def test_the_heat_map_opens_the_explanation_of_a_cell(client: TestClient) -> None:
    page = client.get("/pool?display=heat&name__ic=生物一").text
    [address] = re.findall(r'href="(/firms/\d+/criteria/[^/]+/hnte\.rd)"', page)
    told = plain(client.get(address).text)
    assert "生物一" in told
    assert "第十一条" in told
    assert client.get(address.replace("hnte.rd", "zzz")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/firms?limit={n}",
        "/pool?limit={n}",
        "/pool?limit={n}&display=heat",
        "/firms?limit={n}&fields=name,figure.rd_hnte,figure.rd_hnte.2024",
    ],
)
def test_a_page_takes_the_same_statements_for_any_number_of_rows(
    db: Session, client: TestClient, path: str
) -> None:
    def counted(number: int) -> int:
        with people.statements(db.connection().engine) as sent:
            assert client.get(path.format(n=number)).status_code == 200
        return len(sent)

    assert counted(2) == counted(4)


def test_what_is_typed_is_data(client: TestClient) -> None:
    nasty = quote("<script>alert(1)</script>")
    for path in (f"/firms?q={nasty}", f"/lists/firms/filter?field={nasty}",
                 f"/firms?name__ic={nasty}", f"/firms?zzz={nasty}"):  # fmt: skip
        assert "<script>alert" not in client.get(path).text
