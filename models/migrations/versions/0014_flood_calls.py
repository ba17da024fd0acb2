"""Calls of the flood season and whom they call."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "flood_call",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("warning", sa.String()),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("severity", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.String()),
        sa.Column("ended_why", sa.String()),
        sa.UniqueConstraint("number", name="uq_flood_call_number"),
        sa.UniqueConstraint("key", name="uq_flood_call_key"),
    )
    op.create_index("ix_flood_call_warning", "flood_call", ["warning"])
    _partial("ix_flood_call_open", "flood_call", "id", "ended_at IS NULL")
    op.create_index("ix_flood_call_started_at", "flood_call", ["started_at"])
    op.create_table(
        "flood_call_target",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column(
            "call_id", ROW_ID, sa.ForeignKey("flood_call.id", name="fk_flood_call_target_call_id"), nullable=False
        ),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("told", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("told_at", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("answered_by", sa.String()),
        sa.Column("how", sa.String()),
        sa.Column("recorded_by", sa.String()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("climbs_at", MOMENT),
        sa.UniqueConstraint("call_id", "subject", "chain", "step", "post", name="uq_flood_call_target_call_id"),
    )
    op.create_index("ix_flood_call_target_told", "flood_call_target", ["call_id", "told"])
    _partial("ix_flood_call_target_climbs_at", "flood_call_target", "climbs_at", "climbs_at IS NOT NULL")


def _partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
