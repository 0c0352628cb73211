"""What a browser that comes for the first time has to fetch for a page."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.pipeline.service import assess
from tests.factories import make_firm
from tests.people import person

LIGHT, WITH_CHARTS = 300_000, 800_000
LINKED = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css)[^"]*)"')


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst before a full page of firms."""
    for number in range(55):
        make_firm(db, f"重庆市黔江区第{number:03}号生物科技股份有限公司")
    assess(db, None, today())
    return person(db, Role.ANALYST)


@pytest.mark.parametrize(
    "path",
    ["/", "/cockpit", "/waiting", "/firms", "/pool", "/pool?display=heat", "/board", "/entry",
     "/duties", "/criteria", "/criteria/hnte_2016", "/firms/{firm}", "/firms/{firm}/what-if"],
)  # fmt: skip
def test_a_page_is_light(db: Session, client: TestClient, path: str) -> None:
    if "{firm}" in path:
        path = path.format(firm=make_firm(db))
        assess(db, None, today())
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    linked = sorted(set(LINKED.findall(page.text)))
    assert any("tidu.css" in one for one in linked)
    fetched = sum(_sent(client, one) for one in linked) + len(page.content)
    assert fetched < (WITH_CHARTS if any("echarts" in one for one in linked) else LIGHT)


def _sent(client: TestClient, address: str) -> int:
    """Bytes on the wire, compressed where there is a compressed copy."""
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200
        return sum(len(part) for part in answer.iter_raw())
