"""The events of the flood season, and what a notice speaks of where that is no case."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the migration run puts the triggers in place."""
    op.create_table(
        "flood_event",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.UniqueConstraint("stream", "seq", name="uq_flood_event_stream"),
    )
    op.create_index("ix_flood_event_recorded_at", "flood_event", ["recorded_at"])
    op.create_table(
        "flood_stream",
        sa.Column("stream", sa.String(), primary_key=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
    )
    op.add_column("notice", sa.Column("subject", sa.String()))
    op.create_index("ix_notice_subject", "notice", ["subject"])
