"""What must hold of a storm after anything at all was killed: one warning a crossing, one call a warning, all told.

Nothing here compares with another run; that is `storm_outcome.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from models.call import Call, CallWarning
from models.flood_response import Consultation, ConsultationState, ResponseDecision
from models.flood_warning import FloodWarning
from models.notice import Attempt, Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from tasks.audit import verify_all
from tasks.database import reading
from tests.chaos.promises import Arrival, PromiseBroken, arrivals

WARNINGS, CALLS, CONSULTATIONS = table_of(FloodWarning), table_of(Call), table_of(Consultation)
COVERED = table_of(CallWarning)
DECISIONS, NOTICES, ATTEMPTS = table_of(ResponseDecision), table_of(Notice), table_of(Attempt)

HANDED_OVER = (NoticeState.SENT.value, NoticeState.ACKNOWLEDGED.value)
OVER_BEFORE = (NoticeKind.CALL.value, NoticeKind.CALL_SILENT.value)
"""A call that is over lets nobody be woken by what still waits."""

POINTS = 2
"""Contact points of everybody in these cities; an emergency goes to each."""


def check_storm(engine: Engine, received: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """What was verified, in words.

    Raises: PromiseBroken naming the first thing that is not as it must be.
    """
    with reading(engine) as connection:
        lines = check_storm_rows(engine, connection)
        notices = _check_handed_over(connection)
        repeats = _check_arrived(connection, list(arrivals(received)))
    return [*lines, f"{notices} notices handed over, {repeats} messages came twice and said so"]


def check_storm_rows(engine: Engine, connection: Connection) -> list[str]:
    """The same without the messages: proof, warnings, calls and decisions.

    Raises: PromiseBroken.
    """
    report = verify_all(engine)
    if not report.intact:
        raise PromiseBroken(f"audit: {report.broken_stream or report.broken or report.unguarded}")
    warnings, calls, decided = _check_warnings(connection), _check_calls(connection), _check_decisions(connection)
    return [
        f"{report.flood_events} events of the season prove unaltered",
        f"{warnings} warnings, each crossing once; {calls} calls, every warning in one; {decided} decisions",
    ]


def _check_warnings(connection: Connection) -> int:
    """Numbers are single, and of one subject one warning lasts at a time."""
    rows = connection.execute(select(WARNINGS).order_by(WARNINGS.c.subject, WARNINGS.c.raised_at)).all()
    _once("number of a warning", (row.number for row in rows))
    _once("crossing", ((row.subject, row.drill, row.raised_at) for row in rows))
    _once("lasting warning", ((row.subject, row.drill) for row in rows if row.ended_at is None))
    before: dict[Any, Row[Any]] = {}
    for row in rows:
        former = before.get(row.subject)
        if former is not None and (former.ended_at is None or former.ended_at > row.raised_at):
            raise PromiseBroken(f"{row.number} began while {former.number} of the same subject lasted")
        before[row.subject] = row
    return len(rows)


def _check_calls(connection: Connection) -> int:
    """Every warning that calls people and was not over at once is covered by a call; no other is."""
    calls = connection.execute(select(CALLS)).all()
    _once("number of a call", (row.number for row in calls))
    _once("call of a warning", (row.warning for row in calls))
    called = set(connection.scalars(select(COVERED.c.warning)))
    for row in connection.execute(select(WARNINGS)):
        if row.number in called and not row.calls:
            raise PromiseBroken(f"{row.number} called people, and should not")
        if row.calls and row.ended_at is None and row.number not in called:
            raise PromiseBroken(f"{row.number} lasts and called nobody")
    return len(calls)


def _check_decisions(connection: Connection) -> int:
    consultations = connection.execute(select(CONSULTATIONS)).all()
    open_ones = (row for row in consultations if row.state == ConsultationState.OPEN)
    _once("open consultation", ((row.hazard, row.area) for row in open_ones))
    decided = set(connection.scalars(select(DECISIONS.c.consultation)))
    said = {row.number for row in consultations if row.state == ConsultationState.DECIDED}
    if decided != said:
        raise PromiseBroken(f"decisions and decided consultations differ by {sorted(decided ^ said)}")
    return len(decided)


def _once(what: str, names: Iterable[Any]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise PromiseBroken(f"{what} {name} is there {count} times")


def _check_handed_over(connection: Connection) -> int:
    """Every notice was handed over, an emergency on every channel; none went more than twice to one contact point."""
    tries: dict[int, list[Row[Any]]] = defaultdict(list)
    for attempt in connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.id)):
        tries[attempt.notice_id].append(attempt)
    rows = connection.execute(select(NOTICES)).all()
    for row in rows:
        if row.state == NoticeState.CANCELLED and row.kind in OVER_BEFORE:
            continue
        if row.state not in HANDED_OVER:
            raise PromiseBroken(f"notice {row.dedupe_key} is {row.state}")
        attempts = tries[row.id]
        told = Counter(attempt.contact_order for attempt in attempts if attempt.ok)
        if len(told) != (POINTS if row.priority == Priority.EMERGENCY else 1) or max(told.values()) > 1:
            raise PromiseBroken(f"notice {row.dedupe_key} was told by {[(a.channel, a.ok) for a in attempts]}")
        most = max(Counter(attempt.contact_order for attempt in attempts).values())
        if most > 2:
            raise PromiseBroken(f"notice {row.dedupe_key} went {most} times to one contact point")
    return len(rows)


def _check_arrived(connection: Connection, arrived: Sequence[Arrival]) -> int:
    """Each notice arrived, and where it was handed over; none twice at one place unless the second said so."""
    by_place = Counter((one.place, one.title) for one in arrived)
    unmarked = Counter((one.place, one.title) for one in arrived if not one.repeat)
    ok = select(NOTICES.c.text, ATTEMPTS.c.recipient, ATTEMPTS.c.contact_order).join_from(ATTEMPTS, NOTICES)
    ok = ok.where(ATTEMPTS.c.notice_id == NOTICES.c.id, ATTEMPTS.c.ok)
    told = Counter(
        (f"ok/{row.recipient}/{row.contact_order}", row.text.split("\n")[0]) for row in connection.execute(ok)
    )
    for name, count in told.items():
        if by_place[name] < count:
            raise PromiseBroken(f"{name}: handed over {count} times, but only {by_place[name]} arrived")
        if unmarked[name] > count:
            raise PromiseBroken(f"{name}: {count} notices, but {unmarked[name]} arrived that say nothing of a repeat")
        if by_place[name] > 2 * count:
            raise PromiseBroken(f"{name}: {count} notices arrived {by_place[name]} times")
    return sum(count - told[name] for name, count in by_place.items())
