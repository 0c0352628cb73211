"""Records of firms over HTTP: what is kept, what is refused, who sees it."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from tests import people
from tests.factories import make_firm

RIGHT = {"kind": "invention_patent", "title": "一种玻纤", "applied_on": "2020-01-01",
         "granted_on": "2022-01-01"}  # fmt: skip
SAMPLES: dict[str, dict[str, Any]] = {
    "ip-rights": RIGHT,
    "awards": {"name": "科技进步奖", "level": "municipal", "rank": 1, "awarded_on": "2024-05-01"},
    "standards": {"name": "玻纤标准", "level": "industry", "published_on": "2023-05-01"},
    "incidents": {"kind": "safety", "happened_on": "2023-05-01"},
}


def test_each_kind_is_added_read_corrected_and_withdrawn(db: Session) -> None:
    analyst, firm = people.person(db, Role.ANALYST), make_firm(db)
    for path, sample in SAMPLES.items():
        made = analyst.post(f"/api/v1/{path}", json=sample | {"firm_id": firm})
        assert made.status_code == 201, made.text
        one, tag = made.headers["location"], made.headers["etag"]
        assert analyst.get(one).json() == made.json()
        listed = analyst.get(f"/api/v1/{path}?firm_id={firm}").json()
        assert [row["id"] for row in listed["items"]] == [made.json()["id"]]
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
