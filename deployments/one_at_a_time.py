"""One `zhihui up` a state folder: a lock that ends with its process, and a record of who holds it.

HomeError
├── AlreadyRunning   another `zhihui up` holds the folder
└── HomeUnusable     the folder cannot be made or written
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deployments import up_wording


class HomeError(Exception):
    """`zhihui up` cannot have its state folder."""


class AlreadyRunning(HomeError):
    """Another `zhihui up` holds the folder."""


class HomeUnusable(HomeError):
    """The folder cannot be made or written."""


@dataclass(frozen=True, slots=True)
class Record:
    """Who runs here: the token all its processes carry (`processes_left.py`), and where it answers."""

    pid: int
    token: str
    address: str


@contextmanager
def hold(home: Path, address: str) -> Iterator[tuple[Record, Record | None]]:
    """Holds the state folder; gives the new record and, where a `zhihui up` ended without clearing it, the last one.

    Raises: AlreadyRunning naming its process and address; HomeUnusable.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise HomeUnusable(up_wording.home_unusable(home, error)) from error
    path = home / "up.json"
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(path)
            words = up_wording.already_running(holder.pid if holder else "?", holder.address if holder else "?")
            raise AlreadyRunning(words) from None
        last = _read(path)
        record = Record(os.getpid(), secrets.token_hex(16), address)
        path.write_text(json.dumps(asdict(record)), "utf-8")
        yield record, last
        path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _read(path: Path) -> Record | None:
    """The record of the last `zhihui up`; one that was torn while being written tells nothing."""
    try:
        return Record(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
