"""The duty room: rosters, shifts, who stands in them, changes, handovers, spot checks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _roster()
    _shift()
    _assignment()
    _change()
    _handover()
    _spot_check()


def _roster() -> None:
    op.create_table(
        "duty_roster",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("published_by", sa.String()),
        sa.Column("published_at", MOMENT),
        sa.Column("solver", sa.String(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.UniqueConstraint("code", name="uq_duty_roster_code"),
    )


def _shift() -> None:
    op.create_table(
        "duty_shift",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("roster_id", ROW_ID, sa.ForeignKey("duty_roster.id", name="fk_duty_shift_roster_id"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("night", sa.Boolean(), nullable=False),
        sa.Column("holiday", sa.Boolean(), nullable=False),
        sa.Column("weekend", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.UniqueConstraint("roster_id", "code", name="uq_duty_shift_roster_id"),
    )
    op.create_index("ix_duty_shift_roster_id", "duty_shift", ["roster_id"])
    op.create_index("uq_duty_shift_published", "duty_shift", ["code"], unique=True, **_where("published"))
    op.create_index("ix_duty_shift_starts_at", "duty_shift", ["published", "starts_at"])
    op.create_index("ix_duty_shift_ends_at", "duty_shift", ["published", "state", "ends_at"])


def _assignment() -> None:
    op.create_table(
        "duty_assignment",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column(
            "shift_id", ROW_ID, sa.ForeignKey("duty_shift.id", name="fk_duty_assignment_shift_id"), nullable=False
        ),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("post", sa.String()),
        sa.Column("sign_in_due_at", MOMENT),
        sa.Column("signed_in_at", MOMENT),
        sa.Column("signed_in_by", sa.String()),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("climbs_at", MOMENT),
        sa.Column("vacant_at", MOMENT),
        sa.UniqueConstraint("shift_id", "place", name="uq_duty_assignment_shift_id"),
    )
    op.create_index("ix_duty_assignment_shift_id", "duty_assignment", ["shift_id"])
    op.create_index("ix_duty_assignment_post", "duty_assignment", ["post", "shift_id"])
    op.create_index("ix_duty_assignment_climbs_at", "duty_assignment", ["climbs_at"], **_where("climbs_at IS NOT NULL"))


def _change() -> None:
    def assignment(name: str, nullable: bool) -> "sa.Column[int]":
        key = sa.ForeignKey("duty_assignment.id", name=f"fk_duty_change_{name}")
        return sa.Column(name, ROW_ID, key, nullable=nullable)

    op.create_table(
        "duty_change",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        assignment("assignment_id", nullable=False),
        assignment("other_assignment_id", nullable=True),
        sa.Column("from_post", sa.String(), nullable=False),
        sa.Column("to_post", sa.String(), nullable=False),
        sa.Column("because_of_leave", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", MOMENT),
        sa.Column("words", sa.Text(), nullable=False),
        sa.UniqueConstraint("code", name="uq_duty_change_code"),
        sa.UniqueConstraint("key", name="uq_duty_change_key"),
    )
    op.create_index("ix_duty_change_assignment_id", "duty_change", ["assignment_id"])
    op.create_index("ix_duty_change_state", "duty_change", ["state", "id"])
    op.create_index("ix_duty_change_to_post", "duty_change", ["to_post", "state"])


def _handover() -> None:
    op.create_table(
        "duty_handover",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("shift_id", ROW_ID, sa.ForeignKey("duty_shift.id", name="fk_duty_handover_shift_id"), nullable=False),
        sa.Column("next_shift_id", ROW_ID, sa.ForeignKey("duty_shift.id", name="fk_duty_handover_next_shift_id")),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.String()),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("accepted_by", sa.String()),
        sa.Column("accepted_at", MOMENT),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("climbs_at", MOMENT),
        sa.UniqueConstraint("shift_id", name="uq_duty_handover_shift_id"),
    )
    op.create_index("ix_duty_handover_next_shift_id", "duty_handover", ["next_shift_id"])
    op.create_index("ix_duty_handover_climbs_at", "duty_handover", ["climbs_at"], **_where("climbs_at IS NOT NULL"))


def _spot_check() -> None:
    op.create_table(
        "spot_check",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column(
            "assignment_id",
            ROW_ID,
            sa.ForeignKey("duty_assignment.id", name="fk_spot_check_assignment_id"),
            nullable=False,
        ),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("station", sa.String()),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.Column("answered_by", sa.String()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reading_fits", sa.Boolean()),
        sa.UniqueConstraint("code", name="uq_spot_check_code"),
        sa.UniqueConstraint("day", "number", name="uq_spot_check_day"),
    )
    op.create_index("ix_spot_check_assignment_id", "spot_check", ["assignment_id"])
    op.create_index("ix_spot_check_post", "spot_check", ["post"])
    op.create_index("ix_spot_check_due_at", "spot_check", ["state", "due_at"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
