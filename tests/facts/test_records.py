"""Records of the plan: what is refused, who hosts what, and what follows from a record."""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.criteria.kinds import RECORDS
from app.firms.models import Firm
from app.pipeline.trail import words
from tests import people
from tests.factories import make_firm
from tests.facts.samples import RECORDS as SAMPLES

LATER = "2099-01-01"
BAD = {
    "a platform has one host": ("platforms", {"firm_id": None}, "没有依托单位"),
    "checked before it was granted": ("platforms", {"rechecked_on": "2020-01-01"}, "复核日期"),
    "more than was asked for": ("projects", {"amount": "2000000.01"}, "核对金额和单位"),
    "nobody contracts with itself": ("tech-contracts", {"partner": "{name}"}, "就是本企业"),
    "registered before it was signed": ("tech-contracts", {"registered_on": "2024-03-01"}, "登记"),
    "technology beyond the price": ("tech-contracts", {"technology_amount": "1000001"}, "核对金额"),
    "paid back before it was paid out": ("loans", {"ended_on": "2023-01-01"}, "请核对两个日期"),
    "due before it was paid out": (
        "loans",
        {"due_on": "2023-01-01"},
        "due date 2023-01-01 is before day of paying out",
    ),
    "an amount with a unit": ("loans", {"amount": "300万元"}, "折算为元填写"),
    "an amount in another unit": ("loans", {"amount": "9000000000000.01"}, "请核对数值和单位"),
    "finer than a fen": ("loans", {"amount": "1.001"}, "decimal places"),
    "below nothing": ("subsidies", {"amount": "-1"}, "greater than or equal"),
    "tomorrow's money": ("equity-rounds", {"happened_on": LATER}, "尚未到来"),
    "told without consent": ("stories", {"consent_on": None}, "没有企业同意"),
    "told before consent": ("stories", {"published_on": "2024-11-04"}, "请核对两个日期"),
    "nobody is trained": ("trainings", {"people": 0}, "greater than or equal"),
    "a foreign document": ("awards", {"attachments": [1]}, "不是这家企业的文档"),
}
SOUND = SAMPLES | {"awards": {"name": "奖", "level": "district", "awarded_on": "2024-05-01"}}


@pytest.mark.parametrize(("path", "wrong", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused_with_a_sentence(
    db: Session, path: str, wrong: dict[str, Any], said: str
) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    name = db.scalar(select(Firm.name).where(Firm.id == firm))
    filled = {k: name if v == "{name}" else v for k, v in wrong.items()}
    refused = analyst.post(f"/api/v1/{path}", json=SOUND[path] | {"firm_id": firm} | filled)
    assert refused.status_code == 422 and said in refused.text
    assert analyst.get(f"/api/v1/{path}").json()["items"] == []


def test_a_class_two_right_serves_one_certification(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    right = {"firm_id": firm, "title": "一种支架", "used_in": ["hnte:2021", "hnte:2024"]}
    refused = analyst.post("/api/v1/ip-rights", json=right | {"kind": "utility_model"})
    assert refused.status_code == 422 and "只能用于一次认定" in refused.text
    kept = analyst.post("/api/v1/ip-rights", json=right | {"kind": "invention_patent"})
    assert kept.status_code == 201


def test_the_same_again_is_refused_and_names_what_stands(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    loan = SAMPLES["loans"] | {"firm_id": firm}
    first = analyst.post("/api/v1/loans", json=loan)
    again = analyst.post("/api/v1/loans", json=loan)
    assert again.status_code == 409 and again.json()["current"] == {"id": first.json()["id"]}
    code = db.scalar(select(Firm.credit_code).where(Firm.id == firm))
    row = {k: v for k, v in loan.items() if k != "firm_id"} | {"credit_code": code}
    batch = {"rows": [row]}
    assert analyst.post("/api/v1/loans:batch", json=batch).json()["unchanged"] == 1


def test_an_organisation_may_host_a_platform(db: Session) -> None:
    analyst, park = people.person(db, Role.ANALYST), people.body(db, "rec-park", "park")
    hosted = SAMPLES["platforms"] | {"organisation_id": park.id}
    made = analyst.post("/api/v1/platforms", json=hosted)
    assert made.status_code == 201, made.text
    rows = analyst.get("/api/v1/platforms?fields=name,firm_name").json()["items"]
    assert rows == [{"name": hosted["name"], "firm_name": None}]
    changed = {"level": "national"}
    tag = {"If-Match": made.headers["etag"]}
    assert analyst.patch(made.headers["location"], json=changed, headers=tag).status_code == 200
    batch = {"rows": [{k: v for k, v in hosted.items()} | {"level": "national"}]}
    assert analyst.post("/api/v1/platforms:batch", json=batch).json()["unchanged"] == 1
    operator = people.person(db, Role.PARK_OPERATOR, park)
    assert operator.get("/api/v1/platforms").json()["items"] == []
    assert operator.post("/api/v1/platforms", json=hosted | {"name": "另一个"}).status_code == 403


def test_portrait_and_timeline_tell_every_kind(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    for path, sample in SAMPLES.items():
        assert analyst.post(f"/api/v1/{path}", json=sample | {"firm_id": firm}).status_code == 201
    for lang in ("zh", "en"):
        analyst.cookies.set("lang", lang)
        page = analyst.get(f"/firms/{firm}").text
        for kind in RECORDS:
            if kind.path in SAMPLES:
                assert page.count(words().tables[kind.table][lang]) >= 2, kind.path
        assert "300 万元" in page if lang == "zh" else "3,000,000" in page


def test_a_list_of_any_kind_takes_as_many_statements_for_many_as_for_one(
    db: Session, engine: Engine
) -> None:
    analyst = people.person(db, Role.ANALYST)

    def asked() -> dict[str, int]:
        for path, sample in SAMPLES.items():
            firm = make_firm(db)
            assert analyst.post(f"/api/v1/{path}", json=sample | {"firm_id": firm}).is_success
        found = {}
        for path in SAMPLES:
            with people.statements(engine) as sent:
                assert analyst.get(f"/records/{path}").status_code == 200
            found[path] = len(sent)
        return found

    asked()  # what is read once for all
    first = asked()
    assert asked() == first
    assert max(first.values()) <= 16


def test_firms_are_found_by_their_records(db: Session) -> None:
    analyst, firm, other = people.person(db, Role.ANALYST), make_firm(db), make_firm(db)
    for number, amount in (("D-1", "3000000"), ("D-2", "1000000")):
        loan = SAMPLES["loans"] | {"firm_id": firm, "number": number, "amount": amount}
        assert analyst.post("/api/v1/loans", json=loan).status_code == 201
    asked = {
        "has.loan=true": {firm}, "has.loan=false": {other}, "count.loan__gte=2": {firm},
        "count.loan=0": {other}, "sum.loan__gte=4000000": {firm}, "sum.loan__lt=4000000": set(),
        "count.loan.2024=2": {firm}, "sum.loan.2023__gte=0": set(), "has.platform=true": set(),
    }  # fmt: skip
    for query, firms in asked.items():
        found = analyst.get(f"/api/v1/firms?{query}&fields=id&id__in={firm},{other}")
        assert {row["id"] for row in found.json()["items"]} == firms, query
    assert analyst.get("/api/v1/firms?count.lone=1").status_code == 422
    for lang in ("zh", "en"):
        analyst.cookies.set("lang", lang)
        page = analyst.get("/firms?count.loan__gte=2&sum.loan.2024__gte=1").text
        assert ("贷款条数" in page) if lang == "zh" else ("how many: Loan" in page)


def test_every_kind_has_its_words_and_a_sample() -> None:
    known = words()
    for kind in RECORDS:
        assert {kind.table} <= known.tables.keys() & known.many.keys() & known.names.keys()
        for item in kind.items:
            if item.choices:
                closed = known.values.get(f"{kind.table}.{item.name}") or known.values[item.name]
                assert set(item.choices) <= set(closed), (kind.table, item.name)
