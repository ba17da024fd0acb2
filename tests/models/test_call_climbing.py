"""Silence in a chain climbs to the next and to the duty leader, until a human answers, and never ends with nobody."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.call import TargetState
from models.call_climbing import Climbing, Place, climb, is_awake
from models.call_rules import AGAIN, CLIMBED_STEP, DUTY_LEADER, NEXT, CallRules, CallRung, Wanted
from tests.stored_cases import at

S, MINUTE = TargetState, timedelta(minutes=1)
DUE = at("2021-07-20 20:05")
RULES = CallRules(
    (), rungs=(CallRung(0 * MINUTE, NEXT), CallRung(0 * MINUTE, DUTY_LEADER), CallRung(5 * MINUTE, "leader"))
)
LEADERS = {DUTY_LEADER: ("flood-leader-1",), "leader": ("leader",)}


def told(number: int, step: int = 1) -> Place:
    return Place(number, step, f"post-{number}", S.TOLD, DUE, 0, DUE)


def waiting(number: int, step: int) -> Place:
    return Place(number, step, f"post-{number}", S.WAITING)


def climbed(
    places: list[Place], now: datetime = DUE, wanted: Wanted = Wanted.ONE, rules: CallRules = RULES
) -> Climbing:
    return climb(places, wanted, rules, now, lambda to: LEADERS[to])


def test_nobody_is_hurried_before_their_time_is_over() -> None:
    assert climbed([told(1), waiting(2, 2)], DUE - timedelta(seconds=1)) == Climbing()


def test_after_five_minutes_the_next_of_the_chain_and_the_duty_leader_are_called() -> None:
    done = climbed([told(1), waiting(2, 2), waiting(3, 3)])
    assert done.tell == {2}
    assert done.climbed_to == {"flood-leader-1": DUTY_LEADER}
    assert [(one.state, one.rung, one.climbs_at) for one in done.silent] == [(S.PASSED_ON, 2, DUE + 5 * MINUTE)]


def test_where_nobody_of_the_chain_is_left_all_of_it_is_red() -> None:
    first = replace(told(1), state=S.PASSED_ON, rung=2, climbs_at=DUE + 60 * MINUTE)
    done = climbed([first, told(2, 2)])
    assert {one.id: one.state for one in done.silent} == {1: S.UNREACHED, 2: S.UNREACHED}


def test_at_the_end_of_the_ladder_it_begins_again_with_the_duty_leader_and_never_stops() -> None:
    silent = replace(told(1), state=S.UNREACHED, rung=3, climbs_at=DUE + 10 * MINUTE)
    for now in (DUE + 10 * MINUTE, DUE + 24 * 60 * MINUTE):
        done = climbed([silent], now)
        assert done.tell == {1}
        assert done.climbed_to == {"flood-leader-1": DUTY_LEADER}
        assert done.silent[0].climbs_at == now + RULES.again_every


def test_a_late_visit_makes_up_for_every_rung_but_calls_one_step_at_a_time() -> None:
    done = climbed([told(1), waiting(2, 2), waiting(3, 3)], DUE + 30 * MINUTE)
    assert done.tell == {2}
    assert done.climbed_to == {"flood-leader-1": DUTY_LEADER, "leader": "leader"}
    assert done.silent[0].rung == 3


def test_each_of_a_reservoirs_three_must_answer_and_one_of_a_town() -> None:
    trio = [replace(told(1), state=S.ANSWERED, climbs_at=None), told(2)]
    assert not is_awake(trio, Wanted.EACH)
    assert is_awake(trio, Wanted.ONE)
    assert climbed(trio, wanted=Wanted.EACH).about == [2]


def test_whoever_heard_of_a_silence_and_answered_answers_for_it() -> None:
    leader = Place(9, CLIMBED_STEP, "flood-leader-1", S.ANSWERED, DUE)
    silent = replace(told(1), state=S.UNREACHED, rung=2)
    assert is_awake([silent, leader], Wanted.EACH)
    done = climbed([silent, leader], DUE + 60 * MINUTE, Wanted.EACH)
    assert (done.tell, done.climbed_to, done.about) == (set(), {}, [])
    assert [one.climbs_at for one in done.silent] == [None]


def test_a_call_that_nobody_is_named_in_still_has_the_duty_leader() -> None:
    assert climbed([told(1)], rules=CallRules((), rungs=())).climbed_to == {"flood-leader-1": DUTY_LEADER}


rungs = st.lists(st.tuples(st.integers(0, 15), st.sampled_from([NEXT, DUTY_LEADER, AGAIN, "leader"])), max_size=5).map(
    lambda found: tuple(CallRung(minutes * MINUTE, to) for minutes, to in sorted(found))
)


@given(rungs=rungs, steps=st.lists(st.integers(1, 4), min_size=1, max_size=6), wanted=st.sampled_from(Wanted))
def test_whatever_the_ladder_silence_is_never_left_alone_and_a_second_visit_asks_for_nothing(
    rungs: tuple[CallRung, ...], steps: list[int], wanted: Wanted
) -> None:
    rules = CallRules((), rungs=rungs)
    first = min(steps)
    places = {n: told(n, step) if step == first else waiting(n, step) for n, step in enumerate(steps)}
    if rungs:
        places = {n: replace(p, climbs_at=DUE + rungs[0].after) if p.state is S.TOLD else p for n, p in places.items()}
    now, heard = DUE, False
    for _ in range(60):
        done = climbed(list(places.values()), now, wanted, rules)
        heard = heard or bool(done.tell or done.climbed_to)
        for one in done.silent:
            places[one.id] = replace(places[one.id], state=one.state, rung=one.rung, climbs_at=one.climbs_at)
        for number in done.tell:
            if places[number].state is S.WAITING:
                due = now + 5 * MINUTE
                climbs = due + rungs[0].after if rungs else due
                places[number] = replace(places[number], state=S.TOLD, due_at=due, climbs_at=climbs)
        again = climbed(list(places.values()), now, wanted, rules)
        assert (again.tell, again.climbed_to, again.about) == (set(), {}, [])
        assert any(place.climbs_at is not None and place.climbs_at > now for place in places.values())
        now += MINUTE
    assert heard


@pytest.mark.parametrize("wanted", Wanted)
def test_an_answer_of_everybody_ends_every_climb(wanted: Wanted) -> None:
    places = [replace(told(n), state=S.ANSWERED) for n in (1, 2)]
    done = climbed(places, DUE + 60 * MINUTE, wanted)
    assert (done.tell, done.climbed_to) == (set(), {})
