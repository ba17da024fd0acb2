"""Warnings of the flood season, the readings of water behind them, and keys of programs that send such readings."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _warnings()
    _series()
    _observations()
    op.add_column("open311_key", sa.Column("purpose", sa.String(), nullable=False, server_default="open311"))


def _warnings() -> None:
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


def _series() -> None:
    op.create_table(
        "water_series",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("last_at", MOMENT),
        sa.Column("last_value", sa.Float()),
        sa.Column("last_doubt", sa.String(), nullable=False),
        sa.Column("good_at", MOMENT),
        sa.Column("good_value", sa.Float()),
        sa.Column("same_since", MOMENT),
        sa.Column("suspect_at", MOMENT),
        sa.Column("suspect_value", sa.Float()),
        sa.Column("suspects", sa.Integer(), nullable=False),
        sa.Column("received_at", MOMENT),
        sa.Column("silent_from", MOMENT),
        sa.Column("silent_told", sa.Boolean(), nullable=False),
        sa.Column("judge_from", MOMENT),
        sa.UniqueConstraint("station", "element", name="uq_water_series_station"),
    )
    waiting = sa.text("judge_from IS NOT NULL")
    op.create_index(
        "ix_water_series_judge_from", "water_series", ["judge_from"], sqlite_where=waiting, postgresql_where=waiting
    )


def _observations() -> None:
    op.create_table(
        "observation",
        sa.Column(
            "series_id", ROW_ID, sa.ForeignKey("water_series.id", name="fk_observation_series_id"), primary_key=True
        ),
        sa.Column("at", MOMENT, primary_key=True),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("doubt", sa.String(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation_correction",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column(
            "series_id",
            ROW_ID,
            sa.ForeignKey("water_series.id", name="fk_observation_correction_series_id"),
            nullable=False,
        ),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("former_value", sa.Float(), nullable=False),
        sa.Column("former_doubt", sa.String(), nullable=False),
        sa.Column("former_source", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("corrected_at", MOMENT, nullable=False),
    )
    op.create_index("ix_observation_correction_series", "observation_correction", ["series_id", "at"])
    op.create_table(
        "rain_day",
        sa.Column(
            "series_id", ROW_ID, sa.ForeignKey("water_series.id", name="fk_rain_day_series_id"), primary_key=True
        ),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
    )
    op.create_table(
        "refused_observation",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        sa.UniqueConstraint("fingerprint", name="uq_refused_observation_fingerprint"),
    )
    op.create_index("ix_refused_observation_source", "refused_observation", ["source", "id"])
