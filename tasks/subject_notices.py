"""Notices about anything but a case (a shift, a warning, a month): rows written with what they tell, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.chain import canonical
from models.notice import Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from tasks.bulk_rows import insert_rows, read_rows

NOTICES = table_of(Notice)


@dataclass(frozen=True, slots=True)
class SubjectNotice:
    """One message to one post, not yet written.

    `subject` is purpose and subject of its link, such as duty:fanghan-1 or flood:YJ20210720-001.
    """

    kind: NoticeKind
    recipient: str
    subject: str
    dedupe_key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    priority: Priority = Priority.ROUTINE
    requires_ack: bool = False
    channel: str | None = None
    """The channel to be tried first, where it should not be the recipient's own first one."""


def write_subject_notices(connection: Connection, drafts: Sequence[SubjectNotice], now: datetime) -> int:
    """Write those that nobody wrote before, in the caller's transaction, and say how many that were."""
    by_key = {draft.dedupe_key: draft for draft in drafts}
    if not by_key:
        return 0
    stored = read_rows(connection, NOTICES, ("dedupe_key",), "dedupe_key", list(by_key), order="dedupe_key")
    there = {key for (key,) in stored}
    rows = [_row(draft, now) for key, draft in by_key.items() if key not in there]
    insert_rows(connection, NOTICES, rows)
    return len(rows)


def _row(draft: SubjectNotice, now: datetime) -> dict[str, Any]:
    return {
        "kind": draft.kind.value,
        "recipient": draft.recipient,
        "subject": draft.subject,
        "priority": draft.priority.value,
        "requires_ack": draft.requires_ack,
        "dedupe_key": draft.dedupe_key,
        "facts": canonical(draft.facts),
        "state": NoticeState.WAITING.value,
        "created_at": now,
        "channel": draft.channel,
        # What a notice begins with; SQLAlchemy, which fills it in elsewhere, is passed by.
        "series": 0,
        "released": False,
        "rung": 0,
    }
