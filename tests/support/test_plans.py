"""The firm plan: versions, what was missing, progress on one line, and documents."""

import zipfile
from datetime import timedelta
from io import BytesIO

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.firms.models import FirmYear
from app.pipeline.service import assess
from tests import people
from tests.support.opened import opened

LATER = (today() + timedelta(days=300)).isoformat()
SOON = (today() + timedelta(days=60)).isoformat()


def test_a_plan_is_made_agreed_and_moves_on(db: Session, firms: list[int]) -> None:
    client, number = people.person(db, Role.ANALYST), firms[0]
    path = f"/firms/{number}/plan"
    assert "研发费用辅助账" in client.get(path).text
    form = {"goal_rung": "certified", "goal_on": LATER, "measure": ["rd.subledger"],
            "code": ["rd.subledger"], "by": [SOON], "expected": "0",
            "note": "<b>先补研发</b>"}  # fmt: skip
    late = client.post(path, data=form | {"by": [(today() + timedelta(days=400)).isoformat()]})
    assert late.status_code == 422 and "期限晚于目标日期" in late.text
    half = client.post(path, data=form | {"agreed_on": str(today())})
    assert half.status_code == 422
    assert client.post(path, data=form, follow_redirects=False).status_code == 303
    page = client.get(path).text
    assert "第 1 版" in page and "&lt;b&gt;" in page and "短板补齐 0/" in page
    stale = client.post(path, data=form)
    assert stale.status_code == 409 and "重新查看" in stale.text
    agreed = form | {"expected": "1", "agreed_on": str(today()), "agreed_with": "总经理"}
    assert client.post(path, data=agreed, follow_redirects=False).status_code == 303
    opened(db, [number])
    db.execute(update(FirmYear).where(FirmYear.firm_id == number).values(
        rd_hnte=900_000, rd_hnte_domestic=900_000))  # fmt: skip
    assess(db, None, today())
    assert "短板补齐 1/" in client.get(path).text
    leader = people.person(db, Role.LEADER)
    assert leader.post(path, data=agreed | {"expected": "2"}).status_code == 403


def test_a_plan_as_documents(db: Session, firms: list[int]) -> None:
    client, number = people.person(db, Role.ANALYST), firms[0]
    path = f"/firms/{number}/plan"
    form = {"goal_rung": "certified", "goal_on": LATER, "measure": ["rd.subledger"],
            "code": ["rd.subledger"], "by": [SOON], "expected": "0"}  # fmt: skip
    client.post(path, data=form)
    word = client.get(f"{path}/1.docx")
    text = zipfile.ZipFile(BytesIO(word.content)).read("word/document.xml").decode()
    assert "一企一策培育方案" in text and "研发费用辅助账" in text and "区科技局" in text
    client.cookies.set("lang", "en")
    pdf = client.get(f"{path}/1.pdf")
    assert pdf.content.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"
    assert client.get(f"{path}/2.pdf").status_code == 404


def test_a_plan_over_the_interface(db: Session, firms: list[int]) -> None:
    client, number = people.person(db, Role.ANALYST), firms[0]
    path = f"/api/v1/firms/{number}/plan"
    offered = client.get(f"/api/v1/firms/{number}/proposals").json()["items"]
    assert "rd.subledger" in [one["measure"] for one in offered]
    assert client.get(path).status_code == 404
    goal = {"goal_rung": "certified", "goal_on": LATER,
            "items": [{"measure": "rd.subledger", "by": SOON}]}  # fmt: skip
    assert client.put(path, json=goal).status_code == 428
    made = client.put(path, json=goal, headers={"If-Match": '"0"'})
    assert made.status_code == 201 and made.json()["number"] == 1
    assert [one["organisation"] for one in made.json()["items"]] == ["science"]
    assert "hnte.rd" in [one["criterion"] for one in made.json()["gaps"]]
    stale = client.put(path, json=goal, headers={"If-Match": '"0"'})
    assert stale.status_code == 412 and stale.json()["current"]["number"] == 1
    late = goal | {"items": [{"measure": "rd.subledger", "by": "2999-01-01"}]}
    assert client.put(path, json=late, headers={"If-Match": '"1"'}).status_code == 422
    read = client.get(path)
    again = client.put(
        path, json=goal | {"note": "加紧"}, headers={"If-Match": read.headers["etag"]}
    )
    assert again.json()["note"] == "加紧"
    versions = client.get(f"{path}/versions").json()["items"]
    assert [one["number"] for one in versions] == [2, 1]
    first = client.get(f"{path}/versions/1").json()
    assert first["note"] is None and first["progress"]["gaps"] == len(first["gaps"])
    assert client.get(f"{path}/versions/1.docx").content.startswith(b"PK")
    assert client.get(f"{path}/versions/9").status_code == 404
    assert people.person(db, Role.LEADER).put(
        path, json=goal, headers={"If-Match": '"2"'}).status_code == 403  # fmt: skip
