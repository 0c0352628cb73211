"""Who asks, and in which transaction: the two things every route needs."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.accounts import limits, replies, sessions, tokens
from app.accounts.acting import act_as, act_as_visitor
from app.accounts.actor import Actor, Role
from app.accounts.secrets import new_secret
from app.accounts.visitor import Visitor
from app.audit.service import note_read
from app.core.addresses import client_address
from app.core.errors import Forbidden, Unauthenticated
from app.core.resource import REPLAYED, Asked, Repeated, is_dry
from app.core.settings import Settings
from app.core.threads import Later, in_thread

COOKIE = "tidu_session"
DEVICE = "tidu_device"
BEARER = "bearer "
KEPT_HEADERS = ("content-type", "location", "etag")


def settings_of(request: Request) -> Settings:
    """The settings the application was made with."""
    found: Settings = request.app.state.settings
    return found


def cookie_name(settings: Settings, name: str) -> str:
    """Behind TLS browsers take such a cookie from this very host alone."""
    return f"__Host-{name}" if settings.https else name


def session_cookie(request: Request) -> str | None:
    """The secret of the session that the browser brought along."""
    return request.cookies.get(cookie_name(settings_of(request), COOKIE))


def visitor_of(request: Request) -> Visitor:
    """Who knocks; a browser without a device cookie is given one when it gets in."""
    settings = settings_of(request)
    return Visitor(
        address=client_address(request.scope, settings.trusted_proxies),
        device=request.cookies.get(cookie_name(settings, DEVICE)) or new_secret(),
        agent=request.headers.get("user-agent", ""),
        request_id=request.state.request_id,
    )


@contextmanager
def visiting(request: Request) -> Iterator[Session]:
    """A transaction of somebody who has not signed in; it commits what failures leave behind."""
    with request.app.state.sessions() as session, session.begin():
        act_as_visitor(session, request_id=request.state.request_id)
        yield session


@contextmanager
def reading(request: Request) -> Iterator[Session]:
    """A transaction that PostgreSQL keeps from writing; also for answers that are read while they
    are sent, after the route's own one.
    """
    with request.app.state.sessions() as session, session.begin():
        if not _declare(request, session, reading=True):
            session.execute(text("set transaction read only"))
        yield session


async def _reading(request: Request) -> AsyncIterator[Session | Later]:
    """The same for a route, in whose own thread it begins and ends, if the route has one."""
    if getattr(request.state, "in_one_thread", False):
        yield Later(partial(reading, request))
        return
    async with contextmanager_in_threadpool(reading(request)) as session:
        yield session


def _writing(request: Request) -> Iterator[Session]:
    """A transaction that commits before the answer leaves, unless the write is only tried."""
    with request.app.state.sessions() as session, session.begin() as transaction:
        _declare(request, session)
        dry = is_dry(request)
        asked = None if dry else getattr(request.state, "asked", None)
        if asked is not None:
            _answer_again(request, session, asked)
        yield session
        if dry:
            transaction.rollback()
        elif asked is not None:
            _keep_answer(request, session, asked)


def _answer_again(request: Request, session: Session, asked: Asked) -> None:
    """Raise Repeated where this has been done before."""
    actor = request.state.actor
    reply = replies.claim(session, settings_of(request), actor, asked.key, asked.fingerprint)
    if reply is not None:
        headers = reply.headers | {REPLAYED: "true"}
        raise Repeated(Response(reply.body, reply.status, headers))


def _keep_answer(request: Request, session: Session, asked: Asked) -> None:
    response = request.state.answer
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    reply = replies.Reply(response.status_code, headers, bytes(response.body).decode())
    replies.keep(session, settings_of(request), request.state.actor, asked.key, reply)


def _declare(request: Request, session: Session, *, reading: bool = False) -> bool:
    """Who asks is looked for before the transaction, if the route wants to know it."""
    who = getattr(request.state, "who", None)
    actor = getattr(request.state, "actor", None) if who is None else who()
    if actor is not None:
        act_as(session, actor, request_id=request.state.request_id, reading=reading)
    return actor is not None


# `function` scope: the default one commits only after the answer has been sent.
Db = Annotated[Session, Depends(_reading, scope="function")]
Tx = Annotated[Session, Depends(_writing, scope="function")]


Check = Callable[[Actor], Actor]


def asking(check: Check) -> Callable[[Request], Coroutine[Any, Any, Actor | Later]]:
    """A dependency on who asks, if a check lets them.

    A route that has a thread of its own looks for them there: nothing of it needs them before.
    """

    async def found(request: Request) -> Actor | Later:
        state, who = request.state, partial(_checked, request, check)
        if getattr(state, "in_one_thread", False):
            state.who = who
            return Later(lambda: nullcontext(who()))
        actor: Actor = await in_thread(who)
        return actor

    return found


def _checked(request: Request, check: Check) -> Actor:
    return check(_signed_in(request))


def _signed_in(request: Request) -> Actor:
    """Asked for once, by whoever comes first: a request is spent only once."""
    known = getattr(request.state, "actor", None)
    return known or _admitted(request)


def _admitted(request: Request) -> Actor:
    bears = "authorization" in request.headers
    found = _by_token(request) if bears else _by_cookie(request)
    # Only now, for what was spent stays spent.
    allowance = getattr(request.state, "allowance", None)
    if allowance is not None and not allowance.granted:
        raise allowance.refusal()
    if found is None:
        raise Unauthenticated(
            "请先登录，或在 Authorization 头中提供有效令牌 Bearer tidu_… "
            "(sign in, or send a valid token)"
        )
    request.state.actor = found
    return found


def enrolled(actor: Actor) -> Actor:
    """The actor, if they have the second factor that their role asks for."""
    if actor.must_enrol:
        raise Forbidden(
            "这个角色必须先启用第二因素：请在“我的账号”中设置 (set up a second factor first)",
            see="/account/second-factor",
        )
    return actor


def _by_token(request: Request) -> Actor | None:
    settings = settings_of(request)
    address = client_address(request.scope, settings.trusted_proxies)
    header = request.headers["authorization"]
    secret = header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else ""
    with request.app.state.singly() as connection, connection.begin():
        found = tokens.admit(connection, settings, secret, address)
    if found is not None and found.use_is_noted:
        request.state.allowance = found.allowance
        return found.actor
    with request.app.state.sessions() as session, session.begin():
        if found is not None:
            request.state.allowance = found.allowance
            tokens.note_use(session, found.token_id, address)
            return found.actor
        failure = limits.spend_failure(session, address, settings)
    # A failure that is within bounds shows no limit: it would tell of others' failures.
    request.state.allowance = None if failure.granted else failure
    return None


def _by_cookie(request: Request) -> Actor | None:
    secret = session_cookie(request)
    if secret is None:
        return None
    visitor = visitor_of(request)
    with request.app.state.sessions() as session, session.begin():
        found = sessions.actor_of(session, settings_of(request), secret)
        if found is None or found.session_id is None:
            act_as_visitor(session, request_id=request.state.request_id)
            sessions.note_refused(session, visitor, secret)
        else:
            sessions.touch(session, visitor, found.session_id)
    return found


def reader(actor: Actor) -> Actor:
    """The actor, if they may see data of firms."""
    enrolled(actor)
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        raise Forbidden("这个角色不能查看企业数据 (this role sees no data of firms)")
    actor.require("firms:read")
    return actor


def _auditor(actor: Actor) -> Actor:
    if enrolled(actor).role is not Role.AUDITOR:
        raise Forbidden("只有审计员可以查看审计记录：请用审计员账号登录 (auditors only)")
    return actor


def _administrator(actor: Actor) -> Actor:
    if enrolled(actor).role is not Role.ADMIN:
        raise Forbidden("只有系统管理员可以使用本页：请用管理员账号登录 (administrators only)")
    return actor


# Somebody who may still have to set up a second factor; only their own account is open to them.
SignedIn = Annotated[Actor, Depends(asking(lambda actor: actor))]
CurrentActor = Annotated[Actor, Depends(asking(enrolled))]
Reader = Annotated[Actor, Depends(asking(reader))]
Auditor = Annotated[Actor, Depends(asking(_auditor))]
Administrator = Annotated[Actor, Depends(asking(_administrator))]


class Readings:
    """What one request has read that is worth a note."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []

    def note(self, what: str, **said: Any) -> None:
        """One reading, as `audit.service.note_read` takes it."""
        self.notes.append({"what": what, **said})


async def _noting(request: Request) -> AsyncIterator[Readings]:
    """Notes are written when the reading is done, and before its answer leaves."""
    found = Readings()
    yield found
    if found.notes:
        await run_in_threadpool(_write_down, request, found.notes)


def _write_down(request: Request, notes: list[dict[str, Any]]) -> None:
    with request.app.state.sessions() as session, session.begin():
        _declare(request, session)
        for note in notes:
            note_read(session, **note)


# Stands before Db in a route's signature: the reading's connection is given back before the notes
# take one, or requests would wait for each other's.
Noted = Annotated[Readings, Depends(_noting, scope="function")]
