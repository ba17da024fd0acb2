"""Counters made of rows never fall, count each row once, and are the same for whoever asks."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, update

from tasks.database import reading, transaction
from tasks.tallies import ACTIONS, ATTEMPTS, LATENCY_SECONDS, ActionsByLatency, AttemptsByOutcome, Tally
from tests.notice_rows import NOW, write_attempt, write_case, write_notice

EARLIER = NOW - timedelta(hours=1)


def counted(tally: Tally, engine: Engine, now: datetime = NOW) -> dict[tuple[object, ...], int]:
    with reading(engine) as connection:
        return {key: one.rows for key, one in tally.read(connection, now).items()}


def write_action(engine: Engine, key: str, seconds: float | None) -> None:
    settled = None if seconds is None else EARLIER + timedelta(seconds=seconds)
    row = {"key": key, "case_id": 1, "action": "receive", "by_post": "lihe-liaison", "origin": "desk", "facts": "{}"}
    with transaction(engine) as connection:
        connection.execute(insert(ACTIONS).values(**row, received_at=EARLIER, settled_at=settled, state="done"))


def test_attempts_are_counted_once_each_and_later_ones_added(engine: Engine) -> None:
    notice, tally = write_notice(engine), Tally(AttemptsByOutcome())
    for outcome in ("handed_over", "handed_over", "http_error 502"):
        write_attempt(engine, notice, started_at=EARLIER, ended_at=EARLIER, outcome=outcome)
    first = {("json", "handed_over"): 2, ("json", "http_error 502"): 1}
    assert counted(tally, engine) == counted(tally, engine) == first
    write_attempt(engine, notice, started_at=EARLIER, ended_at=EARLIER, outcome="no_answer")
    assert counted(tally, engine) == first | {("json", "no_answer"): 1}
    assert counted(Tally(AttemptsByOutcome()), engine) == counted(tally, engine)


def test_what_is_under_way_counts_once_it_has_ended(engine: Engine) -> None:
    notice, tally = write_notice(engine), Tally(AttemptsByOutcome())
    write_attempt(engine, notice, started_at=EARLIER)
    write_attempt(engine, notice, started_at=EARLIER, ended_at=EARLIER, outcome="handed_over")
    assert counted(tally, engine) == {("json", "handed_over"): 1}
    with transaction(engine) as connection:
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == 1).values(ended_at=NOW, outcome="no_answer"))
    assert counted(tally, engine) == counted(tally, engine) == {("json", "handed_over"): 1, ("json", "no_answer"): 1}


def test_a_row_so_young_that_an_older_one_may_come_after_it_waits_for_the_next_time(engine: Engine) -> None:
    notice, tally = write_notice(engine), Tally(AttemptsByOutcome())
    write_attempt(engine, notice, started_at=EARLIER, ended_at=EARLIER, outcome="handed_over")
    write_attempt(engine, notice, started_at=NOW, ended_at=NOW, outcome="handed_over")
    assert counted(tally, engine) == {("json", "handed_over"): 1}
    assert counted(tally, engine, NOW + timedelta(minutes=1)) == {("json", "handed_over"): 2}


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.1, 0), (0.24, 0), (1.4, 3), (2.5, 5), (7200.0, len(LATENCY_SECONDS)), (None, None)]
)
def test_an_action_falls_into_the_bucket_of_the_time_it_took(
    engine: Engine, seconds: float | None, bucket: int | None
) -> None:
    write_case(engine)
    write_action(engine, "one", seconds)
    with reading(engine) as connection:
        found = Tally(ActionsByLatency()).read(connection, NOW)
    assert [key[0] for key in found] == ([] if bucket is None else [bucket])
    assert sum(one.amount for one in found.values()) == pytest.approx(seconds or 0, abs=0.001)
