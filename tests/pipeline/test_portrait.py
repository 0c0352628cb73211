"""The portrait, what-if on its page, figures and the record in forms, over HTTP."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.firms import reporting
from app.firms.models import Designation, Firm, FirmYear, Submission
from app.pipeline import norms as pool_norms
from app.pipeline.models import Evaluation, PoolNorm
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
SOUND = {
    code: dict.fromkeys(range(LAST - 2, LAST + 1), value)
    for code, value in {
        "staff_avg": 100, "st_staff_avg": 20, "revenue_sales": 10_000_000, "rd_hnte": 300_000,
        "revenue_total": 10_000_000, "revenue_hightech": 7_000_000,
    }.items()
}  # fmt: skip
HTML = {"Accept": "text/html"}


@pytest.fixture
def firm(db: Session) -> int:
    """A firm with too little R&D, assessed."""
    number = make_firm(db, firm={"registered_on": date(2015, 1, 1), "region_code": "500114"},
                       figures=SOUND)  # fmt: skip
    assess(db, None, today())
    return number


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst's browser."""
    found = people.person(db, Role.ANALYST)
    found.headers.update(HTML)
    found.follow_redirects = False
    return found


def reported(db: Session, firm: int, value: int, source: str) -> None:
    reporting.report_figures(
        db, SYSTEM, db.get_one(Firm, firm), LAST, {"rd_hnte": value}, source=source
    )


def seen(client: TestClient, firm: int) -> str:
    """Which submission the form of R&D says it saw."""
    page = client.get(f"/firms/{firm}/figures/{LAST}/rd_hnte").text
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def rd(db: Session, firm: int) -> Decimal | None:
    db.expire_all()
    return db.scalar(
        select(FirmYear.rd_hnte).where(FirmYear.firm_id == firm, FirmYear.year == LAST)  # type: ignore[attr-defined]
    )


# --- the page -----------------------------------------------------------------------------------


def test_the_portrait_tells_everything_in_a_constant_number_of_statements(
    db: Session, engine: Engine, client: TestClient, firm: int
) -> None:
    client.get(f"/firms/{firm}")
    with people.statements(engine) as few:
        assert client.get(f"/firms/{firm}").status_code == 200
    db.add_all(
        Designation(firm_id=firm, kind=kind, valid=Range(date(2020, 1, 1), date(2030, 1, 1)))
        for kind in ("hnte", "srdi", "tech_sme", "above_scale", "gazelle")
    )
    for value in range(5):
        reported(db, firm, 400_000 + value, "bureau")
        reported(db, firm, 100_000 + value, "self_reported")
    db.flush()
    with people.statements(engine) as many:
        page = client.get(f"/firms/{firm}").text
    assert len(many) == len(few)
    assert "2020-01-01 – 2029-12-31" in page
    assert "有 5 个填报值与更高级来源不一致" in page
    assert page.count('class="moments"') >= 1


def test_provenance_says_source_time_and_typed_words(
    db: Session, client: TestClient, firm: int
) -> None:
    path = f"/firms/{firm}/figures/{LAST}/rd_hnte"
    form = {"value": "1,234.56", "unit": "万元", "seen": seen(client, firm)}
    answer = client.post(path, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/firms/{firm}#figures")
    assert rd(db, firm) == Decimal("12345600")
    page = client.get(f"/firms/{firm}").text
    [tip] = re.findall(rf'id="from-rd_hnte-{LAST}">(.*?)</span>', page, re.DOTALL)
    assert "科技局" in tip and "1,234.56 万元" in tip and "analyst" in tip


@pytest.mark.parametrize(
    ("typed", "unit", "yuan"),
    [
        ("350", "元", "350"),
        ("350", "万元", "3500000"),
        ("0.8亿元", "元", "80000000"),
        ("12.3456", "万元", "123456"),
        ("100.01元", "万元", "100.01"),
    ],
)
def test_money_is_exact_whatever_unit_was_typed(
    db: Session, client: TestClient, firm: int, typed: str, unit: str, yuan: str
) -> None:
    path = f"/firms/{firm}/figures/{LAST}/rd_hnte"
    answer = client.post(path, data={"value": typed, "unit": unit, "seen": seen(client, firm)})
    assert answer.status_code == 303
    assert rd(db, firm) == Decimal(yuan)


@pytest.mark.parametrize("typed", ["一百", "12美元", "0.001元", "-5", "99999亿元", "1,23"])
def test_what_cannot_be_a_figure_is_refused_and_kept_in_the_field(
    db: Session, client: TestClient, firm: int, typed: str
) -> None:
    path = f"/firms/{firm}/figures/{LAST}/rd_hnte"
    answer = client.post(path, data={"value": typed, "unit": "万元", "seen": seen(client, firm)})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text and 'role="alert"' in answer.text
    assert rd(db, firm) == 300_000


def test_a_second_editor_sees_the_value_that_came_between(
    db: Session, client: TestClient, firm: int
) -> None:
    path, mine = f"/firms/{firm}/figures/{LAST}/rd_hnte", seen(client, firm)
    reported(db, firm, 444_000, "bureau")
    answer = client.post(path, data={"value": "50", "unit": "万元", "seen": mine})
    assert answer.status_code == 412
    assert "44.4 万元" in answer.text and 'value="50"' in answer.text
    assert rd(db, firm) == 444_000
    again = client.post(path, data={"value": "50", "unit": "万元", "seen": seen(client, firm)})
    assert again.status_code == 303 and rd(db, firm) == 500_000


def test_a_better_source_stands_until_an_analyst_says_why_not(
    db: Session, client: TestClient, firm: int
) -> None:
    reported(db, firm, 444_000, "tax_bureau")
    path = f"/firms/{firm}/figures/{LAST}/rd_hnte"
    answer = client.post(path, data={"value": "120", "unit": "万元", "seen": seen(client, firm)})
    assert answer.status_code == 409 and "120 万元" in answer.text
    assert rd(db, firm) == 444_000
    row = db.scalars(select(Submission).where(Submission.effective_at.is_(None))).one()
    settle = f"/firms/{firm}/conflicts/{row.id}"
    refused = client.post(settle, data={"decision": "accept", "reason": " "})
    assert refused.status_code == 422
    done = client.post(settle, data={"decision": "accept", "reason": "审计报告为准"})
    assert done.status_code == 303 and rd(db, firm) == 1_200_000
    db.expire_all()
    kept = db.get_one(Submission, row.id)
    assert (kept.settled_by, kept.settled_reason) == ("analyst", "审计报告为准")
    assert client.post(settle, data={"decision": "keep", "reason": "x"}).status_code == 409


def test_only_analysts_settle_and_only_keepers_type(db: Session, firm: int) -> None:
    reported(db, firm, 444_000, "tax_bureau")
    reported(db, firm, 111_000, "self_reported")
    row = db.scalars(select(Submission).where(Submission.effective_at.is_(None))).one()
    incubator = people.body(db, "nest", "incubator")
    people.put_in_incubator(db, firm, incubator, Range(date(2016, 1, 1), None))
    manager = people.person(db, Role.INCUBATOR_MANAGER, incubator)
    manager.headers.update(HTML)
    decided = manager.post(f"/firms/{firm}/conflicts/{row.id}",
                           data={"decision": "accept", "reason": "x"})  # fmt: skip
    assert decided.status_code == 403
    leader = people.person(db, Role.LEADER)
    typed = leader.post(f"/firms/{firm}/figures/{LAST}/rd_hnte", data={"value": "1"})
    assert typed.status_code == 403
    assert "<form" not in _body(leader.get(f"/firms/{firm}/figures/{LAST}/staff_avg").text)


def _body(page: str) -> str:
    """What a dialog would show of a page."""
    return page.split("data-panel-body")[1].split("</section>", maxsplit=1)[0]


def record(client: TestClient, firm: int) -> dict[str, str]:
    """The form of the record as it was shown."""
    page = client.get(f"/firms/{firm}/edit").text
    fields = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page))
    chosen = re.findall(r'<select[^>]*name="(\w+)">(.*?)</select>', page, re.DOTALL)
    for name, options in chosen:
        marked = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = marked[1] if marked else "元" if name == "capital_unit" else ""
    return fields


def test_the_record_is_changed_in_a_form(db: Session, client: TestClient, firm: int) -> None:
    form = record(client, firm)
    form |= {"chain": "新材料", "registered_capital": "0.5", "capital_unit": "亿元",
             "industry_code": "C3061"}  # fmt: skip
    assert client.post(f"/firms/{firm}/edit", data=form).status_code == 303
    db.expire_all()
    kept = db.get_one(Firm, firm)
    assert (kept.chain, kept.registered_capital, kept.industry_code) == (
        "新材料", Decimal("50000000"), "C3061",
    )  # fmt: skip
    assert kept.registered_capital_typed == "0.5 亿元"
    late = client.post(f"/firms/{firm}/edit", data=form | {"chain": "医药"})
    assert late.status_code == 412
    assert "新材料" in late.text and "医药" in late.text
    wrong = record(client, firm) | {"industry_code": "3061"}
    assert client.post(f"/firms/{firm}/edit", data=wrong).status_code == 422
    gone = record(client, firm) | {"status": "moved_out", "status_reason": ""}
    assert client.post(f"/firms/{firm}/edit", data=gone).status_code == 422


# --- the pool's spread --------------------------------------------------------------------------


def test_a_firm_is_held_against_the_pools_median(db: Session, client: TestClient) -> None:
    firms = [
        make_firm(db, figures={"revenue_sales": {LAST: n * 1_000_000},
                               "rd_hnte": {LAST: n * 50_000}})
        for n in range(1, 22)
    ]  # fmt: skip
    db.add_all(
        Designation(firm_id=one, kind="pool", valid=Range(date(2020, 1, 1), None)) for one in firms
    )
    assess(db, None, today())
    run = Evaluation(as_of=today())
    db.add(run)
    db.flush()
    pool_norms.keep(db, run)
    norms = {n.measure: n for n in db.scalars(select(PoolNorm))}
    assert norms["revenue"].deciles[5] == 11_000_000
    assert "staff" not in norms  # nobody said how many
    page = client.get(f"/firms/{firms[15]}").text
    [row] = re.findall(r'<tr><th scope="row">销售收入</th>(.*?)</tr>', page.split("百分位")[-1])
    assert "1,600 万元" in row and "1,100 万元" in row and '<td class="num">75</td>' in row
    assert "缺数据" not in row


# --- what-if ------------------------------------------------------------------------------------


def test_what_if_turns_criteria_and_stores_nothing(
    db: Session, engine: Engine, client: TestClient, firm: int
) -> None:
    path = f"/firms/{firm}/what-if?set=hnte_2016"
    plain = client.get(path)
    assert plain.status_code == 200 and "没有条件改变" in plain.text
    trial = f"{path}&" + "&".join(f"try.rd_hnte.{LAST - n}=90.5" for n in range(3))
    page = client.get(trial).text
    assert 'value="90.5"' in page  # the link brings the trial back
    part = client.get(f"{trial}&part=answer").text
    assert "<html" not in part and "近三年研发费用" in part
    assert re.search(
        r'outcome unmet">未达标</span> <span[^>]*>→</span> <span class="outcome met"', part
    )
    assert rd(db, firm) == 300_000
    client.get(f"{trial}&part=answer")
    with people.statements(engine) as one:
        client.get(f"{path}&part=answer&try.rd_hnte.{LAST}=1")
    with people.statements(engine) as more:
        client.get(f"{trial}&part=answer&try.staff_avg.{LAST}=50&try.revenue_sales.{LAST}=5")
    assert len(one) == len(more)


@pytest.mark.parametrize(
    "query",
    [
        f"try.rd_hnt.{LAST}=1", f"try.rd_hnte.{LAST}=abc", f"try.rd_hnte.{LAST}=1e5",
        f"try.rd_hnte.{LAST}=-1", f"try.staff_avg.{LAST}=0.5", "set=hnte_2017", "try.=1",
        "as_of=0001-01-01", f"try.rd_hnte.{LAST}=0.0000001",
    ],
)  # fmt: skip
def test_what_a_trial_refuses(client: TestClient, firm: int, query: str) -> None:
    answer = client.get(f"/firms/{firm}/what-if?{query}")
    assert answer.status_code == 422


def test_a_trial_of_a_year_that_is_not_on_record(client: TestClient, firm: int) -> None:
    day = today() + timedelta(days=366)
    year = day.year - 1
    query = f"set=hnte_2016&as_of={day}&try.staff_avg.{year}=10&try.st_staff_avg.{year}=9"
    answer = client.get(f"/firms/{firm}/what-if?{query}")
    assert answer.status_code == 200 and "90%" in answer.text
