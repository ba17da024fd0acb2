"""What one process is told to do: a step of the product's own work, at a moment, in a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

CaseKind = Literal["intake", "sweep", "visit", "delivery"]

StormKind = Literal["readings", "judging", "calls", "flood-watch", "duty-watch", "shift", "silence", "decision"]
"""What the processes of the flood season do, and people who decide."""

JobKind = Literal[CaseKind, StormKind]


@dataclass(frozen=True, slots=True)
class Job:
    """What to do, and in which surroundings."""

    kind: JobKind
    now: datetime
    run_id: str
    """Stands on every event and attempt the process writes, as the id of a flow run does."""
    environment: Mapping[str, str]
    chunk: int
    file: Path | None = None
    names: tuple[str, ...] = ()
