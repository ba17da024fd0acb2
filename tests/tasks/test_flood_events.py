"""The chain of the flood season: it grows in order, and whatever was altered is named."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, insert, text, update

from models.flood_event import Happened, Recording
from tasks.database import reading, transaction
from tasks.flood_events import (
    EVENTS,
    STREAMS,
    BrokenStream,
    StreamMovedMeanwhile,
    broken_stream,
    read_events,
    record_events,
)

NOW = datetime(2021, 7, 20, 0, 0, tzinfo=UTC)
SHIFT = "shift:2021-07-20T08:00"
DESK = Recording(NOW, "desk", "edition-1")


def an_event(kind: str = "entry", minutes: int = 0) -> Happened:
    return Happened(kind, NOW + timedelta(minutes=minutes), "flood-officer-1", {"what": "水位上涨"})


def two_streams(engine: Engine) -> None:
    with transaction(engine) as connection:
        record_events(connection, SHIFT, [an_event("opened"), an_event("signed_in", 1)], DESK)
        record_events(connection, "log:2021-07-20", [an_event()], DESK)
    with transaction(engine) as connection:
        record_events(connection, SHIFT, [an_event("closed", 2)], DESK)


def unguarded(engine: Engine) -> None:
    """Takes the guards away, as somebody who owns the database could."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE flood_event DISABLE TRIGGER ALL"))
        else:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER flood_event_refuses_{verb}"))


def test_events_of_a_stream_are_chained_in_order_and_fit(engine: Engine) -> None:
    two_streams(engine)
    with reading(engine) as connection:
        events = read_events(connection, SHIFT)
        assert [(event.seq, event.kind) for event in events] == [(1, "opened"), (2, "signed_in"), (3, "closed")]
        assert events[0].facts == {"what": "水位上涨"}
        assert broken_stream(connection) is None


def test_an_altered_event_is_named(engine: Engine) -> None:
    two_streams(engine)
    unguarded(engine)
    with engine.begin() as connection:
        altered = update(EVENTS).where(EVENTS.c.stream == SHIFT, EVENTS.c.seq == 2)
        connection.execute(altered.values(actor="flood-officer-2"))
    with reading(engine) as connection:
        assert broken_stream(connection) == BrokenStream(SHIFT, 2, "content")


@pytest.mark.parametrize(("seq", "broken"), [(2, BrokenStream(SHIFT, 3, "gap")), (3, BrokenStream(SHIFT, 2, "head"))])
def test_a_removed_event_is_missed_also_at_the_end(engine: Engine, seq: int, broken: BrokenStream) -> None:
    two_streams(engine)
    unguarded(engine)
    with engine.begin() as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.stream == SHIFT, EVENTS.c.seq == seq))
    with reading(engine) as connection:
        assert broken_stream(connection) == broken


def test_a_stream_whose_end_nobody_kept_is_named(engine: Engine) -> None:
    two_streams(engine)
    with engine.begin() as connection:
        connection.execute(delete(STREAMS).where(STREAMS.c.stream == SHIFT))
    with reading(engine) as connection:
        assert broken_stream(connection) == BrokenStream(SHIFT, 3, "head")


def test_two_writers_of_one_place_in_a_stream_cannot_both_win(engine: Engine) -> None:
    two_streams(engine)
    with reading(engine) as connection:
        last = dict(
            connection.execute(EVENTS.select().where(EVENTS.c.stream == SHIFT, EVENTS.c.seq == 3)).mappings().one()
        )
    with transaction(engine) as connection:
        connection.execute(insert(EVENTS).values({**last, "id": 99, "seq": 4}))
    with pytest.raises(StreamMovedMeanwhile), transaction(engine) as connection:
        record_events(connection, SHIFT, [an_event()], DESK)


def test_nothing_happened_records_nothing(engine: Engine) -> None:
    with transaction(engine) as connection:
        assert record_events(connection, SHIFT, [], DESK) == []
    with reading(engine) as connection:
        assert read_events(connection, SHIFT) == []
