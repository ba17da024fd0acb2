"""The roster as a person's page shows it: their shifts first, what waits for them, the month, and what they may ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from desk.pages import form_word
from models.city import City
from models.duty import ChangeKind, ChangeState
from models.duty_rules import DutyRules
from models.roster_approval import publishers
from models.roster_change import Wanted, free_for, judge_change
from models.roster_problem import NEIGHBOURHOOD
from tasks.roster_change_rows import StoredChange, around, changes_with, open_changes
from tasks.roster_changes import approvers_of
from tasks.roster_reading import Place, published_of, published_places, published_starting
from tasks.roster_report import kind_of
from tasks.wording import moment_words
from tasks.words import Language, word

A_DAY = timedelta(days=1)
AHEAD = timedelta(days=45)
"""So far ahead a person's shifts are listed, and shifts to swap with are offered."""


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One shift as a page names it."""

    reference: str
    when: str
    place: str
    who: str
    beside: tuple[str, ...]
    """Everybody else in it. Example: 带班领导 甲."""
    asked: str
    """The open wish about it, if any."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One wish to change a shift, with what its reader may do about it."""

    code: str
    kind: str
    state: str
    asker: str
    shift: str
    other_shift: str
    to: str
    reason: str
    words: str
    decided: str
    buttons: tuple[tuple[str, str, str], ...]
    """Value, look and label of each button."""


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One shift of the month's table."""

    day: str
    weekday: str
    hours: str
    kind: str
    rest_day: bool
    past: bool
    mine: bool
    cells: tuple[tuple[str, str, bool], ...]
    """Place, person, and whether that is the reader."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose in a form."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One shift of the reader's, with what may become of it."""

    line: ShiftLine
    substitutes: tuple[Choice, ...]
    swaps: tuple[Choice, ...]


@dataclass(frozen=True)
class RosterView:
    """Everything on the page."""

    month: str
    former: str
    next: str
    places: tuple[str, ...]
    rows: tuple[MonthRow, ...]
    mine: tuple[ShiftLine, ...]
    waiting: tuple[ChangeLine, ...]
    own: tuple[ChangeLine, ...]
    chosen: Chosen | None
    amendable: tuple[Choice, ...]
    """Shifts that this reader may give to others; empty for whoever may not."""
    people: tuple[Choice, ...]
    """Everybody in the pools."""


class RosterTeller:
    """Tells the roster to one reader in one language."""

    def __init__(
        self, connection: Connection, city: City, duty: DutyRules, now: datetime, reader: str, language: Language
    ) -> None:
        self._connection, self._city, self._duty = connection, city, duty
        self._now, self._reader, self._language = now, reader, language
        names = [post.name for code in self._people() if (post := city.posts.get(code)) is not None]
        self._shared = _beginning(names) if len(names) > 1 else ""

    def view(self, month: date, chosen: str) -> RosterView:
        """The page for a month, with the forms for a chosen shift."""
        places = published_places(self._connection, self._city, *self._bounds(month))
        waiting = [one for one in open_changes(self._connection, self._city) if self._buttons(one)]
        codes = {one.code for one in waiting}
        own = [one for one in changes_with(self._connection, self._city, self._reader) if one.code not in codes]
        mine = published_of(self._connection, self._city, self._reader, self._now - A_DAY, self._now + AHEAD)
        mine = [one for one in mine if one.shift.ends_at > self._now]
        begun = [one for one in places if one.shift.starts_at > self._now]
        return RosterView(
            month=f"{month:%Y-%m}",
            former=f"{month - A_DAY:%Y-%m}",
            next=f"{(month + 32 * A_DAY):%Y-%m}",
            places=tuple(self.place(place.code) for place in self._duty.places),
            rows=tuple(self._rows(places)),
            mine=tuple(self._lines(mine)),
            waiting=tuple(self._change(one) for one in waiting),
            own=tuple(self._change(one) for one in own),
            chosen=self._chosen([one for one in mine if one.reference == chosen]),
            amendable=tuple(self._amendable(begun)),
            people=tuple(Choice(post, self.name(post)) for post in self._people()),
        )

    def name(self, post: str | None) -> str:
        """A post by its name, without what the names of all in the duty room begin with."""
        found = self._city.posts.get(post or "")
        if found is None:
            return post or word("roster_column", "gap", self._language)
        return found.name.removeprefix(self._shared) or found.name

    def place(self, code: str) -> str:
        """A place by its name."""
        found = self._duty.place(code)
        return code if found is None else found.name if self._language == "zh" else found.english_name

    def when(self, place: Place) -> str:
        """When a shift runs."""
        start = moment_words(place.shift.starts_at, self._language, self._city.zone, self._now)
        hours = place.shift.length / timedelta(hours=1)
        return f"{start} · {form_word('roster', 'hours', self._language).format(hours=f'{hours:g}')}"

    def _bounds(self, month: date) -> tuple[datetime, datetime]:
        first, end = month.replace(day=1), (month.replace(day=1) + 32 * A_DAY).replace(day=1)
        return datetime.combine(first, time(), self._city.zone), datetime.combine(end, time(), self._city.zone)

    def _rows(self, places: Sequence[Place]) -> Iterable[MonthRow]:
        by_shift: dict[str, list[Place]] = {}
        for place in places:
            by_shift.setdefault(place.shift.code, []).append(place)
        for there in by_shift.values():
            shift = there[0].shift
            yield MonthRow(
                day=f"{shift.day.month}/{shift.day.day}",
                weekday=word("weekday", shift.day.weekday(), self._language),
                hours="" if shift.length >= A_DAY else f"{shift.starts_at:%H:%M}–{shift.ends_at:%H:%M}",
                kind=kind_of(replace(shift, night=False, weekend=False), self._language),
                rest_day=shift.weekend or shift.holiday,
                past=shift.ends_at <= self._now,
                mine=any(one.post == self._reader for one in there),
                cells=tuple((self.place(o.place), self.name(o.post), o.post == self._reader) for o in there),
            )

    def _lines(self, places: Sequence[Place]) -> Iterable[ShiftLine]:
        beside = published_starting(self._connection, self._city, [one.shift.starts_at for one in places])
        asked = {place.assignment_id: one for one in self._open() for place in (one.given, one.taken) if place}
        for place in places:
            others = [one for one in beside if one.shift.code == place.shift.code and one.place != place.place]
            wish = asked.get(place.assignment_id)
            yield ShiftLine(
                place.reference,
                self.when(place),
                self.place(place.place),
                self.name(place.post),
                tuple(f"{self.place(one.place)} {self.name(one.post)}" for one in others),
                word("roster_change_state", wish.state, self._language) if wish else "",
            )

    def _chosen(self, places: Sequence[Place]) -> Chosen | None:
        place = next((one for one in places if one.shift.starts_at > self._now), None)
        if place is None:
            return None
        near = [one.standing for one in around(self._connection, self._city, [place])]
        free = free_for(self._city, self._duty, place.standing, near)
        line = next(iter(self._lines([place])))
        return Chosen(line, tuple(Choice(post, self.name(post)) for post in free), tuple(self._swaps(place)))

    def _swaps(self, mine: Place) -> Iterable[Choice]:
        """The shifts of others, in the same place, for which all rules allow an exchange."""
        start, end = self._now, self._now + AHEAD
        published = published_places(self._connection, self._city, start - NEIGHBOURHOOD, end + NEIGHBOURHOOD)
        standings = [one.standing for one in published]
        for other in published:
            if (
                other.place != mine.place
                or other.post in (None, self._reader)
                or not start < other.shift.starts_at < end
            ):
                continue
            wanted = Wanted(ChangeKind.SWAP, mine.standing, str(other.post), other.standing)
            if judge_change(self._city, self._duty, wanted, standings, self._now) is None:
                yield Choice(other.reference, f"{self.when(other)} · {self.name(other.post)}")

    def _amendable(self, places: Sequence[Place]) -> Iterable[Choice]:
        if self._reader in publishers(self._city, self._duty):
            for one in places:
                yield Choice(one.reference, f"{self.when(one)} · {self.place(one.place)} · {self.name(one.post)}")

    def _people(self) -> Iterable[str]:
        return dict.fromkeys(post for place in self._duty.places for post in place.pool)

    def _open(self) -> list[StoredChange]:
        return open_changes(self._connection, self._city)

    def _buttons(self, change: StoredChange) -> tuple[tuple[str, str, str], ...]:
        """What the reader may do about a wish now."""
        if not change.is_open or change.wanted.begins_at <= self._now:
            return ()
        if change.state is ChangeState.ASKED and change.to_post == self._reader:
            return self._button("agree"), self._button("disagree", "plain")
        if change.state is ChangeState.ACCEPTED and self._reader in self._approvers(change):
            return self._button("grant"), self._button("refuse", "plain")
        return (self._button("withdraw", "plain"),) if change.asked_by == self._reader else ()

    def _button(self, what: str, look: str = "") -> tuple[str, str, str]:
        return what, look, form_word("roster", what, self._language)

    def _approvers(self, change: StoredChange) -> tuple[str, ...]:
        return approvers_of(self._connection, self._city, change.wanted)

    def _change(self, change: StoredChange) -> ChangeLine:
        decided = ""
        if change.decided_at is not None:
            at = moment_words(change.decided_at, self._language, self._city.zone, self._now)
            decided = f"{self.name(change.decided_by)} {at}" if change.decided_by in self._city.posts else at
        return ChangeLine(
            change.code,
            word("roster_change", change.kind, self._language),
            word("roster_change_state", change.state, self._language),
            self.name(change.asked_by),
            f"{self.when(change.given)} · {self.place(change.given.place)} · {self.name(change.from_post)}",
            f"{self.when(change.taken)} · {self.place(change.taken.place)}" if change.taken else "",
            self.name(change.to_post),
            change.reason,
            change.words,
            decided,
            self._buttons(change),
        )


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with. Example: 防汛办带班领导甲, 防汛办值班员甲 -> 防汛办."""
    least, most = min(names), max(names)
    same = next((n for n, (one, other) in enumerate(zip(least, most, strict=False)) if one != other), len(least))
    return least[:same]
