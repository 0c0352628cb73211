"""Analyses: exact, dated, each number its firms, and waiting firms censored."""

import csv
import io
import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.analyses import queries
from app.analyses.cubes import ANALYSES
from app.analyses.queries import Analysis, held, opened, tally
from app.analyses.survival import kaplan_meier
from app.analyses.views import Maker
from app.plans.progress import progress
from tests.criteria.facts import parsed
from tests.factories import insert_firms
from tests.people import body, person, put_in_park

DAY = date(2025, 6, 30)
LINKS = 4
ASKED = [("as_of", str(DAY))]


def stored(db: Session, *firms: dict[str, Any]) -> list[int]:
    """Firms in the notation of the factories."""
    return insert_firms(db, [parsed(one) for one in firms])


def held_from(kind: str, since: date, until: date | None = None) -> dict[str, object]:
    """A designation."""
    return {"kind": kind, "from": since, "to": until}


def at(db: Session, name: str, *pairs: tuple[str, str]) -> Analysis:
    """An analysis on the day."""
    return opened(db, SYSTEM, name, [*ASKED, *pairs])


def test_a_published_example_of_censored_waiting_comes_out_as_published() -> None:
    """Freireich and others (1963), 6-mercaptopurine: the example of every textbook."""
    ended = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
    censored = {3, 5, 7, 8, 11, 12, 13, 16, 17, 18, 19, 20}
    happened = np.array([place not in censored for place in range(len(ended))])
    curve = kaplan_meier(ended, happened)
    assert list(curve.days) == [6, 7, 10, 13, 16, 22, 23]
    assert [round(float(one), 4) for one in curve.waiting] == [
        0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482,
    ]  # fmt: skip
    assert curve.median == 23
    found = curve.at(10)
    assert found is not None and found.at_risk == 15
    assert round(1 - found.share, 4) == 0.7529
    assert (round(1 - found.high, 3), round(1 - found.low, 3)) == (0.503, 0.889)
    assert curve.at(35) is not None and curve.at(36) is None


def test_waiting_firms_are_neither_converted_nor_refused(db: Session) -> None:
    start = date(2023, 1, 1)
    waits = {"designations": [held_from("tech_sme", start)]}
    converts = {"designations": [held_from("tech_sme", start), held_from("hnte", date(2024, 1, 1))]}
    straight = {"designations": [held_from("hnte", start)]}
    later = {"designations": [held_from("tech_sme", start), held_from("hnte", date(2025, 9, 1))]}
    stored(db, waits, converts, straight, later)
    found = at(db, "conversion")
    assert dict(tally(db, found.cube, ("cohort", "outcome", "waited"))) == {
        ("2023", "straight", "1"): 1, ("2023", "converted", "1"): 1, ("2023", "waiting", "3"): 2,
    }  # fmt: skip
    row = Maker(db, found, "en").view().rows[0]
    assert [cell.value for cell in row[:6]] == ["2023", 4, 1, 1, 0, 2]
    assert str(row[6].value).startswith("33.3 (") and row[8].value == "—"


def test_the_structure_agrees_with_the_targets_on_every_day(db: Session) -> None:
    stored(db, {"designations": [held_from("hnte", date(2024, 1, 1), date(2025, 1, 31))]},
           {"designations": [held_from("tech_sme", date(2025, 1, 1))]},
           {"designations": [held_from("hnte", date(2024, 1, 1))]})  # fmt: skip
    for day in (date(2023, 12, 31), date(2024, 6, 1), date(2025, 2, 1), DAY):
        found = opened(db, SYSTEM, "structure", [("as_of", str(day))])
        counts = {str(keys[0]): n for keys, n in tally(db, found.cube, ("rung",))}
        stood = sum(n for rung, n in counts.items() if rung in queries.HIGHER[1:])
        targets = {one.target.code: one.value for one in progress(db, SYSTEM, day)}
        assert targets["hnte_count"] == counts.get("certified", 0), day
        assert targets["tech_based_count"] == stood, day


@pytest.mark.parametrize(
    ("code", "staff", "revenue", "size"),
    [("C3921", 1000, 40000, "large"), ("C3921", 1000, 39999, "medium"),
     ("C3921", 299, 90000, "small"), ("C3921", 19, 90000, "micro"), ("C3921", 20, None, "unknown"),
     ("I6513", 10, 50, "small"), ("M7320", 300, None, "large"), ("F51", 200, 40000, "large"),
     ("F", 200, 40000, "unknown"), ("J66", 500, 40000, "unknown")],
)  # fmt: skip
def test_the_size_is_the_largest_whose_every_limit_is_reached(
    db: Session, code: str, staff: int, revenue: int | None, size: str
) -> None:
    figures = {"employees_ye": staff}
    figures |= {} if revenue is None else {"revenue_operating": revenue * 10_000}
    stored(db, {"firm": {"industry_code": code},
                "figures": {name: {2024: value} for name, value in figures.items()}})  # fmt: skip
    assert tally(db, at(db, "structure").cube, ("size",)) == [((size,), 1)]


def test_intensity_and_concentration_are_exact_and_know_what_is_missing(db: Session) -> None:
    money = [(3, 100), (5, 100), (0, 100), (1, 0), (None, 100), (29_999, 1_000_000)]
    stored(db, *({"figures": {name: {2024: value * 10_000} for name, value in
                              (("rd_hnte", spent), ("revenue_sales", sold))
                              if value is not None}} for spent, sold in money))  # fmt: skip
    assert dict(tally(db, at(db, "intensity").cube, ("share",))) == {
        ("3-4",): 1, ("5-10",): 1, ("zero",): 1, ("no_sales",): 1, ("unknown",): 1, ("2-3",): 1,
    }  # fmt: skip
    found = held(db, at(db, "concentration", ("measure", "rd_hnte"), ("by", "all")).cube, "all")
    parts = [3, 5, 0, 1, 29_999]
    assert (found["all"].firms, found["all"].unknown) == (5, 1)
    assert found["all"].hhi == round(10_000 * sum(p * p for p in parts) / sum(parts) ** 2)
    assert found["all"].four == found["all"].total


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_number_opens_its_firms_and_both_leave_as_files(db: Session, lang: str) -> None:
    start = date(2022, 3, 1)
    firm: dict[str, Any] = {
        "firm": {"industry_code": "C3921", "registered_on": date(2020, 1, 1)},
        "figures": {"rd_hnte": {2024: 50_000}, "revenue_sales": {2024: 1_000_000}},
        "designations": [held_from("tech_sme", start), held_from("hnte", date(2023, 9, 1))],
    }
    stored(db, firm, firm | {"designations": [held_from("pool", start)]})
    client = person(db, Role.LEADER)
    client.cookies.set("lang", lang)
    for name in ANALYSES:
        page = client.get(f"/analyses/{name}?as_of={DAY}")
        assert page.status_code == 200
        links = re.findall(rf'<a href="(/analyses/{name}/firms[^"]*)">([\d,]+)</a>', page.text)
        # Shares of the largest are per cent, not firms.
        counts = {one for one in links if "place=" not in one[0] or "place=11" in one[0]}
        assert counts, name
        for href, number in sorted(counts)[:LINKS]:
            address = href.replace("&amp;", "&")
            assert f"{number} " in client.get(address).text.split("<table")[0], address
        sheet = client.get(f"/analyses/{name}/export?as_of={DAY}&format=csv")
        assert len(list(csv.reader(io.StringIO(sheet.text)))) > 1
        firms = client.get(f"/analyses/{name}/firms/export?as_of={DAY}&format=csv")
        assert len(list(csv.reader(io.StringIO(firms.text)))) == 3
        assert client.get(f"/analyses/{name}/export?format=xlsx").content[:2] == b"PK"


def test_a_park_sees_its_own_and_mistakes_are_named(db: Session) -> None:
    mine, _ = stored(db, {}, {})
    park = body(db, "east_park", "park")
    put_in_park(db, mine, park, Range(date(2015, 1, 1), None))
    client = person(db, Role.PARK_OPERATOR, park)
    assert "共 1 家" in client.get("/analyses/structure/firms").text
    for query, parameter in (("rung=top", "rung"), ("lower=certified&upper=tech_based", "upper"),
                             ("rows=rung&columns=rung", "columns"), ("measure=x", "measure"),
                             ("as_of=tomorrow", "as_of")):  # fmt: skip
        refused = client.get(f"/analyses/structure?{query}", headers={"accept": "application/json"})
        assert refused.status_code == 422, query
        assert refused.json()["errors"][0]["parameter"] == parameter
    assert client.get("/analyses/structure/firms?rungs=x").status_code == 422
    assert client.get("/analyses/strukture").status_code == 404


def test_programs_read_the_same_numbers_and_firms_within_their_scope(db: Session) -> None:
    start = date(2022, 3, 1)
    certified: dict[str, Any] = {
        "designations": [held_from("tech_sme", start), held_from("hnte", date(2023, 9, 1))],
        "figures": {"rd_hnte": {2024: 50_000}, "revenue_sales": {2024: 1_000_000}},
    }
    mine, _ = stored(db, certified, certified | {"firm": {"industry_code": "I6510"}})
    park = body(db, "west_park", "park")
    put_in_park(db, mine, park, Range(date(2015, 1, 1), None))
    client = person(db, Role.LEADER)

    def get(path: str) -> Any:
        answer = client.get(f"/api/v1/analyses/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = get(f"structure?as_of={DAY}&rows=park&columns=rung")
    assert found["items"] == [{"row": "none", "column": "certified", "firms": 1},
                              {"row": "west_park", "column": "certified", "firms": 1}]  # fmt: skip
    assert [one["code"] for one in found["rows"]["values"]] == ["west_park", "none"]
    behind = get(f"structure/firms?as_of={DAY}&park=west_park&count=exact")
    assert ([one["id"] for one in behind["items"]], behind["count"]) == ([mine], 1)
    assert behind["items"][0]["keys"]["rung"] == "certified"
    assert get(f"intensity?as_of={DAY}")["whole_percent"] == "5.00"
    cohort = get(f"conversion?as_of={DAY}")["items"][-1]
    assert (cohort["year"], cohort["converted"], cohort["within"][1]["percent"]) == (
        None,
        2,
        "100.00",
    )
    assert get(f"stay?as_of={DAY}")["spans"][0]["firms"] == 2
    flow = get(f"flows?as_of={DAY}")["items"][-1]
    assert (flow["old"], flow["new"], flow["firms"], flow["percent"]) == (
        "certified", "certified", 2, "100.00")  # fmt: skip
    group = get(f"concentration?as_of={DAY}&by=all")["items"][0]
    assert (group["yuan"], group["largest_percent"], group["hhi"]) == ("2000000", "50.00", 5000)
    client = person(db, Role.PARK_OPERATOR, park)
    assert [one["firms"] for one in get(f"structure?as_of={DAY}")["items"]] == [1]
    for query, parameter in (("parks=x", "parks"), ("rung=top", "rung"), ("as_of=soon", "as_of")):
        wrong = client.get(f"/api/v1/analyses/structure?{query}")
        assert wrong.status_code == 422, query
        assert wrong.json()["errors"][0]["parameter"] == parameter
