"""Rings for a visit without making anybody wait: whoever tapped a button has an answer before the engine was asked."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tasks.wake import Woken


class WakesVisits(Protocol):
    """What asks the engine for a visit (`tasks.wake.Waker`)."""

    def wake(self, now: datetime) -> Woken:
        """Have a visit look at the inbox after this moment."""


class Bell:
    """A thread of its own asks the engine, however slow that is; all who ring meanwhile share the next question."""

    def __init__(self, make_waker: Callable[[], WakesVisits], clock: Callable[[], datetime]) -> None:
        self._make_waker, self._clock = make_waker, clock
        self._rung, self._starting = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._last: Woken | None = None

    @property
    def engine_away(self) -> bool:
        """Whether the last question found no engine."""
        return self._last is Woken.AWAY

    def ring(self) -> None:
        """Have a visit look at what lies in the inbox by now; returns at once."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._answer, name="desk-bell", daemon=True)
                self._thread.start()
        self._rung.set()

    def _answer(self) -> None:
        waker = self._make_waker()
        while True:
            self._rung.wait()
            # Cleared before asking: who rings from here on is not covered by this question.
            self._rung.clear()
            self._last = waker.wake(self._clock())
