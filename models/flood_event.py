"""What happens in a flood season, as an append-only chain: rosters, shifts, log entries, warnings, calls, decisions.

Each event belongs to a stream, such as one shift or one warning; its hash covers the one before it in that stream.
Rows of `flood_stream` keep how many events a stream has and the last one's hash, so that a removed tail is seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.case import RowId
from models.chain import canonical

NO_EVENT = ""
"""What the first event of a stream names as the hash before it."""


class FloodEvent(SQLModel, table=True):
    """One thing that happened to a roster, a shift, a warning and so on. Append-only."""

    __tablename__ = "flood_event"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    stream: str
    """What it happened to. Example: shift:2021-07-20T08:00+08:00, log:2021-07-20, warning:YJ20210720-001."""
    seq: int
    kind: str
    at: datetime
    """When it took effect."""
    recorded_at: datetime
    actor: str
    """A post, or rule:NAME."""
    origin: str
    """desk, form, command, flow or replay."""
    facts: str = Field(default="{}", sa_type=Text)
    """Canonical JSON."""
    edition: str = ""
    """The edition of the city by whose rules it happened."""
    flow_run_id: str | None = None
    previous_hash: str
    hash: str

    __table_args__ = (
        UniqueConstraint("stream", "seq"),
        Index("ix_flood_event_recorded_at", "recorded_at"),
        Index("ix_flood_event_kind", "stream", "kind", "recorded_at"),
    )


class FloodStream(SQLModel, table=True):
    """How far a stream of events has come; updated with every event, and only from what the writer read."""

    __tablename__ = "flood_stream"

    stream: str = Field(primary_key=True)
    events: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One event before it has a place in its stream."""

    kind: str
    at: datetime
    actor: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """Under what circumstances events are recorded."""

    now: datetime
    origin: str
    edition: str = ""
    flow_run_id: str | None = None


HASHED = (
    *("stream", "seq", "kind", "at", "recorded_at", "actor", "origin", "facts", "edition", "flow_run_id"),
)  # fmt: skip
"""Columns an event's hash covers besides the hash before it."""


def flood_event_hash(previous_hash: str, row: Mapping[str, Any]) -> str:
    """The hash of an event: sha256, in hex, over the previous hash and all the event says.

    Raises: NotCanonical for a moment without zone, KeyError for a missing column.
    """
    return sha256(canonical([previous_hash, *(row[name] for name in HASHED)]).encode()).hexdigest()


def chained(
    stream: str, events: int, head_hash: str, happened: Sequence[Happened], recording: Recording
) -> list[dict[str, Any]]:
    """The rows of new events of a stream that has `events` of them, the last with `head_hash`."""
    rows = []
    for seq, one in enumerate(happened, events + 1):
        row: dict[str, Any] = {
            "stream": stream,
            "seq": seq,
            "kind": one.kind,
            "at": one.at,
            "recorded_at": recording.now,
            "actor": one.actor,
            "origin": recording.origin,
            "facts": canonical(one.facts),
            "edition": recording.edition,
            "flow_run_id": recording.flow_run_id,
            "previous_hash": head_hash,
        }
        row["hash"] = head_hash = flood_event_hash(head_hash, row)
        rows.append(row)
    return rows
