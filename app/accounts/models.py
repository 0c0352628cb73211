"""Bodies, people and machines that act in Tidu."""

from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR, INET, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.addresses import Address
from app.core.db import Base, Instant

ORGANISATION_KINDS = ("department", "park", "incubator", "group")
PERIOD = "daterange(since, until, '[]')"
END_REASONS = ("signed_out", "renewed", "signed_out_by_user", "signed_out_by_admin",
               "password_changed", "disabled", "grant_ended", "second_factor_reset")  # fmt: skip
OUTCOMES = (
    "signed_in", "password_accepted", "wrong_password", "unknown_user", "slowed_down", "disabled",
    "no_role", "second_factor_wrong", "second_factor_replayed", "recovery_code_used",
    "ended_session", "invitation_accepted", "invitation_expired", "invitation_replayed",
    "invitation_unknown", "provider_refused", "provider_stranger",
)  # fmt: skip


class Organisation(Base):
    """A department, park or incubator, or a named group of them."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint(f"kind in {ORGANISATION_KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str | None]
    kind: Mapped[str]
    demo: Mapped[bool] = mapped_column(default=False)


class OrganisationMember(Base):
    """Which bodies a group stands for; editable, as the plan leaves its groups open."""

    __tablename__ = "organisation_member"

    group_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), primary_key=True)


class User(Base):
    """A person who signs in; without a password until an invitation is accepted."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None] = mapped_column(info={"secret": True})
    password_changed_at: Mapped[Instant | None]
    locale: Mapped[str] = mapped_column(default="zh")
    disabled_at: Mapped[Instant | None]
    # Who this is at the provider of settings.oidc_issuer: "<issuer> <subject>".
    oidc_identity: Mapped[str | None] = mapped_column(unique=True)
    demo: Mapped[bool] = mapped_column(default=False)


class Grant(Base):
    """One role of one person, bound to an organisation and a period; `until` is the last day.

    A grant that was taken back stays, with its `revoked_at`; nobody is administrator and auditor
    at a time.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("until >= since", name="period"),
        ExcludeConstraint(
            ("user_id", "="), ("role", "="), ("organisation_id", "="), (text(PERIOD), "&&"),
            where=text("revoked_at is null"), using="gist", name="ex_role_grant_overlap",
        ),
        ExcludeConstraint(
            ("user_id", "="), ("role", "<>"), (text(PERIOD), "&&"),
            where=text("revoked_at is null and role in ('admin', 'auditor')"),
            using="gist", name="ex_role_grant_duties",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    role: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    since: Mapped[date]
    until: Mapped[date | None]
    revoked_at: Mapped[Instant | None]


class UserSession(Base):
    """A signed-in browser; only the SHA-256 of its cookie is kept, and the row stays as a trace.

    `pending`: the password was right and a second factor is waited for; nothing is open to it.
    """

    __tablename__ = "user_session"
    __table_args__ = (
        CheckConstraint(f"end_reason in {END_REASONS}", name="end_reason"),
        Index("ix_user_session_user_id", "user_id", postgresql_where=text("ended_at is null")),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True, info={"secret": True})
    id: Mapped[int] = mapped_column(Identity(), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    grant_id: Mapped[int] = mapped_column(ForeignKey(Grant.id, ondelete="CASCADE"))
    pending: Mapped[bool] = mapped_column(default=False, server_default="false")
    method: Mapped[str] = mapped_column(default="password", server_default="password")
    address: Mapped[Address | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    label: Mapped[str | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    seen_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[str | None]
    # When its cookie was first shown after the end.
    refused_at: Mapped[Instant | None]


class Invitation(Base):
    """A one-time link: to join, to set a new password, or to become the first administrator."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("purpose in ('invite', 'reset', 'first_admin')", name="purpose"),
        CheckConstraint("(user_id is null) = (purpose = 'first_admin')", name="person"),
        Index("ix_invitation_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True, info={"secret": True})
    purpose: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    voided_at: Mapped[Instant | None]


class SecondFactor(Base):
    """A person's TOTP secret, encrypted; `last_step` keeps a code from being used twice."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(info={"secret": True})
    confirmed_at: Mapped[Instant | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")


class RecoveryCode(Base):
    """A code that replaces the second factor once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(primary_key=True, info={"secret": True})
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    used_at: Mapped[Instant | None]


class KnownOrigin(Base):
    """A browser (hash of its cookie) or an address from which a person signed in before."""

    __tablename__ = "known_origin"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True, info={"secret": True})
    seen_at: Mapped[Instant]


class SignInFailure(Base):
    """Guesses counted together: of one account from one origin, or of one address (no account)."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        UniqueConstraint("user_id", "origin", postgresql_nulls_not_distinct=True),
        Index("ix_sign_in_failure_last_at", "last_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    origin: Mapped[str] = mapped_column(info={"secret": True})
    failures: Mapped[int]
    last_at: Mapped[Instant]
    blocked_until: Mapped[Instant]


class SignInAttempt(Base):
    """What came of every attempt to get in; kept for the auditor.

    A name that belongs to nobody is kept as a keyed hash: people type passwords there.
    """

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        CheckConstraint(f"outcome in {OUTCOMES}", name="outcome"),
        Index("ix_sign_in_attempt_user_id_at", "user_id", "at"),
        Index("ix_sign_in_attempt_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[Instant]
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    typed_hash: Mapped[str | None]
    address: Mapped[Address | None] = mapped_column(INET)
    outcome: Mapped[str]
    request_id: Mapped[str | None]


class Token(Base):
    """A machine's credential: sees what its organisation sees, does what its scopes say."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    # The public part, by which people and logs name it.
    prefix: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True, info={"secret": True})
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Where it may be used from; empty: anywhere.
    ranges: Mapped[list[IPv4Network | IPv6Network]] = mapped_column(
        ARRAY(CIDR), server_default="{}"
    )
    requests_per_minute: Mapped[int | None]
    # The token it replaces; a token has one successor.
    predecessor_id: Mapped[int | None] = mapped_column(
        ForeignKey("token.id", ondelete="SET NULL"), unique=True
    )
    issued_by: Mapped[str | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class TokenUse(Base):
    """When and whence a token was last used: apart from it, so that noting never waits for it."""

    __tablename__ = "token_use"

    token_id: Mapped[int] = mapped_column(
        ForeignKey(Token.id, ondelete="CASCADE"), primary_key=True
    )
    used_at: Mapped[Instant]
    address: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
