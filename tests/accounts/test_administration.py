"""Administration: people, roles and bodies; and what an administrator must not do."""

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Grant, Organisation, OrganisationMember, User
from app.core.clock import today
from tests import people
from tests.accounts.doors import another, body, door, enter, give, knock, member

PAGES = ("/admin/people", "/admin/people/1", "/admin/organisations", "/admin/organisations/1")
WRITES = ("/admin/people", "/admin/people/1", "/admin/people/1/grants",
          "/admin/people/1/grants/1/revoke", "/admin/people/1/disable", "/admin/people/1/enable",
          "/admin/people/1/link", "/admin/people/1/second-factor/remove",
          "/admin/people/1/sessions/end", "/admin/organisations",
          "/admin/organisations/1")  # fmt: skip
GRANT = {"role": "leader", "organisation": "science"}


@pytest.fixture
def admin(db: Session) -> TestClient:
    """An administrator."""
    return enter(door(db), member(db, Role.ADMIN, username="the.admin"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_manage(db: Session, role: Role) -> None:
    client = people.person(db, role)
    for path in PAGES:
        assert client.get(path).status_code == 403, path
    for path in WRITES:
        assert client.post(path).status_code == 403, path


def test_an_administrator_sees_no_firm(db: Session, admin: TestClient) -> None:
    for path in ("/firms", "/pool", "/criteria", "/api/v1/firms", "/api/v1/pool",
                 "/api/v1/funnel", "/api/v1/firms/1", "/firms/1"):  # fmt: skip
        assert admin.get(path).status_code == 403, path
    home = admin.get("/")
    assert home.status_code == 200 and "系统管理" in home.text
    assert 'href="/pool"' not in home.text and 'href="/firms"' not in home.text


def test_an_auditor_goes_home_to_the_trail(db: Session) -> None:
    client = people.person(db, Role.AUDITOR)
    found = client.get("/", follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (303, "/audit")


def test_a_role_is_granted_for_a_period(db: Session, admin: TestClient) -> None:
    user = member(db, None)
    assert knock(door(db), user).status_code == 401
    last = today() + timedelta(days=30)
    form = GRANT | {"since": str(today()), "until": str(last)}
    assert admin.post(f"/admin/people/{user.id}/grants", data=form).status_code == 303
    granted = db.scalars(select(Grant).where(Grant.user_id == user.id)).one()
    assert (granted.role, granted.since, granted.until) == ("leader", today(), last)
    assert knock(door(db), user).status_code == 303
    page = admin.get(f"/admin/people/{user.id}").text
    assert f"{today()} – {last}" in page


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        (GRANT | {"since": "2027-02-01", "until": "2027-01-01"}, 422, "早于开始日期"),
        (GRANT | {"role": "king"}, 422, "没有角色 king"),
        (GRANT | {"organisation": "nowhere"}, 404, "没有代码为 nowhere 的单位"),
        (GRANT | {"organisation": "zhengyang_park"}, 422, "请另选单位"),
        (GRANT | {"role": "park_operator"}, 422, "请另选单位"),
        (GRANT | {"role": "analyst"}, 409, "已有这个角色"),
        (GRANT | {"since": "soon"}, 422, ""),
    ],
)
def test_wrong_grants_are_refused(
    db: Session, admin: TestClient, form: dict[str, str], status: int, says: str
) -> None:
    user = member(db, Role.ANALYST)
    found = admin.post(f"/admin/people/{user.id}/grants", data=form)
    assert found.status_code == status and says in found.text
    assert db.scalars(select(Grant.role).where(Grant.user_id == user.id)).all() == ["analyst"]


@pytest.mark.parametrize(("held", "asked"), [("admin", "auditor"), ("auditor", "admin")])
def test_nobody_is_administrator_and_auditor(
    db: Session, admin: TestClient, held: str, asked: str
) -> None:
    user = member(db, Role(held))
    form = {"role": asked, "organisation": "science"}
    found = admin.post(f"/admin/people/{user.id}/grants", data=form)
    assert found.status_code == 409 and "不能同时是系统管理员和审计员" in found.text
    later = form | {"since": "2099-01-01"}
    assert admin.post(f"/admin/people/{user.id}/grants", data=later).status_code == 409
    # One after the other is another matter.
    mine = db.scalars(select(Grant).where(Grant.user_id == user.id)).one()
    admin.post(f"/admin/people/{user.id}/grants/{mine.id}/revoke")
    assert admin.post(f"/admin/people/{user.id}/grants", data=form).status_code == 303


def test_the_database_keeps_the_two_duties_apart(db: Session) -> None:
    user = member(db, Role.ADMIN)
    finance = body(db, "finance").id
    row = {"user_id": user.id, "role": "auditor", "organisation_id": finance}
    for period in ({"since": date(2020, 1, 1)}, {"since": date(2090, 1, 1)},
                   {"since": date(2019, 1, 1), "until": date(2020, 1, 1)}):  # fmt: skip
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(insert(Grant), [row | period])
    with db.begin_nested():
        db.execute(insert(Grant), [row | {"since": date(2019, 1, 1), "until": date(2019, 12, 31)}])
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(text("update role_grant set until = null where role = 'auditor'"))


def test_nobody_helps_themselves(db: Session, admin: TestClient) -> None:
    me = db.scalars(select(User).where(User.username == "the.admin")).one()
    mine = db.scalars(select(Grant).where(Grant.user_id == me.id)).one()
    for path in ("grants", f"grants/{mine.id}/revoke", "disable", "link",
                 "second-factor/remove"):  # fmt: skip
        form = {"role": "analyst", "organisation": "science"}
        assert admin.post(f"/admin/people/{me.id}/{path}", data=form).status_code == 403, path
    page = admin.get(f"/admin/people/{me.id}").text
    assert "这是您自己的账号" in page and "/disable" not in page
    assert admin.get("/api/v1/pool").status_code == 403


def test_a_grant_belongs_to_its_person(db: Session, admin: TestClient) -> None:
    one, other = member(db), member(db)
    theirs = db.scalars(select(Grant).where(Grant.user_id == other.id)).one()
    assert admin.post(f"/admin/people/{one.id}/grants/{theirs.id}/revoke").status_code == 404
    assert knock(door(db), other).status_code == 303


def test_a_role_that_was_taken_back_may_be_given_again(db: Session, admin: TestClient) -> None:
    user = member(db, Role.LEADER)
    mine = db.scalars(select(Grant).where(Grant.user_id == user.id)).one()
    path = f"/admin/people/{user.id}/grants"
    assert admin.post(f"{path}/{mine.id}/revoke").status_code == 303
    assert admin.post(f"{path}/{mine.id}/revoke").status_code == 409
    assert knock(door(db), user).status_code == 401
    assert admin.post(path, data=GRANT).status_code == 303
    assert knock(door(db), user).status_code == 303
    assert "收回于" in admin.get(f"/admin/people/{user.id}").text


def test_a_disabled_person_comes_back(db: Session, admin: TestClient) -> None:
    user = member(db)
    admin.post(f"/admin/people/{user.id}/disable")
    assert knock(door(db), user).status_code == 401
    admin.post(f"/admin/people/{user.id}/enable")
    assert knock(door(db), user).status_code == 303


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"username": "the.admin"}, 409, "已存在"),
        ({"username": "THE.ADMIN"}, 409, "已存在"),
        ({"username": "two words"}, 422, "不可用"),
        ({"username": ""}, 422, "不可用"),
        ({"email": "not an address"}, 422, "不是邮箱地址"),
        ({"email": "TAKEN@example.cn"}, 409, "已属于另一个人"),
        ({"name": "长" * 65}, 422, "姓名应为"),
        ({"organisation": "zhengyang_park"}, 422, "请另选单位"),
    ],
)
def test_a_wrong_invitation_leaves_nothing(
    db: Session, admin: TestClient, form: dict[str, str], status: int, says: str
) -> None:
    member(db, email="taken@example.cn")
    usual = {"username": "new.one", "name": "新人", **GRANT}
    found = admin.post("/admin/people", data=usual | form)
    assert found.status_code == status and says in found.text
    assert db.scalar(select(User.id).where(User.username == "new.one")) is None


def test_another_address_ends_the_binding_to_the_provider(db: Session, admin: TestClient) -> None:
    user = member(db, email="li.na@example.cn", oidc_identity="https://id.example.cn li.na")
    path = f"/admin/people/{user.id}"
    admin.post(path, data={"name": "李娜", "email": "LI.NA@example.cn"})
    db.refresh(user)
    assert (user.name, user.oidc_identity is None) == ("李娜", False)
    for wrong in ({"name": "名\u202e字"}, {"name": "李娜", "email": "no address"}):
        assert admin.post(path, data=wrong).status_code == 422
    admin.post(path, data={"name": "李娜", "email": "wang@example.cn"})
    db.refresh(user)
    assert (user.email, user.oidc_identity) == ("wang@example.cn", None)


def test_people_are_found_and_paged(db: Session, admin: TestClient) -> None:
    for n in range(60):
        member(db, username=f"page.{n:02d}", name=f"列表{n:02d}")
    member(db, username="percent", name="100%_")
    first = admin.get("/admin/people", params={"q": "page."}).text
    assert first.count('href="/admin/people/') == 50 and "共 60 人" in first
    second = admin.get("/admin/people", params={"q": "page.", "after": "page.49"}).text
    assert "page.50" in second and "page.49<" not in second and 'rel="next"' not in second
    assert "共 1 人" in admin.get("/admin/people", params={"q": "%_"}).text
    assert "共 1 人" in admin.get("/admin/people", params={"q": "列表07"}).text
    assert "没有找到" in admin.get("/admin/people", params={"q": "nobody at all"}).text


def test_what_is_typed_stays_text(db: Session, admin: TestClient) -> None:
    user = member(db, name="<script>alert(1)</script>")
    for path in ("/admin/people", f"/admin/people/{user.id}"):
        assert "<script>alert" not in admin.get(path).text
    assert "<script>alert" not in enter(another(admin), user).get("/account").text


def test_the_plans_bodies_are_there(db: Session, admin: TestClient) -> None:
    page = admin.get("/admin/organisations").text
    for name in ("区科技局", "正阳工业园区管委会", "区级有关行业主管部门", "人行黔江中心支行"):
        assert name in page


def test_a_groups_members_are_chosen(db: Session, admin: TestClient) -> None:
    group = body(db, "industry_regulators")
    chosen = [body(db, code).id for code in ("commerce", "agriculture")]
    path = f"/admin/organisations/{group.id}"
    form = {"name": group.name, "name_en": "", "member": [str(i) for i in chosen]}
    assert admin.post(path, data=form).status_code == 303
    assert set(db.scalars(select(OrganisationMember.member_id))) == set(chosen)
    assert "区商务委" in admin.get("/admin/organisations").text
    form["member"] = [str(chosen[0])]
    admin.post(path, data=form)
    assert set(db.scalars(select(OrganisationMember.member_id))) == {chosen[0]}
    for strange in (group.id, 999_999, body(db, "district_departments").id):
        form["member"] = [str(strange)]
        assert admin.post(path, data=form).status_code == 422
    assert set(db.scalars(select(OrganisationMember.member_id))) == {chosen[0]}


def test_bodies_are_added_and_renamed(db: Session, admin: TestClient) -> None:
    form = {"code": "new_incubator", "name": "新孵化器", "name_en": "New", "kind": "incubator"}
    assert admin.post("/admin/organisations", data=form).status_code == 303
    found = db.scalars(select(Organisation).where(Organisation.code == "new_incubator")).one()
    for wrong, status in (({"code": "science"}, 409), ({"code": "Bad Code"}, 422),
                          ({"name": "区科技局"}, 409), ({"kind": "castle"}, 422),
                          ({"name": ""}, 422)):  # fmt: skip
        again = form | {"code": "other", "name": "另一家"} | wrong
        assert admin.post("/admin/organisations", data=again).status_code == status
    path = f"/admin/organisations/{found.id}"
    assert admin.post(path, data={"name": "区科技局"}).status_code == 409
    assert admin.post(path, data={"name": "改名孵化器"}).status_code == 303
    db.refresh(found)
    assert (found.name, found.kind) == ("改名孵化器", "incubator")
    user = member(db, None)
    give(db, user, Role.INCUBATOR_MANAGER, organisation_id=found.id)
    assert enter(door(db), user).get("/firms").status_code == 200


@pytest.mark.parametrize("path", ["/admin/people/999999", "/admin/organisations/999999"])
def test_who_is_not_there_is_404(admin: TestClient, path: str) -> None:
    assert admin.get(path).status_code == 404
    assert admin.post(path, data={"name": "x"}).status_code == 404
