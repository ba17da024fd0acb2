"""Own pages, one-time codes, sessions, revocations and holds of the desk; queues are found by unit and state."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the migration run puts the triggers in place."""
    _page_asked()
    _one_time_code()
    _desk_session()
    _access_revocation()
    _case_hold()
    op.drop_index("ix_cases_unit", "cases")
    op.create_index("ix_cases_unit", "cases", ["unit", "state"])
    op.create_index("ix_request_state", "request", ["state"])


def _page_asked() -> None:
    op.create_table(
        "page_asked",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
    )
    op.create_index("ix_page_asked_at", "page_asked", ["at"])
    op.create_index("ix_page_asked_client", "page_asked", ["client", "at"])
    op.create_index("ix_page_asked_post", "page_asked", ["post", "at"])


def _one_time_code() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_one_time_code_post", "one_time_code", ["post", "sent_at"])


def _desk_session() -> None:
    op.create_table(
        "desk_session",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("secret_digest", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_why", sa.String(), nullable=False),
        sa.UniqueConstraint("secret_digest", name="uq_desk_session_secret_digest"),
    )
    op.create_index("ix_desk_session_post", "desk_session", ["post"])


def _access_revocation() -> None:
    op.create_table(
        "access_revocation",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_index("ix_access_revocation_post", "access_revocation", ["post", "at"])


def _case_hold() -> None:
    op.create_table(
        "case_hold",
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_case_hold_case_id"), primary_key=True),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
    )
