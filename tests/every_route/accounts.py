"""People: the doors, one's own account, and what administrators do."""

from tests.every_route.case import ABSENT, ADMIN, NAME, Case

CASES: dict[str, Case] = {
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
}
