"""Calls that cover several warnings of a place; what the season asks every minute is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table, the column and the indexes; calls there are cover the one warning they name."""
    op.create_index("ix_flood_event_kind", "flood_event", ["stream", "kind", "recorded_at"])
    op.create_index("ix_report_owed_kind", "report_owed", ["kind", "due_at"])
    op.create_table(
        "flood_call_warning",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column(
            "call_id", ROW_ID, sa.ForeignKey("flood_call.id", name="fk_flood_call_warning_call_id"), nullable=False
        ),
        sa.Column("warning", sa.String(), nullable=False),
        sa.UniqueConstraint("call_id", "warning", name="uq_flood_call_warning_call_id"),
    )
    op.create_index("ix_flood_call_warning_warning", "flood_call_warning", ["warning"])
    op.execute(
        "INSERT INTO flood_call_warning (call_id, warning) "
        "SELECT id, warning FROM flood_call WHERE warning IS NOT NULL ORDER BY id"
    )
    op.add_column("flood_call", sa.Column("lifted_at", MOMENT))
    # Nobody is told today that a danger of last month is over.
    op.execute("UPDATE flood_call SET lifted_at = ended_at WHERE ended_at IS NOT NULL")
    answered = sa.text("lifted_at IS NULL AND ended_why = 'answered'")
    op.create_index("ix_flood_call_answered", "flood_call", ["id"], sqlite_where=answered, postgresql_where=answered)
