"""The interface keeps its description: whatever is sent, by whomever, is answered as it says.

Every role and every kind of token asks in turn, and none is told of what is not its to know of.
Every phase and every check of Schemathesis is on; docs/stability.md says why 422 is an answer to
what the description allows. `TIDU_CONTRACT_CASES` asks more: of the boundary cases, which are many,
the usual number asks each operation a sample, from 100 on all of them.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zlib import crc32

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import CHECKS as KNOWN
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.meta import TestPhase
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import today
from app.core.edge import LONGEST_ADDRESS
from app.core.settings import Settings
from app.facts.kinds import KINDS
from app.firms.models import Contact, Firm, Submission
from app.main import create_app
from app.pipeline.service import assess
from tests import people
from tests.conftest import copied
from tests.factories import make_firm
from tests.server import served

CASES = int(os.environ.get("TIDU_CONTRACT_CASES", "6"))
# How many callers send each case; over all cases of an operation everybody has had a turn.
AT_A_TIME = 3
load_all_checks()
CHECKS = list(KNOWN.get_all())
# What only the register knows to be wrong is refused too.
TO_SOUND = ["2xx", "303", "304", "401", "403", "404", "409", "410", "412", "422", "428", "429"]
# A value may be so long that the address is refused before it is read.
TO_UNSOUND = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "414", "415", "422",
              "428", "429"]  # fmt: skip
BOUNDARIES = 100
UNKNOWN_HEADER = "x-schemathesis-unknown-property"
CONFIG = SchemathesisConfig.from_dict({
    "seed": 1,
    "checks": {"positive_data_acceptance": {"expected-statuses": TO_SOUND},
               "negative_data_rejection": {"expected-statuses": TO_UNSOUND}}})  # fmt: skip
NOWHERE = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
DESCRIPTION = create_app(Settings(), NOWHERE).openapi()
# Records of every kind are served by the same routes: two kinds stand for all.
ALIKE = re.compile("|".join(f"^/api/v1/{kind.path}([:/]|$)" for kind in KINDS
                            if kind.path not in ("ip-rights", "locations")))  # fmt: skip
# Who calls is decided here: made-up cookies would hide the real ones.
SCHEMA = schemathesis.openapi.from_dict(
    {key: part for key, part in DESCRIPTION.items() if key != "security"}, config=CONFIG
).exclude(path_regex=ALIKE.pattern)
MADE: Counter[str] = Counter()


@SCHEMA.hook("filter_case")
def filter_case(context: Any, case: Any) -> bool:
    """Every so-manieth boundary case of an operation, beginning with another one in each; none for
    a header that nobody knows: HTTP has it passed over.
    """
    if UNKNOWN_HEADER in (case.headers or {}):
        return False
    if case.meta is None or case.meta.phase.name is not TestPhase.COVERAGE:
        return True
    label, step = case.operation.label, max(1, BOUNDARIES // CASES)
    MADE[label] += 1
    return (MADE[label] + crc32(label.encode())) % step == 0


# Whose firm, and who may know of all (the auditor by the trail); people's names are for fewer.
FIRMS = {"park": "合约园区玻纤有限公司", "incubator": "合约孵化制药有限公司",
         "": "合约独立新材料有限公司"}  # fmt: skip
EVERYWHERE = {"department", "analyst", "leader", "officer", "auditor"}
KEEPERS = {"park": "park", "park_operator": "park",
           "incubator": "incubator", "incubator_manager": "incubator"}  # fmt: skip
# What makes a firm another's is only tried: who may know of which would not hold any more.
MOVES = re.compile("merge|undo|/locations|/residenc|/residents|/leads|/promotions|/foundings")
CONTACT = "合约联系人"
NO_PERSONS = {"department", "officer", "admin", "auditor"}
Known = dict[str, list[Any]]


class Caller(NamedTuple):
    """Headers that say who asks, and what must not be in any answer to them."""

    headers: dict[str, str]
    hidden: frozenset[str]


class Site(NamedTuple):
    """Where it is, who calls in turn, and what there is."""

    address: str
    turns: Iterator[Caller]
    known: Known


@pytest.fixture(scope="module")
def site(engine: Engine, settings: Settings) -> Iterator[Site]:
    """A small district behind a real socket: its address, who calls, and what there is."""
    with copied(engine, settings, "contract") as own:
        with Session(own) as session, session.begin():
            known, callers = _district(session)
            assert callers.keys() >= set(Role), "a role without credentials"
        unlimited = Settings(token_requests_per_minute=1_000_000, failures_per_minute=1_000_000)
        with served(create_app(unlimited, own)) as address:
            yield Site(address, cycle(callers.values()), known)


def _district(session: Session) -> tuple[Known, dict[str, Caller]]:
    bodies = {kind: people.body(session, f"contract-{kind}", kind)
              for kind in ("incubator", "park", "department")}  # fmt: skip
    last = today().year - 1
    firms = [
        make_firm(
            session,
            name,
            firm={"registered_on": date(2018, 5, 1), "industry_code": "C3900"},
            figures={"revenue_sales": {last: 50_000_000}, "staff_avg": {last: 40}},
            designations=[{"kind": "hnte", "from": date(2024, 1, 1)}],
        )
        for name in FIRMS.values()
    ]
    always = Range(date(2015, 1, 1), None)
    people.put_in_park(session, firms[0], bodies["park"], always)
    people.put_in_incubator(session, firms[1], bodies["incubator"], always)
    held = [Contact(firm_id=firm, name=CONTACT) for firm in firms for _ in range(3)]
    conflict = Submission(firm_id=firms[0], year=last, indicator="staff_avg", value=50,
                          source="self_reported")  # fmt: skip
    session.add_all([*held, conflict])
    session.flush()
    assess(session, None, today())
    known: Known = {
        "firm_id": firms,
        "contact_id": [contact.id for contact in held],
        "submission_id": [conflict.id],
        "credit_code": list(session.scalars(select(Firm.credit_code).order_by(Firm.id))),
        "code": ["hnte_2016"],
        "criterion": ["hnte.field"],
        "name": ["王五"],
        "phone": ["13800138000"],
        "email": ["a@b.example"],
    }
    return known, _callers(session, bodies)


def _callers(session: Session, bodies: dict[str, Organisation]) -> dict[str, Caller]:
    """Three machines, and a person in each role."""
    found = {}
    for kind, body in bodies.items():
        secret = issue(session, Wanted(body.code, kind, SCOPES), SYSTEM).secret
        found[kind] = Caller({"Authorization": f"Bearer {secret}"}, _hidden_from(kind))
    for role in Role:
        seat = bodies[KEEPERS.get(role.value, "department")]
        found[role.value] = Caller(_signed_in(session, role, seat), _hidden_from(role.value))
    return found


def _hidden_from(who: str) -> frozenset[str]:
    """The names of firms that are not theirs, and of people unless they may read contacts."""
    firms = {name for whose, name in FIRMS.items()
             if who not in EVERYWHERE and KEEPERS.get(who) != whose}  # fmt: skip
    return frozenset(firms | ({CONTACT} if who in NO_PERSONS else set()))


def _signed_in(session: Session, role: Role, body: Organisation) -> dict[str, str]:
    user = User(username=role.value, name=role.value, password_hash="-")  # noqa: S106
    session.add(user)
    session.flush()
    grant = Grant(user_id=user.id, role=role.value, organisation_id=body.id, since=date(2020, 1, 1))
    session.add(grant)
    session.flush()
    session.add(UserSession(token_hash=digest(role.value), user_id=user.id, grant_id=grant.id,
                            expires_at=people.FAR_FUTURE))  # fmt: skip
    return {"Cookie": f"{COOKIE}={role.value}", **people.OUR_PAGE}


@SCHEMA.parametrize()
@settings(max_examples=CASES, derandomize=True, database=None, deadline=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
def test_answers_are_as_described(case: Any, site: Site) -> None:
    _aim(case, site.known)
    # A longer address is refused before anything in it is looked at.
    assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_ADDRESS - 1_000)
    with requests.Session() as connection:
        for caller in islice(site.turns, AT_A_TIME):
            answer = case.call(base_url=site.address, session=connection, headers=caller.headers)
            assert answer.status_code != 401
            case.validate_response(answer, checks=CHECKS)
            told = {secret for secret in caller.hidden if secret in answer.text}
            assert not told, (case.path, told)


def _aim(case: Any, known: Known) -> None:
    """Most of what is made up names nothing: bring it down to what there is, and a little more."""
    for name, value in (case.path_parameters or {}).items():
        if name in known and isinstance(value, type(known[name][0])):
            case.path_parameters[name] = _one_of(known[name], value)
    if case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = _one_of(["*", '"1"', '"2"'], case.headers["If-Match"])
    if case.method != "GET" and MOVES.search(case.path):
        case.query = {**(case.query or {}), "dry_run": "true"}
    if case.path.endswith("/stream") and isinstance(case.query, dict):
        case.query["seconds"] = 1  # it would go on for minutes
    if isinstance(case.body, dict):
        for name in {"name", "phone", "email"} & set(case.body):
            if isinstance(case.body[name], str):
                case.body[name] = _one_of(known[name], case.body[name])


def _one_of(values: list[Any], drawn: Any) -> Any:
    """One of them, or what was drawn; always the same for the same."""
    place = drawn if isinstance(drawn, int) else len(drawn)
    return [*values, drawn][place % (len(values) + 1)]
