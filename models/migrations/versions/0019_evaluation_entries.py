"""What is entered for the evaluation by hand, and the documents of a published month."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evaluation_entry",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("file", sa.String()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("takes_back", ROW_ID),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=False),
        sa.UniqueConstraint("key", name="uq_evaluation_entry_key"),
        sa.UniqueConstraint("takes_back", name="uq_evaluation_entry_takes_back"),
        sa.UniqueConstraint("previous_digest", name="uq_evaluation_entry_previous_digest"),
        sa.ForeignKeyConstraint(["takes_back"], ["evaluation_entry.id"], name="fk_evaluation_entry_takes_back"),
    )
    op.create_index("ix_evaluation_entry_month", "evaluation_entry", ["month", "unit", "item"])
    op.create_table(
        "evaluation_document",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.UniqueConstraint("version_id", "kind", name="uq_evaluation_document_version_id"),
        sa.ForeignKeyConstraint(["version_id"], ["evaluation_version.id"], name="fk_evaluation_document_version_id"),
    )
    op.create_index("ix_request_kind", "request", ["kind", "asked_at"])
