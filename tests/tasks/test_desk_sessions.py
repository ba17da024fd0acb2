"""Shifts at the desk end with the post's hours, when somebody ends them, and when they are revoked."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from models.city import City
from tasks.database import reading, transaction
from tasks.desk_sessions import SESSIONS, end_session, find_session, open_session, shift_ends
from tasks.revocation import revoke_access
from tests.cities import a_small_city, changed
from tests.stored_cases import at, rows_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW = at("2019-05-06 10:00")


def opened(engine: Engine, post: str = "acceptor-a") -> str:
    with transaction(engine) as connection:
        return open_session(connection, KEY, a_small_city(), post, NOW, 12)


def found(engine: Engine, cookie: str, now: datetime = NOW, city: City | None = None, key: bytes = KEY) -> str | None:
    with reading(engine) as connection:
        session = find_session(connection, key, city or a_small_city(), cookie, now)
    return session.post if session else None


@pytest.mark.parametrize(
    ("post", "begins", "ends"),
    [
        ("acceptor-a", "2019-05-06 10:00", "2019-05-06 20:00"),  # Its seat is 08:00-20:00.
        ("acceptor-a", "2019-05-06 19:59", "2019-05-06 20:00"),
        ("acceptor-b", "2019-05-06 22:00", "2019-05-07 08:00"),  # 20:00-08:00, over midnight.
        ("acceptor-b", "2019-05-06 07:30", "2019-05-06 08:00"),
        ("acceptor-a", "2019-05-06 21:00", "2019-05-07 09:00"),  # Outside its hours: 12 hours.
        ("dispatcher", "2019-05-06 10:00", "2019-05-06 22:00"),  # Around the clock: 12 hours.
        ("lihe-liaison", "2019-05-06 10:00", "2019-05-06 22:00"),  # No seat.
    ],
)
def test_a_shift_ends_with_the_hours_of_its_seat_or_after_twelve_hours(post: str, begins: str, ends: str) -> None:
    assert shift_ends(a_small_city(), post, at(begins), 12) == at(ends)


def test_a_shift_goes_on_until_it_ends(engine: Engine) -> None:
    cookie = opened(engine)
    assert found(engine, cookie) == "acceptor-a"
    assert found(engine, cookie, at("2019-05-06 19:59")) == "acceptor-a"
    assert found(engine, cookie, at("2019-05-06 20:00")) is None
    assert found(engine, cookie, NOW - timedelta(seconds=1)) is None


def test_a_shift_that_was_signed_out_of_is_over_for_good(engine: Engine) -> None:
    cookie, other = opened(engine), opened(engine)
    with transaction(engine) as connection:
        end_session(connection, KEY, cookie, "signed_out", NOW)
    assert (found(engine, cookie), found(engine, other)) == (None, "acceptor-a")


def test_a_revocation_ends_all_shifts_of_a_post_and_no_others(sqlite_engine: Engine) -> None:
    mine, others = opened(sqlite_engine), opened(sqlite_engine, "dispatcher")
    with transaction(sqlite_engine) as connection:
        revoke_access(connection, "acceptor-a", "admin", NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=2)
    assert (found(sqlite_engine, mine, later), found(sqlite_engine, others, later)) == (None, "dispatcher")


def test_a_post_that_ended_or_is_gone_has_no_shift(sqlite_engine: Engine) -> None:
    cookie = opened(sqlite_engine, "lihe-crew")
    row = "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,"
    assert found(sqlite_engine, cookie, city=a_small_city(changed("posts.csv", row, f"{row}2019-05-06"))) is None


def test_the_database_does_not_hold_what_the_cookie_holds(sqlite_engine: Engine) -> None:
    secret = opened(sqlite_engine).split(".")[0]
    assert not any(secret in str(tuple(row)) for row in rows_of(sqlite_engine, select(SESSIONS)))


def test_a_cookie_that_was_not_made_here_points_at_nothing(sqlite_engine: Engine) -> None:
    cookie = opened(sqlite_engine)
    digest = rows_of(sqlite_engine, select(SESSIONS.c.secret_digest))[0].secret_digest
    for forged in ("", ".", cookie[:-1], cookie + "A", cookie.split(".")[0], digest, "字" * 50, "A" * 100_000):
        assert found(sqlite_engine, forged) is None
    assert found(sqlite_engine, cookie, key=OTHER_KEY) is None
