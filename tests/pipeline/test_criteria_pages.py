"""Criteria pages: versions side by side, who stands where, and the reform run."""

import re
from copy import deepcopy
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.criteria.store import all_sets
from app.criteria.wording import rule
from app.pipeline.service import assess
from tests.entry.readily import LAST, base
from tests.factories import make_firm
from tests.people import body, person, put_in_park, statements

YAML = """
code: stricter
extends: hnte_2016
criteria:
  - {id: hnte.age, label: {zh: 二十年以上, en: Twenty years}, article: 草案, confidence: S2,
     rule: {at_least: {of: {days: {from: registered_on}}, value: 7300}}}
"""


@pytest.fixture
def analyst(db: Session) -> TestClient:
    return person(db, Role.ANALYST)


def firm(db: Session, name: str, rd: int | None) -> int:
    """A firm of which only the R&D cost of three years is in question."""
    facts = deepcopy(base())
    for code in ("rd_hnte", "rd_hnte_domestic"):
        facts["figures"][code] = {} if rd is None else dict.fromkeys((LAST - 2, LAST - 1, LAST), rd)
    return make_firm(db, name, **facts)


def at(client: TestClient, path: str) -> str:
    found = client.get(path)
    assert found.status_code == 200, found.text[:300]
    return found.text


def listed(client: TestClient, path: str) -> int:
    found = client.get(path.replace("/pool?", "/api/v1/pool?") + "&count=exact").json()
    return int(found["count"])


def test_each_count_opens_exactly_its_firms(db: Session, analyst: TestClient) -> None:
    for n, rd in enumerate((2_000_000, 1_700_000, 1_000_000, None)):
        firm(db, f"研发{n}", rd)
    assess(db, None, today())
    page = at(analyst, "/criteria/hnte_2016")
    links = re.findall(r'href="(/pool\?set=hnte_2016&amp;[^"]+)"[^>]*>([\d,]+)<', page)
    assert len(links) > 8
    for link, shown in links:
        assert listed(analyst, link.replace("&amp;", "&")) == int(shown.replace(",", "")), link
    counted = {link.replace("&amp;", "&"): shown for link, shown in links}
    assert counted["/pool?set=hnte_2016&unmet=hnte.rd"] == "2"
    assert counted["/pool?set=hnte_2016&unknown=hnte.rd"] == "1"
    assert counted["/pool?set=hnte_2016&unmet=hnte.rd&gap_count__lte=2"] == "2"


def test_the_page_takes_the_same_number_of_statements_however_many_firms(
    db: Session, engine: Engine, analyst: TestClient
) -> None:
    def asked() -> int:
        at(analyst, "/criteria/hnte_2016")
        with statements(engine) as sent:
            at(analyst, "/criteria/hnte_2016")
        return len(sent)

    firm(db, "一", 1)
    assess(db, None, today())
    before = asked()
    for n in range(30):
        firm(db, f"又{n}", n * 100_000)
    assess(db, None, today())
    assert asked() == before


def test_versions_stand_side_by_side(analyst: TestClient) -> None:
    page = at(analyst, "/criteria/srdi_2026/versions/srdi_2022")
    assert page.index("srdi22.rd") and "新增" in page and "删去" in page
    # The earlier one stands on the left, whichever was asked for first.
    assert at(analyst, "/criteria/srdi_2022/versions/srdi_2026").count("versions-table") == 1
    heads = re.findall(r'<th scope="col"><a href="/criteria/(\w+)"', page)
    assert heads == ["srdi_2022", "srdi_2026"]
    analyst.cookies.set("lang", "en")
    assert "Dropped" in at(analyst, "/criteria/srdi_2026/versions/srdi_2022")
    assert analyst.get("/criteria/srdi_2026/versions/nothing").status_code == 404


def test_every_rule_is_told_in_words(db: Session) -> None:
    for loaded in all_sets(db):
        for criterion in loaded.policy.walk():
            said = rule(criterion.rule, loaded.policy.quantities)
            assert said.zh and said.en, criterion.id
            assert "as the article says" not in said.en, criterion.id
    hnte = next(s.policy for s in all_sets(db) if s.policy.code == "hnte_2016")
    rd = next(c for c in hnte.criteria if c.id == "hnte.rd")
    assert "至 5,000 万元：5%；至 20,000 万元：4%；更高：3%" in rule(rd.rule, hnte.quantities).zh


def compared(client: TestClient, **body: Any) -> Any:
    found = client.post("/api/v1/criteria-sets:compare", json={"against": "hnte_2016"} | body)
    assert found.status_code == 200, found.text
    return found.json()


def rd_path(client: TestClient) -> str:
    known = compared(client, thresholds={})["thresholds"]
    return next(
        str(t["path"]) for t in known if t["criterion"] == "hnte.rd" and t["upto"] == 50_000_000
    )


def test_a_lower_threshold_lets_firms_in_and_stores_nothing(
    db: Session, analyst: TestClient
) -> None:
    inside, near, far, blank = (
        firm(db, name, rd)
        for name, rd in (("甲", 2_000_000), ("乙", 1_700_000), ("丙", 1_000_000), ("丁", None))
    )
    put_in_park(db, near, body(db, "reform-park", "park"), _always())
    assess(db, None, today())
    tables = ("criteria_set", "assessment", "evaluation", "audit_entry")
    counts = [f"(select count(*) from {table})" for table in tables]  # noqa: S608 - our own
    count = text(f"select {', '.join(counts)}")
    before = db.execute(count).one()
    path = rd_path(analyst)
    found = compared(analyst, thresholds={path: "4%"})
    assert (found["firms"], found["unchanged"]) == (4, 3)
    assert [f["firm_id"] for f in found["enter"]["items"]] == [near]
    assert found["enter"]["items"][0]["criteria"] == ["hnte.rd"]
    assert found["by_park"] == [{"name": "reform-park 单位", "moves": {"enter": 1}}]
    assert found["by_industry"] == [{"name": "C", "moves": {"enter": 1}}]
    harder = compared(analyst, thresholds={path: "6%"})
    assert [f["firm_id"] for f in harder["leave"]["items"]] == [inside]
    assert {far, blank}.isdisjoint(f["firm_id"] for f in harder["leave"]["items"])
    assert db.execute(count).one() == before


def test_a_threshold_that_is_no_number_is_named(analyst: TestClient) -> None:
    path = rd_path(analyst)
    body = {"against": "hnte_2016", "thresholds": {path: "五"}}
    answer = analyst.post("/api/v1/criteria-sets:compare", json=body)
    assert answer.status_code == 422, answer.text
    fault = answer.json()["errors"][0]
    assert fault["pointer"] == f"/thresholds/{path}"
    assert fault["detail"].startswith("近三年研发费用占销售收入比例：门槛应为整数或百分比")


def _always() -> Any:
    from tests.entry.readily import ALWAYS

    return ALWAYS


def test_a_draft_that_reads_a_new_figure_turns_firms_unknown(
    db: Session, analyst: TestClient
) -> None:
    number = firm(db, "缺数", 2_000_000)
    draft = {
        "code": "draft", "extends": "hnte_2016",
        "criteria": [{
            "id": "hnte.market", "label": {"zh": "占有率", "en": "share"}, "article": "草案",
            "confidence": "S2",
            "rule": {"at_least": {"of": {"figure": {"of": "market_share"}}, "value": 5}},
        }],
    }  # fmt: skip
    found = compared(analyst, draft=draft)
    assert [f["firm_id"] for f in found["unknown"]["items"]] == [number]
    assert found["pairs"] == [{"old": "met", "new": "unknown", "count": 1}]


def test_the_page_runs_a_reform_and_keeps_the_form(db: Session, analyst: TestClient) -> None:
    firm(db, "将进入企业", 1_700_000)
    path = rd_path(analyst)
    assert "改革试算" in at(analyst, "/criteria/hnte_2016/reform")
    found = analyst.post("/criteria/hnte_2016/reform", data={"path": [path], "value": ["4%"]})
    assert found.status_code == 200
    assert "将进入企业" in found.text and 'value="4%"' in found.text
    typed = analyst.post("/criteria/hnte_2016/reform", data={"draft": YAML})
    assert typed.status_code == 200 and "试算结果" in typed.text
    files = {"file": ("draft.yaml", YAML.encode(), "text/yaml")}
    uploaded = analyst.post("/criteria/hnte_2016/reform", files=files)
    assert uploaded.status_code == 200 and "试算结果" in uploaded.text


HOSTILE = {
    "code": "draft", "extends": "hnte_2016",
    "criteria": [{
        "id": "x.y", "label": {"zh": "x", "en": "x"}, "article": "x", "confidence": "S2",
        "rule": {"starts_with": {"field": "region_code", "prefix": ["50' or '1'='1"]}},
    }],
}  # fmt: skip


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ({"draft": ": :"}, "YAML"),
        ({"draft": "[1, 2]"}, "不是条件版本"),
        ({"draft": "code: x\ntitle: hnte"}, "处错误"),
        ({"draft": "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                   "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]"}, "节点"),
        ({"path": ["0.rule"], "value": ["1"]}, "没有门槛"),
        ({}, "草案与现行版本相同"),
    ],
)  # fmt: skip
def test_a_faulty_draft_is_told_what_is_wrong(
    analyst: TestClient, draft: dict[str, Any], said: str
) -> None:
    found = analyst.post("/criteria/hnte_2016/reform", data=draft or {"draft": ""})
    assert found.status_code == 422
    assert said in found.text


def test_a_draft_cannot_carry_statements(analyst: TestClient) -> None:
    found = analyst.post(
        "/api/v1/criteria-sets:compare", json={"against": "hnte_2016", "draft": HOSTILE}
    )
    assert found.status_code == 422
    named = deepcopy(HOSTILE) | {"quantities": {"a'b": {"label": {"zh": "x", "en": "x"},
                                                        "of": {"expert": [0, 1]}}}}  # fmt: skip
    found = analyst.post(
        "/api/v1/criteria-sets:compare", json={"against": "hnte_2016", "draft": named}
    )
    assert found.status_code == 422


@pytest.mark.parametrize("role", [Role.LEADER, Role.OFFICER, Role.INCUBATOR_MANAGER])
def test_only_analysts_run_reforms(db: Session, role: Role) -> None:
    client = person(db, role)
    assert client.get("/criteria/hnte_2016/reform").status_code == 403
    found = client.post(
        "/api/v1/criteria-sets:compare", json={"against": "hnte_2016", "thresholds": {}}
    )
    assert found.status_code == 403
    assert "改革试算" not in at(client, "/criteria/hnte_2016")
