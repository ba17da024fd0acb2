"""What the season asks every minute is found by an index: a stream's events of a kind, reports owed of a kind."""

from alembic import op

revision = "0019"
down_revision = "0016"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_flood_event_kind", "flood_event", ["stream", "kind", "recorded_at"])
    op.create_index("ix_report_owed_kind", "report_owed", ["kind", "due_at"])
