"""Talent of firms, and those who serve firms as persons.

A person's name is what tells such records apart; nothing else of the person is kept here.
"""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Base
from app.firms.record_models import Dated, Paid, Record, told_apart
from app.innovation.models import LEVELS

DEGREES = ("doctor", "post_doctor", "master", "senior_engineer", "other")
SECONDMENT_WAYS = ("to_firm", "to_institution")
ADVISER_KINDS = ("commissioner", "liaison_officer", "technology_broker")


class TalentAward(Paid, Dated, Record, Base):
    """A talent programme that a person of the firm won; `amount` is what it brings."""

    __tablename__ = "talent_award"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("talent_award", "programme", "person"),
    )

    programme: Mapped[str]
    person: Mapped[str]
    level: Mapped[str]


class TalentHire(Paid, Dated, Record, Base):
    """A doctor, post-doc or other expert hired; `amount` is the support given for it."""

    __tablename__ = "talent_hire"
    __table_args__ = (
        CheckConstraint(f"kind in {DEGREES}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("talent_hire", "person", "happened_on"),
    )

    person: Mapped[str]
    kind: Mapped[str]
    field: Mapped[str | None]


class Adviser(Dated, Record, Base):
    """A commissioner, liaison officer or broker who serves the firm from a day to a day."""

    __tablename__ = "adviser"
    __table_args__ = (
        CheckConstraint(f"kind in {ADVISER_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("adviser", "kind", "person", "happened_on"),
    )

    person: Mapped[str]
    kind: Mapped[str]
    home: Mapped[str | None]
    field: Mapped[str | None]
    effect: Mapped[str | None]


class Training(Paid, Dated, Record, Base):
    """People trained to the firm's order; `people` of them."""

    __tablename__ = "training"
    __table_args__ = (
        CheckConstraint("people > 0", name="people"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("training", "name", "happened_on"),
    )

    name: Mapped[str]
    school: Mapped[str]
    people: Mapped[int]


class Secondment(Dated, Record, Base):
    """A researcher who works at the firm for an institution, or the other way round."""

    __tablename__ = "secondment"
    __table_args__ = (
        CheckConstraint(f"way in {SECONDMENT_WAYS}", name="way"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("secondment", "person", "happened_on"),
    )

    person: Mapped[str]
    way: Mapped[str]
    institution: Mapped[str]
