"""A flood season on virtual time: what the processes do at a moment, in their order, without Prefect.

Each visit is what `duty-shift`, `duty-watch`, `hydrology`, `flood-calls`, `flood-watch` and `notices` do; the same
functions in the same transactions.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from sqlalchemy import Connection, Engine, and_, bindparam, or_, select

from models.city import City
from models.duty import SpotCheck
from models.flood_event import Recording
from models.notice import Notice, NoticeState
from models.tables import table_of
from tasks.bulk_rows import update_rows
from tasks.call_climbs import climb_calls
from tasks.call_rows import open_calls
from tasks.consultations import open_consultations, remind_undecided
from tasks.database import reading, transaction
from tasks.duty_reminders import remind_of_duty
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import ASSIGNMENTS, SHIFTS
from tasks.duty_watch import watch_duty
from tasks.handovers import HANDOVERS
from tasks.judging import judge_waiting
from tasks.report_deadlines import OWED, owe_daily
from tasks.report_sweep import move_deadlines
from tasks.response_rows import open_consultation_rows
from tasks.rosters import Proposal, Wish, propose_roster, publish_roster
from tasks.silence import let_silence_climb
from tasks.warning_calls import end_calls_of_ended_warnings, start_calls_for_warnings

NOTICES, CHECKS = table_of(Notice), table_of(SpotCheck)


class Process(StrEnum):
    """The processes of the season."""

    SHIFT = "duty-shift"
    DUTY_WATCH = "duty-watch"
    HYDROLOGY = "hydrology"
    CALLS = "flood-calls"
    FLOOD_WATCH = "flood-watch"
    REMINDERS = "duty-reminders"


KEY = b"the secret of the spot checks of this story"


AHEAD = timedelta(hours=6, minutes=10)
"""Whoever reports in time does so at most so long before: somebody looks every six hours."""

LATELY = timedelta(hours=1)
"""Whoever reports late, or takes a duty room late, does so within it; others never do."""

_OWED = (
    select(OWED.c.id)
    .where(
        or_(
            OWED.c.climbs_at <= bindparam("now"),
            and_(OWED.c.given_at.is_(None), OWED.c.due_at.between(bindparam("lately"), bindparam("ahead"))),
        )
    )
    .limit(1)
)
_ON_DUTY = (
    select(SHIFTS.c.id)
    .join(ASSIGNMENTS, ASSIGNMENTS.c.shift_id == SHIFTS.c.id)
    .where(SHIFTS.c.starts_at <= bindparam("now"), SHIFTS.c.ends_at > bindparam("now"), SHIFTS.c.published)
    .where(ASSIGNMENTS.c.signed_in_at.is_(None), ASSIGNMENTS.c.vacant_at.is_(None))
    .limit(1),
    select(HANDOVERS.c.id)
    .where(HANDOVERS.c.accepted_at.is_(None))
    .where(or_(HANDOVERS.c.climbs_at <= bindparam("now"), HANDOVERS.c.opened_at >= bindparam("lately")))
    .limit(1),
    select(CHECKS.c.id).where(CHECKS.c.answered_at.is_(None), CHECKS.c.asked_at >= bindparam("lately")).limit(1),
)


@dataclass
class Season:
    """A city in a database, and the processes that come round."""

    engine: Engine
    city: City
    _visits: "count[int]" = field(default_factory=lambda: count(1))

    def recording(self, now: datetime, origin: str = "flow") -> Recording:
        """What happens at a moment, in a visit of its own."""
        return Recording(now, origin, self.city.edition, f"visit-{next(self._visits)}")

    def roster(self, now: datetime) -> Proposal:
        """The whole season's roster, proposed and published by its leader."""
        duty = self.city.duty
        assert duty is not None
        first, last = duty.season.of_year(now.year)
        proposal = propose_roster(self.engine, self.city, Wish(first, last, "flood-leader-1"), self.recording(now))
        assert isinstance(proposal, Proposal), proposal
        with transaction(self.engine) as connection:
            publish_roster(connection, self.city, proposal.roster.code, "flood-leader-1", self.recording(now))
        return proposal

    def visit(self, now: datetime, processes: Iterable[Process] = Process) -> None:
        """These processes come round once; each of their transactions is its own."""
        recording, city = self.recording(now), self.city
        if Process.SHIFT in processes:
            hand_over_shifts(self.engine, city, recording)
        if Process.DUTY_WATCH in processes:
            watch_duty(self.engine, city, KEY, recording)
        if Process.HYDROLOGY in processes:
            judge_waiting(self.engine, city, recording)
        if Process.CALLS in processes:
            with transaction(self.engine) as connection:
                end_calls_of_ended_warnings(connection, city, recording)
                start_calls_for_warnings(connection, city, now, recording)
                climb_calls(connection, city, now, recording)
        if Process.FLOOD_WATCH in processes:
            with transaction(self.engine) as connection:
                open_consultations(connection, city, now, recording)
                remind_undecided(connection, city, now, recording)
                owe_daily(connection, city, now, recording)
                move_deadlines(connection, city, now, recording)
        if Process.REMINDERS in processes:
            with transaction(self.engine) as connection:
                remind_of_duty(connection, city, now)
        let_silence_climb(self.engine, city, now, recording.flow_run_id)
        self.hand_over_messages(now)

    def hand_over_messages(self, now: datetime) -> None:
        """What waits arrives: the channels have tests, and a storm, of their own.

        Whoever was told is noted as a delivery notes it, so that silence climbs from here.
        """
        with transaction(self.engine) as connection:
            waiting = connection.execute(select(NOTICES).where(NOTICES.c.state == NoticeState.WAITING.value)).all()
            arrived = []
            for row in waiting:
                within = self.city.messages.acknowledge_within(row.kind, row.priority) if row.requires_ack else None
                by = now + within if within else None
                values = {"state": NoticeState.SENT.value, "settled_at": now, "told": row.recipient, "id": row.id}
                arrived.append(values | {"acknowledge_by": by, "climbs_at": by, "text": row.kind})
            update_rows(connection, NOTICES, ("id",), arrived)

    def nothing_due(self, now: datetime, processes: Collection[Process]) -> bool:
        """Whether a visit of one process alone would find nothing, and nobody has anything left to do for it."""
        moments = {"now": now, "ahead": now + AHEAD, "lately": now - LATELY}
        with reading(self.engine) as connection:
            if processes == (Process.FLOOD_WATCH,):
                return connection.execute(_OWED, moments).first() is None
            if processes == (Process.DUTY_WATCH,):
                return all(connection.execute(asked, moments).first() is None for asked in _ON_DUTY)
        return False

    def hot(self, now: datetime) -> bool:
        """Whether people are being called or a decision is awaited: then every minute counts."""
        with reading(self.engine) as connection:
            return bool(_soon(connection, now))


def _soon(connection: Connection, now: datetime) -> bool:
    lately = now - timedelta(minutes=40)
    calls = any(row.started_at > lately for row in open_calls(connection))
    return calls or any(one.opened_at > lately for one in open_consultation_rows(connection).values())
