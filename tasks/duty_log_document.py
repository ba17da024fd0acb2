"""A day of the duty log as one document: its shifts, who was on them, handovers, entries; the same in every format."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, select

from models.city import City
from models.flood_event import FloodStream
from models.tables import table_of
from tasks.duty_log import LogEntry, log_stream, read_log
from tasks.duty_shifts import Shift, Stand, shifts_between
from tasks.duty_state import place_name
from tasks.handovers import HANDOVERS, Handover, handovers_where
from tasks.words import Language, word

STREAMS = table_of(FloodStream)

SHORT_HASH = 16
"""Characters of the last entry's hash that a page prints."""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShiftTable:
    """One shift of the day: from when until when, and who was on it."""

    span: str
    rows: tuple[Row, ...]
    """Place, who, sign-in."""


@dataclass(frozen=True, slots=True)
class LogDocument:
    """What a document of a day says, as plain texts."""

    title: str
    city: str
    day: str
    language: Language
    shifts: tuple[ShiftTable, ...]
    handovers: tuple[str, ...]
    entries: tuple[Row, ...]
    """Number, time, who, where, what, how handled, rain and water."""
    proof: str
    dated: datetime
    """What the file says of when it was made: the end of the day, so that the same day gives the same bytes."""

    def head(self, code: str) -> str:
        """A heading."""
        return word("log_document", code, self.language)


def log_document(connection: Connection, city: City, day: date, language: Language) -> LogDocument:
    """The document of a day."""
    teller = _Teller(city, day, language)
    first = datetime.combine(day, time(), city.zone)
    last = first + timedelta(days=1)
    shifts = shifts_between(connection, city, first, last)
    within = HANDOVERS.c.opened_at.between(first, last - timedelta(microseconds=1))
    handovers = handovers_where(connection, city, within, 20)
    entries = read_log(connection, day)
    head = connection.execute(select(STREAMS).where(STREAMS.c.stream == log_stream(day))).first()
    return LogDocument(
        teller.say("title"),
        city.name if language == "zh" else city.english_name,
        teller.say("day", year=day.year, month=day.month, day=day.day),
        language,
        tuple(ShiftTable(teller.span(shift), teller.stands(shift)) for shift in shifts),
        tuple(teller.handover(one) for one in reversed(handovers)),
        tuple(teller.entry(entry) for entry in entries),
        teller.say("proof", count=len(entries), hash=head.head_hash[:SHORT_HASH] if head else "-"),
        last,
    )


ENTRY_COLUMNS = ("number", "at", "post", "where", "what", "handled", "water")
STAND_COLUMNS = ("place", "post", "sign_in")
"""Headings of the two tables."""


class _Teller:
    """Puts a day into words."""

    def __init__(self, city: City, day: date, language: Language) -> None:
        self._city, self._day, self._language = city, day, language

    def say(self, code: str, **facts: str | int) -> str:
        return word("log_document", code, self._language).format(**facts)

    def span(self, shift: Shift) -> str:
        return self.say("span", starts=self._at(shift.starts_at), ends=self._at(shift.ends_at))

    def stands(self, shift: Shift) -> tuple[Row, ...]:
        return tuple(
            (place_name(self._city, one.place), self._name(one.stands), self._signed(one)) for one in shift.stands
        )

    def handover(self, handover: Handover) -> str:
        parts = [self._at(handover.outgoing.ends_at)]
        if handover.confirmed_at:
            by, at = self._name(handover.confirmed_by), self._at(handover.confirmed_at)
            parts.append(self.say("confirmed", post=by, at=at))
        else:
            parts.append(self.say("not_confirmed"))
        if handover.accepted_at:
            by, at = self._name(handover.accepted_by), self._at(handover.accepted_at)
            parts.append(self.say("accepted", post=by, at=at))
        elif handover.incoming is not None:
            parts.append(self.say("not_accepted"))
        if handover.words:
            parts.append(self.say("left_over", words=handover.words))
        return " · ".join(parts)

    def entry(self, entry: LogEntry) -> Row:
        words = entry.words
        what = [words.what]
        if words.corrects:
            what.append(f"（{self.say('corrects', number=self._number(words.corrects))}）")
        if entry.corrected_by:
            what.append(f"（{self.say('corrected', number=self._number(entry.corrected_by))}）")
        besides = [
            f"{self.say(code)} {text}"
            for code, text in (("weather", words.weather), ("rain", words.rain), ("level", words.level))
            if text
        ]
        number = entry.number.partition("/")[2]
        at = f"{entry.at.astimezone(self._city.zone):%H:%M}"
        return number, at, self._name(entry.post), words.place, "".join(what), words.handled, "\n".join(besides)

    def _number(self, number: str) -> str:
        """The number of an entry; of this day without the day."""
        return number.removeprefix(f"{self._day.isoformat()}/")

    def _signed(self, stand: Stand) -> str:
        vacant = self.say("vacant", at=self._at(stand.vacant_at)) if stand.vacant_at else ""
        if stand.signed_in_at is None:
            return vacant or self.say("not_signed_in")
        instead = stand.signed_in_by != stand.post and stand.post
        parts = [
            self._at(stand.signed_in_at),
            self.say("instead", post=self._name(stand.post)) if instead else "",
            vacant,
        ]
        return " ".join(part for part in parts if part)

    def _name(self, post: str | None) -> str:
        found = self._city.posts.get(post or "")
        return found.name if found else post or self.say("nobody")

    def _at(self, at: datetime) -> str:
        """A moment: the time alone on the day itself."""
        local = at.astimezone(self._city.zone)
        return f"{local:%H:%M}" if local.date() == self._day else f"{local:%m-%d %H:%M}"
