"""How many calls a program may make a minute, counted by all processes of a desk together."""

from datetime import datetime

from desk.call_counts import SECONDS, CallCounts


class PerMinute:
    """Counts calls by whoever makes them, apart from what other limits count under another `kind`.

    Example: PerMinute(2).allows("10.0.0.1", now) -> True, True, then False until the next minute.
    Several desks beside each other count apart; the processes of one desk count together.
    """

    def __init__(self, most: int, kind: str = "", counts: CallCounts | None = None) -> None:
        self._most, self._kind, self._counts = most, kind, counts or CallCounts()

    def allows(self, who: str, now: datetime) -> bool:
        """Count one call; False where it is one too many."""
        return self._counts.count(f"{self._kind} {who}", now) <= self._most


def seconds_left(now: datetime) -> int:
    """Seconds until the next minute begins."""
    return SECONDS - int(now.timestamp()) % SECONDS
