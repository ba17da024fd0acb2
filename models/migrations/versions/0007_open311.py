"""Keys of programs that report through Open311; cases are found by the day they were reported on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "open311_key",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_open311_key_digest"),
    )
    in_force = sa.text("revoked_at IS NULL")
    op.create_index(
        "uq_open311_key_name", "open311_key", ["name"], unique=True, sqlite_where=in_force, postgresql_where=in_force
    )
    op.create_index("ix_cases_opened_at", "cases", ["opened_at", "state", "class_code"])
