"""Records of what was done at the desk; events are found by when they were recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the index; the migration run puts the triggers in place."""
    op.create_table(
        "desk_record",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("edition_id", ROW_ID, sa.ForeignKey("city_edition.id", name="fk_desk_record_edition_id")),
        sa.UniqueConstraint("key", name="uq_desk_record_key"),
    )
    op.create_index("ix_desk_record_subject", "desk_record", ["subject", "id"])
    op.create_index("ix_desk_record_edition_id", "desk_record", ["edition_id"])
    op.create_index("ix_case_event_recorded_at", "case_event", ["recorded_at"])
