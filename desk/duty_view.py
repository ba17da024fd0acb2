"""A person's own duty in the words of their page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.pages import form_word
from models.city import City
from tasks.duty_log import LogEntry
from tasks.duty_shifts import Shift, Stand
from tasks.duty_state import place_name
from tasks.handover_record import PARTS
from tasks.handovers import Handover
from tasks.own_duty import OwnDuty, ToSignIn
from tasks.spot_check_answers import Check
from tasks.spot_checks import station_name
from tasks.wording import clean, moment_words
from tasks.words import Language, word

LONGEST_LINE = 160
MOST_LINES = 8
"""Rows of one part of a record that the page lists; the documents hold all of them."""


@dataclass(frozen=True, slots=True)
class StandLine:
    """One place of a shift."""

    place: str
    name: str
    said: str
    look: str
    """good, late or empty."""
    mine: bool
    presence: str


@dataclass(frozen=True, slots=True)
class RecordPart:
    """One part of a handover's record."""

    title: str
    count: int
    lines: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True)
class HandoverCard:
    """A handover, as it is read by whoever signs it."""

    code: str
    shift: str
    due: str
    late: bool
    sides: tuple[str, ...]
    words: str
    record: tuple[RecordPart, ...]
    unconfirmed: bool
    done: bool


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of the log."""

    number: str
    at: str
    post: str
    what: str
    handled: str
    about: tuple[str, ...]
    corrected: str
    correction: str


class DutyTeller:
    """Puts a person's duty into words at a moment, in one language."""

    def __init__(self, city: City, reader: str, now: datetime, language: Language) -> None:
        self._city, self._reader, self._now, self._language = city, reader, now, language

    def say(self, code: str, **facts: str | int) -> str:
        """A word of the duty pages."""
        return form_word("duty", code, self._language).format(**facts)

    def moment(self, at: datetime) -> str:
        """A moment; of today the time alone."""
        local, today = at.astimezone(self._city.zone), self._now.astimezone(self._city.zone).date()
        return (
            f"{local:%H:%M}" if local.date() == today else moment_words(at, self._language, self._city.zone, self._now)
        )

    def name(self, post: str | None) -> str:
        """What a post is called."""
        found = self._city.posts.get(post or "")
        return found.name if found else post or self.say("gap")

    def span(self, shift: Shift) -> str:
        """From when until when a shift lasts."""
        zone, now = self._city.zone, self._now
        begins, ends = (moment_words(at, self._language, zone, now) for at in (shift.starts_at, shift.ends_at))
        joined = "至" if self._language == "zh" else " to "
        return f"{begins}{joined}{ends}"

    def stands(self, duty: OwnDuty) -> list[StandLine]:
        """Who stands in the present shift."""
        return [self._stand(duty, stand) for stand in duty.shift.stands] if duty.shift else []

    def presence(self, duty: OwnDuty, place: str) -> str:
        """Whether a place must be filled in the room now."""
        found = self._city.duty.place(place) if self._city.duty else None
        return "in_room" if found is None or duty.state in found.in_room else "stands_by"

    def sign_in(self, duty: OwnDuty, one: ToSignIn) -> dict[str, Any]:
        """A place the reader may sign in to."""
        due = one.stand.sign_in_due_at
        late = due is not None and self._now > due
        if one.instead:
            help_ = (
                self.say("instead_help", post=self.name(one.stand.post)) if one.stand.post else self.say("instead_gap")
            )
        else:
            in_room = self.presence(duty, one.stand.place) == "in_room"
            help_ = self.say("sign_in_help" if in_room else "stand_by_help")
        return {
            "do": "instead" if one.instead else "sign_in",
            "shift": one.shift.code,
            "place": one.stand.place,
            "title": self.say("instead" if one.instead else "sign_in"),
            "place_name": self.place(one.stand.place),
            "span": self.span(one.shift),
            "help": help_,
            "due": self.say("sign_in_late" if late else "sign_in_by", until=self.moment(due)) if due else "",
            "late": late,
        }

    def check(self, check: Check) -> dict[str, Any]:
        """A spot check the reader may answer."""
        station = station_name(self._city, check.station)
        late = self._now > check.due_at
        return {
            "code": check.code,
            "label": self.say("reading_of", station=station) if station else self.say("say_how"),
            "station": station,
            "due": self.say("check_late" if late else "check_left", until=self._clock(check.due_at)),
            "late": late,
        }

    def handover(self, handover: Handover) -> HandoverCard:
        """A handover with its record."""
        late = not handover.done and self._now > handover.due_at(self._city)
        due = self.moment(handover.due_at(self._city))
        return HandoverCard(
            handover.outgoing.code,
            self.span(handover.outgoing),
            "" if handover.done else self.say("overdue" if late else "due", until=due),
            late,
            self._sides(handover),
            handover.words,
            tuple(self._part(name, handover.record) for name in PARTS if name in handover.record),
            handover.confirmed_at is None,
            handover.done,
        )

    def entry(self, entry: LogEntry) -> EntryLine:
        """An entry of the log."""
        words = entry.words
        about = (("where", words.place), ("weather", words.weather), ("rain", words.rain), ("level", words.level))
        return EntryLine(
            entry.number,
            f"{entry.at.astimezone(self._city.zone):%H:%M}",
            self.name(entry.post),
            words.what,
            words.handled,
            tuple(f"{self.say(code)} {text}" for code, text in about if text),
            self.say("corrected", number=entry.corrected_by) if entry.corrected_by else "",
            self.say("correction_of", number=words.corrects) if words.corrects else "",
        )

    def place(self, code: str) -> str:
        """What a place of the duty room is called in the reader's language."""
        found = self._city.duty.place(code) if self._city.duty else None
        return found.english_name if found and self._language == "en" else place_name(self._city, code)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._city.zone):%H:%M:%S}"

    def _stand(self, duty: OwnDuty, stand: Stand) -> StandLine:
        said, look = (
            self.say("not_signed_in"),
            "late" if stand.sign_in_due_at and self._now > stand.sign_in_due_at else "",
        )
        if stand.vacant_at and not stand.signed_in_at:
            said, look = self.say("vacant", at=self.moment(stand.vacant_at)), "late"
        if stand.signed_in_at:
            parts = [self.say("signed_in", at=self.moment(stand.signed_in_at))]
            if stand.signed_in_by != stand.post and stand.post:
                parts.append(self.say("for_post", post=self.name(stand.post)))
            if stand.vacant_at:
                parts.append(self.say("was_vacant", at=self.moment(stand.vacant_at)))
            said, look = " · ".join(parts), "good"
        mine = stand.stands == self._reader
        presence = self.say(self.presence(duty, stand.place))
        return StandLine(self.place(stand.place), self.name(stand.stands), said, look, mine, presence)

    def _sides(self, handover: Handover) -> tuple[str, ...]:
        confirmed, accepted = self.say("not_confirmed"), self.say("not_accepted")
        if handover.confirmed_at:
            confirmed = self.say(
                "confirmed_by", post=self.name(handover.confirmed_by), at=self.moment(handover.confirmed_at)
            )
        if handover.accepted_at:
            accepted = self.say(
                "accepted_by", post=self.name(handover.accepted_by), at=self.moment(handover.accepted_at)
            )
        elif handover.incoming is None:
            accepted = self.say("ends_season")
        return confirmed, accepted

    def _part(self, name: str, record: Mapping[str, Any]) -> RecordPart:
        part = record[name]
        lines = tuple(self._row(name, row) for row in part["rows"][:MOST_LINES])
        left = int(part["count"]) - len(lines)
        more = self.say("more", count=left) if left > 0 else ""
        return RecordPart(self.say(f"record_{name}"), int(part["count"]), lines, more)

    def _row(self, name: str, row: Mapping[str, Any]) -> str:
        return clean(" · ".join(text for text in self._texts(name, row) if text), LONGEST_LINE)

    def _texts(self, name: str, row: Mapping[str, Any]) -> list[str]:
        """What one row of a record says."""
        at = self._at(row)
        if name == "log":
            return [at, self.name(row["post"]), row["what"], row["handled"]]
        if name == "warnings":
            station, area = self._city.water.stations.get(row["station"] or ""), self._city.areas.get(row["area"])
            where = station or area
            severity = word("severity", row["severity"], self._language)
            return [at, row["number"], severity, where.name if where else row["area"]]
        if name == "notices":
            kind = word("notice", row["kind"], self._language)
            return [at, kind, self.name(row["recipient"])]
        if name == "cases":
            subclass = self._city.catalogue.subclasses.get(row["class_code"] or "")
            unit = self._city.units.get(row["unit"] or "")
            state = word("state", row["state"], self._language)
            kind = subclass.minor if subclass else row["class_code"]
            return [row["number"] or row["receipt_number"], kind, state, unit.name if unit else ""]
        measure = word("measure", row["quantity"], self._language)
        reading = f"{row['value']} {word('measure_unit', row['quantity'], self._language)}"
        return [at, str(row["name"]), measure, reading]

    def _at(self, row: Mapping[str, Any]) -> str:
        found = next((row[name] for name in ("at", "raised_at", "created_at") if row.get(name)), None)
        return f"{datetime.fromisoformat(found).astimezone(self._city.zone):%m-%d %H:%M}" if found else ""
