"""Send a notice anew that reached nobody: its contact points are tried from the first one on, and who asked is kept."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from models.notice import Notice, NoticeState
from models.refusal import Refusal
from models.tables import table_of
from tasks.notice_history import note

NOTICES = table_of(Notice)

MAY_BE_RESENT = (NoticeState.FAILED, NoticeState.EXPIRED, NoticeState.SENT)
"""States from which a notice may be sent anew; one that was sent, where its reader says that nothing came."""


def resend(connection: Connection, notice_id: int, by: str, reason: str, now: datetime) -> Refusal | None:
    """Let a notice be sent anew with the next delivery, or say why not.

    Attempts of before no longer count, and it counts as written now, so that it does not expire at once.
    """
    row = connection.execute(select(NOTICES.c.state).where(NOTICES.c.id == notice_id).with_for_update()).first()
    if row is None:
        return Refusal("unknown_notice", {"number": notice_id})
    if row.state not in MAY_BE_RESENT:
        return Refusal("not_resendable", {"number": notice_id, "state": row.state})
    connection.execute(
        update(NOTICES)
        .where(NOTICES.c.id == notice_id)
        .values(
            state=NoticeState.WAITING.value,
            series=NOTICES.c.series + 1,
            created_at=now,
            settled_at=None,
            channel=None,
            not_before=None,
            waits_for=None,
            acknowledge_by=None,
            climbs_at=None,
            rung=0,
        )
    )
    note(connection, [notice_id], "resent", by, now, reason)
    return None
