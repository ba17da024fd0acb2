"""How many calls a program may make a minute, counted in this process and forgotten with the minute."""

import threading
from datetime import datetime

SECONDS = 60


class PerMinute:
    """Counts calls by whoever makes them.

    Example: PerMinute(2).allows("10.0.0.1", now) -> True, True, then False until the next minute.
    Several desks beside each other count apart.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute, self._counts = 0, dict[str, int]()
        self._counting = threading.Lock()

    def allows(self, who: str, now: datetime) -> bool:
        """Count one call; False where it is one too many."""
        with self._counting:
            minute = int(now.timestamp()) // SECONDS
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            self._counts[who] = self._counts.get(who, 0) + 1
            return self._counts[who] <= self._most


def seconds_left(now: datetime) -> int:
    """Seconds until the next minute begins."""
    return SECONDS - int(now.timestamp()) % SECONDS
