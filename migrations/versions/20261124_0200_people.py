"""people, sign-in and sessions"""

import secrets

import sqlalchemy as sa
from alembic import op
from pwdlib import PasswordHash
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PERIOD = "daterange(since, until, '[]')"
END_REASONS = "'signed_out', 'renewed', 'signed_out_by_user', 'signed_out_by_admin', 'password_changed', 'disabled', 'grant_ended', 'second_factor_reset'"
OUTCOMES = "'signed_in', 'password_accepted', 'wrong_password', 'unknown_user', 'slowed_down', 'disabled', 'no_role', 'second_factor_wrong', 'second_factor_replayed', 'recovery_code_used', 'ended_session', 'invitation_accepted', 'invitation_expired', 'invitation_replayed', 'invitation_unknown', 'provider_refused', 'provider_stranger'"


def upgrade() -> None:
    _accounts()
    _grants()
    _sessions()
    _one_time_links()
    _second_factors()
    _guesses()
    _record()


def _accounts() -> None:
    op.alter_column("user_account", "password_hash", nullable=True)
    op.add_column("user_account", sa.Column("email", sa.String(), nullable=True))
    op.add_column(
        "user_account",
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column("user_account", sa.Column("oidc_identity", sa.String(), nullable=True))
    op.create_unique_constraint(op.f("uq_user_account_email"), "user_account", ["email"])
    op.create_unique_constraint(
        op.f("uq_user_account_oidc_identity"), "user_account", ["oidc_identity"]
    )
    op.drop_column("user_account", "failed_sign_ins")
    op.drop_column("user_account", "locked_until")


def _grants() -> None:
    op.add_column("role_grant", sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(
        op.f("uq_role_grant_user_id_role_organisation_id"), "role_grant", type_="unique"
    )
    op.create_check_constraint(op.f("ck_role_grant_period"), "role_grant", "until >= since")
    op.execute(
        "alter table role_grant add constraint ex_role_grant_overlap exclude using gist "
        f"(user_id with =, role with =, organisation_id with =, {PERIOD} with &&) "
        "where (revoked_at is null)"
    )
    op.execute(
        "alter table role_grant add constraint ex_role_grant_duties exclude using gist "
        f"(user_id with =, role with <>, {PERIOD} with &&) "
        "where (revoked_at is null and role in ('admin', 'auditor'))"
    )


def _sessions() -> None:
    op.add_column(
        "user_session", sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False)
    )
    op.create_unique_constraint(op.f("uq_user_session_id"), "user_session", ["id"])
    op.add_column("user_session", sa.Column("user_id", sa.Integer(), nullable=True))
    op.execute(
        "update user_session set user_id = role_grant.user_id from role_grant "
        "where role_grant.id = user_session.grant_id"
    )
    op.alter_column("user_session", "user_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_user_session_user_id"),
        "user_session",
        "user_account",
        ["user_id"],
        ["id"],
        ondelete="CASCADE",
    )
    for column in (
        sa.Column("pending", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("method", sa.String(), server_default="password", nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=True),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("user_session", column)
    op.create_check_constraint(
        op.f("ck_user_session_end_reason"), "user_session", f"end_reason in ({END_REASONS})"
    )
    op.create_index(
        "ix_user_session_user_id",
        "user_session",
        ["user_id"],
        postgresql_where=sa.text("ended_at is null"),
    )


def _one_time_links() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose in ('invite', 'reset', 'first_admin')", name=op.f("ck_invitation_purpose")
        ),
        sa.CheckConstraint(
            "(user_id is null) = (purpose = 'first_admin')", name=op.f("ck_invitation_person")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_invitation_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitation_secret_hash")),
    )
    op.create_index("ix_invitation_user_id", "invitation", ["user_id"])


def _second_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_second_factor_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_recovery_code_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])


def _guesses() -> None:
    op.create_table(
        "known_origin",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_known_origin_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "origin", name=op.f("pk_known_origin")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_sign_in_failure_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
        sa.UniqueConstraint(
            "user_id",
            "origin",
            name=op.f("uq_sign_in_failure_user_id_origin"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_sign_in_failure_last_at", "sign_in_failure", ["last_at"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("typed_hash", sa.String(), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.CheckConstraint(f"outcome in ({OUTCOMES})", name=op.f("ck_sign_in_attempt_outcome")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_sign_in_attempt_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_user_id_at", "sign_in_attempt", ["user_id", "at"])
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"])


def _record() -> None:
    op.execute(ddl.attach("invitation", secret=("secret_hash",)))
    op.execute(ddl.attach("second_factor", secret=("secret",)))
    op.execute(ddl.attach("recovery_code", secret=("code_hash",)))
    op.execute(ddl.attach("sign_in_attempt"))
    # Counting on, and coming back, are no changes of a record.
    op.execute(ddl.attach("known_origin", ignore=("seen_at",), secret=("origin",)))
    counting = ("failures", "last_at", "blocked_until")
    op.execute(ddl.attach("sign_in_failure", ignore=counting, secret=("origin",)))


def downgrade() -> None:
    for table in ("sign_in_attempt", "sign_in_failure", "known_origin", "recovery_code",
                  "second_factor", "invitation"):  # fmt: skip
        op.drop_table(table)
    # The tables before could not say that a session has ended, or waits for a second factor.
    op.execute("delete from user_session where ended_at is not null or pending")
    op.drop_index("ix_user_session_user_id", table_name="user_session")
    for column in ("refused_at", "end_reason", "ended_at", "label", "user_agent", "address",
                   "method", "pending", "user_id", "id"):  # fmt: skip
        op.drop_column("user_session", column)
    op.drop_constraint("ex_role_grant_duties", "role_grant")
    op.drop_constraint("ex_role_grant_overlap", "role_grant")
    op.drop_constraint(op.f("ck_role_grant_period"), "role_grant")
    # Nor that a grant was taken back, or given a second time: the latest one that holds stays.
    op.execute("delete from role_grant where revoked_at is not null")
    op.execute(
        "delete from role_grant as older using role_grant as newer "
        "where (older.user_id, older.role, older.organisation_id) = "
        "(newer.user_id, newer.role, newer.organisation_id) and older.since < newer.since"
    )
    op.drop_column("role_grant", "revoked_at")
    op.create_unique_constraint(
        op.f("uq_role_grant_user_id_role_organisation_id"),
        "role_grant",
        ["user_id", "role", "organisation_id"],
    )
    op.add_column(
        "user_account", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "user_account",
        sa.Column("failed_sign_ins", sa.Integer(), server_default="0", nullable=False),
    )
    op.alter_column("user_account", "failed_sign_ins", server_default=None)
    for column in ("oidc_identity", "password_changed_at", "email"):
        op.drop_column("user_account", column)
    # A hash that no password matches.
    nobody = PasswordHash.recommended().hash(secrets.token_hex())
    accounts = sa.table("user_account", sa.column("password_hash"))
    missing = accounts.c.password_hash.is_(None)
    op.execute(sa.update(accounts).where(missing).values(password_hash=nobody))
    op.alter_column("user_account", "password_hash", nullable=False)
