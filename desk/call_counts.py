"""How often each caller called within a minute, in memory that all processes of a desk see.

Each process adds up in a part of its own and reads the parts of all: nobody waits for a lock, and a process that is
killed leaves none behind.
"""

import mmap
import secrets
import threading
from datetime import datetime
from hashlib import blake2b

SECONDS = 60

ROWS, PLACES = 2, 1 << 15
"""Where a caller is counted: one place in each row, so that two callers hardly ever share both."""

_BYTES = 4
_EMPTY = memoryview(bytes((1 + ROWS * PLACES) * _BYTES)).cast("I")
"""A part before anybody called: which minute it counts, then its places."""


class CallCounts:
    """Counts of one minute, forgotten with it. Made before the processes are forked, `mine` is called in each.

    Callers that share their places are counted together, so a count may be too high, which is rare, and is never too
    low but for what another process adds at the very same moment.

    Example: CallCounts().count("10.0.0.1", now) -> 1, then 2, and 1 again in the next minute.
    """

    def __init__(self, processes: int = 1) -> None:
        memory = memoryview(mmap.mmap(-1, processes * _EMPTY.nbytes)).cast("I")
        self._parts = [memory[start : start + len(_EMPTY)] for start in range(0, len(memory), len(_EMPTY))]
        self._mine = self._parts[0]
        # Nobody outside may find out who shares a place with whom.
        self._key = secrets.token_bytes(16)
        self._counting = threading.Lock()

    def mine(self, process: int) -> "CallCounts":
        """The same counts, for the process of this number to add to."""
        self._mine = self._parts[process]
        return self

    def count(self, who: str, now: datetime) -> int:
        """Count one call; how many there were in this minute, with it."""
        minute = int(now.timestamp()) // SECONDS
        places = self._places(who)
        with self._counting:
            if self._mine[0] != minute:
                self._mine[:] = _EMPTY
                self._mine[0] = minute
            for place in places:
                self._mine[place] += 1
            parts = [part for part in self._parts if part[0] == minute]
            return min(sum(part[place] for part in parts) for place in places)

    def _places(self, who: str) -> list[int]:
        digest = blake2b(who.encode(), key=self._key, digest_size=ROWS * _BYTES).digest()
        numbers = memoryview(digest).cast("I")
        return [1 + row * PLACES + number % PLACES for row, number in enumerate(numbers)]
