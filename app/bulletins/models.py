"""A bulletin with everything it says, and with what that rests on."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import User
from app.core.db import Base, Instant

KINDS = ("monthly", "quarterly")
STATUSES = ("draft", "approved")


class Bulletin(Base):
    """`content` holds numbers, firm lists, ranks and versions as they were known at `known_at`.

    What an approved one says is never changed: later corrections are found by comparing
    (`service.errata`).
    """

    __tablename__ = "bulletin"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint("(status = 'approved') = (approved_at is not null)", name="approved"),
        UniqueConstraint("plan_code", "kind", "day"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_code: Mapped[str]
    kind: Mapped[str]
    # The last day of its period: what the numbers are of.
    day: Mapped[date]
    title: Mapped[str]
    text: Mapped[str]
    # Empty in those that were made before there was an English one.
    title_en: Mapped[str] = mapped_column(server_default="")
    text_en: Mapped[str] = mapped_column(server_default="")
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
    known_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(server_default="draft")
    edited_by: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    edited_by_name: Mapped[str]
    approved_by_name: Mapped[str | None]
    approved_at: Mapped[Instant | None]
    # What is corrected of it, without any firm: for the public page, as it was last compared.
    errata: Mapped[list[dict[str, object]]] = mapped_column(JSONB, server_default="[]")
    errata_on: Mapped[date | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())

    def said(self, name: str, locale: str) -> str:
        """Its title or text in a language, or in the one that there is."""
        own: str = getattr(self, name if locale == "zh" else f"{name}_en")
        return own or str(getattr(self, name))
