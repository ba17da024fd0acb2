"""What people do in a flood season: most of them in time, some late, some never; always the same by their dice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Engine, select

from models.call import How
from models.duty import DutyHandover
from models.flood_rules import ReportKind, ReportMeans
from models.info_report import OwedState
from models.refusal import Refusal
from models.response_rules import DecisionWish
from models.tables import table_of
from tasks.call_answers import Answer, answer
from tasks.call_rows import open_calls, read_targets
from tasks.database import reading, transaction
from tasks.duty_handover import accept_handover, confirm_handover
from tasks.duty_log import LogWords, write_log_entry
from tasks.duty_shifts import Acting, Shift, shift_on
from tasks.duty_sign_in import called_backups, sign_in, sign_in_instead
from tasks.handovers import HANDOVERS, Handover, handovers_where
from tasks.info_reports import EntryWish, report_on
from tasks.report_deadlines import OWED
from tasks.response import decide
from tasks.response_rows import open_consultation_rows
from tasks.spot_check_answers import CHECKS, answer_spot_check, checks_of
from tests.scenarios.season import AHEAD, Process, Season

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

ROWS = table_of(DutyHandover)


def dice(*name: object) -> int:
    """0 to 99, always the same for a name."""
    return crc32(":".join(map(str, name)).encode()) % 100


@dataclass
class People:
    """Everybody with something to do, at a desk."""

    season: Season
    sleepers: int = 4
    """Of a hundred: who never signs in, never answers, never reports."""

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.season.engine

    def act(self, now: datetime, processes: Collection[Process]) -> None:
        """Whoever has something to do by now does it; who was just told of something does that."""
        local = now.astimezone(self.season.city.zone)
        if Process.SHIFT in processes or local.hour == 8 or Process.DUTY_WATCH in processes:
            with reading(self.engine) as connection:
                shift = shift_on(connection, self.season.city, now)
            if shift is not None:
                self._sign_in(shift, now)
                self._hand_over(now)
                self._answer_checks(shift, now)
        if Process.CALLS in processes:
            self._answer_calls(now)
            self._decide(now)
        if local.minute == 45 or Process.FLOOD_WATCH in processes:
            self._report(now)

    def acting(self, post: str, now: datetime) -> Acting:
        """A post at the desk."""
        return Acting(self.season.city, post, self.season.recording(now, "desk"))

    def _sign_in(self, shift: Shift, now: datetime) -> None:
        for stand in shift.stands:
            if stand.signed_in_at is not None or stand.vacant_at is not None or stand.post is None:
                continue
            rolled, waited = dice("sign-in", shift.code, stand.place), now - shift.starts_at
            late = rolled < 2 * self.sleepers
            if rolled >= self.sleepers and waited >= (12 * MINUTE if late else timedelta()):
                with transaction(self.engine) as connection:
                    self._done(sign_in(connection, self.acting(stand.post, now), shift.code, stand.place))
            elif stand.rung and dice("backup", shift.code) < 60:
                with transaction(self.engine) as connection:
                    for backup in called_backups(connection, shift).get(stand.place, ())[:1]:
                        self._done(sign_in_instead(connection, self.acting(backup, now), shift.code, stand.place))

    def _hand_over(self, now: datetime) -> None:
        with reading(self.engine) as connection:
            open_ones = handovers_where(connection, self.season.city, HANDOVERS.c.accepted_at.is_(None), 3)
        for handover in open_ones:
            waited, code = now - handover.counts_from, handover.outgoing.code
            if handover.confirmed_at is None and dice("confirm", code) >= self.sleepers:
                with transaction(self.engine) as connection:
                    self._done(self._confirms(connection, handover, now))
            patience = 50 * MINUTE if dice("accept", code) < 2 * self.sleepers else 5 * MINUTE
            if handover.incoming is not None and waited >= patience:
                with transaction(self.engine) as connection:
                    self._accepts(connection, handover, now)

    def _confirms(self, connection: Connection, handover: Handover, now: datetime) -> Any:
        post = next(stand.stands for stand in handover.outgoing.stands if stand.stands)
        return confirm_handover(connection, self.acting(post, now), handover.outgoing.code, "无遗留问题")

    def _accepts(self, connection: Connection, handover: Handover, now: datetime) -> None:
        """The first of the incoming side who may; who has not signed in, or confirmed it himself, may not."""
        incoming = handover.incoming
        for stand in incoming.stands if incoming else ():
            if stand.signed_in_at is not None and stand.stands is not None:
                done = accept_handover(connection, self.acting(stand.stands, now), handover.outgoing.code)
                if isinstance(done, Handover):
                    return

    def _answer_checks(self, shift: Shift, now: datetime) -> None:
        standing = {stand.stands for stand in shift.stands if stand.stands is not None}
        unanswered = (CHECKS.c.answered_at.is_(None), CHECKS.c.asked_at > now - DAY)
        with reading(self.engine) as connection:
            asked = standing & set(connection.scalars(select(CHECKS.c.post).where(*unanswered)))
            checks = [check for post in sorted(asked) for check in checks_of(connection, post, now)]
        for check in checks:
            rolled, waited = dice("check", check.code), now - check.asked_at
            if rolled >= 2 * self.sleepers or (rolled >= self.sleepers and waited > 10 * MINUTE):
                with transaction(self.engine) as connection:
                    acting = self.acting(check.post, now)
                    self._done(answer_spot_check(connection, acting, check.code, "在岗，水情平稳"))

    def _answer_calls(self, now: datetime) -> None:
        with reading(self.engine) as connection:
            shift = shift_on(connection, self.season.city, now)
            called = [(call, read_targets(connection, call.id)) for call in open_calls(connection)]
        officer = (
            next((one.stands for one in shift.stands if one.stands and "officer" in one.stands), None)
            if shift
            else None
        )
        for call, targets in called:
            for target in targets:
                if target.answered_at is None and target.told_at is not None:
                    self._answer_call(call.number, target, officer, now)

    def _answer_call(self, number: str, target: Any, officer: str | None, now: datetime) -> None:
        rolled, waited = dice(number, target.post), now - target.told_at
        given = None
        if rolled >= 30 and waited >= 2 * MINUTE:
            given = Answer(target.post, How.PAGE, "已到岗")
        elif self.sleepers <= rolled and waited >= 9 * MINUTE and officer is not None:
            given = Answer(target.post, How.VOICE, "电话接通", recorded_by=officer)
        if given is not None:
            with transaction(self.engine) as connection:
                answer(connection, self.season.city, number, given, self.season.recording(now, "desk"))

    def _decide(self, now: datetime) -> None:
        with reading(self.engine) as connection:
            consultations = list(open_consultation_rows(connection).values())
        for told in consultations:
            patience = 8 if dice("decide", told.number) >= 25 else 32
            if now - told.opened_at < patience * MINUTE:
                continue
            wish = DecisionWish(
                told.number, told.hazard, told.area, told.suggested, "会商研判", "centre", "leader", "leader"
            )
            with transaction(self.engine) as connection:
                self._done(
                    decide(
                        connection, self.season.city, wish, f"desk-{told.number}", self.season.recording(now, "desk")
                    )
                )

    def _report(self, now: datetime) -> None:
        ahead = now + AHEAD
        with reading(self.engine) as connection:
            states = [OwedState.OWED.value, OwedState.LATE.value]
            due = select(OWED).where(OWED.c.state.in_(states), OWED.c.given_at.is_(None), OWED.c.due_at <= ahead)
            owed = connection.execute(due.order_by(OWED.c.id)).all()
        for row in owed:
            rolled = dice("report", row.key)
            late = self.sleepers <= rolled < 3 * self.sleepers
            if rolled < self.sleepers or (late and now < row.due_at + 30 * MINUTE):
                continue
            wish = EntryWish(ReportKind(row.kind), ReportMeans(row.means), f"{row.unit}-liaison", words="情况平稳")
            with transaction(self.engine) as connection:
                key = f"report:{row.key}"
                self._done(
                    report_on(connection, self.season.city, row.subject, wish, key, self.season.recording(now, "desk"))
                )

    def writes_log(self, shift: Shift, now: datetime) -> None:
        """The officer of the shift writes down how things stand."""
        post = next(stand.signed_in_by or "" for stand in shift.stands if stand.signed_in_at)
        words = LogWords(what="雨情水情平稳", place="值班室", handled="继续监测")
        with transaction(self.engine) as connection:
            self._done(write_log_entry(connection, self.acting(post, now), words, f"log:{shift.code}:{now}"))

    @staticmethod
    def _done(outcome: Any) -> None:
        """What the rules refuse would be a mistake of this story."""
        if isinstance(outcome, Refusal):
            raise AssertionError(f"refused: {outcome}")
