"""What must hold after anything at all was killed: the proof, the deadlines, the inbox, and every message.

Nothing here compares with another run; that is `outcome.py`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.lifecycle_events import replay
from models.notice import Attempt, NoticeState
from models.tables import table_of
from models.vocabulary import ActionName, Role, State
from tasks.audit import verify_all
from tasks.case_store import CASES, EVENTS, NOTICES, read_cases
from tasks.database import reading
from tasks.inbox import INBOX

ATTEMPTS = table_of(Attempt)

REPEAT = "（可能重复 may be a repeat）"
"""How a message says that it may have come before."""

_LINE = re.compile(rf"^\d+\. ({REPEAT})?(【.*)$")
_ENGLISH = "— English —"


class PromiseBroken(Exception):
    """Something was lost, doubled or altered."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One notice as it arrived somewhere, in a message of its own or in a bundle."""

    place: str
    """The path it was posted to: one for each contact point."""
    title: str
    repeat: bool


def check_promises(engine: Engine, city: City, received: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """What was verified, in words.

    Raises: PromiseBroken naming the first thing that is not as it must be.
    """
    report = verify_all(engine)
    if not report.intact:
        raise PromiseBroken(f"audit: {report.broken or report.unguarded} of case {report.broken_case}")
    with reading(engine) as connection:
        cases = _check_deadlines(connection, city)
        actions = _check_inbox(connection)
        notices = _check_attempts(connection)
        repeats = _check_arrivals(connection, list(arrivals(received)))
    return [
        f"{report.events} events of {report.cases} cases prove unaltered",
        f"{cases} cases and their deadlines are what their events add up to",
        f"{actions} actions settled once",
        f"{notices} notices handed over, {repeats} messages came twice and said so",
    ]


def arrivals(received: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Arrival]:
    """The notices in the messages a channel server received."""
    for path, content in received:
        place, title = path.strip("/"), content["title"]
        if "条消息】" not in title:
            yield Arrival(place, title.removeprefix(REPEAT), title.startswith(REPEAT))
            continue
        chinese, _, _ = content["message"].partition(_ENGLISH)
        for line in map(_LINE.match, chinese.split("\n")):
            if line:
                yield Arrival(place, line[2], bool(line[1]))


def _check_deadlines(connection: Connection, city: City) -> int:
    rows: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(EVENTS).order_by(EVENTS.c.case_id, EVENTS.c.seq)):
        rows.setdefault(row.case_id, []).append(row)
    ids = connection.execute(select(CASES.c.id)).scalars().all()
    for start in range(0, len(ids), 1000):
        for one in read_cases(connection, ids[start : start + 1000]).values():
            told = _told(one.case, [_event(row) for row in rows[one.case.id]], city)
            if told != one.case:
                raise PromiseBroken(f"case {one.case.receipt_number} is stored as {one.case}, its events say {told}")
    return len(ids)


def _told(stored: CaseState, events: Sequence[CaseEvent], city: City) -> CaseState:
    fresh = CaseState(
        stored.id, stored.receipt_number, stored.source, stored.opened_at, city.edition, city.calendar_edition,
        class_code=stored.class_code, condition_no=stored.condition_no, area=stored.area, place=stored.place,
        description=stored.description, complete=stored.complete, reporters=stored.reporters,
    )  # fmt: skip
    told = replay(fresh, events, lambda _: city.calendar)
    told.head_hash, told.version = stored.head_hash, stored.version
    return told


def _event(row: Row[Any]) -> CaseEvent:
    return CaseEvent(
        ActionName(row.action), row.at, row.recorded_at, row.actor, Role(row.role), row.origin,
        State(row.from_state) if row.from_state else None, State(row.to_state), json.loads(row.facts), row.edition,
    )  # fmt: skip


def _check_inbox(connection: Connection) -> int:
    rows = connection.execute(select(INBOX)).all()
    for row in rows:
        if row.state not in ("done", "refused") or row.settled_at is None:
            raise PromiseBroken(f"action {row.key} is {row.state}, settled at {row.settled_at}")
    return len(rows)


def _check_attempts(connection: Connection) -> int:
    """Every notice was handed over; none was tried more than once again at one contact point."""
    tries: dict[int, list[Row[Any]]] = {}
    for attempt in connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.id)):
        tries.setdefault(attempt.notice_id, []).append(attempt)
    rows = connection.execute(select(NOTICES)).all()
    for row in rows:
        if row.state not in (NoticeState.SENT, NoticeState.ACKNOWLEDGED):
            raise PromiseBroken(f"notice {row.dedupe_key} is {row.state}")
        attempts = tries.get(row.id, [])
        if [attempt.ok for attempt in attempts].count(True) != 1 or attempts[-1].ok is not True:
            raise PromiseBroken(f"notice {row.dedupe_key} was told by {[(a.channel, a.ok) for a in attempts]}")
        most = max(Counter(attempt.contact_order for attempt in attempts).values())
        if most > 2:
            raise PromiseBroken(f"notice {row.dedupe_key} went {most} times to one contact point")
    return len(rows)


def _check_arrivals(connection: Connection, arrived: Sequence[Arrival]) -> int:
    """Each notice arrived; none twice at one place unless the second said so; returns how many came again."""
    everywhere = Counter((_whom(one.place), one.title) for one in arrived)
    by_place = Counter((one.place, one.title) for one in arrived)
    unmarked = Counter((_whom(one.place), one.title) for one in arrived if not one.repeat)
    written = Counter(_named(row) for row in connection.execute(select(NOTICES)))
    for name, count in written.items():
        if everywhere[name] < count:
            raise PromiseBroken(f"{name}: {count} notices, but only {everywhere[name]} arrived")
        if unmarked[name] > count:
            raise PromiseBroken(f"{name}: {count} notices, but {unmarked[name]} arrived that say nothing of a repeat")
    for (place, title), count in by_place.items():
        if count > 2 * written[_whom(place), title]:
            raise PromiseBroken(f"{title} arrived {count} times at {place}")
    return everywhere.total() - written.total()


def _whom(place: str) -> str:
    """Who reads what is posted to a path `ok/POST/ORDER` or `ok/reporter/PHONE`."""
    return place.split("/")[1]


def _named(row: Row[Any]) -> tuple[str, str]:
    title, _, _ = (row.text or "").partition("\n")
    return row.recipient or "reporter", title
