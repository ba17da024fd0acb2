"""A published roster changes only by somebody's wish, the other one's word and an approver's decision; never a gap."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from models.duty import ChangeKind, ChangeState
from models.flood_event import Recording
from models.refusal import Refusal
from models.roster_change import free_for
from models.roster_check import check_roster
from tasks.database import reading, transaction
from tasks.duty_shifts import Acting, shift_coded
from tasks.duty_sign_in import SignedIn, sign_in
from tasks.flood_events import broken_stream, read_events
from tasks.roster_change_rows import CHANGES, StoredChange, around
from tasks.roster_changes import (
    Ask,
    accept_change,
    amend_roster,
    ask_change,
    decide_change,
    lapse_changes,
    withdraw_change,
)
from tasks.roster_reading import ASSIGNMENTS, Place
from tests.rosters import (
    FOUR_WEEKS,
    MORNING,
    duty_of,
    flood_city_in,
    in_force,
    place_at,
    published,
    recording,
)
from tests.stored_cases import at, rows_of
from tests.tasks.test_rosters import NOTICES

DAY = "2021-07-12T08:00"  # A Monday


class Room:
    """A duty room with four weeks in force, and what people do in it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.city = engine, flood_city_in(engine)
        self.roster = published(engine, self.city, *FOUR_WEEKS)
        self.now = MORNING

    @property
    def recording(self) -> Recording:
        return recording(self.now, "desk")

    def at(self, shift: str, place: str = "officer") -> Place:
        return place_at(self.engine, self.city, shift, place)

    def free_for(self, shift: str) -> str:
        """Somebody of the pool whom every rule lets take the shift."""
        place = self.at(shift)
        with reading(self.engine) as connection:
            near = [one.standing for one in around(connection, self.city, [place])]
        return free_for(self.city, duty_of(self.city), place.standing, near)[0]

    def asks(self, to: str, shift: str = DAY, key: str = "key-1", **more: object) -> StoredChange | Refusal:
        place = self.at(shift)
        ask = Ask(ChangeKind.SUBSTITUTION, place.assignment_id, to, "家中有事", str(place.post), key)
        with transaction(self.engine) as connection:
            return ask_change(connection, self.city, replace(ask, **more), self.recording)  # type: ignore[arg-type]

    def swaps(self, one: str, other: str) -> StoredChange | Refusal:
        theirs = self.at(other)
        return self.asks(str(theirs.post), one, kind=ChangeKind.SWAP, taken_id=theirs.assignment_id)

    def accepts(self, change: StoredChange, agrees: bool = True, by: str = "") -> StoredChange | Refusal:
        with transaction(self.engine) as connection:
            by = by or change.to_post
            return accept_change(connection, self.city, change.code, by, agrees, self.recording, "可以")

    def decides(self, change: StoredChange, by: str, grants: bool = True) -> StoredChange | Refusal:
        with transaction(self.engine) as connection:
            return decide_change(connection, self.city, change.code, by, grants, self.recording, "注意交接")

    def kinds(self) -> list[str]:
        """What happened to the roster since it was published."""
        with reading(self.engine) as connection:
            assert broken_stream(connection) is None
            return [event.kind for event in read_events(connection, f"roster:{self.roster.code}")][2:]

    def told(self, kind: str) -> list[str]:
        return sorted(r.recipient for r in rows_of(self.engine, select(NOTICES).where(NOTICES.c.kind == kind)))


@pytest.fixture
def room(engine: Engine) -> Room:
    return Room(engine)


@pytest.fixture
def local_room(sqlite_engine: Engine) -> Room:
    return Room(sqlite_engine)


def change_of(found: StoredChange | Refusal) -> StoredChange:
    assert isinstance(found, StoredChange), found
    return found


def refusal_of(found: object) -> Refusal:
    assert isinstance(found, Refusal), found
    return found


def test_a_substitution_is_asked_accepted_granted_and_everybody_touched_is_told(room: Room) -> None:
    holder, leader, cadre = (room.at(DAY, place).post for place in ("officer", "leader", "cadre"))
    other = room.free_for(DAY)
    change = change_of(room.asks(other))
    assert change.state is ChangeState.ASKED
    assert room.told("roster_asked") == [other]
    assert room.at(DAY).post == holder
    change = change_of(room.accepts(change))
    assert room.told("roster_asked") == sorted([other, "centre-head", str(leader)])
    assert room.at(DAY).post == holder
    change = change_of(room.decides(change, str(leader)))
    assert (change.state, change.decided_by) == (ChangeState.GRANTED, leader)
    assert room.at(DAY).post == other
    assert room.told("roster_changed") == sorted([str(holder), other, str(leader), str(cadre)])
    assert room.told("roster_decided") == sorted([str(holder), other])
    assert room.kinds() == ["change_asked", "change_accepted", "change_granted"]


def test_a_swap_moves_both_and_the_roster_stays_sound(room: Room) -> None:
    mine, theirs = "2021-07-12T08:00", "2021-07-20T08:00"
    before = room.at(mine).post, room.at(theirs).post
    found = room.swaps(mine, theirs)
    if isinstance(found, Refusal):
        theirs = next(
            shift
            for n in range(13, 28)
            if (shift := f"2021-07-{n}T08:00") and room.at(shift).post != before[0]
            if not isinstance(found := room.swaps(mine, shift), Refusal)
        )
        before = room.at(mine).post, room.at(theirs).post
    change = change_of(room.accepts(change_of(found)))
    assert room.told("roster_asked").count("centre-head") == 1
    change_of(room.decides(change, "centre-head"))
    assert (room.at(mine).post, room.at(theirs).post) == before[::-1]
    assert in_force(room.engine, room.city).keys() == {
        (f"2021-07-{n:02}T08:00", place) for n in range(1, 29) for place in ("leader", "cadre", "officer")
    }
    with reading(room.engine) as connection:
        standings = [one.standing for one in around(connection, room.city, [room.at(mine), room.at(theirs)])]
    assert not [fault for fault in check_roster(room.city, duty_of(room.city), standings) if fault.forbids]


def test_the_same_form_twice_asks_once(local_room: Room) -> None:
    room = local_room
    other = room.free_for(DAY)
    first, second = change_of(room.asks(other)), change_of(room.asks(other))
    assert first == second
    assert rows_of(room.engine, select(func.count()).select_from(CHANGES))[0][0] == 1
    assert room.told("roster_asked") == [other]


def test_a_rule_that_would_be_broken_is_named_with_person_and_other_shift(local_room: Room) -> None:
    room = local_room
    busy = str(room.at("2021-07-13T08:00").post)  # On duty the day after: no rest between.
    refusal = refusal_of(room.asks(busy))
    assert refusal.code == "change_breaks_rule"
    assert (refusal.facts["post"], refusal.facts["rule"]) == (busy, "rest")
    assert refusal.facts["other"] == "2021-07-13T08:00"
    assert refusal_of(room.asks("flood-leader-1")).facts["rule"] == "not_in_pool"
    assert refusal_of(room.asks("nobody")).code == "unknown_post"
    assert room.kinds() == []


def test_what_is_not_mine_or_has_begun_or_has_no_reason_is_refused(local_room: Room) -> None:
    room = local_room
    other = room.free_for(DAY)
    assert refusal_of(room.asks(other, by="flood-cadre-1")).code == "not_your_shift"
    assert refusal_of(room.asks(str(room.at(DAY).post))).code == "change_same_person"
    assert refusal_of(room.asks(other, reason=" ")).code == "change_reason_missing"
    assert refusal_of(room.asks(other, given_id=10_000)).code == "unknown_duty_shift"
    room.now = at("2021-07-12 08:00")
    assert refusal_of(room.asks(other)).code == "shift_begun"


def test_a_shift_has_one_open_wish_at_a_time(local_room: Room) -> None:
    room = local_room
    other = room.free_for(DAY)
    first = change_of(room.asks(other))
    again = refusal_of(room.asks(other, key="key-2"))
    assert (again.code, again.facts["change"]) == ("change_open_already", first.code)
    with transaction(room.engine) as connection:
        withdraw_change(connection, room.city, first.code, first.asked_by, room.recording)
    assert change_of(room.asks(other, key="key-3")).code != first.code


def test_only_the_one_who_is_asked_answers_and_only_who_approves_decides_the_first_decision_counts(
    local_room: Room,
) -> None:
    room = local_room
    change = change_of(room.asks(room.free_for(DAY)))
    assert refusal_of(room.accepts(change, by=change.asked_by)).code == "change_not_yours"
    assert refusal_of(room.decides(change, "centre-head")).code == "change_not_accepted"
    change_of(room.accepts(change))
    assert refusal_of(room.decides(change, change.asked_by)).code == "change_not_approver"
    assert refusal_of(room.decides(change, "flood-officer-6")).code == "change_not_approver"
    change_of(room.decides(change, "centre-head", grants=False))
    late = refusal_of(room.decides(change, str(room.at(DAY, "leader").post)))
    assert (late.code, late.facts["by"], late.facts["state"]) == ("change_not_open", "centre-head", "refused")
    assert room.at(DAY).post == change.from_post
    assert room.kinds()[-1] == "change_refused"


def test_a_leader_never_decides_about_himself(local_room: Room) -> None:
    room = local_room
    place = room.at(DAY, "leader")
    others = [f"flood-leader-{n}" for n in range(1, 5) if f"flood-leader-{n}" != place.post]
    found = [room.asks(other, key=other, given_id=place.assignment_id, by=str(place.post)) for other in others]
    change = next(one for one in found if isinstance(one, StoredChange))
    change_of(room.accepts(change))
    assert refusal_of(room.decides(change, str(place.post))).facts["allowed"] == ["centre-head"]
    change_of(room.decides(change, "centre-head"))


def test_declining_ends_it_and_the_asker_hears_the_words(local_room: Room) -> None:
    room = local_room
    change = change_of(room.accepts(change_of(room.asks(room.free_for(DAY))), agrees=False))
    assert (change.state, change.words) == (ChangeState.REFUSED, "可以")
    assert room.told("roster_decided") == [change.asked_by]
    assert room.told("roster_changed") == []


def test_an_amendment_counts_at_once_and_names_its_approver(room: Room) -> None:
    place, other = room.at(DAY), room.free_for(DAY)
    ask = Ask(ChangeKind.AMENDMENT, place.assignment_id, other, "生病住院", "centre-head", "key-9")
    with transaction(room.engine) as connection:
        change = change_of(amend_roster(connection, room.city, ask, room.recording))
    assert (change.state, change.decided_by, room.at(DAY).post) == (ChangeState.GRANTED, "centre-head", other)
    assert str(place.post) in room.told("roster_changed")
    assert other in room.told("roster_changed")
    with transaction(room.engine) as connection:
        again = change_of(amend_roster(connection, room.city, ask, room.recording))
        refused = amend_roster(connection, room.city, replace(ask, by=other, key="key-10"), room.recording)
    assert again.code == change.code
    assert refusal_of(refused).code == "not_a_publisher"
    assert room.kinds() == ["change_granted"]


def test_a_wish_lapses_when_its_shift_begins_and_both_are_told_once(local_room: Room) -> None:
    room = local_room
    change = change_of(room.asks(room.free_for(DAY)))
    room.now = at("2021-07-12 07:59")
    assert lapsed(room) == 0
    room.now += timedelta(minutes=1)
    assert refusal_of(room.accepts(change)).code == "shift_begun"
    assert (lapsed(room), lapsed(room)) == (1, 0)
    assert room.told("roster_decided") == sorted([change.asked_by, change.to_post])
    assert room.at(DAY).post == change.from_post
    assert room.kinds()[-1] == "change_lapsed"


def lapsed(room: Room) -> int:
    with transaction(room.engine) as connection:
        return lapse_changes(connection, room.city, room.recording)


def test_who_answered_or_need_not_any_more_is_not_called_again(local_room: Room) -> None:
    room = local_room

    def waited_for() -> list[str]:
        rows = rows_of(room.engine, select(NOTICES).where(NOTICES.c.kind == "roster_asked"))
        return sorted(row.recipient for row in rows if row.acknowledged_at is None)

    leader = str(room.at(DAY, "leader").post)
    change = change_of(room.asks(room.free_for(DAY)))
    assert waited_for() == [change.to_post]
    change_of(room.accepts(change))
    assert waited_for() == sorted(["centre-head", leader])
    change_of(room.decides(change, leader))
    assert waited_for() == []
    second = change_of(room.asks(room.free_for("2021-07-14T08:00"), "2021-07-14T08:00", "key-2"))
    assert waited_for() == [second.to_post]
    with transaction(room.engine) as connection:
        withdraw_change(connection, room.city, second.code, second.asked_by, room.recording)
    assert waited_for() == []


def test_a_wish_whose_shift_was_amended_meanwhile_no_longer_fits(local_room: Room) -> None:
    room = local_room
    first = room.free_for(DAY)
    change = change_of(room.asks(first))
    place = room.at(DAY)
    ask = Ask(ChangeKind.AMENDMENT, place.assignment_id, first, "生病住院", "centre-head", "key-9")
    with transaction(room.engine) as connection:
        busy = amend_roster(connection, room.city, ask, room.recording)
    assert refusal_of(busy).code == "change_open_already"
    with transaction(room.engine) as connection:
        connection.execute(ASSIGNMENTS.update().where(ASSIGNMENTS.c.id == place.assignment_id).values(post="gone"))
    assert refusal_of(room.accepts(change)).code == "change_moved"


def test_who_signed_in_early_and_gave_the_shift_away_leaves_no_place_signed_for_by_nobody(local_room: Room) -> None:
    room, other = local_room, local_room.free_for(DAY)
    place = room.at(DAY)
    room.now = place.shift.starts_at - timedelta(minutes=40)
    with transaction(room.engine) as connection:
        came = sign_in(connection, Acting(room.city, str(place.post), room.recording), DAY, "officer")
        assert isinstance(came, SignedIn)
        ask = Ask(ChangeKind.AMENDMENT, place.assignment_id, other, "突发疾病", "centre-head", "key-9")
        change_of(amend_roster(connection, room.city, ask, room.recording))
        shift = shift_coded(connection, room.city, DAY)
    stand = shift.place("officer") if shift else None
    assert stand
    assert (stand.post, stand.stands, stand.signed_in_at) == (other, other, None)


def test_an_unknown_wish_is_said(local_room: Room) -> None:
    with transaction(local_room.engine) as connection:
        found = decide_change(connection, local_room.city, "TB2021-9", "centre-head", True, local_room.recording)
    assert refusal_of(found).code == "unknown_change"
