"""One-time codes: five tries, ten minutes, once; guessing, replaying and asking for many is of no use."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from tasks.database import reading, transaction
from tasks.one_time_code import CODES, MOST_AN_HOUR, MOST_TRIES, NOTICES, code_of, send_code, take_code
from tasks.revocation import revoke_access
from tests.stored_cases import rows_of

KEY = b"k" * 32
NOW = datetime(2019, 5, 6, 2, tzinfo=UTC)
LATER = timedelta(minutes=1)


def sent(engine: Engine, post: str = "acceptor-a", now: datetime = NOW) -> str:
    """The code a post reads in its message."""
    with transaction(engine) as connection:
        notice_id = send_code(connection, post, now)
        facts = connection.execute(select(NOTICES.c.facts).where(NOTICES.c.id == notice_id)).scalar_one()
    return code_of(KEY, post, json.loads(facts)["nonce"])


def taken(engine: Engine, typed: str, now: datetime = NOW + LATER, post: str = "acceptor-a") -> bool:
    with transaction(engine) as connection:
        return take_code(connection, KEY, post, typed, now)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_right_code_opens_once_also_as_people_copy_it(engine: Engine) -> None:
    code = sent(engine)
    assert taken(engine, f" {code[:3]} {code[3:]}\n")
    assert not taken(engine, code)


def test_a_code_stands_nowhere_in_the_database(sqlite_engine: Engine) -> None:
    code = sent(sqlite_engine)
    with reading(sqlite_engine) as connection:
        stored = [str(tuple(row)) for table in (CODES, NOTICES) for row in connection.execute(select(table))]
    assert not any(code in row for row in stored)


@pytest.mark.parametrize("after", [timedelta(minutes=10), timedelta(days=1)])
def test_a_code_runs_out_after_ten_minutes(sqlite_engine: Engine, after: timedelta) -> None:
    code = sent(sqlite_engine)
    assert not taken(sqlite_engine, code, NOW + after)


def test_after_five_wrong_tries_the_right_one_opens_nothing(sqlite_engine: Engine) -> None:
    code = sent(sqlite_engine)
    for _ in range(MOST_TRIES):
        assert not taken(sqlite_engine, wrong(code))
    assert not taken(sqlite_engine, code)


def test_guesses_at_the_same_moment_are_no_more_than_five(engine: Engine) -> None:
    code = sent(engine)
    together = threading.Barrier(8)

    def guess() -> None:
        together.wait(10)
        taken(engine, wrong(code))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [row.tries for row in rows_of(engine, select(CODES))] == [MOST_TRIES]


def test_a_new_code_takes_the_place_of_the_one_before(sqlite_engine: Engine) -> None:
    first, second = sent(sqlite_engine), sent(sqlite_engine, now=NOW + timedelta(seconds=5))
    assert first == second or not taken(sqlite_engine, first)
    assert taken(sqlite_engine, second)


def test_a_code_is_of_no_use_to_another_post(sqlite_engine: Engine) -> None:
    code = sent(sqlite_engine)
    sent(sqlite_engine, "acceptor-b")
    assert code_of(KEY, "acceptor-b", "n") != code_of(KEY, "acceptor-a", "n")
    assert not taken(sqlite_engine, code, post="dispatcher")


def test_a_code_that_was_revoked_opens_nothing(sqlite_engine: Engine) -> None:
    code = sent(sqlite_engine)
    with transaction(sqlite_engine) as connection:
        revoke_access(connection, "acceptor-a", "admin", NOW + timedelta(seconds=30))
    assert not taken(sqlite_engine, code)


@pytest.mark.parametrize("typed", ["", "abc", "12345", "1234567", "'; DROP TABLE x", "٣" * 41, "９" * 7, "²²²²²²"])
def test_what_is_no_code_opens_nothing(sqlite_engine: Engine, typed: str) -> None:
    sent(sqlite_engine)
    assert not taken(sqlite_engine, typed)
    assert not taken(sqlite_engine, typed, post="nobody")


def test_a_post_is_sent_five_codes_an_hour(sqlite_engine: Engine) -> None:
    for _ in range(MOST_AN_HOUR):
        sent(sqlite_engine)
    with transaction(sqlite_engine) as connection:
        assert send_code(connection, "acceptor-a", NOW) is None
        assert send_code(connection, "acceptor-b", NOW) is not None
        assert send_code(connection, "acceptor-a", NOW + timedelta(hours=1)) is not None
