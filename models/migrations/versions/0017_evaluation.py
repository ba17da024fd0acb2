"""Months of the evaluation: versions, the facts behind their counts, publications."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evaluation_version",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("window_until", MOMENT, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
        sa.UniqueConstraint("month", "version", name="uq_evaluation_version_month"),
    )
    op.create_table(
        "evaluation_case",
        sa.Column("version_id", ROW_ID, primary_key=True),
        sa.Column("unit", sa.String(), primary_key=True),
        sa.Column("case_id", ROW_ID, primary_key=True),
        sa.Column("round", sa.Integer(), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["evaluation_version.id"], name="fk_evaluation_case_version_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_evaluation_case_case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "evaluation_publication",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.UniqueConstraint("version_id", name="uq_evaluation_publication_version_id"),
        sa.ForeignKeyConstraint(["version_id"], ["evaluation_version.id"], name="fk_evaluation_publication_version_id"),
    )
    op.create_index("ix_evaluation_publication_month", "evaluation_publication", ["month"])
