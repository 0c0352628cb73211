"""Lists, searches, files in and out, and the criteria they are held against."""

from tests.every_route.case import Case

CASES: dict[str, Case] = {
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
    "GET /waiting/further": Case(),
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
    "GET /carriers/export": Case(status=(200, 403)),
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
    # The search box.
    "GET /search": Case(query="q=juemiyuanshan"),
    "GET /search/suggestions": Case(query="q=juemiyuanshan"),
    "GET /search/contacts": Case(),
    "POST /search/contacts": Case(form={"person": "13987654320"}),
    "GET /api/v1/search": Case(query="q={code}"),
    "POST /api/v1/search/contacts": Case(json={"person": "13987654320"}),
}
