"""The duty log 值班日志: entries are events of the day's stream, at the server's time; a correction is a new entry.

Nobody can date an entry: there is no field for it. A log was once filled in to the next morning (B), and found out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from models.city import City
from models.flood_event import Happened
from models.refusal import Refusal
from tasks.duty_shifts import Acting, Shift, shift_on
from tasks.flood_events import EVENTS, record_events

ENTRY = "log_entry"

LONGEST_TEXT = 2_000
LONGEST_FIELD = 200
"""Characters of what happened and how it was handled, and of the short fields."""

TEXTS = ("what", "handled")
FIELDS = ("place", "weather", "rain", "level")


@dataclass(frozen=True, slots=True)
class LogWords:
    """What somebody writes into the log: what happened, how it was handled, and what may be said besides."""

    what: str
    place: str = ""
    handled: str = ""
    weather: str = ""
    rain: str = ""
    level: str = ""
    corrects: str = ""
    """Number of the entry it corrects. Example: 2021-07-20/3."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry as it stands."""

    number: str
    """Day and number in it. Example: 2021-07-20/3."""
    at: datetime
    post: str
    shift: str
    words: LogWords
    corrected_by: str = ""
    """Number of the entry that corrects it."""


def log_stream(day: date) -> str:
    """The stream of a day's log. Example: log:2021-07-20."""
    return f"log:{day.isoformat()}"


def write_log_entry(connection: Connection, acting: Acting, words: LogWords, key: str) -> LogEntry | Refusal:
    """Write an entry at this moment, for who stands in the present shift and has signed in.

    The same key writes once, whoever sends the form again. Refused: duty_log_empty, duty_not_on_shift,
    duty_sign_in_first, duty_log_no_entry.
    """
    shift = shift_on(connection, acting.city, acting.now)
    refusal = _not_allowed(shift, acting) or _not_sayable(connection, acting.city, words)
    if refusal is not None or shift is None:
        return refusal or Refusal("duty_not_on_shift")
    today = acting.now.astimezone(acting.city.zone).date()
    before = _with_key(connection, (today - timedelta(days=1), today), key)
    if before is not None:
        return before
    said = {name: clipped for name in (*TEXTS, *FIELDS) if (clipped := _clipped(name, getattr(words, name)))}
    facts = {"key": key, "shift": shift.code, **said, **({"corrects": words.corrects} if words.corrects else {})}
    (row,) = record_events(
        connection, log_stream(today), [Happened(ENTRY, acting.now, acting.post, facts)], acting.recording
    )
    return _entry(row["seq"], today, acting.now, acting.post, facts)


def read_log(connection: Connection, city: City, day: date) -> list[LogEntry]:
    """The entries of a day in order, each with the later one that corrects it."""
    return _entries(connection, [day])


def log_of_shift(connection: Connection, city: City, shift: Shift, until: datetime) -> list[LogEntry]:
    """The entries written during a shift, up to a moment."""
    first = shift.starts_at.astimezone(city.zone).date()
    last = min(shift.ends_at, until).astimezone(city.zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [entry for entry in _entries(connection, days) if entry.shift == shift.code]


def _not_allowed(shift: Shift | None, acting: Acting) -> Refusal | None:
    stand = shift.of_post(acting.post) if shift else None
    if stand is None:
        return Refusal("duty_not_on_shift")
    if stand.signed_in_at is None:
        return Refusal("duty_sign_in_first")
    return None


def _not_sayable(connection: Connection, city: City, words: LogWords) -> Refusal | None:
    if not words.what.strip():
        return Refusal("duty_log_empty")
    if words.corrects and not _is_entry(connection, words.corrects):
        return Refusal("duty_log_no_entry", {"entry": words.corrects[:LONGEST_FIELD]})
    return None


def _is_entry(connection: Connection, number: str) -> bool:
    day, _, seq = number.partition("/")
    try:
        stream, wanted = log_stream(date.fromisoformat(day)), int(seq)
    except ValueError:
        return False
    found = select(EVENTS.c.id).where(EVENTS.c.stream == stream, EVENTS.c.seq == wanted, EVENTS.c.kind == ENTRY)
    return 0 < wanted < 1_000_000 and connection.execute(found).first() is not None


def _clipped(name: str, text: str) -> str:
    return text.replace("\0", "").strip()[: LONGEST_TEXT if name in TEXTS else LONGEST_FIELD]


def _with_key(connection: Connection, days: Sequence[date], key: str) -> LogEntry | None:
    found = (entry for day, row, facts in _rows(connection, days) if facts.get("key") == key for entry in [
        _entry(row.seq, day, row.at, row.actor, facts)
    ])  # fmt: skip
    return next(found, None)


def _entries(connection: Connection, days: Sequence[date]) -> list[LogEntry]:
    rows = _rows(connection, days)
    corrections = {str(facts["corrects"]): f"{day}/{row.seq}" for day, row, facts in rows if "corrects" in facts}
    return [
        _entry(row.seq, day, row.at, row.actor, facts, corrections.get(f"{day}/{row.seq}", ""))
        for day, row, facts in rows
    ]


def _rows(connection: Connection, days: Sequence[date]) -> list[tuple[date, Row[Any], dict[str, Any]]]:
    by_stream = {log_stream(day): day for day in days}
    statement = (
        select(EVENTS.c.stream, EVENTS.c.seq, EVENTS.c.at, EVENTS.c.actor, EVENTS.c.facts)
        .where(EVENTS.c.stream.in_(by_stream), EVENTS.c.kind == ENTRY)
        .order_by(EVENTS.c.stream, EVENTS.c.seq)
    )
    return [(by_stream[row.stream], row, json.loads(row.facts)) for row in connection.execute(statement)]


def _entry(seq: int, day: date, at: datetime, post: str, facts: Mapping[str, Any], corrected: str = "") -> LogEntry:
    said = {name: str(facts.get(name, "")) for name in (*TEXTS, *FIELDS, "corrects")}
    return LogEntry(f"{day}/{seq}", at, post, str(facts.get("shift", "")), LogWords(**said), corrected)
