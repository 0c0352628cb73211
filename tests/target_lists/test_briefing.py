"""The leaders' screen says what changed since the last meeting."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from tests.factories import make_firm
from tests.people import person


def test_the_screen_shows_what_came_since_the_last_meeting(db: Session) -> None:
    since = today() - timedelta(days=10)
    make_firm(db, designations=[{"kind": "hnte", "from": date(2024, 1, 1)}])
    make_firm(db, designations=[{"kind": "hnte", "from": today() - timedelta(days=2)}])
    leader = person(db, Role.LEADER)
    page = leader.get(f"/briefing?since={since}").text
    assert f"/targets/hnte_count/firms?as_of={since}" in page and "+1" in page
    # Nobody has targets yet: no table of units without ranks.
    assert "还没有可排名的单位" in page and "名次" not in page
    assert leader.get(f"/briefing?since={today()}").status_code == 422
    part = leader.get("/briefing/forecast", headers={"HX-Request": "true"}).text
    assert "<html" not in part and "高新技术企业数" in part
    assert "<html" in leader.get("/briefing/forecast").text
