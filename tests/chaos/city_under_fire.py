"""What a whole running city must live through: killed parts, a hundred taps at once, its server or database away."""

import math
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from random import Random

from sqlalchemy import make_url, select

from models.notice import NoticeState
from models.vocabulary import State
from tasks.case_store import CASES, EVENTS, NOTICES
from tasks.wake import Waker, Woken
from tests.chaos.kills import Tally
from tests.chaos.promises import PromiseBroken, check_promises
from tests.chaos.running_city import WHOLE_LIFE, RunningCity
from tests.stored_cases import rows_of

TAPS = 200

COMMANDS = {"server": "deployments.prefect_server", "worker": "prefect worker start"}
"""What stands in the command of each part that is killed."""

REPORTS_A_KILL = 15

VISITS_IN_PEACE = 3
"""The quickest of them says within which time a kill hits work."""

SETTLED_WITHIN_SECONDS = 300.0
SAID_WITHIN_SECONDS = 30.0
"""A killed part starts again, with pauses that double; then the next visit takes what waits."""

WAKE_EVERY_SECONDS = 5.0

AWAY_AT_ONCE_SECONDS = 3.0
"""A tap must not wait for an engine that is not there."""

HANDED_OVER_WITHIN_SECONDS = 600.0
"""A broken-off attempt counts as under way for two minutes; then the delivery of the next minute takes it."""


class Ordeal:
    """Everything one running city goes through."""

    def __init__(self, city: RunningCity, seed: int) -> None:
        self._city = city
        self._dice = Random(f"city:{seed}")
        self._waker = Waker(city.settings)
        self.tally = Tally()

    def kill_parts(self, parts: Sequence[str]) -> Iterator[str]:
        """Kill parts one after the other at random moments of a visit; each time the next visit goes on."""
        usual = min(self._visit_in_peace() for _ in range(VISITS_IN_PEACE))
        yield f"a visit in peace took {usual:.1f} s from tap to end"
        for part in parts:
            yield self._kill(part, self._dice.random() * usual)

    def many_taps(self) -> list[str]:
        """200 people act within a second: the visits which that starts take all of it, nobody has to wake another."""
        city = self._city
        names = city.new_reports(TAPS)
        self._wake_until_settled()
        since = datetime.now(UTC)
        began = time.monotonic()
        with ThreadPoolExecutor(TAPS) as people:
            put = list(people.map(self._tap, names))
        seconds = time.monotonic() - began
        if not all(put):
            raise PromiseBroken(f"{put.count(False)} of {TAPS} taps never reached the inbox")
        runs = city.wait("end of the visits", lambda: city.visits_ended_since(since), SETTLED_WITHIN_SECONDS)
        states, most = sorted(run["state_type"] for run in runs), 2 + math.ceil(seconds)
        if len(runs) > most or set(states) != {"COMPLETED"}:
            raise PromiseBroken(f"{TAPS} taps in {seconds:.2f} s started {len(runs)} visits, at most {most}: {states}")
        self._moved(names, State.HANDLING)
        return [f"{TAPS} taps in {seconds:.2f} s: {len(runs)} visits, none cancelled, all moved"]

    def server_away(self, seconds: float) -> list[str]:
        """Prefect's server is away; people go on acting; all of it moves when it is back."""
        city = self._city
        names = city.new_reports(TAPS // 10)
        self._wake_until_settled()
        city.process.send_signal(signal.SIGSTOP)  # else it would start the server again at once
        for server in city.parts(COMMANDS["server"]):
            server.kill()
        city.wait("end of the server", lambda: not city.answers(), SETTLED_WITHIN_SECONDS)
        gone_at, longest, woken = time.monotonic(), 0.0, []
        for number, name in enumerate(names):
            time.sleep(max(gone_at + number * seconds / len(names) - time.monotonic(), 0))
            asked_at = time.monotonic()
            city.act(name, State.DISPATCHED)
            woken.append(self._waker.wake(datetime.now(UTC)))
            longest = max(longest, time.monotonic() - asked_at)
        time.sleep(max(gone_at + seconds - time.monotonic(), 0))
        if set(woken) != {Woken.AWAY} or longest > AWAY_AT_ONCE_SECONDS:
            raise PromiseBroken(f"with the server away taps took up to {longest:.1f} s and were told {set(woken)}")
        city.process.send_signal(signal.SIGCONT)
        back_at = time.monotonic()
        city.wait("moved cases", lambda: not city.waiting_actions(), SETTLED_WITHIN_SECONDS)
        self._moved(names, State.HANDLING)
        took = time.monotonic() - back_at
        return [
            f"server away for {seconds:.0f} s: {len(names)} actions taken, each in at most {longest:.2f} s, "
            f"moved {took:.0f} s after its return was allowed"
        ]

    def database_away(self, seconds: float, take_away: Callable[[], None], bring_back: Callable[[], None]) -> list[str]:
        """The database is locked or gone while a visit is woken; the visit carries it, and says so."""
        city = self._city
        names = city.new_reports(20)
        self._wake_until_settled()
        city.people_act(names)
        since = datetime.now(UTC)
        take_away()
        gone_at = time.monotonic()
        self._waker.wake(datetime.now(UTC))
        time.sleep(seconds)
        bring_back()
        runs = city.wait("end of the visit", lambda: city.visits_ended_since(since), SETTLED_WITHIN_SECONDS)
        took = time.monotonic() - gone_at
        states = [run["state_type"] for run in runs]
        if set(states) != {"COMPLETED"}:
            raise PromiseBroken(f"the visit that met the absence ended as {states}: {city.log_of(runs[0]['id'])[-3:]}")
        self._moved(names, State.HANDLING)

        def said_so() -> list[str]:
            of_runs = [line for line in city.said_since(since) if "etry" in line]
            return of_runs + [line for line in city.logged().splitlines() if "locked by another writer" in line]

        said = city.wait("word that the database was away", said_so, SAID_WITHIN_SECONDS)
        return [f"database away for {seconds:.0f} s: the visit went on after {took:.0f} s and said: {said[0][-160:]}"]

    def finish(self) -> Iterator[str]:
        """Everybody does what is left to do; then everything must have happened once."""
        city = self._city
        for _ in range(len(WHOLE_LIFE)):
            self._wake_until_settled()
            if not city.people_act():
                break
        yield "everybody has done what was left to do"
        city.wait("handed over notices", lambda: not self._unsent(), HANDED_OVER_WITHIN_SECONDS)
        told: dict[int, list[str]] = {}
        statement = select(EVENTS.c.case_id, EVENTS.c.action).order_by(EVENTS.c.case_id, EVENTS.c.seq)
        for row in rows_of(city.engine, statement):
            told.setdefault(row.case_id, []).append(row.action)
        for case_id, actions in told.items():
            if tuple(actions) != WHOLE_LIFE:
                raise PromiseBroken(f"case {case_id} lived through {actions}")
        yield f"{len(told)} cases lived through their whole life once"
        yield from self._promises()

    def close(self) -> None:
        """Let go of the connection to the server."""
        self._waker.close()

    def _promises(self) -> list[str]:
        return check_promises(self._city.engine, self._city.city, self._city.channel.received)

    def _unsent(self) -> int:
        states = [NoticeState.SENT.value, NoticeState.ACKNOWLEDGED.value]
        return len(rows_of(self._city.engine, select(NOTICES.c.id).where(NOTICES.c.state.not_in(states))))

    def _tap(self, name: str) -> bool:
        put = self._city.act(name, State.DISPATCHED)
        self._waker.wake(datetime.now(UTC))
        return put

    def _visit_in_peace(self) -> float:
        self._city.new_reports(REPORTS_A_KILL)
        since, began = datetime.now(UTC), time.monotonic()
        self._waker.wake(since)
        self._city.wait("end of the visit", lambda: self._city.visits_ended_since(since), SETTLED_WITHIN_SECONDS)
        took = time.monotonic() - began
        self._city.people_act()
        return took

    def _kill(self, part: str, after_seconds: float) -> str:
        """One kill of a part at work, or just after it."""
        city = self._city
        city.new_reports(REPORTS_A_KILL)
        city.people_act()
        since = datetime.now(UTC)
        self._waker.wake(since)
        time.sleep(after_seconds)
        at_work = city.visits_ended_since(since) is None
        victim = self._dice.choice(sorted(city.parts(COMMANDS[part]), key=lambda process: process.pid))
        victim.kill()
        victim.wait(10)
        self.tally.note(part, at_work)
        killed_at, since = time.monotonic(), datetime.now(UTC)
        self._wake_until("a whole visit after the kill", lambda: self._settled() and self._visited(since))
        took = time.monotonic() - killed_at
        return f"{part} killed {after_seconds:.1f} s after a tap: {took:.0f} s later all moved, another visit done"

    def _wake_until_settled(self) -> None:
        """Somebody taps every few seconds, until all that waits was taken."""
        self._wake_until("visits that take everything", self._settled)

    def _wake_until(self, for_what: str, condition: Callable[[], bool]) -> None:
        city, woken_at = self._city, 0.0

        def come() -> bool:
            nonlocal woken_at
            if condition():
                return True
            if time.monotonic() - woken_at > WAKE_EVERY_SECONDS:
                self._waker.wake(datetime.now(UTC))
                woken_at = time.monotonic()
            return False

        city.wait(for_what, come, SETTLED_WITHIN_SECONDS)

    def _settled(self) -> bool:
        return not (self._city.untouched() or self._city.waiting_actions())

    def _visited(self, since: datetime) -> bool:
        """Whether a visit woken since then has ended well."""
        return any(run["state_type"] == "COMPLETED" for run in self._city.visits_since(since))

    def _moved(self, names: list[str], state: State) -> None:
        rows = rows_of(self._city.engine, select(CASES.c.state).where(CASES.c.receipt_number.in_(names)))
        found = [row.state for row in rows]
        if found != [state] * len(names):
            raise PromiseBroken(f"of {len(names)} cases {found.count(state)} are {state}")


class LockedFile:
    """Another program that holds the SQLite file."""

    def __init__(self, url: str) -> None:
        self._file = make_url(url).database or ""

    def take(self) -> None:
        """Hold the write lock."""
        self._holder = sqlite3.connect(self._file, isolation_level=None)
        self._holder.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        """Let it go."""
        with closing(self._holder):
            self._holder.execute("ROLLBACK")
