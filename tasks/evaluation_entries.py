"""What persons enter for the evaluation of a month: recorded for good, taken back by a later entry, never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from models.city import City, Post
from models.evaluation import NO_DIGEST, EvaluationEntry, EvaluationVersion, entry_digest
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.scheme import ManualItem, Scheme
from models.scheme_entries import Entry, doubles_refused, entry_refused, total_of
from models.scored import plain
from models.tables import table_of
from tasks.counted_marks import month_period
from tasks.flood_events import StreamMovedMeanwhile
from tasks.schemes import city_scheme

ENTRIES, VERSIONS = table_of(EvaluationEntry), table_of(EvaluationVersion)

LONGEST_TEXT = 500
"""Characters of what shows an entry, and of the words beside it."""

_SAID = ("key", "month", "unit", "item", "value", "evidence", "file", "words", "by", "at", "takes_back")
"""Columns that an entry's digest proves."""


@dataclass(frozen=True, slots=True)
class EntryWish:
    """What somebody wants to enter. `value` exact; `file`: digest of a picture that is in the store already."""

    month: str
    unit: str
    item: str
    value: Fraction
    evidence: str = ""
    words: str = ""
    file: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it is stored; `taken_back` is the number of the entry that took it back."""

    number: int
    month: str
    unit: str
    item: str
    value: Fraction
    evidence: str
    file: str | None
    words: str
    by: str
    at: datetime
    takes_back: int | None
    taken_back: int | None

    @property
    def stands(self) -> bool:
        """Whether it counts: it is no taking back, and nobody took it back."""
        return self.takes_back is None and self.taken_back is None


def enter(
    connection: Connection, city: City, wish: EntryWish, post: Post, key: str, now: datetime
) -> StoredEntry | Refusal:
    """Record an entry; the same key again gives the one that was recorded. Personal numbers in its texts are masked.

    Refused: `month_not_begun`, `entries_closed`, `entry_unknown_unit`, `entry_unknown_item`, `entry_by_others`,
    `entry_outside`, `entry_needs_evidence`, `entry_twice`, `entry_double`.
    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month; StreamMovedMeanwhile where
    somebody else entered something at the same moment.
    """
    if (there := _by_key(connection, key)) is not None:
        return there
    wish = replace(wish, evidence=_kept(wish.evidence), words=_kept(wish.words))
    scheme = scheme_of(city, wish.month)
    refused = entries_closed(connection, city, wish.month, now) or _not_possible(city, scheme, wish, post)
    if refused is not None:
        return refused
    standing = [one for one in entries_of(connection, wish.month, wish.unit) if one.stands]
    refused = _twice(scheme.manual[wish.item], wish, standing) or doubles_refused(
        scheme, _totals(scheme, [*((one.item, one.value) for one in standing), (wish.item, wish.value)])
    )
    return refused or _record(connection, wish, post, key, now, None)


def take_back(
    connection: Connection, city: City, number: int, words: str, post: Post, key: str, now: datetime
) -> StoredEntry | Refusal:
    """Take an entry back and say why; whoever may enter its item may.

    Refused: `entry_unknown`, `entry_taken_back`, `entry_unknown_item`, `entry_by_others`, `entry_needs_words`,
    `entries_closed`, `entry_double`. Raises: as `enter`.
    """
    if (there := _by_key(connection, key)) is not None:
        return there
    found = _entry(connection, number)
    if found is None or found.takes_back is not None:
        return Refusal("entry_unknown", {"number": number})
    if found.taken_back is not None:
        return Refusal("entry_taken_back", {"number": number, "by_entry": found.taken_back})
    scheme = scheme_of(city, found.month)
    item = scheme.manual.get(found.item)
    if item is None:
        return Refusal("entry_unknown_item", {"item": found.item, "items": list(scheme.manual)})
    if post.role not in item.by:
        return Refusal("entry_by_others", {"item": item.title.zh, "roles": list(item.by), "role": post.role})
    if not words.strip():
        return Refusal("entry_needs_words", {"number": number})
    others = [one for one in entries_of(connection, found.month, found.unit) if one.stands and one.number != number]
    refused = entries_closed(connection, city, found.month, now) or doubles_refused(
        scheme, _totals(scheme, [(one.item, one.value) for one in others])
    )
    wish = EntryWish(found.month, found.unit, found.item, found.value, words=_kept(words))
    return refused or _record(connection, wish, post, key, now, number)


def entries_closed(connection: Connection, city: City, month: str, now: datetime) -> Refusal | None:
    """Why nothing can be entered for a month now: it has not begun, or its window for appeals is over.

    Entries close with the month: what was drafted is counted once more when the window is over, and published.
    Raises: ValueError for a text that is no month.
    """
    period = month_period(month, city)
    if now < period.start:
        return Refusal("month_not_begun", {"month": month})
    until = connection.scalar(select(func.min(VERSIONS.c.window_until)).where(VERSIONS.c.month == month))
    return Refusal("entries_closed", {"month": month, "until": until}) if until is not None and now > until else None


def scheme_of(city: City, month: str) -> Scheme:
    """The scheme that scores a month. Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month."""
    return city_scheme(city, city.evaluation.scheme, month_period(month, city).start.date())


def entries_of(connection: Connection, month: str, unit: str | None = None) -> list[StoredEntry]:
    """Every entry of a month, taken back or not, in the order they were made; of one unit, or of all."""
    wanted = _entries().where(ENTRIES.c.month == month)
    if unit is not None:
        wanted = wanted.where(ENTRIES.c.unit == unit)
    return [_stored(row) for row in connection.execute(wanted.order_by(ENTRIES.c.id))]


def entered_since(connection: Connection, month: str, moment: datetime) -> bool:
    """Whether anything was entered or taken back for a month after a moment."""
    later = select(ENTRIES.c.id).where(ENTRIES.c.month == month, ENTRIES.c.at > moment).limit(1)
    return connection.scalar(later) is not None


def _not_possible(city: City, scheme: Scheme, wish: EntryWish, post: Post) -> Refusal | None:
    unit, item = city.units.get(wish.unit), scheme.manual.get(wish.item)
    if unit is None or not unit.group or scheme.group(unit.group) is None:
        return Refusal("entry_unknown_unit", {"unit": wish.unit, "scheme": scheme.title.zh})
    if item is None:
        return Refusal("entry_unknown_item", {"item": wish.item, "items": list(scheme.manual)})
    return entry_refused(item, Entry(wish.value, post.role, wish.evidence or wish.file))


def _twice(item: ManualItem, wish: EntryWish, standing: Iterable[StoredEntry]) -> Refusal | None:
    """The same occurrence entered a second time: by another form, yet by the same evidence; or the same figure."""
    for one in standing:
        same = (one.item, one.evidence, one.file) == (wish.item, wish.evidence, wish.file)
        if same and (wish.evidence or wish.file) and (item.whole or one.value == wish.value):
            return Refusal("entry_twice", {"number": one.number, "item": item.title.zh, "at": one.at, "post": one.by})
    return None


def _totals(scheme: Scheme, entered: Iterable[tuple[str, Fraction]]) -> dict[str, Fraction | None]:
    by_item: dict[str, list[Fraction]] = {}
    for item, value in entered:
        by_item.setdefault(item, []).append(value)
    return {code: total_of(item, by_item.get(code, ())) for code, item in scheme.manual.items()}


def _record(
    connection: Connection, wish: EntryWish, post: Post, key: str, now: datetime, takes_back: int | None
) -> StoredEntry:
    previous = _newest_digest(connection)
    row: dict[str, Any] = {
        "key": key,
        "month": wish.month,
        "unit": wish.unit,
        "item": wish.item,
        "value": plain(wish.value),
        "evidence": wish.evidence,
        "file": wish.file,
        "words": wish.words,
        "by": post.code,
        "at": now,
        "takes_back": takes_back,
    }
    proof = {"previous_digest": previous, "digest": entry_digest(previous, said_by(row))}
    try:
        connection.execute(insert(ENTRIES).values(row | proof))
    except IntegrityError as error:
        raise StreamMovedMeanwhile("evaluation_entry") from error
    recorded = _by_key(connection, key)
    assert recorded is not None  # noqa: S101 it was written one statement ago, in this transaction
    return recorded


def _newest_digest(connection: Connection) -> str:
    return connection.scalar(select(ENTRIES.c.digest).order_by(ENTRIES.c.id.desc()).limit(1)) or NO_DIGEST


def said_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says, as its digest proves it."""
    return {name: row[name] for name in _SAID}


def _entries() -> Any:
    later = ENTRIES.alias()
    return select(ENTRIES, later.c.id.label("taken_back")).join(later, later.c.takes_back == ENTRIES.c.id, isouter=True)


def _by_key(connection: Connection, key: str) -> StoredEntry | None:
    row = connection.execute(_entries().where(ENTRIES.c.key == key)).first()
    return _stored(row) if row else None


def _entry(connection: Connection, number: int) -> StoredEntry | None:
    row = connection.execute(_entries().where(ENTRIES.c.id == number)).first()
    return _stored(row) if row else None


def _stored(row: Row[Any]) -> StoredEntry:
    return StoredEntry(
        row.id,
        row.month,
        row.unit,
        row.item,
        Fraction(Decimal(row.value)),
        row.evidence,
        row.file,
        row.words,
        row.by,
        row.at,
        row.takes_back,
        row.taken_back,
    )


def _kept(text: str) -> str:
    return without_personal_numbers(text.strip()[:LONGEST_TEXT])
