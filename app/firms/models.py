"""The register: firms, who belongs to them, and where they stand.

A *fact* says for when it holds (its own dates) and since when it is known (`recorded_at`); a
correction closes the old version (`superseded_at`) and adds a new one, so nothing is lost.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant, Yuan
from app.firms.catalogue import INDICATORS

FIRM_STATUSES = ("active", "moved_out", "deregistered")
ORIGINS = ("incubated", "spun_off", "attracted", "moved_in")
# Best source first: a lower one never overwrites a higher one (design: facts).
SOURCES = (
    "tax_bureau",
    "statistics_bureau",
    "market_regulator",
    "bureau",
    "park_system",
    "incubator",
    "import",
    "self_reported",
)
DESIGNATION_KINDS = (
    "cq_tech_based",
    "tech_sme",
    "pool",
    "hnte",
    "innovative_sme",
    "srdi",
    "little_giant",
    "single_champion",
    "above_scale",
    "gazelle",
    "listed",
    "otc",
    "contracting_qualification",
    "innovation_demonstration",
    "ip_advantage",
)
INCIDENT_KINDS = (
    "safety",
    "quality",
    "environment",
    "data_security",
    "research_misconduct",
    "data_fraud",
    "abnormal_list",
    "dishonest_list",
)
CURRENT = text("superseded_at is null")


class Firm(Base):
    """An enterprise, or a team that is not registered yet (no credit code)."""

    __tablename__ = "firm"
    __table_args__ = (
        CheckConstraint(f"status in {FIRM_STATUSES}", name="status"),
        CheckConstraint(f"origin in {ORIGINS}", name="origin"),
        CheckConstraint("credit_code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="credit_code"),
        Index("ix_firm_name_search", "name_search", postgresql_using="gin",
              postgresql_ops={"name_search": "gin_trgm_ops"}),
        Index("ix_firm_credit_code_search", "credit_code", postgresql_using="gin",
              postgresql_ops={"credit_code": "gin_trgm_ops"}),
        Index("ix_firm_pinyin_id", "pinyin", "id"),
        Index("ix_firm_registered_on_id", "registered_on", "id"),
        # Newest first, unknown dates last: the first index read backwards starts with those.
        Index("ix_firm_registered_newest", text("registered_on desc nulls last"), text("id desc")),
        Index("ix_firm_industry_code", "industry_code"),
        Index("ix_firm_region_code", "region_code"),
        Index("ix_firm_gone", "id", postgresql_where=text("status <> 'active'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    credit_code: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    # Normalised name, its pinyin and initials in one column: one index serves one search box.
    name_search: Mapped[str]
    pinyin: Mapped[str]
    registered_on: Mapped[date | None]
    region_code: Mapped[str | None]
    address: Mapped[str | None]
    industry_code: Mapped[str | None]
    hightech_field: Mapped[str | None]
    chain: Mapped[str | None]
    resident_enterprise: Mapped[bool | None]
    legal_form: Mapped[str | None]
    business_scope: Mapped[str | None]
    registered_capital: Mapped[Decimal | None] = mapped_column(Yuan)
    # As typed: the only trace of a foreign currency, which is never converted by guess.
    registered_capital_typed: Mapped[str | None]
    origin: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="active")
    status_on: Mapped[date | None]
    status_reason: Mapped[str | None]
    demo: Mapped[bool] = mapped_column(server_default="false")
    source: Mapped[str] = mapped_column(server_default="bureau")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())


class FirmHistory(Base):
    """What a firm's own record said before it was changed; written by a trigger on `firm`."""

    __tablename__ = "firm_history"
    __table_args__ = (Index("ix_firm_history_firm_id", "firm_id", "recorded_at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    record: Mapped[dict[str, object]] = mapped_column(JSONB)
    recorded_at: Mapped[Instant]
    superseded_at: Mapped[Instant]


class FormerName(Base):
    """A name a firm used to bear; searched like the present one."""

    __tablename__ = "former_name"
    __table_args__ = (
        Index("ix_former_name_name_search", "name_search", postgresql_using="gin",
              postgresql_ops={"name_search": "gin_trgm_ops"}),
    )  # fmt: skip

    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    name_search: Mapped[str]
    until: Mapped[date | None]


class FirmExternalId(Base):
    """What a sender (a source, and the organisation that speaks for it) calls a firm."""

    __tablename__ = "firm_external_id"
    __table_args__ = (Index("ix_firm_external_id_firm_id", "firm_id"),)

    sender: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    noted_at: Mapped[Instant] = mapped_column(server_default=func.now())


class Contact(Base):
    """A person to reach at a firm: personal data, in a table of its own."""

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_firm_id", "firm_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(info={"secret": True})
    duty: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(info={"secret": True})
    email: Mapped[str | None] = mapped_column(info={"secret": True})
    # How the person agreed, or what else allows to keep this.
    consent: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="bureau")
    recorded_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())


class Fact:
    """What every dated fact of a firm carries: whence it comes and since when it is known."""

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(server_default="bureau")
    # The file or request it came with.
    origin_ref: Mapped[str | None]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())
    superseded_at: Mapped[Instant | None]

    @declared_attr
    def firm_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy calls it with the class
        """The firm the fact is about."""
        return mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))


def one_at_a_time(*keys: str, range_column: str, name: str) -> ExcludeConstraint:
    """Current facts with equal keys never overlap in time; the database refuses them."""
    return ExcludeConstraint(
        *((key, "=") for key in keys), (range_column, "&&"), name=name, using="gist", where=CURRENT
    )


class Location(Fact, Base):
    """The park a firm is located in, from a day to a day."""

    __tablename__ = "location"
    __table_args__ = (
        one_at_a_time("firm_id", range_column="during", name="ex_location_overlap"),
        Index("ix_location_park_id", "park_id", "firm_id", postgresql_include=["during"],
              postgresql_where=CURRENT),
    )  # fmt: skip

    park_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    during: Mapped[Range[date]] = mapped_column(DATERANGE)


class Residency(Fact, Base):
    """A firm's stay in an incubator; `limit_months` is the incubator's own limit."""

    __tablename__ = "residency"
    __table_args__ = (
        one_at_a_time("firm_id", range_column="during", name="ex_residency_overlap"),
        Index("ix_residency_incubator_id", "incubator_id", "firm_id", postgresql_include=["during"],
              postgresql_where=CURRENT),
    )  # fmt: skip

    incubator_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
    premises_inside: Mapped[bool | None]
    field: Mapped[str | None]
    limit_months: Mapped[int] = mapped_column(server_default="48")
    graduated_on: Mapped[date | None]
    left_reason: Mapped[str | None]
    # Why it graduated, and the assessment that this rests on.
    decided_reason: Mapped[str | None]
    basis: Mapped[dict[str, object] | None] = mapped_column(JSONB)


class Designation(Fact, Base):
    """A dated, numbered status: certificate, registration, pool membership, title."""

    __tablename__ = "designation"
    __table_args__ = (
        CheckConstraint(f"kind in {DESIGNATION_KINDS}", name="kind"),
        one_at_a_time("firm_id", "kind", range_column="valid", name="ex_designation_overlap"),
        # With the dates, so that who holds a title on a day is read from the index alone.
        Index(
            "ix_designation_kind",
            "kind",
            "firm_id",
            postgresql_where=CURRENT,
            postgresql_include=["valid"],
        ),
    )

    kind: Mapped[str]
    number: Mapped[str | None]
    level: Mapped[str | None]
    batch: Mapped[str | None]
    granted_by: Mapped[str | None]
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    # The criteria set it was granted under, and the assessment it rests on.
    granted_under: Mapped[str | None]
    basis: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    decided_reason: Mapped[str | None]
    end_reason: Mapped[str | None]


class Incident(Fact, Base):
    """A dated record that blocks: an accident, an offence, an entry on a blacklist."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint(f"kind in {INCIDENT_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        Index("ix_incident_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    kind: Mapped[str]
    grade: Mapped[str | None]
    happened_on: Mapped[date]
    # Blacklists only: the day the firm was taken off the list.
    ended_on: Mapped[date | None]
    description: Mapped[str | None]


class Judgement(Fact, Base):
    """What a person found where a rule asks for judgement: yes or no, or points in a range."""

    __tablename__ = "judgement"
    __table_args__ = (
        CheckConstraint("(holds is null) <> (points is null)", name="holds_or_points"),
        Index("uq_judgement_current", "firm_id", "criterion", unique=True,
              postgresql_where=CURRENT),
    )  # fmt: skip

    criterion: Mapped[str]
    holds: Mapped[bool | None]
    points: Mapped[int | None] = mapped_column(SmallInteger)
    evidence: Mapped[str]
    judged_on: Mapped[date]


class RecordCheck(Fact, Base):
    """Someone confirmed that the firm's records of a kind are complete up to a day.

    Without it, records not entered are unknown, never zero.
    """

    __tablename__ = "record_check"
    __table_args__ = (
        Index("uq_record_check_current", "firm_id", "kind", unique=True, postgresql_where=CURRENT),
    )

    kind: Mapped[str]
    checked_on: Mapped[date]


class Submission(Base):
    """One figure as it came: who said it, when, from which file or request, in which words.

    `effective_at` is when it became the best known value; empty where a better source stood
    against it. Such a conflict stays open until someone settles it (`settled_at`).
    """

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint(f"source in {SOURCES}", name="source"),
        Index("uq_submission_best", "firm_id", "year", "indicator", unique=True,
              postgresql_where=text("effective_at is not null and superseded_at is null")),
        Index("ix_submission_conflict", "firm_id",
              postgresql_where=text("effective_at is null and settled_at is null")),
        Index("ix_submission_history", "firm_id", "year", "indicator", "recorded_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    year: Mapped[int] = mapped_column(SmallInteger)
    indicator: Mapped[str]
    # In the unit of the column of firm_year: fen, persons, 1/100 %. Empty: the value was cleared.
    value: Mapped[int | None] = mapped_column(BigInteger)
    typed: Mapped[str | None]
    source: Mapped[str]
    origin_ref: Mapped[str | None]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())
    effective_at: Mapped[Instant | None]
    superseded_at: Mapped[Instant | None]
    settled_at: Mapped[Instant | None]
    settled_by: Mapped[str | None]
    settled_reason: Mapped[str | None]


class FirmYear(Base):
    """The best known figures of one firm and year: a typed column per indicator.

    Evaluation reads only this; `submission` says where each value comes from.
    """

    __tablename__ = "firm_year"
    # What the board sums for every firm of a year, without their wide rows.
    __table_args__ = (
        Index("ix_firm_year_sums", "year", "firm_id",
              postgresql_include=["revenue_sales", "rd_hnte"]),
    )  # fmt: skip

    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())


for _indicator in INDICATORS.values():
    setattr(FirmYear, _indicator.code, _indicator.column())
