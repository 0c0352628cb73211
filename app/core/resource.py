"""What holds for every route of the interface for programs, said once.

A parameter that the description does not name is refused; a reading carries an ETag, and is not
sent to whoever has it already; a write can be tried without being kept, and a POST that names a
key is answered twice and done once (`accounts.replies`).
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic_core import to_json

from app.core.errors import Invalid
from app.core.fields import YES, nearest
from app.core.threads import in_one_thread, in_thread
from app.core.web import SAFE, methods_of

KEY, REPLAYED, DRY = "idempotency-key", "idempotent-replayed", "dry-run"
LONGEST_KEY, VISIBLE = 255, re.compile("[!-~]+")
DIGEST_LETTERS = 16
STANDARD = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
UNSAID = {"decimal_places", "max_digits"}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def _header(name: str, description: str, **bounds: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description,
            "schema": {"type": "string", **bounds}}  # fmt: skip


IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "Sent again within 24 hours with the same content, it is answered as before and done once.",
    minLength=1, maxLength=LONGEST_KEY, pattern=f"^{VISIBLE.pattern}$",
)  # fmt: skip
# Whatever is no ETag of ours matches nothing, as HTTP wants it: that is no error.
IF_NONE_MATCH = _header("If-None-Match", "An ETag: what still is so is answered 304, empty.")
DRY_RUN = {
    "name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean"},
    "description": "Do everything but keep it; the answer says what would have been.",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A POST that names a key: asked anew with another content it is another request."""

    key: str
    fingerprint: bytes


class Repeated(Exception):
    """What was asked has been done: the answer is the one that was given then."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Resource(APIRoute):
    """A route of the interface for programs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        super().__init__(path, in_one_thread(endpoint), **given)
        self.waits = self.endpoint is not endpoint

    def get_route_handler(self) -> Handler:
        """The framework's handler within ours."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            request.state.in_one_thread = self.waits
            _refuse_method(request)
            _refuse_unknown(request, self.operation_id or self.unique_id)
            if request.method == "POST" and KEY in request.headers:
                request.state.asked = await _asked(request)
            try:
                response = await handle(request)
            except Repeated as repeated:
                return repeated.answer
            except RequestValidationError:
                # A stranger is told that they are one, not how to ask.
                await in_thread(getattr(request.state, "who", bool))
                raise
            if request.method in SAFE:
                return _unless_known(request, response)
            if is_dry(request):
                response.headers[DRY] = "true"
            # The transaction ends after this, and keeps the answer beside what was done.
            request.state.answer = response
            return response

        return handler


def written(found: Any) -> Response:
    """Rows of ours as JSON, without holding each against the model that describes them."""
    return Response(to_json(found), media_type="application/json")


def is_dry(request: Request) -> bool:
    """Whether nothing of this write is to be kept."""
    given = request.query_params.get("dry_run")
    if given is None or request.method in SAFE:
        return False
    if given not in YES:
        wrong = f"dry_run 应为 true 或 false，不能是 {given[:50]} (true or false)"
        raise Invalid(wrong, errors=[{"parameter": "dry_run", "detail": wrong}])
    return YES[given]


def in_standard_words(part: Any) -> Any:
    """A description whose constraints of exact numbers are named as JSON Schema names them."""
    if isinstance(part, list):
        return [in_standard_words(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {STANDARD.get(name, name): in_standard_words(one) for name, one in part.items()
             if name not in UNSAID}  # fmt: skip
    for name in found.keys() & STANDARD.values():
        if isinstance(found[name], str):  # an exact bound is told as text
            found[name] = float(found[name])
    return found


def describe_common(description: dict[str, Any]) -> None:
    """Add to every operation's description what each of them understands."""
    for path in description["paths"].values():
        for method, operation in path.items():
            found = operation.setdefault("parameters", [])
            if method == "get":
                found.append(IF_NONE_MATCH)
                operation["responses"]["304"] = {"description": "Still as the ETag says"}
            else:
                found.append(DRY_RUN)
            if method == "post":
                found.append(IDEMPOTENCY_KEY)


def _refuse_method(request: Request) -> None:
    """`PUT /leads/filters` is no change of a lead that is called so, nor is `PATCH /firms/1:merge`
    one of a firm.
    """
    path: str = request.scope["path"]
    described = request.app.openapi()["paths"].get(path)
    if described is None and ":" not in path:
        return
    allowed = methods_of(request) if described is None else [one.upper() for one in described]
    if allowed and request.method not in allowed:
        raise HTTPException(405)


# --- parameters ---------------------------------------------------------------------------------


def _refuse_unknown(request: Request, operation: str) -> None:
    """A misspelt parameter is never passed over; lists look for themselves."""
    if not request.query_params:
        return
    known = _parameters(request)[operation]
    if known is None:
        return
    errors = [
        {"parameter": name,
         "detail": f"没有参数 {name[:50]} (unknown parameter)" + nearest(name, known)}
        for name in request.query_params if name not in known
    ]  # fmt: skip
    if errors:
        raise Invalid("；".join(one["detail"] for one in errors), errors=errors)


def _parameters(request: Request) -> dict[str, list[str] | None]:
    """The query parameters of every operation; None where a list takes any field's name."""
    state = request.app.state
    if not hasattr(state, "parameters"):
        paths = request.app.openapi()["paths"].values()
        state.parameters = {
            operation["operationId"]: _named(operation.get("parameters", []))
            for path in paths for operation in path.values()
        }  # fmt: skip
    found: dict[str, list[str] | None] = state.parameters
    return found


def _named(parameters: list[dict[str, Any]]) -> list[str] | None:
    query = [one for one in parameters if one["in"] == "query"]
    open_to_fields = any("additionalProperties" in one["schema"] for one in query)
    return None if open_to_fields else [one["name"] for one in query]


# --- the same again -----------------------------------------------------------------------------


async def _asked(request: Request) -> Asked:
    key = request.headers[KEY]
    if not (len(key) <= LONGEST_KEY and VISIBLE.fullmatch(key)):
        raise Invalid(
            f"Idempotency-Key 应为 1 至 {LONGEST_KEY} 个可见的 ASCII 字符 (visible ASCII)",
            errors=[{"parameter": "Idempotency-Key", "detail": "1–255 visible ASCII characters"}],
        )
    place = f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}\n"
    return Asked(key, sha256(place.encode() + await request.body()).digest())


def _unless_known(request: Request, response: Response) -> Response:
    """Nothing of what the caller has as it is; a record's version stands first in its ETag."""
    body = getattr(response, "body", None)
    if response.status_code != 200 or not body:
        return response
    version = response.headers.get("etag", "").strip('"')
    digest = sha256(body).hexdigest()[:DIGEST_LETTERS]
    tag = f'"{version}.{digest}"' if version else f'W/"{digest}"'
    response.headers["etag"] = tag
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag.removeprefix("W/") in {
        one.strip().removeprefix("W/") for one in known.split(",")
    }:
        return Response(status_code=304, headers={"etag": tag})
    return response


def version_of(tag: str) -> str:
    """The version that an ETag of ours names: what stands before its digest."""
    return tag.strip().strip('"').partition(".")[0]
