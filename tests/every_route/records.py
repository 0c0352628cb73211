"""Records of firms, alike for every kind."""

from tests.every_route.case import Case
from tests.facts.test_api import SAMPLES

# Records on pages, alike for every kind.
CASES = {
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
