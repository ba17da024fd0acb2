"""What befell a notice besides being sent, written down: who did it, when and why."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from models.notice import NoticeHistory
from models.personal_text import without_personal_numbers
from models.tables import table_of

HISTORY = table_of(NoticeHistory)


def note(connection: Connection, ids: Sequence[int], what: str, by: str, at: datetime, reason: str = "") -> None:
    """Write one line into the history of each of these notices; a reason keeps no phone or identity number."""
    reason = without_personal_numbers(reason)
    rows = [{"notice_id": id_, "at": at, "what": what, "by": by, "reason": reason} for id_ in ids]
    if rows:
        connection.execute(insert(HISTORY), rows)
