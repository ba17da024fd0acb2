"""Which service requests a program asks for, and how they stand: what anybody may read of a case.

Everything comes from indexes: cost follows what is given out, at most 1,000, and what was reported in the days asked
for; never what is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, select
from sqlalchemy.orm import aliased

from models.case import CaseClosing
from models.refusal import Refusal
from models.tables import table_of
from models.vocabulary import ANY_OPEN, ENDED, State
from tasks.case_store import CASES
from tasks.wording import clean

CLOSINGS = table_of(CaseClosing)

MOST_DAYS = 90
MOST_REQUESTS = 1000
"""Both by the specification."""
MOST_IDS = 50
MOST_CODES = 100
LONGEST_ID = 60

OPEN, CLOSED = "open", "closed"
STATES_OF = {OPEN: ANY_OPEN, CLOSED: ENDED}

_YEARS = range(1970, 2200)
_COLUMNS = (
    *("id", "receipt_number", "state", "class_code", "condition_no", "description", "unit", "opened_at", "ended_at"),
    *("last_event_at", "handle_due_at", "due_at", "place", "area", "longitude", "latitude", "stage", "suspended_until"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which service requests: those named, or those reported in a time, by class and state."""

    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    states: frozenset[State] = frozenset(State)
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One service request, as its case stands."""

    case: Row[Any]
    """The case's row with `joined`, the receipt of the one it was joined with."""
    on_time: bool | None = None
    """How its last closing was judged; None while it has none."""


def read_wanted(
    ids: Iterable[str], codes: Iterable[str], status: Iterable[str], start: str | None, end: str | None, now: datetime
) -> Wanted | Sequence[Refusal]:
    """What the arguments ask for, or everything that is wrong with them. Ids override all others."""
    named = _parts(ids)
    if named:
        too_many = Refusal("too_many", {"field": "service_request_id", "most": MOST_IDS})
        return Wanted(ids=named) if len(named) <= MOST_IDS else (too_many,)
    classes, wanted = _parts(codes), _parts(status)
    faults = [Refusal("unknown_status", {"status": each}) for each in wanted if each not in STATES_OF]
    if len(classes) > MOST_CODES:
        faults.append(Refusal("too_many", {"field": "service_code", "most": MOST_CODES}))
    times = _times(start, end, now)
    if isinstance(times, Refusal):
        return (*faults, times)
    states = frozenset(state for each in wanted for state in STATES_OF.get(each, ())) or frozenset(State)
    return faults or Wanted((), classes, states, *times)


def find_requests(connection: Connection, wanted: Wanted, sources: Sequence[str] = ()) -> list[Found]:
    """The service requests that are wanted, newest first; of more than 1,000 the newest.

    Where sources are named, those of others are not there, nor named as what another was joined with.
    """
    rows = connection.execute(_statement(wanted, sources)).all()
    rows = sorted(rows, key=lambda row: (row.opened_at, row.id), reverse=True)
    judged = _judged(connection, [row.id for row in rows if row.state == State.CLOSED.value])
    return [Found(row, judged.get(row.id)) for row in rows]


def _statement(wanted: Wanted, sources: Sequence[str] = ()) -> Select[Any]:
    lead = aliased(CASES)
    joined = select(lead.c.receipt_number).where(lead.c.id == CASES.c.merged_into, *_of(lead, sources))
    columns = [CASES.c[name] for name in _COLUMNS]
    statement = select(*columns, joined.scalar_subquery().label("joined"))
    statement = statement.where(*_conditions(wanted), *_of(CASES, sources))
    return statement.order_by(CASES.c.opened_at.desc()).limit(MOST_REQUESTS)


def _of(cases: FromClause, sources: Sequence[str]) -> list[ColumnElement[bool]]:
    return [cases.c.source.in_(sources)] if sources else []


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.ids:
        return [CASES.c.receipt_number.in_(wanted.ids)]
    conditions: list[ColumnElement[bool]] = []
    if wanted.start is not None:
        conditions.append(CASES.c.opened_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(CASES.c.opened_at <= wanted.end)
    # Joined with an empty text, so that the database walks the days asked for and not all that ever had this state.
    if wanted.states != frozenset(State):
        conditions.append(CASES.c.state.concat("").in_(sorted(wanted.states)))
    if wanted.classes:
        conditions.append(CASES.c.class_code.concat("").in_(wanted.classes))
    return conditions


def _judged(connection: Connection, case_ids: Sequence[int]) -> dict[int, bool | None]:
    """Whether the last round of these cases was handled on time."""
    if not case_ids:
        return {}
    rows = connection.execute(
        select(CLOSINGS.c.case_id, CLOSINGS.c.handled_on_time)
        .where(CLOSINGS.c.case_id.in_(case_ids))
        .order_by(CLOSINGS.c.case_id, CLOSINGS.c.round)
    )
    return {row.case_id: row.handled_on_time for row in rows}


def _parts(given: Iterable[str]) -> tuple[str, ...]:
    """Values that may be declared several times and with commas, each once."""
    parts = (clean(part, LONGEST_ID) for text in given for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _times(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime | None] | Refusal:
    """From when to when: at most 90 days, by default the last 90."""
    most = timedelta(days=MOST_DAYS)
    since, until = _moment("start_date", start), _moment("end_date", end)
    for moment in (since, until):
        if isinstance(moment, Refusal):
            return moment
    if isinstance(since, datetime) and isinstance(until, datetime):
        if until < since:
            return Refusal("end_before_start")
        return (since, until) if until - since <= most else Refusal("span_too_long", {"most": MOST_DAYS})
    if isinstance(since, datetime):
        return since, since + most
    return (until - most, until) if isinstance(until, datetime) else (now - most, None)


def _moment(field: str, text: str | None) -> datetime | Refusal | None:
    """A moment with its offset from UTC; an unescaped plus sign arrives as a space."""
    if not text or not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return Refusal("date_unreadable", {"field": field})
    fits = found.utcoffset() is not None and found.year in _YEARS
    return found if fits else Refusal("date_unreadable", {"field": field})
