"""Messages that wait, are bundled, acknowledged, held and sent anew; tests of contact points."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what the outbox needs; rows that are there keep their meaning."""
    _notice()
    _attempt()
    _notice_history()
    _contact_test()


def _notice() -> None:
    for name, kind in (
        ("not_before", MOMENT),
        ("waits_for", sa.String()),
        ("channel", sa.String()),
        ("told", sa.String()),
        ("origin_id", ROW_ID),
        ("acknowledge_by", MOMENT),
        ("climbs_at", MOMENT),
        ("acknowledged_at", MOMENT),
        ("acknowledged_by", sa.String()),
        ("acknowledged_how", sa.String()),
    ):
        op.add_column("notice", sa.Column(name, kind))
    for name in ("series", "rung"):
        op.add_column("notice", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("notice", sa.Column("released", sa.Boolean(), nullable=False, server_default=sa.false()))
    _partial_index("ix_notice_waiting_recipient", ["recipient", "id"], "state = 'waiting'")
    _partial_index("ix_notice_climbs_at", ["climbs_at"], "climbs_at IS NOT NULL")


def _attempt() -> None:
    for name in ("recipient", "address", "bundle_id"):
        op.add_column("attempt", sa.Column(name, sa.String()))
    op.add_column("attempt", sa.Column("series", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_index("ix_attempt_address", "attempt", ["address", "started_at"])
    op.create_index("ix_attempt_recipient", "attempt", ["recipient", "started_at"])


def _notice_history() -> None:
    op.create_table(
        "notice_history",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("notice_id", ROW_ID, sa.ForeignKey("notice.id", name="fk_notice_history_notice_id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_notice_history_notice_id", "notice_history", ["notice_id"])


def _contact_test() -> None:
    op.create_table(
        "contact_test",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("contact_order", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_digest", sa.String(), nullable=False),
        sa.Column("tested_at", MOMENT, nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
    )
    op.create_index("ix_contact_test_post", "contact_test", ["post", "contact_order"])


def _partial_index(name: str, columns: list[str], condition: str) -> None:
    where: dict[str, Any] = {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
    op.create_index(name, "notice", columns, **where)
