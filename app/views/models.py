"""Saved views of lists."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation, User
from app.core.db import Base, Instant

LISTS = ("firms", "pool")
AUDIENCES = ("private", "team", "all")


class SavedView(Base):
    """A list's query under a name: filters, order, columns and how they are shown.

    `params` are the pairs of the query string in their order. A team is the organisation in whose
    name the owner saved it. `opens_for` are the roles whose list opens with this view.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint(f"list_name in {LISTS}", name="list_name"),
        CheckConstraint(f"audience in {AUDIENCES}", name="audience"),
        CheckConstraint("audience = 'all' or opens_for = '{}'", name="opens_for"),
        UniqueConstraint("owner_id", "list_name", "name"),
        Index("ix_saved_view_list_name", "list_name"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    list_name: Mapped[str]
    name: Mapped[str]
    params: Mapped[list[list[str]]] = mapped_column(JSONB)
    audience: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    opens_for: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())
