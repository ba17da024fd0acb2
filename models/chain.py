"""The proof in the events: each one carries a hash over the one before it and over all it says itself.

Whoever changes, removes, inserts or reorders an event breaks every hash of that case from there on. The hash is sha256
over the UTF-8 text of a JSON array without spaces: the previous event's hash ("" for a case's first event), then
HASHED_COLUMNS in their order, moments in ISO 8601, UTC, with microseconds. So another program can check it too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from json import JSONEncoder
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from typing import Any

GENESIS = ""
"""What the first event of a case has for a previous hash."""

EVENTS = "case_event"
"""The table whose rows are chained."""

HASHED_COLUMNS = (
    "case_id",
    "seq",
    "action",
    "at",
    "recorded_at",
    "actor",
    "role",
    "origin",
    "from_state",
    "to_state",
    "facts",
    "edition",
    "flow_run_id",
)
"""Every column of an event but its id, its hash and the previous hash, in the order in which they are hashed."""


class NotCanonical(ValueError):
    """A fact that has no one text: NaN, a moment without a zone, an unknown type."""


class Problem(StrEnum):
    """How a chain does not fit."""

    GAP = "gap"
    """Numbers of a case's events do not follow each other: one is missing, or stands twice."""
    LINK = "link"
    """The event does not carry the hash of the one before it."""
    CONTENT = "content"
    """The event does not say what was hashed."""
    HEAD = "head"
    """The case's row knows another last event: the last ones were removed, or the row was altered."""
    ORPHAN = "orphan"
    """A row of a case that does not exist."""
    STORY = "story"
    """The event cannot follow the ones before it, though it carries their hash."""
    SEAL = "seal"
    """The report's row is not what its event sealed."""
    MISSING = "missing"
    """A row that the events made is not there."""
    UNTOLD = "untold"
    """A row that no event made."""
    FIGURE = "figure"
    """A row holds another value than the events add up to."""
    FILE_MISSING = "file_missing"
    """A picture's file is not in the store."""
    FILE_ALTERED = "file_altered"
    """A picture's file is not what its digest says."""


@dataclass(frozen=True)
class Broken:
    """The first row that does not fit: in which table, which one, what was expected in it and what was found."""

    problem: Problem
    case_id: int
    seq: int
    """Number of the event at which it was noticed; the last one for what the whole chain says."""
    table: str
    row_id: int | None
    """None where the row is missing."""
    expected: str
    found: str
    column: str = ""


class ChainCheck:
    """Reads the events of one case in their order and knows where its chain stands."""

    def __init__(self, case_id: int) -> None:
        self.case_id = case_id
        self.events = 0
        self.head_hash = GENESIS

    def take(self, values: tuple[Any, ...], previous_hash: str, found: str, event_id: int | None) -> Broken | None:
        """What is wrong with the next event, None where it fits; `values` are its HASHED_COLUMNS."""
        seq = values[1]
        if seq != self.events + 1:
            return Broken(Problem.GAP, self.case_id, seq, EVENTS, event_id, str(self.events + 1), str(seq))
        if previous_hash != self.head_hash:
            return Broken(Problem.LINK, self.case_id, seq, EVENTS, event_id, self.head_hash, previous_hash)
        expected = _hash(previous_hash, values)
        if expected != found:
            return Broken(Problem.CONTENT, self.case_id, seq, EVENTS, event_id, expected, found)
        self.events, self.head_hash = seq, found
        return None

    def end(self, events: int, head_hash: str) -> Broken | None:
        """What is wrong with the head that the case's row keeps, None where it is the last event."""
        if (events, head_hash) == (self.events, self.head_hash):
            return None
        expected, found = f"{events} events, {head_hash}", f"{self.events} events, {self.head_hash}"
        return Broken(Problem.HEAD, self.case_id, self.events, "cases", self.case_id, expected, found)


def canonical(facts: Mapping[str, Any] | Sequence[Any]) -> str:
    """The one JSON text of some facts, or of a list of them, whatever the order in which they were put together.

    Example: canonical({"unit": "lihe", "amount": Decimal("2.50")}) == '{"amount":"2.50","unit":"lihe"}'.
    Units: moments in ISO 8601, UTC, with microseconds; days as 2019-05-05; Decimal as its text.
    Raises: NotCanonical for NaN, infinity, a moment without zone, a key that is no text, an unknown type.
    """
    try:
        plain = dict(facts) if not isinstance(facts, dict) and isinstance(facts, Mapping) else facts
        text = _text_of(plain)
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(
            f"A text holds half a character ({error.reason}); read its source in the right encoding."
        ) from error
    except NotCanonical:
        raise
    except ValueError as error:
        raise NotCanonical(f"These facts have no one text: {error}. Use None where a number is unknown.") from error
    return text


def event_hash(previous_hash: str, fields: Mapping[str, Any]) -> str:
    """The hash of an event: sha256, in hex, over the previous hash and all the event says.

    Example: event["hash"] = event_hash(case.head_hash, event)
    `fields` holds at least HASHED_COLUMNS; others, such as id and hash, are not looked at.
    Raises: NotCanonical for a moment without zone, KeyError for a missing column.
    """
    return _hash(previous_hash, _values(fields))


def verify_chain(rows: Iterable[Mapping[str, Any]]) -> Broken | None:
    """The first of the events that does not fit, None where all do.

    The rows are whole events of one case or several, in the order of case and seq.
    """
    check: ChainCheck | None = None
    for row in rows:
        values = _values(row)
        if check is None or check.case_id != values[0]:
            check = ChainCheck(values[0])
        broken = check.take(values, row["previous_hash"], row["hash"], row.get("id"))
        if broken:
            return broken
    return None


_values = itemgetter(*HASHED_COLUMNS)


def _hash(previous_hash: str, values: tuple[Any, ...]) -> str:
    case_id, seq, action, at, recorded_at, actor, role, origin, from_state, to_state, facts, edition, run = values
    at_text = moment(at)
    recorded_text = at_text if recorded_at is at else moment(recorded_at)
    # Written out: every event of every case comes through here, and an encoder for the whole array takes twice as long.
    text = (
        f'[{quoted(previous_hash)},{case_id},{seq},{quoted(action)},"{at_text}","{recorded_text}",{quoted(actor)},'
        f"{quoted(role)},{quoted(origin)},{_text_of(from_state)},{quoted(to_state)},{quoted(facts)},{quoted(edition)},"
        f"{_text_of(run)}]"
    )
    return sha256(text.encode()).hexdigest()


def moment(value: datetime) -> str:
    """A moment as it stands in hashes and facts.

    Example: 5 May 2019 11:00 in Shanghai is "2019-05-05T03:00:00.000000+00:00".
    Raises: NotCanonical where it has no zone.
    """
    if value.tzinfo is None:
        raise NotCanonical(f"{value.isoformat()} has no zone; give every moment its time zone.")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _text_of(value: object) -> str:
    """The JSON text of a value; what is frequent is written here, which costs half of what an encoder does."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, datetime):
        return f'"{moment(value)}"'
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text_of, value))}]"
    return _OTHERS.encode(value)


def _object(facts: dict[Any, Any]) -> str:
    try:
        texts = [
            f"{quoted(name)}:{quoted(value) if type(value := facts[name]) is str else _text_of(value)}"
            for name in sorted(facts)
        ]
    except TypeError as error:
        # JSON would turn the key 1 into "1", and two facts into one.
        odd = next(name for name in facts if not isinstance(name, str))
        raise NotCanonical(f"The key {odd!r} of a fact is no text ({type(odd).__name__}).") from error
    return f"{{{','.join(texts)}}}"


def _fact(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    raise NotCanonical(f"{value!r} ({type(value).__name__}) has no one text; use text, a number, a moment or a list.")


# Built once: json.dumps builds an encoder for every call.
_OTHERS = JSONEncoder(ensure_ascii=False, allow_nan=False, default=_fact)
