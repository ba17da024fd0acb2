"""Leave: every shift in its days goes to somebody else first, and the next roster knows it."""

from datetime import date

import pytest
from sqlalchemy import Engine

from models.duty import ChangeState
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.flood_events import read_events
from tasks.roster_leave import LeaveAsked, LeaveTaken, ask_leave
from tasks.roster_leave_entry import shifts_in_leave
from tasks.roster_reading import places_of
from tests.rosters import published
from tests.stored_cases import at
from tests.tasks.test_roster_changes import DAY, Room, change_of, refusal_of

FIRST, LAST = date(2021, 7, 12), date(2021, 7, 13)


@pytest.fixture
def room(sqlite_engine: Engine) -> Room:
    return Room(sqlite_engine)


def asks_leave(room: Room, post: str, substitute: str | None, **more: object) -> LeaveTaken | Refusal:
    facts: dict[str, object] = {"first": FIRST, "last": LAST, "reason": "外出培训", "key": "leave-1"}
    asked = LeaveAsked(post=post, substitute=substitute, **(facts | more))  # type: ignore[arg-type]
    with transaction(room.engine) as connection:
        return ask_leave(connection, room.city, asked, room.recording)


def leave_in_force(room: Room, post: str) -> list[tuple[date, date]]:
    with reading(room.engine) as connection:
        return [(leave.first_day, leave.last_day) for leave in current_city(connection).leave_of(post)]


def test_leave_counts_once_its_shifts_are_granted_and_the_next_roster_knows_it(room: Room) -> None:
    me, other = str(room.at(DAY).post), room.free_for(DAY)
    taken = asks_leave(room, me, other)
    assert isinstance(taken, LeaveTaken)
    (change,) = taken.changes
    assert (change.given.shift.code, change.because_of_leave) == (DAY, "2021-07-12/2021-07-13")
    change_of(room.accepts(change))
    assert leave_in_force(room, me) == []
    granted = change_of(room.decides(change, "centre-head"))
    assert granted.state is ChangeState.GRANTED
    assert leave_in_force(room, me) == [(FIRST, LAST)]
    with reading(room.engine) as connection:
        assert [event.kind for event in read_events(connection, f"leave:{me}")] == ["leave_entered"]


def test_a_leave_whose_first_substitute_refused_counts_once_another_one_is_granted(room: Room) -> None:
    me, other = str(room.at(DAY).post), room.free_for(DAY)
    taken = asks_leave(room, me, other)
    assert isinstance(taken, LeaveTaken)
    assert change_of(room.accepts(taken.changes[0], agrees=False)).state is ChangeState.REFUSED
    again = asks_leave(room, me, other, key="leave-2")
    assert isinstance(again, LeaveTaken)
    change_of(room.accepts(again.changes[0]))
    assert leave_in_force(room, me) == []
    change_of(room.decides(again.changes[0], "centre-head"))
    assert leave_in_force(room, me) == [(FIRST, LAST)]


def test_a_shift_without_a_substitute_keeps_its_holder_at_home(room: Room) -> None:
    refusal = refusal_of(asks_leave(room, str(room.at(DAY).post), None))
    assert (refusal.code, refusal.facts["count"], refusal.facts["shifts"]) == (
        *("leave_needs_substitute", 1),
        ["07-12 08:00"],
    )


def test_a_leader_names_a_substitute_also_where_no_shift_is_touched(room: Room) -> None:
    days = {"first": date(2021, 12, 1), "last": date(2021, 12, 3)}
    refusal = refusal_of(asks_leave(room, "flood-leader-1", None, **days))
    assert (refusal.code, refusal.facts["count"]) == ("leave_needs_substitute", 0)
    assert isinstance(asks_leave(room, "flood-leader-1", "flood-leader-2", **days), LeaveTaken)
    assert leave_in_force(room, "flood-leader-1") == [(days["first"], days["last"])]
    with reading(room.engine) as connection:
        asked = read_events(connection, "leave:flood-leader-1")[0]
    assert asked.facts["substitute"] == "flood-leader-2"


def test_staff_without_a_shift_in_these_days_need_nobody(room: Room) -> None:
    days = {"first": date(2021, 12, 1), "last": date(2021, 12, 3)}
    taken = asks_leave(room, "flood-officer-1", None, **days)
    assert taken == LeaveTaken(())
    assert leave_in_force(room, "flood-officer-1") == [(days["first"], days["last"])]


def test_a_substitute_whom_a_rule_keeps_from_one_shift_gets_none_of_them(room: Room) -> None:
    me = str(room.at(DAY).post)
    busy = str(room.at("2021-07-13T08:00").post)
    assert refusal_of(asks_leave(room, me, busy)).code == "change_breaks_rule"
    whole = {"first": date(2021, 7, 1), "last": date(2021, 7, 28)}
    assert refusal_of(asks_leave(room, me, room.free_for(DAY), **whole)).code == "change_breaks_rule"
    assert room.kinds() == []


def test_the_shift_that_ends_on_the_first_day_of_leave_is_touched_too(room: Room) -> None:
    me = str(room.at("2021-07-11T08:00").post)
    with reading(room.engine) as connection:
        found = shifts_in_leave(connection, room.city, me, FIRST, FIRST, room.now)
    assert "2021-07-11T08:00" in [place.shift.code for place in found]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2021, 7, 13), date(2021, 7, 12)),
        (date(2021, 6, 1), date(2021, 6, 2)),
        (date(2021, 7, 1), date(2022, 7, 1)),
    ],
)
def test_days_that_are_no_leave_are_refused(room: Room, first: date, last: date) -> None:
    assert refusal_of(asks_leave(room, "flood-officer-1", None, first=first, last=last)).code == "leave_days_wrong"


def test_a_proposal_after_the_leave_leaves_its_holder_out(room: Room) -> None:
    days = {"first": date(2021, 8, 2), "last": date(2021, 8, 5)}
    asks_leave(room, "flood-officer-2", None, **days)
    with reading(room.engine) as connection:
        city = current_city(connection)
    roster = published(room.engine, city, date(2021, 8, 1), date(2021, 8, 6), at("2021-07-28 09:00"))
    with reading(room.engine) as connection:
        stands = {place.shift.day for place in places_of(connection, city, roster) if place.post == "flood-officer-2"}
    assert stands <= {date(2021, 8, 6)}
