"""Only cases that were joined with another one are indexed by it: few are, and the planner must not think otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the index over the joined cases alone."""
    op.drop_index("ix_cases_merged_into", "cases")
    joined = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"], sqlite_where=joined, postgresql_where=joined)
