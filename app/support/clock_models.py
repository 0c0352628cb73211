"""Reminders: when they climb, who has been told, and how each person wants to be told."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Grant, User
from app.core.db import Base, Instant
from app.support.models import SupportCase

# Who is told, one step above the other.
LEVELS = ("officer", "lead", "leader")
MAILS = ("none", "daily")
CHATS = ("none", "wecom", "dingtalk", "feishu")


class ClockRule(Base):
    """At which working day before (negative) or after its due date a case is told to a level."""

    __tablename__ = "clock_rule"
    __table_args__ = (CheckConstraint(f"level in {LEVELS}", name="level"),)

    level: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(SmallInteger, primary_key=True)


class Notice(Base):
    """One case told to one person for one reason; once, whatever happens."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        # A due date that was moved makes a new one.
        Index("uq_notice_once", "user_id", "case_id", "level", "days", "due_on", unique=True),
        Index("ix_notice_unread", "user_id", "id", postgresql_where=text("read_at is null")),
        Index("ix_notice_to_mail", "user_id", postgresql_where=text("mailed_at is null")),
        Index("ix_notice_to_chat", "user_id", postgresql_where=text("chatted_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    case_id: Mapped[int] = mapped_column(ForeignKey(SupportCase.id, ondelete="CASCADE"))
    level: Mapped[str]
    days: Mapped[int] = mapped_column(SmallInteger)
    due_on: Mapped[date]
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
    read_at: Mapped[Instant | None]
    mailed_at: Mapped[Instant | None]
    chatted_at: Mapped[Instant | None]


class NoticeSetting(Base):
    """How a person is told besides the page; hours of the district's day."""

    __tablename__ = "notice_setting"
    __table_args__ = (
        CheckConstraint(f"mail in {MAILS}", name="mail"),
        CheckConstraint(f"chat in {CHATS}", name="chat"),
        CheckConstraint("quiet_from between 0 and 23 and quiet_to between 0 and 23", name="quiet"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    mail: Mapped[str] = mapped_column(server_default="daily")
    chat: Mapped[str] = mapped_column(server_default="none")
    # The robot's address and its key, which whoever has could write to the chat with.
    chat_sealed: Mapped[str | None] = mapped_column(info={"secret": True})
    chat_error: Mapped[str | None]
    quiet_from: Mapped[int] = mapped_column(SmallInteger, server_default="20")
    quiet_to: Mapped[int] = mapped_column(SmallInteger, server_default="8")


class CalendarFeed(Base):
    """One address under which a person's cases, in one role, are read as a calendar."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        Index("uq_calendar_feed_grant", "grant_id", unique=True,
              postgresql_where=text("revoked_at is null")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    grant_id: Mapped[int] = mapped_column(ForeignKey(Grant.id, ondelete="CASCADE"))
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
    revoked_at: Mapped[Instant | None]
