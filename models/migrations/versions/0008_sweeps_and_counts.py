"""When each process last swept; what stands open, is overdue and came in today is counted by indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table; widen the index on states, which also finds what is due next in one of them."""
    op.create_table(
        "sweep",
        sa.Column("process", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.drop_index("ix_cases_state", "cases")
    op.create_index("ix_cases_state", "cases", ["state", "handle_due_at", "unit"])
    op.create_index("ix_report_taken_at", "report", ["taken_at", "source"])
