"""Every route, for everybody who sees only a part: nothing of a foreign firm comes out.

A department sees every firm, but changes none and reads nobody's contacts without a case.

A route without a case fails the first test: whoever adds one says here what it is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.core.db import Base
from app.firms.models import Contact, Submission
from app.pipeline.service import assess
from tests.factories import credit_code, make_firm
from tests.facts.test_api import SAMPLES
from tests.people import application, body, machine, person, put_in_incubator, put_in_park
from tests.routes import every_route

LONG_AGO = date(2015, 1, 1)
ALWAYS = Range(LONG_AGO, None)
NAME, FIGURE = "绝密远山科技有限公司", 98_765_432
TRAIL = "audit_row"
CONTACT, PHONE = "张绝密", "13987654321"
ABSENT = 2**31 - 1
ABSENT_CODE = credit_code(99_999_999)


@dataclass(frozen=True)
class Case:
    """What a route is asked for: `{firm}` and `{code}` stand for the foreign firm's."""

    query: str = ""
    json: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # What scoped people get for the foreign firm, or for a list.
    status: tuple[int, ...] = ()
    # Whether a firm that does not exist is answered word for word alike.
    like_absent: bool = True
    # Who may see every firm's part in it by office.
    open_to: str = ""


# Everybody else is refused; an administrator gets the page, or is told what is wrong.
ADMIN = (403, 200, 303, 404, 422)
ROW = {"name": NAME, "credit_code": "{code}"}
CASES = {
    # Public, or one's own.
    "GET /sign-in": Case(),
    "POST /sign-in": Case(form={"username": "x", "password": "y"}, status=(401,)),
    "POST /sign-out": Case(status=(303,)),
    "POST /preferences": Case(status=(303,)),
    "GET /sign-in/second-factor": Case(status=(401,)),
    "POST /sign-in/second-factor": Case(form={"code": "000000"}, status=(401,)),
    "GET /sign-in/oidc": Case(status=(404,)),
    "GET /sign-in/oidc/return": Case(query="code={code}&state=x", status=(404,)),
    "GET /invitations/{secret}": Case(status=(404,)),
    "POST /invitations/{secret}": Case(form={"password": NAME, "again": NAME}, status=(404,)),
    # A token has no account of its own.
    "GET /account": Case(status=(200, 403)),
    "GET /account/second-factor": Case(status=(200, 403)),
    "POST /account/profile": Case(form={"name": "某人"}, status=(303, 403)),
    "POST /account/password": Case(form={"current": "x"}, status=(422, 403)),
    "POST /account/second-factor": Case(form={"code": "000000"}, status=(422, 403)),
    "POST /account/second-factor/codes": Case(form={"code": "000000"}, status=(422, 403)),
    "POST /account/second-factor/remove": Case(form={"code": "000000"}, status=(422, 403)),
    "POST /account/sessions/{session_id}/end": Case(status=(404, 303, 403)),
    "POST /account/sessions/end": Case(status=(303, 403)),
    "POST /account/role": Case(form={"grant": str(ABSENT)}, status=(404, 403)),
    # For administrators alone, who see no firm.
    "GET /admin/people": Case(query="q=juemiyuanshan", status=ADMIN),
    "POST /admin/people": Case(form={"username": "x", "role": "x"}, status=ADMIN),
    "GET /admin/people/{user_id}": Case(status=ADMIN),
    "POST /admin/people/{user_id}": Case(form={"name": "x"}, status=ADMIN),
    "POST /admin/people/{user_id}/grants": Case(form={"role": "x"}, status=ADMIN),
    "POST /admin/people/{user_id}/grants/{grant_id}/revoke": Case(status=ADMIN),
    "POST /admin/people/{user_id}/disable": Case(status=ADMIN),
    "POST /admin/people/{user_id}/enable": Case(status=ADMIN),
    "POST /admin/people/{user_id}/link": Case(status=ADMIN),
    "POST /admin/people/{user_id}/second-factor/remove": Case(status=ADMIN),
    "POST /admin/people/{user_id}/sessions/end": Case(status=ADMIN),
    "GET /admin/organisations": Case(status=ADMIN),
    "POST /admin/organisations": Case(form={"code": "x"}, status=ADMIN),
    "GET /admin/organisations/{body_id}": Case(status=ADMIN),
    "POST /admin/organisations/{body_id}": Case(form={"name": "x"}, status=ADMIN),
    "GET /health/live": Case(),
    "GET /health/ready": Case(),
    "GET /api/docs": Case(),
    "GET /api/openapi.json": Case(),
    # What holds for all firms alike.
    "GET /api/v1/indicators": Case(),
    "GET /api/v1/criteria-sets": Case(),
    "GET /api/v1/criteria-sets/{code}": Case(status=(422,)),
    "GET /criteria": Case(),
    "GET /criteria/{code}": Case(status=(404,)),
    # Criteria: versions, who stands where, and reforms, which are for analysts.
    "GET /criteria/{code}/versions/{other}": Case(status=(404,)),
    "GET /criteria/{code}/reform": Case(status=(403,)),
    "POST /criteria/{code}/reform": Case(form={"draft": "x"}, status=(403,)),
    "POST /api/v1/criteria-sets:compare": Case(
        json={"against": "hnte_2016", "thresholds": {}}, status=(403,)
    ),
    # Data entry.
    "GET /waiting": Case(),
    "GET /entry": Case(query="id={firm}"),
    "POST /entry/cells": Case(
        json={"year": 2024, "cells": [{"firm": 2_147_483_646, "column": "rd_acct", "text": "1"}]}
    ),
    "GET /entry/{firm_id}": Case(query="year=2024"),
    "POST /entry/{firm_id}": Case(form={"year": "2024", "unit": "wan"}),
    "POST /entry/conflicts/{submission_id}": Case(form={"accept": "true"}, status=(403,)),
    # Imports: one's organisation's own; templates hold what the asker may know.
    "GET /imports": Case(),
    "POST /imports": Case(form={"kind": "firms"}, status=(422,)),
    "GET /imports/templates/{name}": Case(query="filled=true&on=id%3D{firm}"),
    "GET /api/v1/imports/templates/{name}": Case(query="filled=true&on=id%3D{firm}"),
    "GET /api/v1/imports": Case(),
    "POST /api/v1/imports": Case(form={"kind": "firms"}, status=(422,)),
    **{
        f"{method} {start}/{{number}}{rest}": Case(form=form, json=json, status=(404, 422))
        for start in ("/imports", "/api/v1/imports")
        for method, rest, form, json in (
            ("GET", "", None, None),
            ("GET", "/rejected", None, None),
            ("POST", "/run", None, {}),
            ("POST", "/cancel", None, None),
            ("POST", "/undo", None, {}),
        )
    },
    # Exports: one's own; a short list is sent at once.
    "GET /leads/export": Case(),
    "GET /exports": Case(),
    "GET /exports/new": Case(query="of=firms&on=id%3D{firm}"),
    "POST /exports": Case(form={"of": "firms", "on": "q=juemiyuanshan"}, status=(303,)),
    "GET /exports/{number}": Case(status=(404,)),
    "GET /exports/{number}/state": Case(status=(404,)),
    "GET /exports/{number}/content": Case(status=(404,)),
    "POST /exports/{number}/cancel": Case(status=(404,)),
    "POST /api/v1/exports": Case(json={"of": "firms", "query": "id={firm}"}, status=(202,)),
    "GET /api/v1/exports": Case(),
    "GET /api/v1/exports/{number}": Case(status=(404,)),
    "GET /api/v1/exports/{number}/content": Case(status=(404,)),
    "POST /api/v1/exports/{number}/cancel": Case(status=(404,)),
    "GET /firms/{firm_id}/figures/export": Case(),
    # Duplicates: a pair is known to whoever may know of both firms.
    "GET /duplicates": Case(),
    "GET /duplicates/{firm_id}/{other_id}": Case(),
    "POST /duplicates/{firm_id}/{other_id}": Case(
        form={"decision": "merge", "reason": "x"}, status=(403, 404)
    ),
    "POST /duplicates/merges/{number}/undo": Case(status=(403, 404)),
    "GET /api/v1/duplicates": Case(),
    "PUT /api/v1/firms/{firm_id}/distinct-from/{other_id}": Case(
        json={"reason": "x"}, status=(403, 404)
    ),
    "DELETE /api/v1/firms/{firm_id}/distinct-from/{other_id}": Case(status=(403, 404)),
    "POST /api/v1/firms/{firm_id}:merge": Case(
        json={"other_id": 1, "reason": "x"}, status=(403, 404)
    ),
    "GET /api/v1/merges": Case(),
    "POST /api/v1/merges/{merge_id}:undo": Case(status=(403, 404)),
    "GET /imports/{number}/state": Case(status=(404,)),
    "GET /imports/{number}/undo": Case(status=(404,)),
    "POST /imports/{number}/check": Case(status=(404,)),
    "POST /imports/{number}/columns": Case(form={"said": "name"}, status=(404,)),
    "POST /imports/{number}/rows/{row_no}": Case(form={"place": "0"}, status=(404,)),
    "GET /api/v1/imports/{number}/faults": Case(status=(404,)),
    "PUT /api/v1/imports/{number}/columns": Case(json={"columns": {}}, status=(404,)),
    # Lists, counts, searches.
    "GET /": Case(status=(200, 303)),
    "GET /firms": Case(query="q=juemiyuanshan"),
    "GET /pool": Case(query="id={firm}"),
    # What stands around the lists, and what is done with several firms.
    "GET /lists/{of}/facets": Case(query="on=q%3Djuemiyuanshan"),
    "GET /lists/{of}/totals": Case(
        query="on=id%3D{firm}%26fields%3Dname,figure.revenue_sales.2024"
    ),
    "GET /lists/{of}/filter": Case(query="on=q%3Djuemiyuanshan&field=name"),
    "GET /lists/{of}/filter/add": Case(query="field=q&value=jmys", status=(303,)),
    "GET /lists/{of}/columns": Case(query="on=id%3D{firm}"),
    "POST /lists/{of}/selection": Case(
        form={"firm": "1", "everything": "yes", "act": "enter", "on": "q=jmys"}, status=(303,)
    ),
    "GET /lists/{of}/pool/{act}": Case(query="on=id%3D{firm}"),
    "POST /lists/{of}/pool/{act}": Case(
        form={"on": "q=jmys", "first": "2026-01-01", "reason": "x"}, status=(403,)
    ),
    # Saved views: one's own, one's organisation's, everybody's; a token has none of its own.
    "GET /lists/{of}/views/new": Case(query="on=id%3D{firm}"),
    "POST /lists/{of}/views": Case(form={"name": "x", "on": "q=jmys"}, status=(303, 403)),
    "GET /lists/{of}/views/{number}": Case(status=(404,)),
    "POST /lists/{of}/views/{number}": Case(form={"name": "x"}, status=(404,)),
    "POST /lists/{of}/views/{number}/query": Case(form={"on": "q=jmys"}, status=(404,)),
    "POST /lists/{of}/views/{number}/remove": Case(status=(404,)),
    "GET /api/v1/views": Case(),
    "GET /api/v1/views/{view_id}": Case(status=(404,)),
    "GET /firms/{firm_id}/criteria/{code}/{criterion}": Case(),
    # The lists as files.
    "GET /firms/export": Case(query="q=juemiyuanshan"),
    "GET /pool/export": Case(query="id={firm}"),
    "GET /api/v1/firms": Case(query="q=jmys&count=exact"),
    "GET /api/v1/firms/filters": Case(),
    "GET /api/v1/pool": Case(query="any=id:{firm}|credit_code:{code}&ordering=name"),
    "GET /api/v1/pool/filters": Case(),
    "GET /api/v1/funnel": Case(),
    # Where the district stands, within one's own scope.
    "GET /cockpit": Case(),
    "GET /targets": Case(),
    "GET /targets/{code}": Case(status=(404,)),
    "GET /targets/{code}/firms": Case(status=(404,)),
    "POST /targets/{code}/figures": Case(form={"value": "1"}, status=(403,)),
    "POST /targets/lights": Case(form={"green": "100"}, status=(403,)),
    "GET /briefing": Case(),
    "GET /briefing/forecast": Case(),
    "GET /bulletins": Case(),
    "POST /bulletins": Case(form={"kind": "monthly"}, status=(403,)),
    "GET /bulletins/{number}": Case(status=(404,)),
    "POST /bulletins/{number}/{step}": Case(form={"text": "x"}, status=(403,)),
    "GET /bulletins/{number}/file/{form}": Case(status=(404,)),
    "GET /public/bulletins/{number}": Case(status=(404,)),
    "GET /target-lists": Case(),
    "POST /target-lists": Case(form={"kind": "park"}, status=(403,)),
    "GET /target-lists/{number}": Case(status=(404,)),
    "POST /target-lists/{number}/{step}": Case(form={"text": "x"}, status=(404,)),
    "POST /target-lists/notices/{number}/{step}": Case(form={"text": "x"}, status=(422,)),
    "GET /api/v1/target-lists": Case(),
    "GET /api/v1/target-lists/{number}": Case(status=(404,)),
    "GET /rankings": Case(),
    "POST /rankings": Case(form={"year": "2026"}, status=(403,)),
    "GET /api/v1/rankings": Case(),
    "GET /forecasts": Case(),
    "GET /forecasts/{code}": Case(status=(404,)),
    "POST /forecasts/{code}/override": Case(form={"low": "1"}, status=(403,)),
    "GET /api/v1/forecasts": Case(),
    "GET /api/v1/forecasts/{code}": Case(status=(404,)),
    "GET /api/v1/targets": Case(),
    "GET /api/v1/targets/{code}": Case(status=(404,)),
    "GET /api/v1/targets/{code}/firms": Case(status=(404,)),
    "POST /api/v1/plans/{plan}/figures": Case(
        json={
            "series": "population",
            "day": "2024-12-31",
            "value": 1,
            "source": "statistics_bureau",
            "document": "x",
        },
        status=(403,),
    ),
    "GET /cockpit/stay": Case(),
    "GET /cockpit/targets": Case(),
    "GET /cockpit/readiness": Case(),
    # The search box.
    "GET /search": Case(query="q=juemiyuanshan"),
    "GET /search/suggestions": Case(query="q=juemiyuanshan"),
    "GET /search/contacts": Case(),
    "POST /search/contacts": Case(form={"person": "13987654320"}),
    "GET /api/v1/search": Case(query="q={code}"),
    "POST /api/v1/search/contacts": Case(json={"person": "13987654320"}),
    # One firm.
    "GET /firms/{firm_id}": Case(),
    "GET /api/v1/firms/{firm_id}": Case(),
    "PATCH /api/v1/firms/{firm_id}": Case(json={"chain": "x"}, headers={"If-Match": "*"}),
    "GET /api/v1/firms/{firm_id}/figures": Case(),
    "GET /api/v1/firms/{firm_id}/designations": Case(),
    "GET /api/v1/firms/{firm_id}/assessment": Case(),
    "POST /api/v1/firms/{firm_id}/what-if": Case(json={}),
    "PUT /api/v1/firms/{firm_id}/judgements/{criterion}": Case(
        json={"said": True, "evidence": "x"}
    ),
    "GET /api/v1/firms/by-credit-code/{credit_code}": Case(),
    "PUT /api/v1/conflicts/{submission_id}": Case(json={"accept": True}, status=(403,)),
    # Contacts, in the interface and on the portrait.
    "GET /api/v1/firms/{firm_id}/contacts": Case(query="purpose=visit"),
    "GET /api/v1/firms/{firm_id}/contacts/{contact_id}": Case(query="purpose=visit"),
    "POST /api/v1/firms/{firm_id}/contacts": Case(json={"name": "甲", "consent": "x"}),
    "PATCH /api/v1/firms/{firm_id}/contacts/{contact_id}": Case(
        json={"duty": "x"}, headers={"If-Match": "*"}
    ),
    "DELETE /api/v1/firms/{firm_id}/contacts/{contact_id}": Case(headers={"If-Match": "*"}),
    "POST /firms/{firm_id}/contacts": Case(form={"purpose": "visit"}),
    "POST /firms/{firm_id}/contacts/new": Case(form={"name": "甲", "consent": "x"}),
    "POST /firms/{firm_id}/contacts/{contact_id}": Case(form={"name": "甲", "version": "1"}),
    "POST /firms/{firm_id}/contacts/{contact_id}/remove": Case(form={"version": "1"}),
    "GET /firms/{firm_id}/contacts": Case(status=(303,)),
    "GET /firms/{firm_id}/contacts/new": Case(status=(303,)),
    "GET /firms/{firm_id}/contacts/{contact_id}": Case(status=(303,)),
    "GET /firms/{firm_id}/contacts/{contact_id}/remove": Case(status=(303,)),
    "GET /contacts/requests": Case(status=(403,)),
    "POST /contacts/requests": Case(form={"phone": "13987654320"}, status=(403,)),
    "GET /contacts/requests/export": Case(status=(303,)),
    "POST /contacts/requests/export": Case(form={"phone": "13987654320"}, status=(403,)),
    "GET /contacts/requests/erase": Case(status=(303,)),
    "POST /contacts/requests/erase": Case(form={"phone": "13987654320"}, status=(403,)),
    # Support cases: lists, one, opening, acts.
    "GET /cases": Case(),
    "GET /cases/week": Case(),
    "GET /cases/board": Case(query="firm_id={firm}"),
    "GET /cases/calendar": Case(query="firm_id={firm}"),
    "GET /cases/handover": Case(status=(403,)),
    "POST /cases/handover": Case(form={"leaving": "1", "expected": "1"}, status=(403,)),
    "GET /cases/{case_id}/move/{column}": Case(status=(404,)),
    "POST /cases/{case_id}/move/{column}": Case(form={"act": "accept"}, status=(404,)),
    "GET /calendars/{secret}.ics": Case(status=(404,)),
    "POST /notices/calendar": Case(status=(303, 403)),
    "POST /notices/calendar/revoke": Case(status=(303,)),
    "GET /cases/{case_id}": Case(status=(404,)),
    "GET /cases/effects": Case(),
    "GET /cases/effects/beside": Case(),
    "GET /api/v1/case-effects": Case(),
    "GET /api/v1/case-effects/peers": Case(),
    # A firm's own door: whoever brings no link along finds none; who keeps the firm makes them.
    "GET /door": Case(status=(404,)),
    "GET /door/open/{link}": Case(status=(404,)),
    "POST /door/open/{link}": Case(status=(404,)),
    "POST /door/figures": Case(form={"revenue_sales.2024": "1"}, status=(404,)),
    "POST /door/files": Case(status=(404,)),
    "POST /door/answer": Case(form={"score": "5"}, status=(404,)),
    "POST /door/close": Case(status=(404,)),
    "GET /firms/{firm_id}/doors": Case(),
    "POST /firms/{firm_id}/doors": Case(form={"given_to": "x", "days": "9"}),
    "POST /firms/{firm_id}/doors/{number}/revoke": Case(status=(404,)),
    "GET /corrections": Case(query="firm_id={firm}"),
    "POST /corrections/{number}": Case(form={"decision": "accept"}, status=(404,)),
    "GET /api/v1/corrections": Case(query="firm_id={firm}"),
    "POST /api/v1/corrections/{correction_id}/decide": Case(json={"accept": True}, status=(404,)),
    "GET /visits": Case(query="q=juemiyuanshan"),
    "GET /visits/firms": Case(query="q=juemiyuanshan"),
    "GET /visits/contacts": Case(query="firm_id={firm}", status=(404,)),
    "GET /visits/new": Case(query="firm_id={firm}", status=(404,)),
    "POST /visits/new": Case(query="firm_id={firm}", form={"effect": "x"}, status=(404,)),
    "POST /cases/{case_id}/acts": Case(form={"act": "accept", "version": "1"}, status=(404,)),
    "POST /cases/{case_id}/files": Case(form={"version": "1"}, status=(404,)),
    "GET /firms/{firm_id}/support": Case(),
    "GET /support/open": Case(query="of=firms&on=id%3D{firm}"),
    "POST /support/open": Case(
        form={"of": "firms", "on": "q=jmys", "reason": "x", "expected": "1"}, status=(403,)
    ),
    "GET /firms/{firm_id}/plan": Case(),
    "POST /firms/{firm_id}/plan": Case(form={"goal_rung": "certified", "goal_on": "2999-01-01"}),
    "GET /firms/{firm_id}/plan/{number}.{kind}": Case(status=(404, 422)),
    "GET /api/v1/firms/{firm_id}/plan": Case(),
    "PUT /api/v1/firms/{firm_id}/plan": Case(
        json={"goal_rung": "certified", "goal_on": "2999-01-01"}, headers={"If-Match": "*"}
    ),
    "GET /api/v1/firms/{firm_id}/plan/versions": Case(),
    "GET /api/v1/firms/{firm_id}/plan/versions/{number}": Case(),
    "GET /api/v1/firms/{firm_id}/plan/versions/{number}.{kind}": Case(status=(404, 422)),
    "GET /notices": Case(),
    "POST /notices/read": Case(status=(303,)),
    "POST /notices/settings": Case(form={"mail": "none"}, status=(303, 403)),
    "GET /api/v1/cases": Case(query="firm_id={firm}"),
    "GET /api/v1/cases/{case_id}": Case(status=(404,)),
    "POST /api/v1/cases:preview": Case(json={"of": "firms", "query": "id={firm}"}),
    "POST /api/v1/cases:open": Case(
        json={"of": "firms", "query": "id={firm}", "reason": "x", "expected": 1}, status=(403,)
    ),
    "POST /api/v1/cases:hand-over": Case(json={"leaving": 1, "expected": 1}, status=(403,)),
    "POST /api/v1/cases/{case_id}/acts": Case(json={"act": "accept", "version": 1}, status=(404,)),
    "GET /api/v1/firms/{firm_id}/proposals": Case(),
    "GET /api/v1/measures": Case(),
    # What support is arranged by: analysts change it, administrators clock and working days.
    "GET /api/v1/measures/{code}": Case(status=(404, 422)),
    "PUT /api/v1/measures/{code}": Case(
        json={
            "label": {"zh": "x", "en": "x"},
            "kind": "ip",
            "lead": "tax",
            "citation": "x",
            "days": 5,
        },
        headers={"If-Match": "*"},
        status=(403, 422),
    ),
    "GET /api/v1/route-rules": Case(),
    "POST /api/v1/route-rules": Case(json={"industry": "C", "organisation_id": 1}, status=(403,)),
    "PUT /api/v1/route-rules/{rule_id}": Case(
        json={"industry": "C", "organisation_id": 1}, headers={"If-Match": "*"}, status=(404,)
    ),
    "DELETE /api/v1/route-rules/{rule_id}": Case(headers={"If-Match": "*"}, status=(404,)),
    "PUT /api/v1/route-rules:order": Case(json={"ids": []}, status=(403,)),
    "GET /api/v1/firms/{firm_id}/routes": Case(),
    "GET /api/v1/clock-rules": Case(),
    "PUT /api/v1/clock-rules/{level}/{days}": Case(status=(403, 422)),
    "DELETE /api/v1/clock-rules/{level}/{days}": Case(status=(403, 404)),
    "GET /api/v1/holidays": Case(),
    "PUT /api/v1/holidays/{day}": Case(json={"works": True, "name": "x"}, status=(403, 200)),
    "DELETE /api/v1/holidays/{day}": Case(status=(403, 200)),
    "GET /support/routes": Case(query="firm={code}", status=(422,)),
    "GET /support/routes/new": Case(status=(403,)),
    "POST /support/routes/new": Case(form={"organisation_id": "1"}, status=(403,)),
    "GET /support/routes/{rule_id}": Case(status=(403,)),
    "POST /support/routes/{rule_id}": Case(form={"organisation_id": "1"}, status=(403,)),
    "POST /support/routes/{rule_id}/{step}": Case(status=(403, 422)),
    "GET /support/measures": Case(),
    "GET /support/measures/{code}": Case(status=(403, 422)),
    "POST /support/measures/{code}": Case(form={"citation": "x"}, status=(403, 422)),
    "GET /support/clock": Case(status=(200, 403)),
    "POST /support/clock/{step}": Case(form={"level": "lead", "days": "9"}, status=(403, 422, 303)),
    "GET /support/holidays": Case(status=(200, 403)),
    "POST /support/holidays": Case(form={"first": "2026-10-01"}, status=(403, 422)),
    "POST /support/holidays/{day}/forget": Case(status=(403, 303)),
    # Flags: counts, thresholds, and what is done about one of a firm.
    "GET /flags": Case(),
    "POST /flags/{kind}": Case(form={"threshold": "3"}, status=(403, 404)),
    "GET /api/v1/flags": Case(),
    "PUT /api/v1/flags/{kind}/threshold": Case(json={"threshold": 3}, status=(403,)),
    "GET /api/v1/firms/{firm_id}/flags": Case(),
    "PUT /api/v1/firms/{firm_id}/flags/{kind}/{subject}/snooze": Case(
        json={"until": "2999-01-01", "reason": "x"}
    ),
    "DELETE /api/v1/firms/{firm_id}/flags/{kind}/{subject}/snooze": Case(),
    "PUT /api/v1/firms/{firm_id}/duties/{duty}/{period}": Case(json={"done_on": "2026-01-01"}),
    "GET /firms/{firm_id}/flags/{kind}/{subject}": Case(),
    "POST /firms/{firm_id}/flags/{kind}/{subject}/snooze": Case(form={"until": "2999-01-01"}),
    # Duties.
    "GET /duties": Case(query="q=juemiyuanshan"),
    "GET /duties/counts": Case(),
    "POST /duties": Case(
        form={"owed": "2147483646:hnte_annual:2025", "done_on": "2026-05-01"}, status=(422, 404)
    ),
    "GET /firms/{firm_id}/duties/{duty}/{period}": Case(),
    "POST /firms/{firm_id}/duties/{duty}/{period}": Case(form={"done_on": "2026-01-01"}),
    "POST /duties/done/{number}/take-back": Case(status=(404,)),
    "GET /api/v1/duties": Case(query="any=id:{firm}|credit_code:{code}"),
    "GET /api/v1/duties/catalogue": Case(),
    "DELETE /api/v1/duties/done/{done_id}": Case(status=(404,)),
    # The portrait: what-if, figures and record in forms, documents; the board and its moves.
    "GET /firms/{firm_id}/what-if": Case(query="try.revenue_sales.2024=1"),
    "GET /firms/{firm_id}/figures": Case(status=(303,)),
    "GET /firms/{firm_id}/figures/{year}/{indicator}": Case(),
    "POST /firms/{firm_id}/figures/{year}/{indicator}": Case(form={"value": "1"}),
    "GET /firms/{firm_id}/conflicts/{submission_id}": Case(status=(303,)),
    "POST /firms/{firm_id}/conflicts/{submission_id}": Case(
        form={"decision": "accept", "reason": "x"}
    ),
    "GET /firms/{firm_id}/paper": Case(query="format=pdf"),
    "GET /firms/{firm_id}/standing/export": Case(),
    "GET /board/export": Case(query="q=juemiyuanshan"),
    "GET /firms/{firm_id}/edit": Case(),
    "POST /firms/{firm_id}/edit": Case(form={"name": "x", "version": "1"}),
    "GET /firms/{firm_id}/documents": Case(status=(303,)),
    "POST /firms/{firm_id}/documents": Case(form={"kind": "other"}),
    "GET /firms/{firm_id}/documents/{document_id}": Case(),
    "GET /firms/{firm_id}/documents/{document_id}/preview": Case(),
    "GET /firms/{firm_id}/documents/{document_id}/remove": Case(),
    "POST /firms/{firm_id}/documents/{document_id}/remove": Case(),
    "GET /board": Case(query="q=juemiyuanshan"),
    "GET /board/totals": Case(query="id={firm}"),
    "GET /board/{rung}": Case(query="id={firm}"),
    "GET /firms/{firm_id}/move": Case(),
    "GET /firms/{firm_id}/move/{rung}": Case(),
    "POST /firms/{firm_id}/move/{rung}": Case(form={"kind": "hnte", "reason": "x"}),
    "GET /firms/{firm_id}/designations/{designation_id}/end": Case(status=(303,)),
    "POST /firms/{firm_id}/designations/{designation_id}/end": Case(form={"code": "other"}),
    # Chains, the zone's parts and listings, within one's own scope.
    "GET /chains": Case(),
    "POST /chains": Case(form={"name": "x", "kind": "core"}, status=(403,)),
    "GET /chains/{chain}": Case(status=(404,)),
    "GET /api/v1/chains": Case(),
    "GET /api/v1/zones": Case(),
    "POST /api/v1/zones": Case(json={"name": "x", "kind": "core"}, status=(403,)),
    # Leads, which are no firms yet: a park's own, and none of an incubator.
    "GET /leads": Case(),
    "GET /leads/stages/{stage}": Case(),
    "GET /leads/new": Case(status=(200, 403)),
    "POST /leads/new": Case(form={"name": "x"}, status=(403, 422)),
    "GET /leads/{lead_id}": Case(status=(404,)),
    "GET /leads/{lead_id}/edit": Case(status=(404, 403)),
    "POST /leads/{lead_id}/edit": Case(form={"name": "x"}, status=(404, 403)),
    "GET /leads/{lead_id}/move/{stage}": Case(status=(404, 403)),
    "POST /leads/{lead_id}/move/{stage}": Case(
        form={"credit_code": "{code}", "day": "2026-01-01"}, status=(404, 403)
    ),
    "GET /api/v1/leads": Case(query="firm_id={firm}"),
    "GET /api/v1/leads/filters": Case(),
    "GET /api/v1/leads/{lead_id}": Case(status=(404,)),
    "GET /api/v1/leads/{lead_id}/steps": Case(status=(404,)),
    "POST /api/v1/leads": Case(
        json={"name": "某线索", "since": "2026-01-01", "channel": "other"}, status=(201, 403)
    ),
    "POST /api/v1/leads:batch": Case(json={"rows": [{"name": "某线索"}]}, status=(200, 403)),
    "PUT /api/v1/leads/{lead_id}": Case(
        json={"name": "某线索", "since": "2026-01-01", "channel": "other"},
        headers={"If-Match": "*"},
        status=(404,),
    ),
    "POST /api/v1/leads/{lead_id}:move": Case(
        json={
            "stage": "landed",
            "day": "2026-01-01",
            "note": "x",
            "credit_code": "{code}",
            "registered_on": "2020-01-01",
        },
        status=(404,),
    ),
    # Carriers: for those who run one, or see the whole district.
    "GET /carriers": Case(status=(200, 403)),
    "POST /carriers": Case(form={"measure": "x"}, status=(403, 422)),
    "GET /carriers/{carrier_id}": Case(status=(404, 403)),
    "GET /carriers/{carrier_id}/edit": Case(status=(403,)),
    "POST /carriers/{carrier_id}/edit": Case(form={"kind": "incubator"}, status=(403,)),
    "GET /carriers/{carrier_id}/enter": Case(status=(403,)),
    "POST /carriers/{carrier_id}/enter": Case(form={"credit_code": "{code}"}, status=(403,)),
    "GET /residencies/{residency_id}/{step}": Case(status=(404,)),
    "POST /residencies/{residency_id}/{step}": Case(form={"day": "2026-01-01"}, status=(404,)),
    "POST /promotions/{promotion_id}": Case(form={"decision": "accept"}, status=(404,)),
    "GET /api/v1/carriers": Case(status=(200, 403)),
    "GET /api/v1/carriers/{carrier_id}": Case(status=(404, 403)),
    "PUT /api/v1/carriers/{carrier_id}": Case(
        json={"kind": "incubator"}, headers={"If-Match": "*"}, status=(404,)
    ),
    "GET /api/v1/carriers/{carrier_id}/residents": Case(status=(404, 403)),
    "POST /api/v1/carriers/{carrier_id}/residents": Case(
        json={"firm_id": 1, "since": "2026-01-01"}, status=(404,)
    ),
    "POST /api/v1/residencies/{residency_id}:graduate": Case(
        json={"day": "2026-01-01", "reason": "x"}, status=(404,)
    ),
    "POST /api/v1/residencies/{residency_id}:leave": Case(
        json={"day": "2026-01-01", "reason": "rent"}, status=(404,)
    ),
    "POST /api/v1/residencies/{residency_id}:promote": Case(
        json={"to": 1, "day": "2026-01-01", "reason": "x"}, status=(404,)
    ),
    "GET /api/v1/promotions": Case(status=(200, 403)),
    "POST /api/v1/promotions/{promotion_id}:decide": Case(
        json={"accepted": True, "reason": "x"}, status=(404,)
    ),
    "GET /api/v1/reward-rates": Case(),
    "POST /api/v1/reward-rates": Case(
        json={"measure": "graduates", "amount": 1, "since": "2026-01-01", "basis": "x"},
        status=(403,),
    ),
    # The trail: a firm's history, and the auditor's list of acts.
    "GET /firms/{firm_id}/history": Case(),
    "GET /api/v1/firms/{firm_id}/history": Case(),
    "GET /audit": Case(query="firm_id={firm}", status=(403,), open_to="auditor"),
    "GET /audit/export": Case(query="firm_id={firm}", status=(403,), open_to="auditor"),
    "GET /audit/{entry_id}": Case(status=(403,), open_to="auditor"),
    "GET /api/v1/audit": Case(query="firm_id={firm}", status=(403,), open_to="auditor"),
    "GET /api/v1/audit/export": Case(query="firm_id={firm}", status=(403,), open_to="auditor"),
    "GET /api/v1/audit/filters": Case(status=(403,), open_to="auditor"),
    "GET /api/v1/audit/{entry_id}": Case(status=(403,), open_to="auditor"),
    # Tokens: a machine's own, and the administrator's.
    "GET /api/v1/token": Case(status=(200, 404)),
    "GET /admin/tokens": Case(status=(403, 200)),
    "POST /admin/tokens": Case(form={"name": "x"}, status=(403, 422)),
    "POST /admin/tokens/{prefix}/rotate": Case(form={"overlap": "1"}, status=(403, 422)),
    "POST /admin/tokens/{prefix}/revoke": Case(status=(403, 422)),
    # The queue, for administrators.
    "GET /jobs": Case(status=ADMIN),
    "POST /jobs/{job_id}/retry": Case(status=ADMIN),
    "POST /jobs/{job_id}/cancel": Case(status=ADMIN),
    "GET /api/v1/jobs": Case(status=ADMIN),
    "POST /api/v1/jobs/{job_id}/retry": Case(status=ADMIN),
    "POST /api/v1/jobs/{job_id}/cancel": Case(status=ADMIN),
    # The change feed.
    "GET /api/v1/events": Case(query="limit=1000"),
    "GET /api/v1/events/stream": Case(query="seconds=1"),
    # Webhooks: the administrator's, and an organisation's own.
    "GET /webhooks": Case(status=ADMIN),
    "POST /webhooks": Case(form={"url": "x"}, status=ADMIN),
    "GET /webhooks/{number}": Case(status=ADMIN),
    "POST /webhooks/{number}/rotate": Case(status=ADMIN),
    "POST /webhooks/{number}/enable": Case(status=ADMIN),
    "POST /webhooks/{number}/disable": Case(status=ADMIN),
    "POST /webhooks/{number}/delete": Case(status=ADMIN),
    "POST /webhooks/{number}/test": Case(status=ADMIN),
    "POST /webhooks/{number}/replay": Case(form={"after": "0", "until": "9"}, status=ADMIN),
    "POST /webhooks/{number}/deliveries/{delivery}/replay": Case(status=ADMIN),
    "GET /api/v1/webhooks": Case(status=ADMIN),
    "POST /api/v1/webhooks": Case(json={"url": "x"}, status=ADMIN),
    "GET /api/v1/webhooks/{number}": Case(status=ADMIN),
    "DELETE /api/v1/webhooks/{number}": Case(status=ADMIN),
    "GET /api/v1/webhooks/{number}/deliveries": Case(status=ADMIN),
    "POST /api/v1/webhooks/{number}/rotate": Case(status=ADMIN),
    "POST /api/v1/webhooks/{number}/enable": Case(status=ADMIN),
    "POST /api/v1/webhooks/{number}/disable": Case(status=ADMIN),
    "POST /api/v1/webhooks/{number}/test": Case(status=ADMIN),
    "POST /api/v1/webhooks/{number}/replay": Case(json={"after": 0, "until": 9}, status=ADMIN),
    "POST /api/v1/webhooks/{number}/deliveries/{delivery}/replay": Case(status=ADMIN),
    # Connectors, for administrators; analysts look.
    "GET /connectors": Case(status=ADMIN),
    "POST /connectors": Case(form={"name": "x"}, status=ADMIN),
    "GET /connectors/{number}": Case(status=ADMIN),
    "GET /connectors/{number}/runs/{run}": Case(status=ADMIN),
    "POST /connectors/{number}/run": Case(status=ADMIN),
    "POST /connectors/{number}/try": Case(status=ADMIN),
    "POST /connectors/{number}/enable": Case(status=ADMIN),
    "POST /connectors/{number}/disable": Case(status=ADMIN),
    "POST /connectors/{number}/delete": Case(status=ADMIN),
    "GET /api/v1/connectors": Case(status=ADMIN),
    "POST /api/v1/connectors": Case(json={"name": "x"}, status=ADMIN),
    "GET /api/v1/connectors/{number}": Case(status=ADMIN),
    "DELETE /api/v1/connectors/{number}": Case(status=ADMIN),
    "POST /api/v1/connectors/{number}/run": Case(status=ADMIN),
    "POST /api/v1/connectors/{number}/try": Case(status=ADMIN),
    "POST /api/v1/connectors/{number}/enable": Case(status=ADMIN),
    "POST /api/v1/connectors/{number}/disable": Case(status=ADMIN),
    "GET /api/v1/connectors/{number}/runs": Case(status=ADMIN),
    "GET /api/v1/connectors/{number}/runs/{run}": Case(status=ADMIN),
    # The manual, for everybody.
    "GET /api/docs/{name}": Case(status=(404,)),
    "GET /problems/{name}": Case(status=(303, 307)),
    # Writes by credit code: a taken code is refused, in words that show nothing of its firm.
    "PUT /api/v1/firms/by-credit-code/{credit_code}": Case(
        json={"name": "另一个名字"}, status=(422,), like_absent=False
    ),
    "PUT /api/v1/firms/by-credit-code/{credit_code}/figures/{year}": Case(
        json={"revenue_sales": 1}, status=(422,)
    ),
    "POST /api/v1/firms": Case(
        json={"name": "另一个名字", "credit_code": "{code}"}, status=(409,), like_absent=False
    ),
    "PATCH /api/v1/firms": Case(query="q={code}&expected_count=0", json={"chain": "x"}),
    "GET /api/v1/figures": Case(query="firm_id={firm}&state__n=settled"),
    "GET /api/v1/figures/filters": Case(),
    "POST /api/v1/firms:batch": Case(
        json={"rows": [{"name": "另一个名字", "credit_code": "{code}"}]}, like_absent=False
    ),
    "POST /api/v1/figures:batch": Case(
        json={"rows": [{"credit_code": "{code}", "year": 2024, "revenue_sales": 1}]}
    ),
}
# Records on pages, alike for every kind.
CASES |= {
    "GET /records": Case(),
    "GET /records/{path}": Case(query="q=juemiyuanshan"),
    "GET /records/{path}/totals": Case(query="firm_id={firm}"),
    "GET /records/{path}/export": Case(query="firm_id={firm}"),
    "GET /records/{path}/new": Case(query="firm_id={firm}", status=(404,)),
    "POST /records/{path}/new": Case(query="firm_id={firm}", form={"name": "x"}, status=(404,)),
    "GET /records/{path}/{number}": Case(status=(404,)),
    "POST /records/{path}/{number}": Case(form={"name": "x"}, status=(404,)),
    "GET /records/{path}/{number}/remove": Case(status=(404,)),
    "POST /records/{path}/{number}/remove": Case(status=(404,)),
}
# Records of firms, alike for every kind.
for _path, _sample in SAMPLES.items():
    _one = f"/api/v1/{_path}/{{fact_id}}"
    CASES |= {
        f"GET /api/v1/{_path}": Case(query="firm_id={firm}"),
        f"POST /api/v1/{_path}": Case(json=_sample | {"firm_id": "{firm}"}, status=(404, 422, 403)),
        f"GET /api/v1/{_path}/filters": Case(status=(200,)),
        f"DELETE /api/v1/{_path}": Case(query="firm_id={firm}&expected_count=0", status=(200, 403)),
        f"POST /api/v1/{_path}:batch": Case(
            json={"rows": [_sample | {"credit_code": "{code}"}]}, status=(200, 403)
        ),
        f"GET {_one}": Case(status=(404,)),
        f"GET {_one}/history": Case(status=(404,)),
        f"PATCH {_one}": Case(json={"firm_id": 1}, status=(404, 403)),
        f"DELETE {_one}": Case(status=(404, 403)),
    }


@dataclass(frozen=True)
class Foreign:
    """A firm that nobody here may know of, and everything of it that could come out."""

    firm: int
    code: str
    submission: int
    contact: int
    residency: int

    def fill(self, template: str, *, absent: bool = False) -> str:
        """A path, query or body with the foreign firm's numbers, or with ones nobody has."""
        known = {
            "firm_id": self.firm, "firm": self.firm, "code": self.code, "credit_code": self.code,
            "submission_id": self.submission, "contact_id": self.contact,
            "criterion": "hnte.field", "year": 2024, "indicator": "revenue_sales",
            "rung": "certified", "of": "pool", "act": "enter", "kind": "near", "subject": "hnte",
            "path": "loans", "duty": "hnte_annual", "period": "2024", "name": "firms",
            "residency_id": self.residency, "step": "leave", "stage": "landed",
            "column": "accepted", "level": "lead", "days": 9, "day": "2026-10-01",
        }  # fmt: skip
        if absent:
            missing: dict[str, int | str] = {
                "firm_id": ABSENT, "firm": ABSENT, "code": ABSENT_CODE,
                "credit_code": ABSENT_CODE, "submission_id": ABSENT, "contact_id": ABSENT,
            }  # fmt: skip
            known |= missing
        return re.sub(r"{(\w+)}", lambda m: str(known.get(m[1], 1)), template)

    def secrets(self) -> set[str]:
        """What must not be in any answer, unless the caller said it himself."""
        return {NAME, "绝密远山", str(FIGURE), f"{FIGURE:,}", CONTACT, PHONE}


@dataclass(frozen=True)
class Stage:
    """A district that is made once, in a transaction that every test here goes back to."""

    connection: Connection
    foreign: Foreign
    callers: dict[str, TestClient]


@pytest.fixture(scope="module")
def stage(engine: Engine) -> Iterator[Stage]:
    with engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as db:
            found = make_foreign(db)
            callers = make_callers(db)
            db.commit()
        yield Stage(connection, found, callers)
        outer.rollback()


@pytest.fixture
def foreign(stage: Stage) -> Foreign:
    return stage.foreign


@pytest.fixture
def callers(stage: Stage) -> Iterator[dict[str, TestClient]]:
    """Signed in for each test anew: some routes sign people out."""
    cookies = {who: dict(client.cookies) for who, client in stage.callers.items()}
    yield stage.callers
    for who, client in stage.callers.items():
        client.cookies.clear()
        client.cookies.update(cookies[who])


@pytest.fixture
def db(stage: Stage) -> Iterator[Session]:
    """A session on the stage, whose work is rolled back, commits included."""
    with stage.connection.begin_nested() as own:
        with Session(
            stage.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        own.rollback()


def make_foreign(db: Session) -> Foreign:
    firm = {"registered_on": LONG_AGO}
    number = make_firm(db, NAME, firm=firm, figures={"revenue_sales": {2024: FIGURE}})
    db.execute(text("update firm set pinyin = 'juemiyuanshan', name_search = :s where id = :n"),
               {"s": f"{NAME} juemiyuanshan jmys", "n": number})  # fmt: skip
    put_in_incubator(db, number, body(db, "foreign-incubator", "incubator"), ALWAYS)
    put_in_park(db, number, body(db, "foreign-park", "park"), ALWAYS)
    contact = Contact(firm_id=number, name=CONTACT, phone=PHONE)
    conflict = Submission(firm_id=number, year=2023, indicator="revenue_sales",
                          value=FIGURE * 100, source="import")  # fmt: skip
    db.add_all([contact, conflict])
    db.flush()
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": number})
    stay = db.scalar(text("select id from residency where firm_id = :n"), {"n": number})
    return Foreign(number, str(code), conflict.id, contact.id, int(stay))


def make_callers(db: Session) -> dict[str, TestClient]:
    """Two incubator managers, a park and a token, each with a firm of its own."""
    bodies = {kind: body(db, f"own-{kind}", kind.split("-")[0])
              for kind in ("incubator-1", "incubator-2", "park", "incubator-token")}  # fmt: skip
    for kind, where in bodies.items():
        put = put_in_park if kind == "park" else put_in_incubator
        put(db, make_firm(db, firm={"registered_on": LONG_AGO}), where, ALWAYS)
    assess(db, None, today())
    return {
        "incubator-1": person(db, Role.INCUBATOR_MANAGER, bodies["incubator-1"]),
        "incubator-2": person(db, Role.INCUBATOR_MANAGER, bodies["incubator-2"]),
        "park": person(db, Role.PARK_OPERATOR, bodies["park"]),
        "token": machine(db, bodies["incubator-token"]),
        "admin": person(db, Role.ADMIN),
        "auditor": person(db, Role.AUDITOR),
    }


def kept(db: Session, firm: int, *but: str) -> list[Any]:
    """Everything recorded of a firm, but for what some tables hold."""
    tables = [("firm", "id")]
    tables += [(t.name, "firm_id") for t in Base.metadata.sorted_tables
               if "firm_id" in t.c and t.name not in but]  # fmt: skip
    rows = " union all ".join(
        f"select '{table}', to_jsonb(t) from {table} as t where {column} = :n"  # noqa: S608
        for table, column in tables
    )
    return list(db.execute(text(f"{rows} order by 1, 2"), {"n": firm}).all())


def ask(client: TestClient, route: str, case: Case, foreign: Foreign, *, absent: bool) -> Any:
    method, path = route.split(" ", 1)
    url = foreign.fill(path, absent=absent)
    if case.query:
        url += "?" + foreign.fill(case.query, absent=absent)
    given = _filled(case.json, foreign, absent=absent)
    return client.request(
        method, url, json=given, data=case.form, headers=case.headers, follow_redirects=False
    )


def _filled(value: Any, foreign: Foreign, *, absent: bool) -> Any:
    if isinstance(value, dict):
        return {k: _filled(v, foreign, absent=absent) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, foreign, absent=absent) for v in value]
    return foreign.fill(value, absent=absent) if isinstance(value, str) else value


def test_every_route_has_a_case(db: Session) -> None:
    there = {f"{method} {path}" for method, path in every_route(application(db))}
    assert there - set(CASES) == set(), "say in CASES what the route is asked for"
    assert set(CASES) - there == set(), "no such route any more"
    assert len(there) > 25


@pytest.mark.parametrize("route", CASES)
def test_nothing_of_a_foreign_firm_comes_out(
    db: Session, foreign: Foreign, callers: dict[str, TestClient], route: str
) -> None:
    case, path = CASES[route], route.split(" ", 1)[1]
    of_one_firm = any(f"{{{name}}}" in path for name in ("firm_id", "submission_id")) or (
        "{credit_code}" in path
    )
    expected = case.status or ((404,) if of_one_firm else (200,))
    before = kept(db, foreign.firm)
    for who, client in callers.items():
        if who == case.open_to:
            continue
        found = ask(client, route, case, foreign, absent=False)
        no_firms = who in ("admin", "auditor")
        assert found.status_code in ((*expected, 403) if no_firms else expected), (who, found.text)
        for secret in foreign.secrets():
            assert secret not in found.text, who
        if of_one_firm and case.like_absent:
            missing = ask(client, route, case, foreign, absent=True)
            same = (foreign.fill(path), foreign.fill(path, absent=True))
            assert _anonymous(found.text, foreign) == _anonymous(missing.text, foreign), (who, same)
    assert kept(db, foreign.firm) == before
    # An officer knows of every firm and changes none; what one reads or takes away is noted.
    before = kept(db, foreign.firm, TRAIL)
    office = ask(person(db, Role.OFFICER), route, case, foreign, absent=False)
    assert office.status_code < 500, office.text
    assert CONTACT not in office.text and PHONE not in office.text
    assert kept(db, foreign.firm, TRAIL) == before, office.text
    # Who sees and may do everything finds no page that fails.
    if route.startswith("GET "):
        page = ask(person(db, Role.ANALYST), route, case, foreign, absent=False)
        assert page.status_code < 500, page.text


def _anonymous(answer: str, foreign: Foreign) -> str:
    """The same but for numbers that the caller gave."""
    for own in (foreign.code, ABSENT_CODE, ABSENT, foreign.firm, foreign.submission):
        answer = answer.replace(str(own), "N")
    return re.sub(r"[0-9a-f-]{36}", "", answer)
