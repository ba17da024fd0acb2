"""Two seats never hold one case: reserved, run out, given back, and reached for at the same moment."""

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from tasks.case_holds import CASES, Hold, holders, release_case, take_case
from tasks.database import reading, transaction
from tests.notice_rows import write_case

NOW = datetime(2019, 5, 6, 2, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def takes(engine: Engine, case_id: int, post: str, now: datetime = NOW) -> str | None:
    """Who holds the case after this post has reached for it."""
    with transaction(engine) as connection:
        hold = take_case(connection, case_id, post, now, now + QUARTER)
    return hold.post if hold else None


def test_what_one_seat_took_another_cannot_until_its_time_is_over(engine: Engine) -> None:
    case_id = write_case(engine, state="reported")
    assert takes(engine, case_id, "acceptor-a") == "acceptor-a"
    assert takes(engine, case_id, "acceptor-b", NOW + QUARTER - timedelta(seconds=1)) == "acceptor-a"
    assert takes(engine, case_id, "acceptor-b", NOW + QUARTER) == "acceptor-b"
    with reading(engine) as connection:
        assert holders(connection, [case_id], NOW + QUARTER) == {case_id: Hold("acceptor-b", NOW + 2 * QUARTER)}


def test_taking_it_again_holds_it_longer(sqlite_engine: Engine) -> None:
    case_id = write_case(sqlite_engine, state="reported")
    takes(sqlite_engine, case_id, "acceptor-a")
    takes(sqlite_engine, case_id, "acceptor-a", NOW + timedelta(minutes=10))
    assert takes(sqlite_engine, case_id, "acceptor-b", NOW + timedelta(minutes=20)) == "acceptor-a"


def test_only_the_holder_gives_it_back(sqlite_engine: Engine) -> None:
    case_id = write_case(sqlite_engine, state="reported")
    takes(sqlite_engine, case_id, "acceptor-a")
    with transaction(sqlite_engine) as connection:
        assert not release_case(connection, case_id, "acceptor-b")
        assert release_case(connection, case_id, "acceptor-a")
    assert takes(sqlite_engine, case_id, "acceptor-b") == "acceptor-b"


def test_a_case_that_moved_on_is_free_for_the_next_seat(engine: Engine) -> None:
    case_id = write_case(engine, state="reported")
    takes(engine, case_id, "acceptor-a")
    with transaction(engine) as connection:
        connection.execute(update(CASES).where(CASES.c.id == case_id).values(state="accepted"))
        assert holders(connection, [case_id], NOW) == {}
    assert takes(engine, case_id, "shift-leader") == "shift-leader"


def test_a_case_that_is_not_there_is_held_by_nobody(sqlite_engine: Engine) -> None:
    assert takes(sqlite_engine, 4711, "acceptor-a") is None


def test_of_seats_that_reach_for_it_at_the_same_moment_one_gets_it(engine: Engine) -> None:
    case_id = write_case(engine, state="reported")
    seats = [f"seat-{n}" for n in range(6)]
    together, seen = threading.Barrier(len(seats)), {}

    def reach(seat: str) -> None:
        together.wait(10)
        seen[seat] = takes(engine, case_id, seat)

    threads = [threading.Thread(target=reach, args=(seat,)) for seat in seats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == len(seats)
    assert len(set(seen.values())) == 1
    assert seen[next(iter(seen.values())) or ""] is not None
