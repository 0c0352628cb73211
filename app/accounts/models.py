"""Bodies, people and machines that act in Tidu."""

from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import CIDR, INET
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant

ORGANISATION_KINDS = ("department", "park", "incubator", "group")


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
    """A person who signs in."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh")
    disabled_at: Mapped[Instant | None]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[Instant | None]
    demo: Mapped[bool] = mapped_column(default=False)


class Grant(Base):
    """One role of one person, bound to an organisation and a period; `until` is the last day."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "organisation_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    role: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    since: Mapped[date]
    until: Mapped[date | None]


class UserSession(Base):
    """A signed-in browser; only the SHA-256 of its cookie is kept."""

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey(Grant.id, ondelete="CASCADE"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    seen_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]


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
