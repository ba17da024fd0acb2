"""A call in one language, as plain texts for its pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from desk.pages import form_word
from models.call import EndedWhy, TargetState
from models.call_rules import CLIMBED_STEP
from models.city import City
from tasks.call_figures import Board
from tasks.call_places import duty_name, place_name
from tasks.call_rows import ChainKey
from tasks.wording import duration_words, moment_words
from tasks.words import Language, word

S = TargetState

SOON = timedelta(minutes=2)
MOST_TRIED = 4
"""Channels a line of the board names."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a call is about."""

    number: str
    drill: bool
    place: str
    severity: str
    severity_code: str
    warning: str
    reason: str
    started_by: str
    started_at: str
    runs_for: str
    ended: str
    """Why and when it is over; empty while it lasts."""
    now: str


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What somebody who is called sees: only their own places."""

    places: tuple[str, ...]
    done: str
    """Who answered, when and how; empty while nobody has."""
    left: str
    late: bool
    climbed: bool
    """Whether they hear of others' silence instead of being responsible themselves."""
    open: bool
    """Whether there is still something to answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person in one chain."""

    post: str
    name: str
    duty: str
    look: str
    """waiting, told, soon, late, red or answered."""
    state: str
    left: str
    tried: tuple[str, ...]
    button: bool


@dataclass(frozen=True, slots=True)
class ChainCard:
    """One chain for which nobody has answered yet."""

    place: str
    chain: str
    red: bool
    lines: tuple[Line, ...]
    heard: tuple[Line, ...]
    """Those to whom its silence climbed."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """The board."""

    called: int
    answered: int
    silent: int
    unreached: int
    undelivered: int
    in_time: str
    first_attempt: str
    last_answer: str
    red: bool
    cards: tuple[ChainCard, ...]
    awake: tuple[ChainCard, ...]
    about: str
    """What is recorded of the person just spoken of."""


class CallTeller:
    """Tells a call in one language."""

    def __init__(self, board: Board, city: City, now: datetime, language: Language) -> None:
        self._board, self._city, self._now, self._language = board, city, now, language

    def head(self) -> Head:
        """What it is about and since when."""
        call, ended = self._board.call, ""
        if call.ended_at is not None:
            ended = f"{self._at(call.ended_at)} {word('call_ended', call.ended_why, self._language)}"
        return Head(
            number=call.number,
            drill=call.drill,
            place=place_name(self._city, call.subject, self._language),
            severity=word("call_severity", call.severity, self._language) if call.severity else "",
            severity_code=call.severity or "",
            warning="、".join(self._board.warnings),
            reason=call.reason,
            started_by=self._actor(call.started_by),
            started_at=self._at(call.started_at),
            runs_for=duration_words((call.ended_at or self._now) - call.started_at, self._language),
            ended=ended,
            now=f"{self._now.astimezone(self._city.zone):%H:%M:%S}",
        )

    def own_part(self, reader: str) -> OwnPart | None:
        """What a post is called for; None where it is not called."""
        rows = [row for rows in self._board.chains.values() for row in rows if reader in (row.post, row.told)]
        if not rows:
            return None
        left = [row for row in rows if row.answered_at is None]
        due = min((row.due_at for row in left if row.due_at is not None), default=None)
        call, climbed = self._board.call, all(row.step >= CLIMBED_STEP for row in rows)
        # Once every chain has answered, nobody has to take over; who was called may still say that they heard it.
        answerable = call.ended_at is None or (call.ended_why == EndedWhy.ANSWERED and not climbed)
        return OwnPart(
            places=tuple(dict.fromkeys(self._own_place(row, reader) for row in rows)),
            done="" if left else self._answered(max(rows, key=lambda row: row.answered_at)),
            left=duration_words(due - self._now, self._language) if due else "",
            late=due is not None and due <= self._now,
            climbed=climbed,
            open=bool(left) and answerable,
        )

    def board(self, about: str = "") -> BoardView:
        """Who has not answered, by chain: those nobody is left for first, then by time left."""
        figures, chains = self._board.figures, self._board.chains
        silent = sorted((key for key in chains if key not in self._board.awake), key=self._urgency)
        cards = tuple(self._card(key) for key in silent)
        share = f"{100 * figures.in_time // figures.called}%" if figures.called else "–"
        first = figures.first_attempt
        return BoardView(
            called=figures.called,
            answered=figures.answered,
            silent=figures.silent,
            unreached=figures.unreached,
            undelivered=figures.undelivered,
            in_time=share,
            first_attempt=self._say("seconds").format(seconds=round(first.total_seconds())) if first else "–",
            last_answer=self._clock(figures.last_answer_at) if figures.last_answer_at else "–",
            red=any(card.red for card in cards),
            cards=cards,
            awake=tuple(self._card(key) for key in chains if key in self._board.awake),
            about=self._about(about),
        )

    def _urgency(self, key: ChainKey) -> tuple[bool, float]:
        rows = self._board.chains[key]
        due = min((row.due_at for row in rows if row.answered_at is None and row.due_at), default=None)
        red = any(row.state == S.UNREACHED for row in rows)
        return not red, due.timestamp() if due else float("inf")

    def _card(self, key: ChainKey) -> ChainCard:
        subject, chain = key
        rule = self._city.calls.chain(chain) if self._city.calls else None
        name = (rule.english_name if self._language == "en" else rule.name) if rule else self._say("no_chain")
        rows = self._board.chains[key]
        red = key not in self._board.awake and any(row.state == S.UNREACHED for row in rows)
        place = place_name(self._city, subject, self._language)
        own, heard = (
            [self._line(r) for r in rows if (r.step < CLIMBED_STEP) is of_chain] for of_chain in (True, False)
        )
        return ChainCard(place, name, red, tuple(own), tuple(heard))

    def _line(self, row: Row[Any]) -> Line:
        reader, left = row.told or row.post, ""
        if row.answered_at is not None:
            left = self._answered(row)
        elif row.due_at is not None:
            words = duration_words(row.due_at - self._now, self._language)
            left = self._say("over_by" if row.due_at <= self._now else "left").format(time=words)
        open_ = self._board.call.ended_at is None and row.answered_at is None and row.told_at is not None
        return Line(
            post=reader,
            name=self._name(reader)
            + (self._say("for").format(post=self._name(row.post)) if reader != row.post else ""),
            duty=self._duty(row.duty),
            look=self._look(row),
            state=word("call_target", row.state, self._language),
            left=left,
            tried=self._tried(reader) if row.told_at is not None and row.answered_at is None else (),
            button=open_,
        )

    def _look(self, row: Row[Any]) -> str:
        if row.state in (S.ANSWERED, S.WAITING):
            return str(row.state)
        if row.state == S.UNREACHED:
            return "red"
        if row.due_at is not None and row.due_at <= self._now:
            return "late"
        return "soon" if row.due_at is not None and row.due_at - self._now <= SOON else "told"

    def _tried(self, reader: str) -> tuple[str, ...]:
        """What was tried for the newest message, by channel, and how often they were called where more than once."""
        latest = {one.channel: one for one in self._board.tried.get(reader, ())}
        said = [
            f"{word('channel', one.channel, self._language)} {word('outcome', one.outcome, self._language)}"
            for one in list(latest.values())[:MOST_TRIED]
        ]
        times = self._board.messages.get(reader, 0)
        if times > 1:
            said.append(self._say("times").format(times=times))
        return tuple(said) if said else (self._say("not_sent_yet"),)

    def _about(self, reader: str) -> str:
        rows = [r for rows in self._board.chains.values() for r in rows if reader and reader in (r.told, r.post)]
        answered = [row for row in rows if row.answered_at is not None]
        return f"{self._name(reader)}: {self._answered(answered[-1])}" if answered else ""

    def _own_place(self, row: Row[Any], reader: str) -> str:
        said = place_name(self._city, row.subject, self._language)
        stands_in = self._say("for").format(post=self._name(row.post)) if row.post != reader else ""
        return f"{said} · {self._duty(row.duty)}{stands_in}"

    def _answered(self, row: Row[Any]) -> str:
        """Example: 20:03 网页确认; 20:04 电话或当面（防汛值班员甲登记）."""
        said = f"{self._clock(row.answered_at)} {word('call_how', row.how, self._language)}"
        if row.recorded_by:
            said += self._say("recorded_by").format(post=self._name(row.recorded_by))
        elif row.answered_by not in (row.told, row.post):
            said += self._say("answered_by").format(post=self._name(row.answered_by))
        return f"{said} {row.words}".rstrip()

    def _duty(self, duty: str) -> str:
        return duty_name(duty, self._language)

    def _actor(self, by: str) -> str:
        return self._say("by_rule") if by.startswith("rule:") else self._name(by)

    def _name(self, post: str) -> str:
        found = self._city.posts.get(post)
        return found.name if found else post

    def _at(self, at: datetime) -> str:
        return moment_words(at, self._language, self._city.zone, self._now)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._city.zone):%H:%M:%S}"

    def _say(self, code: str) -> str:
        return form_word("call", code, self._language)
