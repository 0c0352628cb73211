"""The second factor: time-based codes (RFC 6238) and recovery codes, each accepted once."""

import base64
import re
import secrets
from collections.abc import Sequence

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.keys import seal, unseal
from app.accounts.models import RecoveryCode, SecondFactor
from app.accounts.secrets import digest
from app.core.clock import now
from app.core.errors import Conflict
from app.core.settings import Settings

PURPOSE = "second factor"
ISSUER = "Tidu 梯度"
STEP_SECONDS = 30
# Clocks of telephones differ: the code before and the one after are right too.
WINDOW = 1
RECOVERY_CODES = 10
ACCEPTED = ("code_right", "recovery_code_used")


def begin(session: Session, settings: Settings, user_id: int) -> str:
    """A new secret in base 32 that waits for its first code; one that waits already stays."""
    found = _of(session, user_id)
    if found is not None and found.confirmed_at is not None:
        raise Conflict("已经启用第二因素：先停用再重新设置 (already set up)")
    waiting = None if found is None else unseal(settings, PURPOSE, found.secret)
    if waiting is not None:
        return waiting
    secret = pyotp.random_base32()
    stmt = insert(SecondFactor).values(user_id=user_id, secret=seal(settings, PURPOSE, secret))
    session.execute(
        stmt.on_conflict_do_update(
            index_elements=["user_id"], set_={"secret": stmt.excluded.secret}
        )
    )
    return secret


def address(secret: str, username: str) -> str:
    """What the QR code says to the telephone."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def confirm(session: Session, settings: Settings, user_id: int, code: str) -> bool:
    """Turn it on with the first right code."""
    if check(session, settings, user_id, code, confirmed=False) != "code_right":
        return False
    mine = SecondFactor.user_id == user_id
    session.execute(update(SecondFactor).where(mine).values(confirmed_at=now()))
    return True


def check(
    session: Session, settings: Settings, user_id: int, code: str, *, confirmed: bool = True
) -> str:
    """An outcome of models.OUTCOMES, or `code_right`."""
    typed = re.sub(r"[\s-]", "", code[:64]).upper()
    if not re.fullmatch(r"[0-9]{6}", typed):
        return _use_recovery_code(session, user_id, typed) if confirmed else "second_factor_wrong"
    found = _of(session, user_id)
    if found is None or (found.confirmed_at is not None) != confirmed:
        return "second_factor_wrong"
    secret = unseal(settings, PURPOSE, found.secret)
    step = None if secret is None else _step_of(secret, typed)
    if step is None:
        return "second_factor_wrong"
    fresh = update(SecondFactor).where(
        SecondFactor.user_id == user_id, SecondFactor.last_step < step
    )
    used = session.scalar(fresh.values(last_step=step).returning(SecondFactor.user_id))
    return "second_factor_replayed" if used is None else "code_right"


def _of(session: Session, user_id: int) -> SecondFactor | None:
    return session.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id))


def _step_of(secret: str, code: str) -> int | None:
    """The time step that the code belongs to, if it is near now; every step is compared."""
    at = int(now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    steps = range(at - WINDOW, at + WINDOW + 1)
    right = [s for s in steps if secrets.compare_digest(totp.generate_otp(s), code)]
    return right[-1] if right else None


def _use_recovery_code(session: Session, user_id: int, typed: str) -> str:
    stmt = (
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == digest(f"{user_id} {typed}"),
            RecoveryCode.user_id == user_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.user_id)
    )
    used = session.scalar(stmt)
    return "second_factor_wrong" if used is None else "recovery_code_used"


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Ten new codes, shown only now; the old ones are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    for code in codes:
        session.add(RecoveryCode(code_hash=digest(f"{user_id} {code}"), user_id=user_id))
    return ["-".join(re.findall(".{4}", code)) for code in codes]


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes have not been used."""
    unused = RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def is_on(session: Session, user_ids: Sequence[int]) -> set[int]:
    """Who of these carries a second factor."""
    mine = SecondFactor.user_id.in_(user_ids), SecondFactor.confirmed_at.is_not(None)
    return set(session.scalars(select(SecondFactor.user_id).where(*mine)))


def remove(session: Session, user_id: int) -> bool:
    """Take it away with its recovery codes; says whether there was one."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    stmt = delete(SecondFactor).where(SecondFactor.user_id == user_id)
    return session.scalar(stmt.returning(SecondFactor.user_id)) is not None
