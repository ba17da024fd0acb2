"""A human answers a call: by the page behind the link, by voice to whoever reached them, or by command."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.call import EndedWhy, How, TargetState
from models.call_readers import sees_board
from models.city import City
from models.flood_event import Happened, Recording
from models.notice import Notice, NoticeState
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.tables import table_of
from tasks.acknowledge import How as Acknowledged
from tasks.acknowledge import acknowledge_notice
from tasks.call_rows import (
    TARGETS,
    awake_chains,
    find_call,
    hold_call,
    read_targets,
    silence_chains,
    stream_of,
    subject_of,
)
from tasks.calls import ANSWERED, RULE, finish
from tasks.flood_events import record_events
from tasks.wording import clean

NOTICES = table_of(Notice)

_ACKNOWLEDGED_BY = {How.PAGE: Acknowledged.PAGE, How.PLAYED: Acknowledged.PLAYED}


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's answer."""

    post: str
    """Who answers."""
    how: How
    words: str = ""
    recorded_by: str | None = None
    """Of an answer by voice: who heard it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer found: places it settled now, or who had answered for them before."""

    places: int = 0
    by: str | None = None
    at: datetime | None = None
    how: str | None = None
    over: bool = False
    """Whether with it the whole call is answered."""


def answer(connection: Connection, city: City, number: str, given: Answer, recording: Recording) -> Answered | Refusal:
    """Take an answer to a call, in the caller's transaction: it counts for every place of whoever answers.

    A second one changes nothing and says who answered first, and when. After everybody's silence was answered for,
    the silent may still answer; once the danger is over, or the drill, there is nothing to answer.
    """
    found = find_call(connection, number)
    if found is None:
        return Refusal("unknown_call", {"number": number})
    refused = _may_answer(city, given)
    if refused is not None:
        return refused
    call = hold_call(connection, found.id)
    mine = [row for row in read_targets(connection, call.id) if given.post in (row.post, row.told)]
    if not mine:
        return Refusal("not_called", {"post": given.post, "number": number})
    left = [row for row in mine if row.answered_at is None]
    if not left:
        last = max(mine, key=lambda row: row.answered_at)
        return Answered(0, last.answered_by, last.answered_at, last.how)
    if call.ended_at is not None and call.ended_why != EndedWhy.ANSWERED:
        return Refusal("call_over", {"number": number, "at": call.ended_at})
    _write(connection, given, left, recording)
    _acknowledge(connection, number, given, left, recording.now)
    facts: dict[str, Any] = {"how": given.how.value, "recorded_by": given.recorded_by, "words": _words(given)}
    facts["places"] = [f"{row.subject} {row.chain} {row.step} {row.post}" for row in left]
    happened = Happened(ANSWERED, recording.now, given.post, facts)
    record_events(connection, stream_of(number), [happened], recording)
    return Answered(len(left), over=_settle(connection, city, call, recording))


def _may_answer(city: City, given: Answer) -> Refusal | None:
    """By voice somebody of the duty room heard it; nobody answers by voice for themselves."""
    if given.post not in city.posts:
        return Refusal("unknown_post", {"post": given.post})
    if given.how is not How.VOICE:
        return None
    heard_by = city.posts.get(given.recorded_by or "")
    if heard_by is None:
        return Refusal("unknown_post", {"post": given.recorded_by or ""})
    if not sees_board(city, heard_by) or heard_by.code == given.post:
        return Refusal("may_not_record_answer", {"post": heard_by.code})
    return None


def _write(connection: Connection, given: Answer, left: Sequence[Row[Any]], recording: Recording) -> None:
    values = {
        "state": TargetState.ANSWERED.value,
        "answered_at": recording.now,
        "answered_by": given.post,
        "how": given.how.value,
        "recorded_by": given.recorded_by,
        "words": _words(given),
        "climbs_at": None,
    }
    mine = TARGETS.c.id.in_([row.id for row in left])
    connection.execute(update(TARGETS).where(mine, TARGETS.c.answered_at.is_(None)).values(values))


def _acknowledge(connection: Connection, number: str, given: Answer, left: Sequence[Row[Any]], now: datetime) -> None:
    """Whoever has answered is called by no message any more that still waits, or lies on another channel."""
    told = {row.told or row.post for row in left}
    open_states = [NoticeState.WAITING.value, NoticeState.SENT.value, NoticeState.FAILED.value]
    ids = connection.scalars(
        select(NOTICES.c.id).where(
            NOTICES.c.subject == subject_of(number),
            NOTICES.c.recipient.in_(told),
            NOTICES.c.state.in_(open_states),
            NOTICES.c.acknowledged_at.is_(None),
        )
    ).all()
    how = _ACKNOWLEDGED_BY.get(given.how, Acknowledged.COMMAND)
    for notice_id in ids:
        acknowledge_notice(connection, notice_id, given.post, how, now)


def _settle(connection: Connection, city: City, call: Row[Any], recording: Recording) -> bool:
    """Let the chains this answered for climb no more; end the call where all are."""
    awake, silent = awake_chains(city, read_targets(connection, call.id))
    silence_chains(connection, call.id, awake)
    return not silent and finish(connection, city, call, EndedWhy.ANSWERED, RULE, recording)


def _words(given: Answer) -> str:
    return without_personal_numbers(clean(given.words))
