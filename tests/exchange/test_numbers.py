"""Firms named by their sender's own number: taught once beside the credit code."""

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from tests import people
from tests.exchange.calls import (
    FIRM,
    OTHER,
    ROW,
    THIRD,
    batch,
    counted,
    pointers,
    put_figures,
    put_firm,
)


def test_a_number_that_was_given_beside_the_code_names_the_firm_from_then_on(
    db: Session, analyst: TestClient
) -> None:
    unknown = batch(analyst, "firms", FIRM | {"external_id": "P-1"})
    assert "请同时填写统一社会信用代码" in unknown.json()["results"][0]["errors"][0]["detail"]
    assert counted(batch(analyst, "firms", ROW | {"external_id": "P-1"})) == (1, 0, 0, 0)
    by_number = {"external_id": "P-1", "year": 2024}
    assert counted(batch(analyst, "figures", by_number | {"staff_avg": 50})) == (1, 0, 0, 0)
    award = {"external_id": "P-1", "name": "奖", "level": "national", "awarded_on": "2024-05-01"}
    assert counted(batch(analyst, "awards", award)) == (1, 0, 0, 0)
    renamed = {"external_id": "P-1", "name": "武陵新材料有限公司"}
    assert counted(batch(analyst, "firms", renamed)) == (0, 1, 0, 0)
    # Another sender's number of that name is another number.
    park = people.machine(db, people.body(db, "numbering", "park"))
    assert counted(batch(park, "figures", by_number | {"staff_avg": 51})) == (0, 0, 0, 1)


def test_a_number_is_of_one_firm_and_visible(analyst: TestClient) -> None:
    assert put_firm(analyst, external_id="P-1").json()["status"] == "created"
    assert set(pointers(put_firm(analyst, OTHER, external_id="P-1"))) == {"/external_id"}
    assert set(pointers(put_figures(analyst, external_id="a\0b", staff_avg=1))) == {"/external_id"}
    # A fault of a number keeps its own row out, whatever follows.
    rows = [{"credit_code": OTHER, "name": "别家公司", "external_id": "P-1"},
            {"credit_code": THIRD, "name": "第三公司", "external_id": "P" * 101},
            {"credit_code": "915", "name": "坏代码公司"}]  # fmt: skip
    assert counted(batch(analyst, "firms", *rows)) == (0, 0, 0, 3)
    assert analyst.get(f"/api/v1/firms/by-credit-code/{OTHER}").status_code == 404
