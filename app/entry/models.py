"""What a person typed into the grid and could not be stored yet."""

from sqlalchemy import ForeignKey, Index, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import User
from app.core.db import Base, Instant
from app.firms.models import Firm


class EntryDraft(Base):
    """A faulty cell as typed, with the reason: it survives a reload and shows on other devices.

    A table and not the browser's memory, because a figure that was refused on the desk is mended
    on the telephone. Only faulty cells are here: sound ones are stored as figures at once.
    """

    __tablename__ = "entry_draft"
    __table_args__ = (Index("ix_entry_draft_firm_id", "firm_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    typed: Mapped[str]
    # What money was typed in, where the text itself names no unit.
    unit: Mapped[str]
    fault_zh: Mapped[str]
    fault_en: Mapped[str]
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())
