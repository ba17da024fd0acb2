"""How a call stands: who has answered, what was tried to reach each, and how quick it was. A drill is counted apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models.call import TargetState
from models.call_rules import CLIMBED_STEP
from models.city import City
from models.notice import Attempt, Notice, NoticeKind, NoticeState
from models.tables import table_of
from tasks.call_rows import CALLS, TARGETS, ChainKey, awake_chains, by_chain, read_targets, subject_of, warnings_of

NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)

ASKING = (NoticeKind.CALL.value, NoticeKind.CALL_SILENT.value)


@dataclass(frozen=True, slots=True)
class Tried:
    """One try to reach somebody, of the newest message to them."""

    channel: str
    outcome: str
    """Code of the words' group `outcome`; under_way while it is being sent."""
    at: datetime
    ok: bool | None


@dataclass(frozen=True, slots=True)
class CallFigures:
    """A call in numbers; people are counted once, however many chains they stand in."""

    called: int
    """People who were called, without those to whom a silence climbed."""
    answered: int
    in_time: int
    """Answered within the time they had."""
    unreached: int
    """Silent, and nobody of their chain is left."""
    undelivered: int
    """People whose newest message failed on every channel."""
    first_attempt: timedelta | None
    """From the start to the first message on its way."""
    last_answer_at: datetime | None

    @property
    def silent(self) -> int:
        """People who were called and have not answered."""
        return self.called - self.answered


@dataclass(frozen=True, slots=True)
class Board:
    """Everything about one call."""

    call: Row[Any]
    chains: Mapping[ChainKey, Sequence[Row[Any]]]
    awake: frozenset[ChainKey]
    tried: Mapping[str, Sequence[Tried]]
    """By who was told."""
    messages: Mapping[str, int]
    """How many messages each was sent."""
    figures: CallFigures
    warnings: tuple[str, ...] = ()
    """Numbers of the warnings it covers."""


def read_board(connection: Connection, city: City, call: Row[Any]) -> Board:
    """How a call stands now."""
    targets = read_targets(connection, call.id)
    notices = connection.execute(
        select(NOTICES.c.id, NOTICES.c.recipient, NOTICES.c.state)
        .where(NOTICES.c.subject == subject_of(call.number), NOTICES.c.kind.in_(ASKING))
        .order_by(NOTICES.c.id)
    ).all()
    newest = {row.recipient: row for row in notices}
    messages: dict[str, int] = {}
    for row in notices:
        messages[row.recipient] = messages.get(row.recipient, 0) + 1
    tried = _tried(connection, call.number, {row.id: recipient for recipient, row in newest.items()})
    failed = {recipient for recipient, row in newest.items() if row.state == NoticeState.FAILED}
    awake, _ = awake_chains(city, targets)
    figures = figures_of(call, targets, failed, _first_attempt(connection, call))
    warnings = tuple(warnings_of(connection, call.id))
    return Board(call, by_chain(targets), frozenset(awake), tried, messages, figures, warnings)


def figures_of(
    call: Row[Any], targets: Sequence[Row[Any]], failed: set[str], first_attempt_at: datetime | None
) -> CallFigures:
    """The numbers of a call from its rows."""
    own = [row for row in targets if row.step < CLIMBED_STEP and row.told_at is not None]
    people = {row.told for row in own}
    answered = {row.told for row in own if row.answered_at is not None}
    late = {row.told for row in own if row.answered_at is None or row.answered_at > row.due_at}
    answers = [row.answered_at for row in targets if row.answered_at is not None]
    return CallFigures(
        called=len(people),
        answered=len(answered),
        in_time=len(people - late),
        unreached=len({row.told for row in own if row.state == TargetState.UNREACHED} - answered),
        undelivered=len(failed & (people - answered)),
        first_attempt=first_attempt_at - call.started_at if first_attempt_at else None,
        last_answer_at=max(answers, default=None),
    )


def list_calls(connection: Connection, *, drill: bool, limit: int = 100) -> list[tuple[Row[Any], CallFigures]]:
    """Calls, the newest first, with their numbers; those of drills are asked for apart."""
    newest = select(CALLS).where(CALLS.c.drill == drill).order_by(CALLS.c.id.desc()).limit(limit)
    calls = connection.execute(newest).all()
    targets: dict[int, list[Row[Any]]] = {}
    rows = connection.execute(select(TARGETS).where(TARGETS.c.call_id.in_([call.id for call in calls])))
    for row in rows:
        targets.setdefault(row.call_id, []).append(row)
    return [
        (call, figures_of(call, targets.get(call.id, []), set(), _first_attempt(connection, call))) for call in calls
    ]


def _first_attempt(connection: Connection, call: Row[Any]) -> datetime | None:
    first: datetime | None = connection.scalar(
        select(func.min(ATTEMPTS.c.started_at))
        .join_from(ATTEMPTS, NOTICES, NOTICES.c.id == ATTEMPTS.c.notice_id)
        .where(NOTICES.c.subject == subject_of(call.number), NOTICES.c.kind.in_(ASKING))
    )
    return first


def _tried(connection: Connection, number: str, newest: Mapping[int, str]) -> dict[str, list[Tried]]:
    """What was tried for the newest message to each."""
    rows = connection.execute(
        select(ATTEMPTS)
        .join_from(ATTEMPTS, NOTICES, NOTICES.c.id == ATTEMPTS.c.notice_id)
        .where(NOTICES.c.subject == subject_of(number), NOTICES.c.kind.in_(ASKING))
        .order_by(ATTEMPTS.c.id)
    )
    found: dict[str, list[Tried]] = {}
    for row in rows:
        recipient = newest.get(row.notice_id)
        if recipient is not None:
            outcome = row.outcome.partition(" ")[0] or ("under_way" if row.ended_at is None else "unknown")
            found.setdefault(recipient, []).append(Tried(row.channel, outcome, row.started_at, row.ok))
    return found
