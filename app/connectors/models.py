"""Connectors, their runs, and what became of each record."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant

RUN_STATES = ("running", "done", "failed")


class Connector(Base):
    """One outside platform, asked and told on behalf of one organisation."""

    __tablename__ = "connector"
    __table_args__ = (CheckConstraint("state in ('active', 'disabled')", name="state"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey(Organisation.id, ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    url: Mapped[str]
    # The mapping file as it was given.
    mapping: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="")
    # Encrypted.
    sealed: Mapped[str] = mapped_column(info={"secret": True})
    state: Mapped[str] = mapped_column(default="active", server_default="active")
    # By stream: where it stands, and the page that is next where a run was broken off.
    positions: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", default=dict)
    next_at: Mapped[Instant] = mapped_column(server_default=func.now())
    failures: Mapped[int] = mapped_column(server_default="0", default=0)
    created_by: Mapped[str]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


class Run(Base):
    """One run: what it did by stream, or why it broke off."""

    __tablename__ = "connector_run"
    __table_args__ = (
        CheckConstraint(f"state in {RUN_STATES}", name="state"),
        Index("ix_connector_run_connector_id", "connector_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connector_id: Mapped[int] = mapped_column(ForeignKey(Connector.id, ondelete="CASCADE"))
    dry: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[str] = mapped_column(server_default="running", default="running")
    # {stream: {status: number of records}}
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", default=dict)
    error: Mapped[str | None]
    started_at: Mapped[Instant] = mapped_column(server_default=func.now())
    finished_at: Mapped[Instant | None]


class Result(Base):
    """What became of one record; what stayed as it was is only counted."""

    __tablename__ = "connector_result"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey(Run.id, ondelete="CASCADE"), index=True)
    stream: Mapped[str]
    key: Mapped[str]
    status: Mapped[str]
    detail: Mapped[str | None]
