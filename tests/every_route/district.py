"""What is told of the district: plans, bulletins, carriers, chains and leads."""

from tests.every_route.case import Case

CASES: dict[str, Case] = {
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
    "POST /target-lists/{number}/report": Case(form={"target": "x"}, status=(404,)),
    "GET /target-lists/reports/{number}/file": Case(status=(404,)),
    "POST /api/v1/target-lists/{number}/reports": Case(
        json={
            "target": "hnte_count",
            "month": "2026-01-31",
            "value": "1",
            "text": "x",
            "evidence": "x",
        },
        status=(404,),
    ),
    "POST /target-lists/{number}/{step}": Case(form={"text": "x"}, status=(404,)),
    "POST /target-lists/notices/{number}/{step}": Case(form={"text": "x"}, status=(422,)),
    "GET /api/v1/target-lists": Case(),
    "GET /api/v1/target-lists/{number}": Case(status=(404,)),
    "GET /rankings": Case(),
    "POST /rankings": Case(form={"year": "2026"}, status=(403,)),
    "GET /api/v1/rankings": Case(),
    "GET /analyses": Case(status=(303,)),
    "GET /analyses/{name}": Case(status=(404,)),
    "GET /analyses/{name}/export": Case(status=(404,)),
    "GET /analyses/{name}/firms": Case(status=(404,)),
    "GET /analyses/{name}/firms/export": Case(status=(404,)),
    "GET /api/v1/analyses/{name}": Case(status=(404,)),
    "GET /api/v1/analyses/{name}/firms": Case(status=(404,)),
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
    # Chains, the zone's parts and listings, within one's own scope.
    "GET /chains": Case(),
    "POST /chains": Case(form={"name": "x", "kind": "core"}, status=(403,)),
    "GET /chains/{chain}": Case(status=(404,)),
    "GET /api/v1/chains": Case(),
    "GET /api/v1/zones": Case(),
    "PUT /api/v1/zones/{zone_id}/within": Case(json={"within_id": None}, status=(403,)),
    "DELETE /api/v1/zones/{zone_id}": Case(status=(403,)),
    "POST /chains/zones/{zone_id}": Case(form={"act": "remove"}, status=(403,)),
    "POST /api/v1/zones": Case(json={"name": "x", "kind": "core"}, status=(403,)),
    # Leads, which are no firms yet: a park's own, and none of an incubator.
    "GET /leads": Case(),
    "GET /leads/stages/{stage}": Case(),
    "GET /leads/new": Case(status=(200, 403)),
    "POST /leads/new": Case(form={"name": "x"}, status=(403, 422)),
    "GET /leads/{lead_id}": Case(status=(404,)),
    "GET /leads/{lead_id}/history": Case(status=(404,)),
    "GET /leads/{lead_id}/edit": Case(status=(404, 403)),
    "POST /leads/{lead_id}/edit": Case(form={"name": "x"}, status=(404, 403)),
    "GET /leads/{lead_id}/move/{stage}": Case(status=(404, 403)),
    "POST /leads/{lead_id}/move/{stage}": Case(
        form={"credit_code": "{code}", "day": "2026-01-01"}, status=(404, 403)
    ),
    "GET /api/v1/leads": Case(query="firm_id={firm}"),
    "GET /api/v1/leads/filters": Case(),
    "GET /api/v1/leads/{lead_id}": Case(status=(404,)),
    "GET /api/v1/leads/{lead_id}/history": Case(status=(404,)),
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
    "GET /carriers/{carrier_id}/history": Case(status=(404, 403)),
    "GET /carriers/{carrier_id}/edit": Case(status=(403,)),
    "POST /carriers/{carrier_id}/edit": Case(form={"kind": "incubator"}, status=(403,)),
    "GET /carriers/{carrier_id}/enter": Case(status=(403,)),
    "POST /carriers/{carrier_id}/enter": Case(form={"credit_code": "{code}"}, status=(403,)),
    "GET /residencies/{residency_id}/{step}": Case(status=(404,)),
    "POST /residencies/{residency_id}/{step}": Case(form={"day": "2026-01-01"}, status=(404,)),
    "POST /promotions/{promotion_id}": Case(form={"decision": "accept"}, status=(404,)),
    "GET /api/v1/carriers": Case(status=(200, 403)),
    "GET /api/v1/carriers/{carrier_id}": Case(status=(404, 403)),
    "GET /api/v1/carriers/{carrier_id}/history": Case(status=(404, 403)),
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
}
