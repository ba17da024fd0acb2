"""The cases behind a frozen month are packed by unit: a row a unit instead of a row a case."""

import sys
import zlib
from array import array
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE = 10_000


def upgrade() -> None:
    """Make the table, move what was frozen into it, drop the old one."""
    behind = op.create_table(
        "evaluation_behind",
        sa.Column("version_id", ROW_ID, primary_key=True),
        sa.Column("unit", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["evaluation_version.id"], name="fk_evaluation_behind_version_id"),
    )
    connection = op.get_bind()
    names = ("version_id", "unit", "case_id", "round", "part", "marks")
    old = sa.table("evaluation_case", *(sa.column(name) for name in names))
    versions = connection.scalars(sa.select(old.c.version_id).distinct()).all()
    for version in versions:
        in_order = sa.select(old).where(old.c.version_id == version).order_by(*(old.c[name] for name in names[1:5]))
        rows = connection.execute(in_order.execution_options(yield_per=AT_ONCE))
        for unit, parts in groupby(rows, key=lambda row: row.unit):
            columns = [array("q", column) for column in zip(*(row[2:] for row in parts), strict=True)]
            values = {"version_id": version, "unit": unit, "number": len(columns[0]), "packed": _packed(columns)}
            connection.execute(sa.insert(behind).values(values))
    op.drop_table("evaluation_case")


def _packed(columns: "list[array[int]]") -> bytes:
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return zlib.compress(b"".join(column.tobytes() for column in columns), 1)
