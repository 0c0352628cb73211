"""Sign-in by another organisation's provider: OpenID Connect, authorization code with PKCE.

Nothing is called unless the settings name an issuer. What a browser carries there and back is
sealed in a cookie; what the provider says is believed only when it is signed by its key, for us,
now, and for this very journey.
"""

import base64
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.keys import seal, unseal
from app.accounts.models import User
from app.accounts.secrets import new_secret
from app.core.clock import now
from app.core.errors import AppError
from app.core.settings import Settings

PURPOSE = "provider journey"
JOURNEY_SECONDS = 600
TIMEOUT_SECONDS = 5.0
LARGEST_ANSWER = 1024 * 1024
LEEWAY_SECONDS = 60
# Signatures by the provider's own key; a shared secret or none at all proves nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA", "Ed25519")  # fmt: skip


class ProviderDown(AppError):
    """It does not answer, or not in a way that makes sense."""

    status = 503
    title = "暂时不可用"


class ProviderRefused(AppError):
    """It, or what it said, does not let this person in."""

    status = 401
    title = "请先登录"


@dataclass(frozen=True)
class Journey:
    """What must come back as it was sent."""

    state: str
    nonce: str
    verifier: str
    following: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is; the address only if it verified it."""

    subject: str
    email: str | None


def begin(settings: Settings, following: str) -> tuple[str, str]:
    """Where to send the browser, and what it carries there and back."""
    with _client() as client:
        provider = _discovered(settings, client)
    journey = Journey(new_secret(), new_secret(), new_secret() + new_secret(), following)
    challenge = hashlib.sha256(journey.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": redirect_uri(settings),
        "scope": "openid email",
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in provider["authorization_endpoint"] else "?"
    address = f"{provider['authorization_endpoint']}{joint}{urlencode(asked)}"
    return address, seal(settings, PURPOSE, json.dumps(asdict(journey)))


def redirect_uri(settings: Settings) -> str:
    """Where the provider sends browsers back to; it must know this address."""
    return f"{(settings.public_url or '').rstrip('/')}/sign-in/oidc/return"


def finish(
    settings: Settings, carried: str, state: str, code: str, issuer: str | None
) -> tuple[Identity, str]:
    """Who came back, and where they wanted to go."""
    opened = unseal(settings, PURPOSE, carried, JOURNEY_SECONDS)
    if opened is None:
        raise ProviderRefused("journey")
    journey = Journey(**json.loads(opened))
    if not compare_digest(journey.state.encode(), state.encode()) or not code:
        raise ProviderRefused("state")
    if issuer is not None and issuer != settings.oidc_issuer:
        raise ProviderRefused("issuer")
    with _client() as client:
        provider = _discovered(settings, client)
        tokens = _redeem(settings, client, provider, journey, code)
        keys = _asked(client.build_request("GET", provider["jwks_uri"]), client)
        claims = _verified(settings, journey, tokens.get("id_token"), keys)
        return _identity(client, provider, tokens, claims), journey.following


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)


def _discovered(settings: Settings, client: httpx.Client) -> dict[str, Any]:
    """The provider's own description, which must be its own."""
    issuer = settings.oidc_issuer or ""
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _asked(client.build_request("GET", address), client)
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != issuer or any(not isinstance(found.get(n), str) for n in needed):
        raise ProviderDown("discovery")
    return found


def _redeem(
    settings: Settings, client: httpx.Client, provider: dict[str, Any], journey: Journey, code: str
) -> dict[str, Any]:
    """Tokens for a code."""
    assert settings.oidc_client_id is not None
    assert settings.oidc_client_secret is not None
    name, secret = settings.oidc_client_id, settings.oidc_client_secret.get_secret_value()
    form = {"grant_type": "authorization_code", "code": code,
            "redirect_uri": redirect_uri(settings), "code_verifier": journey.verifier}  # fmt: skip
    headers = {}
    ways = provider.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if "client_secret_basic" in ways:
        pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": name, "client_secret": secret}
    request = client.build_request("POST", provider["token_endpoint"], data=form, headers=headers)
    return _asked(request, client, refusal=ProviderRefused)


def _asked(
    request: httpx.Request, client: httpx.Client, refusal: type[AppError] = ProviderDown
) -> dict[str, Any]:
    """A JSON object, in time and of bearable size."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    body = b""
    try:
        answer = client.send(request, stream=True)
        try:
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
                    raise ProviderDown("answer")
        finally:
            answer.close()
        if answer.status_code != 200:
            raise (refusal if 400 <= answer.status_code < 500 else ProviderDown)("status")
        found = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise ProviderDown("answer") from error
    if not isinstance(found, dict):
        raise ProviderDown("answer")
    return found


def _verified(
    settings: Settings, journey: Journey, token: Any, keys: dict[str, Any]
) -> dict[str, Any]:
    """The claims of an ID token that is signed, for us, in time, and of this journey."""
    rules = JWTClaimsRegistry(
        now=int(now().timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": settings.oidc_issuer or ""},
        aud={"essential": True, "value": settings.oidc_client_id or ""},
        nonce={"essential": True, "value": journey.nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(str(token), KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]  # a JSON object that the library checks
        rules.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderRefused("token") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else settings.oidc_client_id) != settings.oidc_client_id:
        raise ProviderRefused("azp")
    return claims


def _identity(
    client: httpx.Client, provider: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]
) -> Identity:
    """Most providers put the address into the token, the others tell it when asked."""
    said = claims
    endpoint, access = provider.get("userinfo_endpoint"), tokens.get("access_token")
    if "email" not in claims and endpoint and access:
        headers = {"authorization": f"Bearer {access}"}
        said = _asked(client.build_request("GET", endpoint, headers=headers), client)
        if said.get("sub") != claims["sub"]:
            raise ProviderRefused("userinfo")
    verified = said.get("email_verified") is True and isinstance(said.get("email"), str)
    return Identity(str(claims["sub"]), said["email"].strip().lower() if verified else None)


def person_of(session: Session, settings: Settings, identity: Identity) -> User | None:
    """The person whom this identity belongs to; an address that was invited is bound to it."""
    kept = f"{settings.oidc_issuer} {identity.subject}"
    query = select(User).with_for_update()
    found = session.scalar(query.where(User.oidc_identity == kept))
    if found is None and identity.email is not None:
        mine = User.email == identity.email, User.oidc_identity.is_(None)
        found = session.scalar(query.where(*mine))
        if found is not None:
            found.oidc_identity = kept
    return found
