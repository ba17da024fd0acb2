"""What the evaluation counts of a case; cases stored before get theirs told from their events after this."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; `tasks/migrate.py` fills them, for only the rules can tell facts from events."""
    op.create_table(
        "case_fact",
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_case_fact_case_id"), primary_key=True),
        sa.Column("round", sa.Integer(), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("class_code", sa.String()),
        sa.Column("area", sa.String()),
        sa.Column("unit", sa.String()),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("reported_at", MOMENT),
        _flag("valid"),
        *_done("accepted_at", "accepted_by"),
        sa.Column("file_due_at", MOMENT),
        *_done("filed_at", "filed_by"),
        sa.Column("verify_due_at", MOMENT),
        *_done("verified_at", "verifier"),
        sa.Column("dispatch_due_at", MOMENT),
        *_done("dispatched_at", "dispatched_by"),
        _flag("misdispatched"),
        sa.Column("due_at", MOMENT),
        sa.Column("handled_at", MOMENT),
        sa.Column("check_due_at", MOMENT),
        *_done("checked_at", "checker"),
        sa.Column("reworked_at", MOMENT),
        _number("reworks"),
        _number("extensions"),
        sa.Column("extended_at", MOMENT),
        _flag("suspended"),
        sa.Column("suspended_at", MOMENT),
        sa.Column("exempt_at", MOMENT),
        sa.Column("ending", sa.String()),
        *_done("ended_at", "ended_by"),
        sa.Column("on_time", sa.Boolean()),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_case_fact_begun_at", "case_fact", ["begun_at"])
    op.create_table(
        "case_fact_month",
        sa.Column("month", sa.Integer(), primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_case_fact_month_case_id"), primary_key=True),
    )


def _done(at: str, by: str) -> tuple[sa.Column[Any], sa.Column[Any]]:
    return sa.Column(at, MOMENT), sa.Column(by, sa.String())


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
