"""What waits for a post: its own, nobody else's, the most pressing first, and what falls to it from who is away."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from models.city import City
from models.vocabulary import ActionName, RequestKind
from tasks.case_holds import take_case
from tasks.database import reading, transaction
from tasks.waiting_work import ASSIGNMENTS, PAGE, REQUESTS, read_waiting
from tests.cities import a_small_city, changed
from tests.notice_rows import write_case

NOW = datetime(2019, 5, 6, 2, tzinfo=UTC)
"""Monday 6 May 2019, 10:00 in Shanghai."""


def a_case(engine: Engine, number: str, state: str, hours: float | None = 4, **fields: object) -> int:
    due = NOW + timedelta(hours=hours) if hours is not None else None
    row = {"number": number, "receipt_number": f"R-{number}", "state": state, "due_at": due, "handle_due_at": due}
    return write_case(engine, **(row | fields))


def a_request(engine: Engine, case_id: int, kind: str, steps: str, decided: int = 0, state: str = "open") -> None:
    row = {
        "case_id": case_id, "seq": 1, "round": 1, "kind": kind, "state": state, "asked_by": "lihe-liaison",
        "asked_at": NOW, "unit": "lihe", "steps": steps, "due_at": NOW + timedelta(hours=1),
        "decisions": '{"decisions":[' + ",".join(["{}"] * decided) + "]}",
        "reason": "", "facts": "{}", "reminded": False,
    }  # fmt: skip
    with transaction(engine) as connection:
        connection.execute(insert(REQUESTS), row)


def waits_for(engine: Engine, post: str, city: City | None = None) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        waiting, _ = read_waiting(connection, city or a_small_city(), post, NOW)
    return [(one.case, one.request or one.step) for one in waiting]


@pytest.fixture
def stored(engine: Engine) -> Engine:
    """A case in each state that waits for somebody, and some that wait for nobody."""
    a_case(engine, "reported", "reported", unit=None)
    a_case(engine, "verifying", "verifying", unit=None, inspector="inspector-a")
    a_case(engine, "accepted", "accepted", unit=None)
    a_case(engine, "filed", "filed", unit=None)
    a_case(engine, "capped", "filed", unit=None, hand_backs=3)
    a_case(engine, "dispatched", "dispatched", 2)
    a_case(engine, "handling", "handling", -1)
    a_case(engine, "elsewhere", "handling", unit="water")
    a_case(engine, "checking", "checking", inspector="inspector-b")
    a_case(engine, "unchecked", "checking")
    a_case(engine, "closing", "closing")
    for state in ("closed", "suspended", "rejected", "void", "merged"):
        a_case(engine, state, state)
    return engine


WAITING = {
    "acceptor-a": [("reported", "accept"), ("unchecked", "order_check")],
    "shift-leader": [("accepted", "file"), ("closing", "close")],
    "dispatcher": [("filed", "dispatch")],
    "leader": [("capped", "arbitrate")],
    "inspector-a": [("verifying", "verify")],
    "inspector-b": [("checking", "check")],
    "lihe-liaison": [("handling", "report_handled"), ("dispatched", "receive")],
    "lihe-head": [("handling", "report_handled"), ("dispatched", "receive")],
    "water-liaison": [("elsewhere", "report_handled")],
    "centre-head": [],
    "auditor": [],
    "nobody": [],
}


def test_each_post_is_shown_what_it_must_do_now_and_nothing_else(stored: Engine) -> None:
    assert {post: waits_for(stored, post) for post in WAITING} == WAITING


def test_a_request_waits_for_whoever_decides_its_next_step(sqlite_engine: Engine) -> None:
    case_id = a_case(sqlite_engine, "E1", "suspended")
    a_request(sqlite_engine, case_id, "suspension", "dispatcher,shift_leader", decided=1)
    decided = a_case(sqlite_engine, "E2", "suspended")
    a_request(sqlite_engine, decided, "suspension", "dispatcher", state="granted")
    assert waits_for(sqlite_engine, "shift-leader") == [("E1", RequestKind.SUSPENSION)]
    assert waits_for(sqlite_engine, "dispatcher") == []


def test_what_a_units_head_decides_waits_for_the_head_of_that_unit_alone(sqlite_engine: Engine) -> None:
    a_request(sqlite_engine, a_case(sqlite_engine, "E1", "suspended"), "extension", "unit_head,dispatcher")
    assert waits_for(sqlite_engine, "lihe-head") == [("E1", RequestKind.EXTENSION)]
    assert waits_for(sqlite_engine, "water-head") == waits_for(sqlite_engine, "lihe-liaison") == []


def test_what_a_unit_was_assigned_waits_for_it_until_that_is_revoked(sqlite_engine: Engine) -> None:
    for number, ended_at in (("E1", None), ("E2", NOW)):
        case_id = a_case(sqlite_engine, number, "handling")
        row = {"case_id": case_id, "seq": 2, "round": 1, "unit": "water", "lead": False, "started_at": NOW, "why": ""}
        with transaction(sqlite_engine) as connection:
            connection.execute(insert(ASSIGNMENTS), row | {"ended_at": ended_at})
    assert waits_for(sqlite_engine, "water-liaison") == [("E1", "report_handled")]


def test_a_deputy_is_shown_what_the_absent_inspector_owes_and_for_whom(sqlite_engine: Engine) -> None:
    a_case(sqlite_engine, "E1", "checking", inspector="inspector-a")
    away = a_small_city(changed("leave.csv", "post,from,to\n", "post,from,to\ninspector-a,2019-05-06,2019-05-06\n"))
    assert waits_for(sqlite_engine, "inspector-b") == []
    with reading(sqlite_engine) as connection:
        (one,), _ = read_waiting(connection, away, "inspector-b", NOW)
    assert (one.case, one.step, one.owner) == ("E1", ActionName.CHECK, "inspector-a")


def test_what_falls_to_somebody_twice_stands_once_as_their_own(sqlite_engine: Engine) -> None:
    a_case(sqlite_engine, "E1", "handling")
    away = a_small_city(changed("leave.csv", "post,from,to\n", "post,from,to\nlihe-liaison,2019-05-06,2019-05-06\n"))
    with reading(sqlite_engine) as connection:
        (one,), _ = read_waiting(connection, away, "lihe-head", NOW)
    assert one.owner == "lihe-head"


def test_the_most_pressing_comes_first_and_what_has_no_deadline_last_page_by_page(sqlite_engine: Engine) -> None:
    for n in range(PAGE):
        a_case(sqlite_engine, f"E{n:03}", "handling", hours=PAGE - n)
    a_case(sqlite_engine, "endless", "handling", hours=None)
    with reading(sqlite_engine) as connection:
        first, more = read_waiting(connection, a_small_city(), "lihe-liaison", NOW)
        second, none = read_waiting(connection, a_small_city(), "lihe-liaison", NOW, 1)
    assert [one.case for one in first] == [f"E{n:03}" for n in reversed(range(PAGE))]
    assert ([one.case for one in second], more, none) == (["endless"], True, False)


def test_who_works_on_a_case_stands_beside_it(sqlite_engine: Engine) -> None:
    case_id = a_case(sqlite_engine, "E1", "reported", unit=None)
    with transaction(sqlite_engine) as connection:
        take_case(connection, case_id, "acceptor-b", NOW, NOW + timedelta(minutes=15))
        (one,), _ = read_waiting(connection, a_small_city(), "acceptor-a", NOW)
    assert one.hold is not None
    assert one.hold.post == "acceptor-b"
