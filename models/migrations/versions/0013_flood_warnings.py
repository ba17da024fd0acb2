"""Warnings of the flood season."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "flood_warning",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("station", sa.String()),
        sa.Column("threshold", sa.String()),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("calls", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("end_recorded_at", MOMENT),
        sa.Column("end_evidence", sa.Text(), nullable=False),
        sa.UniqueConstraint("number", name="uq_flood_warning_number"),
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_flood_warning_open",
        "flood_warning",
        ["subject", "drill"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_index("ix_flood_warning_raised_at", "flood_warning", ["raised_at"])
    op.create_index("ix_flood_warning_recorded_at", "flood_warning", ["recorded_at"])
    op.create_index("ix_flood_warning_end_recorded_at", "flood_warning", ["end_recorded_at"])
    op.create_index("ix_flood_warning_station", "flood_warning", ["station", "raised_at"])
