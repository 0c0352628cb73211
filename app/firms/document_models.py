"""Documents of firms: a record of each, and its content in parts."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant
from app.firms.models import Firm

DOCUMENT_KINDS = ("licence", "certificate", "audit_report", "application", "evidence", "other")


class Document(Base):
    """A file that belongs to a firm; what is removed leaves its record in the trail."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint(f"kind in {DOCUMENT_KINDS}", name="kind"),
        Index("ix_document_firm_id", "firm_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    kind: Mapped[str]
    # As it was called where it came from: shown and given back, never the name of a file here.
    name: Mapped[str]
    # Found by its content, whatever its name says.
    media: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())


class DocumentPart(Base):
    """A megabyte of a document, so that neither giving nor taking one holds it whole."""

    __tablename__ = "document_part"

    document_id: Mapped[int] = mapped_column(
        ForeignKey(Document.id, ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    content: Mapped[bytes] = mapped_column(LargeBinary, info={"secret": True})
