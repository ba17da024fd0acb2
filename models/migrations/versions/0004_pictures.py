"""Pictures of cases and reports; after-pictures are found by their likeness."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

BANDS = ("band_0", "band_1", "band_2", "band_3")


def upgrade() -> None:
    """Make the table and its indexes; the migration run puts its triggers in place."""
    op.create_table(
        "picture",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_picture_case_id")),
        sa.Column("report_id", ROW_ID, sa.ForeignKey("report.id", name="fk_picture_report_id")),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("original_sha256", sa.String(), nullable=False),
        sa.Column("original_bytes", sa.Integer(), nullable=False),
        sa.Column("original_format", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("small_sha256", sa.String(), nullable=False),
        *(sa.Column(band, sa.Integer()) for band in BANDS),
        sa.UniqueConstraint("key", name="uq_picture_key"),
        sa.CheckConstraint("(case_id IS NULL) <> (report_id IS NULL)", name="ck_picture_of_one"),
    )
    for column in ("case_id", "report_id", "sha256", "small_sha256"):
        op.create_index(f"ix_picture_{column}", "picture", [column])
    for band in BANDS:
        after = sa.text(f"kind = 'after' AND {band} IS NOT NULL")
        op.create_index(f"ix_picture_{band}", "picture", [band], sqlite_where=after, postgresql_where=after)
