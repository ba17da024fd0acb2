"""Writing and reading the events of the flood season (`models/flood_event.py`), and proving that none was altered."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.exc import IntegrityError

from models.flood_event import NO_EVENT, FloodEvent, FloodStream, Happened, Recording, chained, flood_event_hash
from models.tables import table_of
from tasks.bulk_rows import insert_rows, update_rows

EVENTS, STREAMS = table_of(FloodEvent), table_of(FloodStream)

READ_AT_ONCE = 5_000


class StreamMovedMeanwhile(RuntimeError):
    """Somebody else recorded an event of the same stream after it was read; nothing of this was written: try again."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as it is read."""

    stream: str
    seq: int
    kind: str
    at: datetime
    recorded_at: datetime
    actor: str
    origin: str
    facts: Mapping[str, Any]
    flow_run_id: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """The first event that does not fit."""

    stream: str
    seq: int
    why: str
    """gap, link, content or head."""


def record_events(
    connection: Connection, stream: str, happened: Sequence[Happened], recording: Recording
) -> list[dict[str, Any]]:
    """Add events to a stream, in the caller's transaction, and give back their rows.

    Raises: StreamMovedMeanwhile where another transaction added to it; the caller's transaction is lost then.
    """
    return record_together(connection, [(stream, one) for one in happened], recording)


def record_together(
    connection: Connection, happened: Sequence[tuple[str, Happened]], recording: Recording
) -> list[dict[str, Any]]:
    """Add events to several streams, in the caller's transaction, and give back their rows in the order asked for.

    Raises: StreamMovedMeanwhile where another transaction added to one of them; the caller's transaction is lost then.
    """
    if not happened:
        return []
    by_stream: dict[str, list[Happened]] = defaultdict(list)
    for stream, one in happened:
        by_stream[stream].append(one)
    heads = _heads(connection, list(by_stream))
    chains = {
        stream: iter(chained(stream, *heads.get(stream, (0, NO_EVENT)), mine, recording))
        for stream, mine in by_stream.items()
    }
    rows = [next(chains[stream]) for stream, _ in happened]
    try:
        _move_heads(connection, heads, rows)
        insert_rows(connection, EVENTS, rows)
    except IntegrityError as error:
        raise StreamMovedMeanwhile(rows[0]["stream"]) from error
    return rows


def _heads(connection: Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
    """How many events each stream has, and the last one's hash; kept for this transaction, always in one order."""
    found: dict[str, tuple[int, str]] = {}
    in_order = sorted(streams)
    for first in range(0, len(in_order), READ_AT_ONCE):
        mine = in_order[first : first + READ_AT_ONCE]
        asked = select(STREAMS).where(STREAMS.c.stream.in_(mine)).order_by(STREAMS.c.stream).with_for_update()
        found |= {row.stream: (row.events, row.head_hash) for row in connection.execute(asked)}
    return found


def _move_heads(
    connection: Connection, heads: Mapping[str, tuple[int, str]], rows: Sequence[Mapping[str, Any]]
) -> None:
    last = {row["stream"]: row for row in rows}
    reached = [{"stream": stream, "events": row["seq"], "head_hash": row["hash"]} for stream, row in last.items()]
    insert_rows(connection, STREAMS, [row for row in reached if row["stream"] not in heads])
    moved = [row for row in reached if row["stream"] in heads]
    if update_rows(connection, STREAMS, ("stream",), moved) != len(moved):
        raise StreamMovedMeanwhile(rows[0]["stream"])


def read_events(connection: Connection, stream: str) -> list[Recorded]:
    """The events of a stream, in order."""
    found = connection.execute(select(EVENTS).where(EVENTS.c.stream == stream).order_by(EVENTS.c.seq))
    return [_recorded(row) for row in found]


def broken_stream(connection: Connection) -> BrokenStream | None:
    """The first event of any stream that does not fit, or the stream whose end is missing; None where all fit."""
    heads = {row.stream: (row.events, row.head_hash) for row in connection.execute(select(STREAMS))}
    reached: dict[str, tuple[int, str]] = {}
    in_order = select(EVENTS).order_by(EVENTS.c.stream, EVENTS.c.seq).execution_options(yield_per=READ_AT_ONCE)
    with closing(connection.execute(in_order).mappings()) as rows:
        for row in rows:
            broken = _fault(row, *reached.get(row["stream"], (0, NO_EVENT)))
            if broken:
                return broken
            reached[row["stream"]] = row["seq"], row["hash"]
    for stream, head in heads.items():
        if reached.get(stream) != head:
            return BrokenStream(stream, reached.get(stream, (0, ""))[0], "head")
    orphan = next((stream for stream in reached if stream not in heads), None)
    return BrokenStream(orphan, reached[orphan][0], "head") if orphan else None


def _fault(row: RowMapping, events: int, head_hash: str) -> BrokenStream | None:
    if row["seq"] != events + 1:
        return BrokenStream(row["stream"], row["seq"], "gap")
    if row["previous_hash"] != head_hash:
        return BrokenStream(row["stream"], row["seq"], "link")
    if flood_event_hash(head_hash, dict(row)) != row["hash"]:
        return BrokenStream(row["stream"], row["seq"], "content")
    return None


def _recorded(row: Any) -> Recorded:
    return Recorded(
        row.stream,
        row.seq,
        row.kind,
        row.at,
        row.recorded_at,
        row.actor,
        row.origin,
        json.loads(row.facts),
        row.flow_run_id,
        row.hash,
    )
