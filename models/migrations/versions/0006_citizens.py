"""What citizens answer after closing, and how often an address reports or looks a report up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the migration run puts the triggers in place."""
    op.create_table(
        "satisfaction",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("report_id", ROW_ID, sa.ForeignKey("report.id", name="fk_satisfaction_report_id"), nullable=False),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_satisfaction_case_id"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.UniqueConstraint("key", name="uq_satisfaction_key"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="ck_satisfaction_score"),
    )
    op.create_index("ix_satisfaction_at", "satisfaction", ["at"])
    op.create_index("ix_satisfaction_report", "satisfaction", ["report_id", "round"])
    op.create_index("ix_satisfaction_case_id", "satisfaction", ["case_id"])
    op.create_table(
        "public_try",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
    )
    op.create_index("ix_public_try_at", "public_try", ["at"])
    op.create_index("ix_public_try_client", "public_try", ["client", "what", "at"])
