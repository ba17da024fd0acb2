"""The first tables: cases and what belongs to them, notices, the city's editions, the demo inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# As the models said at this revision; a migration never follows what they say later.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table, those referred to before those that refer."""
    _cases()
    _city_document()
    _city_edition()
    _demo_message()
    _intake_batch()
    _number_series()
    _reporter()
    _assignment()
    _case_closing()
    _case_event()
    _clock()
    _exemption()
    _notice()
    _refused_row()
    _report()
    _request()
    _similarity()
    _waiting_action()
    _attempt()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("number", sa.String()),
        sa.Column("receipt_number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("class_code", sa.String()),
        sa.Column("condition_no", sa.Integer()),
        sa.Column("area", sa.String()),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("longitude", sa.Float()),
        sa.Column("latitude", sa.Float()),
        sa.Column("component_code", sa.String()),
        sa.Column("camera", sa.String()),
        sa.Column("source_chain", sa.String()),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("source_due_at", MOMENT),
        sa.Column("unit_hint", sa.String()),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("calendar_edition", sa.String(), nullable=False),
        sa.Column("unit", sa.String()),
        sa.Column("inspector", sa.String()),
        sa.Column("verified", sa.String()),
        sa.Column("made_safe", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("suspended_from", sa.String()),
        sa.Column("suspended_until", MOMENT),
        sa.Column("promised_until", MOMENT),
        sa.Column("hand_backs", sa.Integer(), nullable=False),
        sa.Column("hand_back_barred", sa.Boolean(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("suspensions", sa.Integer(), nullable=False),
        sa.Column("reworks", sa.Integer(), nullable=False),
        sa.Column("reopenings", sa.Integer(), nullable=False),
        sa.Column("supervisions", sa.Integer(), nullable=False),
        sa.Column("rungs", sa.Text(), nullable=False),
        sa.Column("seat_alarmed", sa.Boolean(), nullable=False),
        sa.Column("on_bulletin", sa.Boolean(), nullable=False),
        sa.Column("quick_fixed", sa.Boolean(), nullable=False),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("merged_into", ROW_ID, sa.ForeignKey("cases.id", name="fk_cases_merged_into")),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("filed_at", MOMENT),
        sa.Column("dispatched_at", MOMENT),
        sa.Column("handled_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("handle_due_at", MOMENT),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("last_event_at", MOMENT, nullable=False),
        sa.Column("next_wake_at", MOMENT),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
        sa.UniqueConstraint("number", name="uq_cases_number"),
        sa.UniqueConstraint("receipt_number", name="uq_cases_receipt_number"),
    )
    op.create_index("ix_cases_component", "cases", ["component_code"])
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"])
    op.create_index("ix_cases_next_wake_at", "cases", ["next_wake_at"])
    op.create_index("ix_cases_place", "cases", ["class_code", "latitude", "longitude"])
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_index("ix_cases_unit", "cases", ["unit"])


def _city_document() -> None:
    op.create_table(
        "city_document",
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )


def _city_edition() -> None:
    op.create_table(
        "city_edition",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("city_code", sa.String(), nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        sa.Column("loaded_by", sa.String(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
    )
    op.create_index("ix_city_edition_digest", "city_edition", ["digest"])


def _demo_message() -> None:
    op.create_table(
        "demo_message",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_demo_message_recipient", "demo_message", ["recipient"])


def _intake_batch() -> None:
    op.create_table(
        "intake_batch",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
    )


def _number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("prefix", sa.String(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )


def _reporter() -> None:
    op.create_table(
        "reporter",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name_sealed", sa.LargeBinary()),
        sa.Column("phone_sealed", sa.LargeBinary()),
        sa.Column("erased_at", MOMENT),
    )


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_assignment_case_id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("parent_seq", sa.Integer()),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("why", sa.String(), nullable=False),
        sa.UniqueConstraint("case_id", "seq", name="uq_assignment_case_id_seq"),
    )
    op.create_index("ix_assignment_case_id", "assignment", ["case_id"])
    op.create_index("ix_assignment_unit", "assignment", ["unit"])


def _case_closing() -> None:
    op.create_table(
        "case_closing",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_case_closing_case_id"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String()),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("handled_at", MOMENT),
        sa.Column("handle_due_at", MOMENT),
        sa.Column("handled_on_time", sa.Boolean()),
        sa.Column("closed_on_time", sa.Boolean()),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("hand_backs", sa.Integer(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("suspensions", sa.Integer(), nullable=False),
        sa.Column("reworks", sa.Integer(), nullable=False),
        sa.UniqueConstraint("case_id", "round", name="uq_case_closing_case_id_round"),
    )
    op.create_index("ix_case_closing_closed_at", "case_closing", ["closed_at"])
    op.create_index("ix_case_closing_unit", "case_closing", ["unit"])


def _case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_case_event_case_id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("from_state", sa.String()),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.UniqueConstraint("case_id", "seq", name="uq_case_event_case_id_seq"),
    )
    op.create_index("ix_case_event_flow_run_id", "case_event", ["flow_run_id"])


def _clock() -> None:
    op.create_table(
        "clock",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_clock_case_id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("limit_text", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("amount_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("original_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("case_id", "seq", name="uq_clock_case_id_seq"),
    )
    op.create_index("ix_clock_case_id", "clock", ["case_id"])


def _exemption() -> None:
    op.create_table(
        "exemption",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_exemption_case_id"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.UniqueConstraint("case_id", "round", name="uq_exemption_case_id_round"),
    )
    op.create_index("ix_exemption_case_id", "exemption", ["case_id"])


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_notice_case_id")),
        sa.Column("event_seq", sa.Integer()),
        sa.Column("recipient", sa.String()),
        sa.Column("reporter_id", ROW_ID, sa.ForeignKey("reporter.id", name="fk_notice_reporter_id")),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("requires_ack", sa.Boolean(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("text", sa.Text()),
        sa.UniqueConstraint("dedupe_key", name="uq_notice_dedupe_key"),
    )
    op.create_index("ix_notice_case_id", "notice", ["case_id"])
    op.create_index("ix_notice_reporter_id", "notice", ["reporter_id"])
    op.create_index("ix_notice_state", "notice", ["state", "priority", "id"])


def _refused_row() -> None:
    op.create_table(
        "refused_row",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("batch_id", ROW_ID, sa.ForeignKey("intake_batch.id", name="fk_refused_row_batch_id"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.UniqueConstraint("source", "fingerprint", name="uq_refused_row_source_fingerprint"),
    )
    op.create_index("ix_refused_row_batch_id", "refused_row", ["batch_id"])
    op.create_index("ix_refused_row_fingerprint", "refused_row", ["fingerprint"])


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("receipt_number", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("batch_id", ROW_ID, sa.ForeignKey("intake_batch.id", name="fk_report_batch_id")),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("class_code", sa.String()),
        sa.Column("condition_no", sa.Integer()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("area", sa.String()),
        sa.Column("longitude", sa.Float()),
        sa.Column("latitude", sa.Float()),
        sa.Column("component_code", sa.String()),
        sa.Column("camera", sa.String()),
        sa.Column("source_chain", sa.String()),
        sa.Column("unit_hint", sa.String()),
        sa.Column("source_due_at", MOMENT),
        sa.Column("source_closed_at", MOMENT),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("reporter_id", ROW_ID, sa.ForeignKey("reporter.id", name="fk_report_reporter_id")),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_report_case_id")),
        sa.UniqueConstraint("receipt_number", name="uq_report_receipt_number"),
        sa.UniqueConstraint("source", "source_id", name="uq_report_source_source_id"),
    )
    op.create_index("ix_report_case_id", "report", ["case_id"])
    op.create_index("ix_report_reporter_id", "report", ["reporter_id"])


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_request_case_id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("unit", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted_until", MOMENT),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("steps", sa.String(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.UniqueConstraint("case_id", "seq", name="uq_request_case_id_seq"),
    )
    op.create_index("ix_request_case_id", "request", ["case_id"])


def _similarity() -> None:
    op.create_table(
        "similarity",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_similarity_case_id"), nullable=False),
        sa.Column("candidate_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_similarity_candidate_id"), nullable=False),
        sa.Column("metres", sa.Float(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.UniqueConstraint("case_id", "candidate_id", name="uq_similarity_case_id_candidate_id"),
    )
    op.create_index("ix_similarity_case_id", "similarity", ["case_id"])


def _waiting_action() -> None:
    op.create_table(
        "waiting_action",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_id", ROW_ID, sa.ForeignKey("cases.id", name="fk_waiting_action_case_id"), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("by_post", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("settled_at", MOMENT),
        sa.Column("flow_run_id", sa.String()),
        sa.UniqueConstraint("key", name="uq_waiting_action_key"),
    )
    op.create_index("ix_waiting_action_case_id", "waiting_action", ["case_id"])
    op.create_index("ix_waiting_action_state", "waiting_action", ["state", "received_at"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("notice_id", ROW_ID, sa.ForeignKey("notice.id", name="fk_attempt_notice_id"), nullable=False),
        sa.Column("contact_order", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ok", sa.Boolean()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("flow_run_id", sa.String()),
    )
    op.create_index("ix_attempt_notice_id", "attempt", ["notice_id"])
