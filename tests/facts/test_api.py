"""Records of firms over HTTP: what is kept, what is refused, who sees it."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.pipeline.records import BY_PATH
from tests import people
from tests.factories import make_firm
from tests.facts.samples import RECORDS

RIGHT = {"kind": "invention_patent", "title": "一种玻纤", "applied_on": "2020-01-01",
         "granted_on": "2022-01-01"}  # fmt: skip
SAMPLES: dict[str, dict[str, Any]] = RECORDS | {
    "ip-rights": RIGHT,
    "awards": {"name": "科技进步奖", "level": "municipal", "rank": 1, "awarded_on": "2024-05-01"},
    "standards": {"name": "玻纤标准", "level": "industry", "published_on": "2023-05-01"},
    "incidents": {"kind": "safety", "happened_on": "2023-05-01"},
    "designations": {
        "kind": "srdi",
        "valid_from": "2023-01-01",
        "valid_to": "2025-12-31",
        "decided_reason": "第五批公告",
    },
    "residencies": {"incubator_id": 1, "valid_from": "2022-01-01", "valid_to": "2024-12-31"},
    "locations": {"park_id": 1, "valid_from": "2022-01-01"},
    "judgements": {
        "criterion": "hnte.field",
        "holds": True,
        "evidence": "查新报告",
        "judged_on": "2024-05-01",
    },
    "record-checks": {"kind": "award", "checked_on": "2024-05-01"},
    "service-records": {
        "kind": "roadshow",
        "served_on": "2025-03-01",
        "hours": "2.50",
        "person": "李专员",
        "effect": "对接两家机构",
    },
    "spin-offs": {"parent_id": 1, "way": "internal_team", "spun_off_on": "2024-03-01"},
    "foundings": {"kind": "researcher_founded", "institution": "重庆大学", "since": "2023-03-01"},
    "contest-entries": {
        "name": "创新创业大赛",
        "level": "municipal",
        "entered_on": "2024-03-01",
        "place": "二等奖",
        "won_on": "2024-06-01",
        "prize": "50000.00",
    },
    "chain-members": {"chain": "新材料", "role": "leader", "since": "2023-01-01"},
    "listing-steps": {"step": "share_reform", "reached_on": "2024-01-01"},
}


def placed(db: Session, samples: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The samples with a park, an incubator and a parent that exist."""
    found = {path: dict(sample) for path, sample in samples.items()}
    found["residencies"]["incubator_id"] = people.body(db, "facts-home", "incubator").id
    found["locations"]["park_id"] = people.body(db, "facts-site", "park").id
    found["spin-offs"]["parent_id"] = make_firm(db)
    return found


def test_each_kind_is_added_read_corrected_and_withdrawn(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    for path, sample in placed(db, SAMPLES).items():
        made = analyst.post(f"/api/v1/{path}", json=sample | {"firm_id": firm})
        assert made.status_code == 201, made.text
        one, tag = made.headers["location"], made.headers["etag"]
        assert analyst.get(one).json() == made.json()
        listed = analyst.get(f"/api/v1/{path}?firm_id={firm}").json()
        assert listed["items"] == [made.json()]
        versions = analyst.get(f"{one}/history").json()["items"]
        assert [version["superseded_at"] for version in versions] == [None]
        if path in BY_PATH:
            assert (
                f'href="/records/{path}/{made.json()["id"]}"'
                in analyst.get(f"/records/{path}").text
            )
            assert analyst.get(f"/records/{path}/{made.json()['id']}").status_code == 200
        described = analyst.get(f"/api/v1/{path}/filters").json()
        assert "firm_id" in [field["name"] for field in described["items"]]
        assert analyst.delete(one).status_code == 428
        assert analyst.delete(one, headers={"If-Match": tag}).status_code == 204
        assert analyst.get(f"/api/v1/{path}?firm_id={firm}").json()["items"] == []
        assert analyst.get(f"/api/v1/{path}?frm_id=1").status_code == 422


def test_a_correction_is_a_version_of_its_own_and_the_old_one_stays(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    made = analyst.post("/api/v1/ip-rights", json=RIGHT | {"firm_id": firm})
    one, tag = made.headers["location"], {"If-Match": made.headers["etag"]}
    changed = analyst.patch(one, json={"title": "另一种玻纤"}, headers=tag)
    assert changed.status_code == 200 and changed.json()["title"] == "另一种玻纤"
    assert analyst.patch(one, json={"title": "第三种"}, headers=tag).status_code == 412
    kept = text("select title from ip_right where firm_id = :n order by id")
    assert list(db.scalars(kept, {"n": firm})) == ["一种玻纤", "另一种玻纤"]


def test_bad_records_are_refused_with_a_sentence(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    early = RIGHT | {"firm_id": firm, "granted_on": "2019-01-01"}
    refused = analyst.post("/api/v1/ip-rights", json=early)
    assert refused.status_code == 422 and "请核对两个日期" in refused.text
    made = analyst.post("/api/v1/ip-rights", json=RIGHT | {"firm_id": firm})
    tag = {"If-Match": made.headers["etag"]}
    for body in ({"granted_on": "2019-01-01"}, {"titel": "x"}, {"firm_id": make_firm(db)}):
        answer = analyst.patch(made.headers["location"], json=body, headers=tag)
        assert answer.status_code == 422, answer.text


def test_records_of_a_foreign_firm_do_not_exist(db: Session) -> None:
    firm, park = make_firm(db), people.body(db, "facts-park", "park")
    award = SAMPLES["awards"] | {"firm_id": firm}
    made = people.person(db, Role.ANALYST).post("/api/v1/awards", json=award)
    operator = people.person(db, Role.PARK_OPERATOR, park)
    assert operator.get(made.headers["location"]).status_code == 404
    assert operator.get("/api/v1/awards").json()["items"] == []
    people.put_in_park(db, firm, park, Range(date(2015, 1, 1), None))
    assert operator.get(made.headers["location"]).status_code == 200
    leader = people.person(db, Role.LEADER)
    assert leader.post("/api/v1/awards", json=award).status_code == 403


def test_a_batch_says_what_became_of_each_row_and_the_same_again_changes_nothing(
    db: Session,
) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": firm})
    for path, sample in placed(db, SAMPLES).items():
        row = sample | {"credit_code": code}
        if path == "ip-rights":
            row["number"] = "ZL2020"
        body = {"rows": [row, row, row | {"credit_code": "91500000000000000X"}, row | {"typo": 1}]}
        first = analyst.post(f"/api/v1/{path}:batch", json=body).json()
        assert [one["status"] for one in first["results"]] == ["created", *["rejected"] * 3], first
        assert first["results"][1]["errors"][0]["pointer"].startswith("/rows/1/")
        assert "第 0 行" in first["results"][1]["errors"][0]["detail"]
        again = analyst.post(f"/api/v1/{path}:batch", json={"rows": [row]}).json()
        assert again["unchanged"] == 1
        refused = analyst.post(f"/api/v1/{path}:batch", json=body | {"atomic": True})
        assert refused.status_code == 422, refused.text
        assert analyst.get(f"/api/v1/{path}?credit_code={code}").json()["count"] == 1


def test_a_batch_corrects_by_key_keeps_history_and_refuses_what_is_older(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": firm})
    row = RIGHT | {"credit_code": code, "number": "ZL1", "sender_version": 5}

    def send(**changes: Any) -> dict[str, Any]:
        found = analyst.post("/api/v1/ip-rights:batch", json={"rows": [row | changes]}).json()
        result: dict[str, Any] = found["results"][0]
        return result

    assert send()["status"] == "created"
    assert send(title="改名", sender_version=6)["status"] == "updated"
    older = send(title="旧名", sender_version=4)
    assert (older["status"], older["outdated"]) == ("unchanged", True)
    stands = analyst.get(f"/api/v1/ip-rights?firm_id={firm}").json()["items"][0]
    assert stands["title"] == "改名"
    versions = analyst.get(f"/api/v1/ip-rights/{stands['id']}/history").json()["items"]
    assert [one["title"] for one in versions] == ["改名", "一种玻纤"]


def test_a_better_source_is_not_overwritten(db: Session) -> None:
    park, firm = people.body(db, "facts-lesser", "park"), make_firm(db)
    people.put_in_park(db, firm, park, Range(date(2015, 1, 1), None))
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": firm})
    row = SAMPLES["awards"] | {"credit_code": code}
    people.person(db, Role.ANALYST).post("/api/v1/awards:batch", json={"rows": [row]})
    operator = people.person(db, Role.PARK_OPERATOR, park)
    same = operator.post("/api/v1/awards:batch", json={"rows": [row]}).json()
    other = operator.post("/api/v1/awards:batch", json={"rows": [row | {"rank": 2}]}).json()
    assert same["unchanged"] == 1 and other["rejected"] == 1
    assert "bureau" in other["results"][0]["errors"][0]["detail"]


def test_what_a_filter_finds_is_withdrawn_only_if_it_is_as_many_as_expected(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    for n in range(3):
        award = SAMPLES["awards"] | {"firm_id": firm, "name": f"奖{n}"}
        assert analyst.post("/api/v1/awards", json=award).status_code == 201
    found = f"/api/v1/awards?firm_id={firm}&name__n=奖0"
    assert analyst.delete(found).status_code == 422
    other = analyst.delete(f"{found}&expected_count=3")
    assert other.status_code == 409 and other.json()["count"] == 2
    assert analyst.delete(f"{found}&expected_count=2").json() == {"changed": 2}
    assert analyst.get(f"/api/v1/awards?firm_id={firm}").json()["count"] == 1


def test_a_park_says_who_is_with_it_and_not_who_is_with_others(db: Session) -> None:
    own, other = (people.body(db, f"facts-{name}", "park") for name in ("own", "other"))
    firm = make_firm(db)
    people.put_in_park(db, firm, own, Range(date(2015, 1, 1), None))
    operator = people.person(db, Role.PARK_OPERATOR, own)
    body = {"firm_id": firm, "park_id": other.id, "valid_from": "2010-01-01",
            "valid_to": "2011-01-01"}  # fmt: skip
    assert operator.post("/api/v1/locations", json=body).status_code == 422
    mine = operator.post("/api/v1/locations", json=body | {"park_id": own.id})
    assert mine.status_code == 201
    overlapping = people.person(db, Role.ANALYST).post(
        "/api/v1/locations", json=body | {"valid_from": "2010-05-01"}
    )
    assert overlapping.status_code == 409
    title = SAMPLES["designations"] | {"firm_id": firm}
    assert operator.post("/api/v1/designations", json=title).status_code == 403


def test_a_service_is_given_by_a_body_that_there_is(db: Session) -> None:
    incubator = people.body(db, "served-by", "incubator")
    manager, firm = people.person(db, Role.INCUBATOR_MANAGER, incubator), make_firm(db)
    people.put_in_incubator(db, firm, incubator, Range(date(2020, 1, 1), None))
    service = SAMPLES["service-records"] | {"firm_id": firm}
    made = manager.post("/api/v1/service-records", json=service)
    assert made.json()["organisation_id"] == incubator.id and made.json()["source"] == "incubator"
    for wrong, says in (
        ({"organisation_id": 2_000_000_000}, "没有编号为 2000000000 的单位"),
        ({"served_on": "2999-01-01"}, "尚未到来"),
        ({"hours": 0}, "greater than 0"),
        ({"next_on": "2025-02-01", "next_step": "回访"}, "早于服务日期"),
        ({"next_on": "2025-04-01"}, "没有下一步"),
    ):
        refused = manager.post("/api/v1/service-records", json=service | wrong)
        assert refused.status_code == 422 and says in refused.text, wrong


def test_a_firm_comes_out_of_another_firm_that_is_known(db: Session) -> None:
    park = people.body(db, "spin-park", "park")
    firm, foreign = make_firm(db), make_firm(db)
    people.put_in_park(db, firm, park, Range(date(2015, 1, 1), None))
    operator = people.person(db, Role.PARK_OPERATOR, park)
    spin_off = SAMPLES["spin-offs"] | {"firm_id": firm}
    own = operator.post("/api/v1/spin-offs", json=spin_off | {"parent_id": firm})
    assert own.status_code == 422 and "不能是企业自己" in own.text
    unknown = operator.post("/api/v1/spin-offs", json=spin_off | {"parent_id": foreign})
    assert unknown.status_code == 422 and "请先登记母体企业" in unknown.text


def test_what_cannot_be_is_refused(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    for path, wrong, says in (
        ("contest-entries", {"won_on": None}, "要么都填"),
        ("contest-entries", {"won_on": "2024-01-01"}, "早于参赛日期"),
        ("chain-members", {"ended_on": "2022-01-01"}, "早于开始日期"),
        ("listing-steps", {"step": "listed"}, "已上市须填写板块"),
        ("foundings", {"since": "2999-01-01"}, "尚未到来"),
    ):
        refused = analyst.post(f"/api/v1/{path}", json=SAMPLES[path] | {"firm_id": firm} | wrong)
        assert refused.status_code == 422 and says in refused.text, path
    chain = SAMPLES["chain-members"] | {"firm_id": firm}
    assert analyst.post("/api/v1/chain-members", json=chain).status_code == 201
    assert analyst.post("/api/v1/chain-members", json=chain).status_code == 409
