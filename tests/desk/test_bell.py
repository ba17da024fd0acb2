"""Whoever taps has an answer before the engine was asked, however slow or away it is; both databases take the tap."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from desk.app import create_app
from desk.bell import Bell
from tasks.case_store import EVENTS
from tasks.inbox import INBOX
from tasks.lifecycle import move_cases
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tasks.wake import Woken
from tests.desk.conftest import NOW
from tests.desk.phone import phone_of
from tests.stored_cases import a_loaded_city, reports_taken_in, rows_of

SECONDS = 10
"""How long anything may take here at most."""


class SlowEngine:
    """Answers a question only once it is told to."""

    def __init__(self, answer: Woken = Woken.STARTED) -> None:
        self.asked, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.moments: list[datetime] = []
        self._answer = answer

    def wake(self, now: datetime) -> Woken:
        """Waits, then answers."""
        self.moments.append(now)
        self.asked.release()
        self.go_on.acquire(timeout=SECONDS)
        return self._answer


def test_who_rings_while_the_engine_is_asked_shares_the_next_question() -> None:
    engine = SlowEngine()
    bell = Bell(lambda: engine, lambda: NOW)
    bell.ring()
    assert engine.asked.acquire(timeout=SECONDS)
    for _ in range(200):
        bell.ring()
    engine.go_on.release()
    assert engine.asked.acquire(timeout=SECONDS), "one question for the 200"
    engine.go_on.release()
    bell.ring()
    assert engine.asked.acquire(timeout=SECONDS)
    engine.go_on.release()
    assert engine.moments == [NOW] * 3


def test_a_tap_is_answered_while_the_engine_keeps_silent_and_its_absence_is_told(
    settings: Settings, sqlite_engine: Engine
) -> None:
    engine = SlowEngine(Woken.AWAY)
    client = TestClient(create_app(settings, sqlite_engine, MessageSettings(), lambda: NOW, lambda _: engine))
    (case,) = reports_taken_in(sqlite_engine, a_loaded_city(sqlite_engine), 1, NOW, source="citizen")
    acceptor = phone_of(client, settings, "acceptor-a", case)
    began = time.monotonic()
    assert acceptor.acts("accept").status_code == 303
    assert time.monotonic() - began < SECONDS / 2, "the engine has not answered yet"
    assert "已收到，正在办理" in acceptor.page()
    assert engine.asked.acquire(timeout=SECONDS)
    engine.go_on.release()
    until = time.monotonic() + SECONDS
    while "系统恢复后自动办理" not in acceptor.page():
        assert time.monotonic() < until


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bell_whose_thread_has_died_rings_again() -> None:
    made: list[SlowEngine] = []

    def make() -> SlowEngine:
        if not made:
            made.append(SlowEngine())
            raise RuntimeError("no client can be made just now")
        return made[0]

    bell = Bell(make, lambda: NOW)
    until = time.monotonic() + SECONDS
    while not (made and made[0].moments):
        bell.ring()
        assert time.monotonic() < until
    made[0].go_on.release()


def test_a_form_sent_twenty_times_at_once_acts_once(settings: Settings, engine: Engine) -> None:
    city = a_loaded_city(engine)
    (case,) = reports_taken_in(engine, city, 1, NOW - timedelta(hours=1), source="citizen")
    slow = SlowEngine()
    client = TestClient(create_app(settings, engine, MessageSettings(), lambda: NOW, lambda _: slow))
    acceptor = phone_of(client, settings, "acceptor-a", case)
    fields = acceptor.hidden("accept")
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda _: acceptor.sends(fields).status_code, range(20)))
    slow.go_on.release()
    assert statuses == {303}
    assert len(rows_of(engine, select(INBOX))) == 1
    move_cases(engine, now=NOW)
    assert "已办理。" in acceptor.page()
    actions = rows_of(engine, select(EVENTS.c.action, EVENTS.c.actor).order_by(EVENTS.c.id))
    assert ("accept", "acceptor-a") in [tuple(row) for row in actions]
