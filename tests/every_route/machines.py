"""What programs use: tokens, jobs, feed, webhooks, connectors, and writes by credit code."""

from tests.every_route.case import ADMIN, Case

CASES: dict[str, Case] = {
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
