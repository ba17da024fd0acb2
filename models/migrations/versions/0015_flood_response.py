"""Consultations, decisions, incidents, and reports that are owed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _consultations()
    _decisions()
    _incidents()
    _owed()


def _consultations() -> None:
    op.create_table(
        "flood_consultation",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("suggested_level", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("human_decides", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("decide_by", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("climbs_at", MOMENT),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("run_settled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("number", name="uq_flood_consultation_number"),
    )
    _partial("uq_flood_consultation_open", "flood_consultation", ["hazard", "area"], "state = 'open'", unique=True)
    op.create_index("ix_flood_consultation_state", "flood_consultation", ["state", "opened_at"])
    _partial("ix_flood_consultation_climbs_at", "flood_consultation", ["climbs_at"], "climbs_at IS NOT NULL")
    op.create_index("ix_flood_consultation_area", "flood_consultation", ["hazard", "area", "opened_at"])


def _decisions() -> None:
    op.create_table(
        "response_decision",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("consultation", sa.String(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("former_level", sa.Integer(), nullable=False),
        sa.Column("suggested_level", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
        sa.UniqueConstraint("consultation", name="uq_response_decision_consultation"),
        sa.UniqueConstraint("key", name="uq_response_decision_key"),
    )
    op.create_index("ix_response_decision_area", "response_decision", ["hazard", "area", "at"])


def _incidents() -> None:
    op.create_table(
        "flood_incident",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.UniqueConstraint("number", name="uq_flood_incident_number"),
    )
    op.create_index("ix_flood_incident_state", "flood_incident", ["state", "opened_at"])
    op.create_table(
        "incident_report",
        sa.Column("id", ROW_ID, primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("subject", "kind", "means", "unit", "by")),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("danger", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("happened_at", MOMENT),
        sa.Column("extent", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("dead", "missing", "injured")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("evacuated", "affected")),
        sa.Column("losses_cny", sa.BigInteger(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("technical_person", sa.String()),
        sa.Column("administrative_person", sa.String()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("contradicts", sa.Text(), nullable=False),
        sa.UniqueConstraint("key", name="uq_incident_report_key"),
    )
    op.create_index("ix_incident_report_subject", "incident_report", ["subject", "id"])
    op.create_index("ix_incident_report_at", "incident_report", ["at"])


def _owed() -> None:
    op.create_table(
        "report_owed",
        sa.Column("id", ROW_ID, primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("key", "subject", "kind", "means", "unit", "to")),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("owed_since", "due_at", "missing_at")),
        sa.Column("given_at", MOMENT),
        sa.Column(
            "entry_id", ROW_ID, sa.ForeignKey("incident_report.id", name="fk_report_owed_entry_id_incident_report")
        ),
        sa.Column("given_by", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("climbs_at", MOMENT),
        sa.UniqueConstraint("key", name="uq_report_owed_key"),
    )
    op.create_index("ix_report_owed_entry_id", "report_owed", ["entry_id"])
    op.create_index("ix_report_owed_subject", "report_owed", ["subject", "state"])
    op.create_index("ix_report_owed_unit", "report_owed", ["unit", "state", "due_at"])
    _partial("ix_report_owed_climbs_at", "report_owed", ["climbs_at"], "climbs_at IS NOT NULL")
    op.create_index("ix_report_owed_due_at", "report_owed", ["due_at"])


def _partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
