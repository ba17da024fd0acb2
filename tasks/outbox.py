"""The outbox: for queued notices that may still go an attempt is opened; the others wait or are given up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from models.case import Case
from models.notice import NoticeKind, NoticeState, Priority, WaitsFor
from models.stand_in import reader_of
from models.tables import table_of
from tasks.attempts import (
    NOTICES,
    attempts_of,
    close_attempts,
    free_notices,
    go_on_with,
    in_hand,
    open_attempt,
    settle_notice,
    targets_left,
)
from tasks.channels import Target
from tasks.database import claim
from tasks.lanes import Entry, Lanes
from tasks.limits_of_channels import address_free_at, count_alone, reader_free_at
from tasks.links import Link, Purpose
from tasks.rendering import render_both
from tasks.template_environment import RenderingError
from tasks.undelivered import Failure, report_undelivered
from tasks.waiting import NOBODY, Visit, address_key, expired, postpone, targets_of

CASES = table_of(Case)

DOWN_FOR = timedelta(minutes=2)
"""A notice that has no other way waits so long for a channel that does not answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One notice in a message, with the attempt that was opened for it."""

    notice_id: int
    attempt_id: int
    text: str
    link: Link | None
    repeat: bool
    code_nonce: str | None = None
    """Of a one-time code, which is put into words for the moment of the send and kept nowhere."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A message in the hand of one deliverer: one notice, or several of one reader."""

    items: tuple[Item, ...]
    target: Target
    entry: Entry
    recipient: str
    """The post, or a reporter's receipt number."""
    on_behalf_of: str | None
    """Name of the post it was meant for, where another one stands in."""
    reporter_id: int | None


@dataclass(slots=True)
class Opened:
    """What came of a few queued notices."""

    handovers: list[Handover] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    elsewhere: list[tuple[str, Entry]] = field(default_factory=list)
    """Notices whose channel is down, for the lane of their next one."""


@dataclass(frozen=True, slots=True)
class _Queued:
    """One queued notice, read anew: who is told, where, and what was tried."""

    lane: str
    entry: Entry
    row: Row[Any]
    told: str | None
    tries: Sequence[Row[Any]]


def open_queued(connection: Connection, visit: Visit, lanes: Lanes, queued: Sequence[tuple[str, Entry]]) -> Opened:
    """Open an attempt for each queued notice that may still go, in one transaction with what keeps the others back."""
    count_alone(connection)
    desk = _Counter(connection, visit, lanes)
    ids = [entry.notice_id for _, entry in queued]
    rows, tries = free_notices(connection, ids), attempts_of(connection, ids)
    for lane, entry in queued:
        row = rows.get(entry.notice_id)
        if row is not None and desk.is_free(row, entry, tries.get(row.id, [])):
            told = reader_of(visit.city, row.kind, row.recipient, visit.now) if row.recipient else None
            desk.take(_Queued(lane, entry, row, told, tries.get(row.id, [])))
    desk.keep_texts()
    report_undelivered(connection, visit.city, visit.now, desk.opened.failures)
    return desk.opened


class _Counter:
    """Where queued notices come to be sent, one after the other, in one transaction."""

    def __init__(self, connection: Connection, visit: Visit, lanes: Lanes) -> None:
        self._connection, self._visit, self._lanes = connection, visit, lanes
        self._rules = visit.city.messages
        self._taken: set[int] = set()
        """Notices that are in a message already."""
        self._texts: dict[int, str] = {}
        self.opened = Opened()

    def is_free(self, row: Row[Any], entry: Entry, tries: Sequence[Row[Any]]) -> bool:
        """Whether a notice is nobody's at the moment. An emergency is asked for one contact point at a time."""
        if entry.emergency:
            here = [attempt for attempt in tries if attempt.contact_order == entry.order]
            return not any(in_hand(attempt, self._visit.at) or attempt.ok for attempt in here)
        states = {row.state, *(attempt.notice_state for attempt in tries)}
        waits = row.id not in self._taken and states == {NoticeState.WAITING.value}
        return waits and not any(in_hand(attempt, self._visit.at) for attempt in tries)

    def take(self, queued: _Queued) -> None:
        """Open what a notice needs, put it off, or give it up."""
        row = queued.row
        broken_off = [a.id for a in queued.tries if a.ended_at is None and not in_hand(a, self._visit.at)]
        if broken_off:
            close_attempts(self._connection, broken_off, self._visit.at, None, "unknown")
        if self._text(row) is None:
            self._give_up(queued, "unreadable_facts")
            return
        left = targets_left(targets_of(self._visit, queued.told), queued.tries, row.channel)
        under_way = any(in_hand(attempt, self._visit.at) or attempt.ok for attempt in queued.tries)
        if not left and not under_way:
            self._give_up(queued, "no_contact_point")
            return
        if queued.entry.emergency:
            target = next((target for target in left if target.order == queued.entry.order), None)
        else:
            target = self._way_round(queued, left)
        if target is not None and self._may_go(queued, target):
            self._hand_out(queued, target)

    def keep_texts(self) -> None:
        """Write down what was put into words for the first time."""
        rows = [{"_id": notice_id, "_text": text} for notice_id, text in self._texts.items()]
        if rows:
            statement = update(NOTICES).where(NOTICES.c.id == bindparam("_id")).values(text=bindparam("_text"))
            self._connection.execute(statement, rows)

    def _way_round(self, queued: _Queued, left: Sequence[Target]) -> Target | None:
        """The next contact point where its channel answers; else it goes on in another lane, or waits."""
        down, row = self._lanes.down, queued.row
        if left[0].channel not in down:
            return left[0]
        ways = [target for target in left if target.channel not in down]
        if not ways:
            postpone(self._connection, [row.id], self._visit.now + DOWN_FOR, WaitsFor.CHANNEL_DOWN)
            return None
        for passed_over in left[: left.index(ways[0])]:
            attempt = open_attempt(self._connection, self._visit, row, passed_over, queued.told)
            close_attempts(self._connection, [attempt], self._visit.at, False, "channel_down")
        go_on_with(self._connection, row.id, ways[0])
        entry = queued.entry._replace(address=address_key(ways[0]))
        self.opened.elsewhere.append((ways[0].channel, entry))
        return None

    def _may_go(self, queued: _Queued, target: Target) -> bool:
        """Whether address and reader take a message now; if not it waits, and so do those behind it."""
        row = queued.row
        if queued.entry.emergency:
            return True
        routine, address = row.priority == Priority.ROUTINE, address_key(target)
        rule, at = self._rules.channel(target.channel), self._visit.at
        free_at = address_free_at(self._connection, rule, address, routine, at)
        if free_at is not None:
            self._lanes.full_until[address, routine] = free_at
            behind = [entry.notice_id for entry in self._lanes.withdraw(queued.lane, address, routine)]
            self._wait_until(free_at - at, [row.id, *behind], WaitsFor.RATE_LIMIT)
            return False
        if not self._gathers(queued, target) or row.channel is not None:
            return True
        reader = queued.told or ""
        free_at = reader_free_at(self._connection, reader, self._rules.window_of(target.channel), at)
        if free_at is not None:
            self._lanes.told_until[reader] = free_at
            self._wait_until(free_at - at, [row.id], WaitsFor.BUNDLE)
        return free_at is None

    def _wait_until(self, wait: timedelta, ids: Sequence[int], why: WaitsFor) -> None:
        postpone(self._connection, ids, self._visit.now + wait, why)

    def _gathers(self, queued: _Queued, target: Target) -> bool:
        """Whether a reader's routine messages come together on a channel."""
        rules, channel = self._rules, target.channel
        routine = queued.told is not None and queued.row.priority == Priority.ROUTINE
        return routine and rules.bundle_of(channel) > 1 and rules.window_of(channel) > timedelta(0)

    def _hand_out(self, queued: _Queued, target: Target) -> None:
        row, told, bundle_id = queued.row, queued.told, None
        rows = [(row, queued.tries)]
        if self._gathers(queued, target):
            bundle_id = uuid4().hex
            self._lanes.told_until[told or ""] = self._visit.at + self._rules.window_of(target.channel)
            rows += self._companions(queued, target, self._rules.bundle_of(target.channel) - 1)
        items = []
        for each, tries in rows:
            attempt_id = open_attempt(self._connection, self._visit, each, target, told, bundle_id)
            repeat = any(attempt.ok is None for attempt in tries)
            text, link, nonce = self._text(each) or "", self._link(each, told), _code_nonce(each)
            items.append(Item(each.id, attempt_id, text, link, repeat, nonce))
            self._taken.add(each.id)
        recipient = told or _receipt(row) or ""
        on_behalf_of = self._on_behalf_of(row, told)
        self.opened.handovers.append(
            Handover(tuple(items), target, queued.entry, recipient, on_behalf_of, row.reporter_id)
        )

    def _on_behalf_of(self, row: Row[Any], told: str | None) -> str | None:
        return self._visit.city.posts[row.recipient].name if told is not None and told != row.recipient else None

    def _companions(self, queued: _Queued, target: Target, most: int) -> list[tuple[Row[Any], Sequence[Row[Any]]]]:
        """Other routine notices of the same reader that would go the same way next: they go in the same message."""
        row = queued.row
        due = or_(
            NOTICES.c.not_before.is_(None),
            NOTICES.c.not_before <= self._visit.now,
            NOTICES.c.waits_for == WaitsFor.BUNDLE.value,
        )
        waiting = select(NOTICES).where(
            NOTICES.c.recipient == row.recipient,
            NOTICES.c.state == NoticeState.WAITING.value,
            NOTICES.c.priority == Priority.ROUTINE.value,
            NOTICES.c.id.not_in([row.id, *self._taken]),
            NOTICES.c.channel.is_(None) if row.channel is None else NOTICES.c.channel == row.channel,
            due,
        )
        rows = self._connection.execute(claim(waiting.order_by(NOTICES.c.id).limit(most), self._connection)).all()
        tries = attempts_of(self._connection, [each.id for each in rows])
        targets = targets_of(self._visit, queued.told)
        return [
            (each, tries.get(each.id, []))
            for each in rows
            if self.is_free(each, queued.entry, tries.get(each.id, []))
            and targets_left(targets, tries.get(each.id, []), row.channel)[:1] == (target,)
            and not expired(self._visit, each)
            and self._text(each) is not None
        ]

    def _text(self, row: Row[Any]) -> str | None:
        """What a notice says: put into words once, so that later attempts say the same; None where it cannot be."""
        if row.text:
            return str(row.text)
        if row.id in self._texts:
            return self._texts[row.id]
        try:
            facts = json.loads(row.facts) | {"said_at": row.created_at}
            text = render_both(NoticeKind(row.kind), facts, self._visit.city.zone).text
        except (RenderingError, ValueError, TypeError):
            return None
        self._texts[row.id] = text
        return text

    def _link(self, row: Row[Any], told: str | None) -> Link | None:
        """The page of the case for who is told, or their own page; for a reporter that of the receipt it names."""
        if row.kind == NoticeKind.MY_WORK:
            return Link(row.recipient, Purpose.MINE, row.recipient)
        if row.subject and told is not None:
            purpose, _, subject = row.subject.partition(":")
            return Link(told, Purpose(purpose), subject)
        if row.case_id is None:
            return None
        names = select(CASES.c.number, CASES.c.receipt_number).where(CASES.c.id == row.case_id)
        number, receipt = self._connection.execute(names).one()
        if told is not None:
            return Link(told, Purpose.CASE, number or receipt)
        own = _receipt(row) or receipt
        return Link(own, Purpose.REPORT, own)

    def _give_up(self, queued: _Queued, why: str) -> None:
        """Fails a notice nobody can be told, with a row that says why; never silent."""
        if why == "no_contact_point" and queued.tries:
            why = queued.tries[-1].outcome or "unknown"
        else:
            attempt = open_attempt(self._connection, self._visit, queued.row, NOBODY, queued.told)
            close_attempts(self._connection, [attempt], self._visit.at, False, why)
        if settle_notice(self._connection, queued.row.id, NoticeState.FAILED, self._visit.at):
            self.opened.failures.append(Failure.of(queued.row, why))


def _code_nonce(row: Row[Any]) -> str | None:
    return str(json.loads(row.facts)["nonce"]) if row.kind == NoticeKind.SIGN_IN_CODE else None


def _receipt(row: Row[Any]) -> str | None:
    """The receipt number a reporter's notice speaks of."""
    receipt: str | None = json.loads(row.facts).get("receipt_number")
    return receipt
