"""Open cases are found by what they name too: component, camera, source chain; a candidate may have no distance."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NAMES = ("component_code", "camera", "source_chain")


def upgrade() -> None:
    """Index the names, and let a distance be unknown."""
    op.drop_index("ix_cases_component", "cases")
    for name in NAMES:
        named = sa.text(f"{name} IS NOT NULL")
        columns = [name, "class_code", "opened_at"]
        op.create_index(f"ix_cases_{name}", "cases", columns, sqlite_where=named, postgresql_where=named)
    with op.batch_alter_table("similarity") as batch:
        batch.alter_column("metres", existing_type=sa.Float(), nullable=True)
