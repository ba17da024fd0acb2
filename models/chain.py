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
from operator import itemgetter
from typing import Any

GENESIS = ""
"""What the first event of a case has for a previous hash."""

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
    """An event of a case that does not exist."""


@dataclass(frozen=True)
class Broken:
    """The first row that does not fit."""

    problem: Problem
    case_id: int
    seq: int
    event_id: int | None
    expected: str
    found: str


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
            return Broken(Problem.GAP, self.case_id, seq, event_id, str(self.events + 1), str(seq))
        if previous_hash != self.head_hash:
            return Broken(Problem.LINK, self.case_id, seq, event_id, self.head_hash, previous_hash)
        expected = _hash(previous_hash, values)
        if expected != found:
            return Broken(Problem.CONTENT, self.case_id, seq, event_id, expected, found)
        self.events, self.head_hash = seq, found
        return None

    def end(self, events: int, head_hash: str) -> Broken | None:
        """What is wrong with the head that the case's row keeps, None where it is the last event."""
        if (events, head_hash) == (self.events, self.head_hash):
            return None
        expected, found = f"{events} events, {head_hash}", f"{self.events} events, {self.head_hash}"
        return Broken(Problem.HEAD, self.case_id, self.events, None, expected, found)


def canonical(facts: Mapping[str, Any] | Sequence[Any]) -> str:
    """The one JSON text of some facts, or of a list of them, whatever the order in which they were put together.

    Example: canonical({"unit": "lihe", "amount": Decimal("2.50")}) == '{"amount":"2.50","unit":"lihe"}'.
    Units: moments in ISO 8601, UTC, with microseconds; days as 2019-05-05; Decimal as its text.
    Raises: NotCanonical for NaN, infinity, a moment without zone, a key that is no text, an unknown type.
    """
    plain = dict(facts) if isinstance(facts, Mapping) else facts
    _refuse_odd_keys(plain)
    try:
        text = _FACTS.encode(plain)
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
    case_id, seq, action, at, recorded_at, *others = values
    row = [previous_hash, case_id, seq, action, moment(at), moment(recorded_at), *others]
    return sha256(_ARRAY.encode(row).encode()).hexdigest()


def moment(value: datetime) -> str:
    """A moment as it stands in hashes and facts.

    Example: 5 May 2019 11:00 in Shanghai is "2019-05-05T03:00:00.000000+00:00".
    Raises: NotCanonical where it has no zone.
    """
    if value.tzinfo is None:
        raise NotCanonical(f"{value.isoformat()} has no zone; give every moment its time zone.")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _fact(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    raise NotCanonical(f"{value!r} ({type(value).__name__}) has no one text; use text, a number, a moment or a list.")


def _refuse_odd_keys(value: object) -> None:
    # JSON would turn the key 1 into "1", and two facts into one.
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"The key {key!r} of a fact is no text ({type(key).__name__}).")
            if not isinstance(inner, str):
                _refuse_odd_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_odd_keys(inner)


# Built once: json.dumps builds an encoder for every call.
_FACTS = JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False, default=_fact)
_ARRAY = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
