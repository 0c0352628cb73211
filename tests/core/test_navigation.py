"""What the navigation offers a role is there for that role, and everything else of the shell."""

import re

import pytest
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core import navigation
from tests.people import person

LINKS = [(role, link) for role in Role for s in navigation.menu(role) for link in s.links]


@pytest.mark.parametrize(("role", "link"), LINKS, ids=[f"{r}:{x.path}" for r, x in LINKS])
def test_no_link_leads_nowhere(db: Session, role: Role, link: navigation.Link) -> None:
    found = person(db, role).get(link.path, headers={"accept": "text/html"})
    assert found.status_code == 200, found.text
    if not found.history:
        assert f'href="{link.path}" class="active" aria-current="page"' in found.text


@pytest.mark.parametrize("role", list(Role))
def test_keys_open_one_page_each(role: Role) -> None:
    keys = [link.keys for s in navigation.menu(role) for link in s.links if link.keys]
    assert len(keys) == len(set(keys)) > 0
    assert all(re.fullmatch(r"g [a-z]", one) for one in keys)


def test_nobody_is_offered_what_is_not_theirs(db: Session) -> None:
    page = person(db, Role.LEADER).get("/firms").text
    assert "/admin/people" not in page and "/audit" not in page
    admin = person(db, Role.ADMIN).get("/").text
    assert 'role="search"' not in admin and 'href="/pool"' not in admin


def test_a_page_below_another_says_where_it_stands(db: Session) -> None:
    client = person(db, Role.ANALYST)
    page = client.get("/criteria/hnte_2016").text
    crumbs = page.partition('class="crumbs')[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', crumbs) == ["/", "/criteria"]
    assert 'aria-current="page"' in crumbs
    assert 'class="crumbs' not in client.get("/").text


def test_a_notice_is_said_once(db: Session) -> None:
    client = person(db, Role.ANALYST)
    page = client.post("/preferences", data={"shortcuts": "off"}, headers={"referer": "/criteria"})
    assert "快捷键已关闭" in page.text and 'data-shortcuts="off"' in page.text
    again = client.get("/criteria").text
    assert 'class="alert alert-success notice"' not in again and 'data-shortcuts="off"' in again


@pytest.mark.parametrize("forged", ["x", "W10=", "WyJhIl0=", "eyJhIjoxfQ==", "////", "Wzxd"])
def test_a_notice_of_others_making_is_nothing(db: Session, forged: str) -> None:
    client = person(db, Role.ANALYST)
    client.cookies.set("tidu_notice", forged)
    found = client.get("/criteria")
    assert found.status_code == 200
    assert 'class="alert alert-success notice"' not in found.text


def test_an_unknown_theme_is_no_error(db: Session) -> None:
    client = person(db, Role.ANALYST)
    client.cookies.set("theme", "pink")
    assert client.get("/criteria").status_code == 200


def test_errors_offer_ways_on(db: Session) -> None:
    client = person(db, Role.ANALYST)
    missing = client.get("/firms/999999999", headers={"accept": "text/html"})
    assert missing.status_code == 404
    assert 'href="/"' in missing.text and 'role="search"' in missing.text
    part = client.get("/firms/999999999", headers={"accept": "*/*", "hx-request": "true"})
    assert part.status_code == 404
    assert "<html" not in part.text and 'role="alert"' in part.text


def test_large_files_come_compressed_to_whoever_takes_them(db: Session) -> None:
    client = person(db, Role.LEADER)
    page = client.get("/cockpit", headers={"accept": "text/html"}).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert any("echarts" in file for file in files)
    sizes = {}
    for file in files:
        found = client.get(file, headers={"accept-encoding": "gzip"})
        plain = client.get(file, headers={"accept-encoding": "identity"})
        assert found.status_code == plain.status_code == 200
        assert found.content == plain.content and "content-encoding" not in plain.headers
        assert found.headers["content-type"] == plain.headers["content-type"]
        sizes[file] = int(found.headers["content-length"])
    charts = sum(size for file, size in sizes.items() if "chart" in file)
    assert sum(sizes.values()) + len(page.encode()) < 800_000
    assert sum(sizes.values()) - charts + len(page.encode()) < 300_000
