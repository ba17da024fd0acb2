"""Whatever people do, in whatever order, however late a visit comes: what must always hold of a case.

Hypothesis plays people who mostly do what their place in the table allows and sometimes anything at all, in cities
with different policies and calendars. Derandomised, so that a run of CI is repeatable; a finding becomes a story.
"""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case_state import CaseEvent, CaseState
from models.chain import canonical
from models.city import City
from models.ladder import next_wake
from models.lifecycle import CaseVisit
from models.lifecycle_events import replay
from models.lifecycle_rules import Action
from models.lifecycle_table import EFFECT_OF, step_for
from models.vocabulary import ENDED, ActionName, ClockState, RequestKind, RequestState, State
from tests.builders import CELL, Story, acting, local
from tests.cities import SMALL_CITY, a_small_city, changed

pytestmark = pytest.mark.untraced

LIFE = settings(max_examples=90, derandomize=True, deadline=None, database=None)
UNITS = ("lihe", "water", "centre")
ABOUT = {"lihe": "lihe-liaison", "water": "water-liaison", "centre": "centre-liaison"}
GAPS = (0, 0, 1, 1, 2, 3, 5, 9, 16, 31, 75, 240, 1440, 4320, 12_000)
"""Minutes between two things people do."""
POLICIES: tuple[Mapping[str, str], ...] = (
    {},
    {
        "checking_time_counts: no": "checking_time_counts: yes",
        "promise_sets_deadline: no": "promise_sets_deadline: yes",
    },
    {"hand_back_by_approval: no": "hand_back_by_approval: yes", "most_hand_backs: 3": "most_hand_backs: 1"},
    {
        "complete_only: yes": "complete_only: no",
        "sources: [inspector]": "sources: []",
        "most_granted: 2": "most_granted: 0",
    },
    {"most_hand_backs: 3": "most_hand_backs: 0", "seat_alarm_share: 2": "seat_alarm_share: 0.5"},
)
BY_RULE = 3
"""The policy under which a rule takes every step it may, also of citizens' reports; there an inspector's post ends."""
BEGINNINGS: Mapping[str, Callable[[Story], Story]] = {
    "dispatched": lambda story: story.dispatched(),
    "handling": lambda story: story.handling(),
    "checking": lambda story: story.handling().handled("2019-05-06 08:20"),
    "reported": lambda story: story,
}
CALENDARS = ("", "2019-05-07,no,临时放假\n", "2019-05-07,no,临时放假\n2019-05-11,yes,调休\n2019-05-12,yes,调休\n")


@cache
def a_city(policy: int = 0, calendar: int = 0) -> City:
    """One of the cities in which people are played."""
    documents: Mapping[str, str] = {**SMALL_CITY, "calendar.csv": f"date,working,name\n{CALENDARS[calendar]}"}
    for old, new in POLICIES[policy].items():
        documents = changed("policy.yaml", old, new, documents)
    if policy == BY_RULE:
        documents = changed("posts.csv", "410184101,inspector-b,,\n", "410184101,inspector-b,,2019-05-08\n", documents)
    return a_small_city(documents)


Move = tuple[str, str, dict[str, Any]]
"""(post, action, facts)"""


def onward(case: CaseState, at: datetime) -> list[Move]:
    """What brings a case on from where it stands; some of it will be refused all the same."""
    unit = ABOUT.get(case.unit or "", "lihe-liaison")
    ahead = [(at + timedelta(hours=hours)).isoformat() for hours in (1, 30, 400)]
    both = {"picture_before": "a.jpg", "picture_after": "b.jpg"}
    of_unit = [
        (unit, "hand_back", {"reason": "越界"}),
        ("dispatcher", "redispatch", {"unit": "water", "reason": "改派"}),
        ("dispatcher", "redispatch", {"unit": case.unit or "lihe", "reason": "确认"}),
        ("leader", "redispatch", {"unit": "lihe", "reason": "撤销"}),
        ("lihe-liaison", "hand_back", {"reason": "下属单位退回"}),
        (unit, "ask", {"kind": "extension", "reason": "等配件"}),
        *((unit, "ask", {"kind": "suspension", "reason": "雨季", "wanted_until": until}) for until in ahead),
        *((unit, "ask", {"kind": "promise", "reason": "施工", "wanted_until": until}) for until in ahead),
        (unit, "ask", {"kind": "hand_back", "reason": "越界"}),
    ]
    moves: dict[State, list[Move]] = {
        State.REPORTED: [
            *[("acceptor-a", "accept", {})] * 6,
            ("acceptor-a", "order_verify", {"inspector": "inspector-a"}),
            ("acceptor-a", "reject", {"reason": "重复"}),
            ("acceptor-a", "merge", {"into": "R7", "resolved": {"into_id": 10**9, "into_ended": False}}),
            ("inspector-a", "quick_fix", both),
        ],
        State.VERIFYING: [
            *(("inspector-a", "verify", {"result": r}) for r in ("true", "false", "not_found")),
            *(("acceptor-b", "order_verify", {"inspector": inspector}) for inspector in ("inspector-a", "inspector-b")),
        ],
        State.ACCEPTED: [("shift-leader", "file", {})],
        State.FILED: [
            *(("dispatcher", "dispatch", {"unit": unit}) for unit in UNITS),
            ("leader", "arbitrate", {"unit": "water", "reason": "裁定"}),
            ("dispatcher", "return_to_acceptor", {"reason": "类别有误"}),
        ],
        State.DISPATCHED: [*[(unit, "receive", {})] * 6, (unit, "assign", {"unit": "lihe"}), *of_unit],
        State.HANDLING: [
            *[(unit, "report_handled", {})] * 5,
            *[("lihe-liaison", "report_handled", {}), (unit, "assign", {"unit": "lihe"})],
            *[(unit, "revoke_assign", {"unit": "lihe"}), *of_unit],
        ],
        State.CHECKING: [
            *[("inspector-a", "check", {"result": "passed"})] * 2,
            ("inspector-a", "check", {"result": "failed", "reason": "未修好"}),
            ("inspector-b", "check", {"result": "made_safe"}),
            *(("acceptor-a", "order_check", {"inspector": inspector}) for inspector in ("inspector-a", "inspector-b")),
        ],
        State.CLOSING: [("shift-leader", "close", {})],
        State.SUSPENDED: [("leader", "resume", {})],
        State.CLOSED: [
            ("public", "reopen", {"reason": "问题仍在"}),
            (unit, "ask", {"kind": "appeal", "reason": "不服"}),
        ],
        State.MERGED: [("acceptor-a", "unmerge", {"reason": "两处"})],
    }
    return moves.get(case.state, [])


def decisions(case: CaseState) -> list[Move]:
    """What may become of the open requests."""
    posts = {"dispatcher": "dispatcher", "shift_leader": "shift-leader", "acceptor": "acceptor-b"}
    found: list[Move] = []
    for request in case.requests:
        if request.state is RequestState.OPEN:
            by = posts[request.next_role]
            found += [(by, "decide", {"kind": request.kind.value, "verdict": "granted"})] * 4
            found += [(by, "decide", {"kind": request.kind.value, "verdict": "refused", "reason": "不足"})]
            found += [(request.asked_by, "withdraw", {"kind": request.kind.value})]
    return found


def asides(case: CaseState) -> list[Move]:
    """What may happen to any open case."""
    if case.state in ENDED:
        return []
    return [
        ("acceptor-a", "correct", {"class_code": "C0101", "condition_no": 1}),
        ("acceptor-a", "correct", {"condition_no": "2"}),
        ("acceptor-a", "ask", {"kind": "correction", "reason": "类别", "class_code": "C0101", "condition_no": 1}),
        ("acceptor-a", "ask", {"kind": "correction", "reason": "地点", "area": CELL}),
        ("acceptor-a", "ask", {"kind": "void", "reason": "误报"}),
        ("leader", "supervise", {"reason": "尽快"}),
        ("leader", "add_note", {"note": "关注"}),
        ("leader", "force_close", {"reason": "统一处理"}),
    ]


odd_values = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.lists(st.text(), max_size=2),
)
NAMES = """reason note unit inspector result kind verdict class_code condition_no area place into wanted_until until
limit amount number into_id candidates request clock rung due_at calendar_edition picture stage"""
fact_names = st.sampled_from(NAMES.split())
anything = st.tuples(
    st.sampled_from(sorted([*a_small_city().posts, "public"])),
    st.sampled_from([name.value for name in ActionName]),
    st.dictionaries(fact_names, odd_values | st.sampled_from([*RequestKind, "granted", "passed", *UNITS]), max_size=6),
)


class Played:
    """A case that is played, with a look at it after every visit."""

    def __init__(self, data: st.DataObject, policy: int = 0, source: str | None = None) -> None:
        self.data = data
        self.policy, self.calendar = policy, 0
        source = source or data.draw(st.sampled_from(["inspector", "citizen"]))
        of_class = data.draw(st.sampled_from([("E0101", 1), ("C0101", 1), ("E0110", 1), ("E0201", 1)]))
        self.story = Story(
            a_city(policy),
            source=source,
            class_code=of_class[0],
            condition_no=of_class[1],
            reporters=((5, "R1"), (5, "R2"), (6, "R3")),
        )
        if source == "citizen" and policy != BY_RULE:
            BEGINNINGS[data.draw(st.sampled_from(sorted(BEGINNINGS)))](self.story)
        self.begun, self.serials = tuple(self.story.events), dict(self.story.serials)
        self.now = local("2019-05-06 08:30")

    def an_action(self) -> Action:
        """Something sensible now, or anything at all."""
        self.now += timedelta(minutes=self.data.draw(st.sampled_from(GAPS)))
        case = self.story.case
        ways = (onward(case, self.now), decisions(case), asides(case))
        possible = ways[self.data.draw(st.sampled_from((0, 0, 0, 0, 0, 1, 1, 1, 1, 2)))] or ways[0]
        if possible and self.data.draw(st.sampled_from((True,) * 9 + (False,))):
            post, action, facts = self.data.draw(st.sampled_from(possible))
        else:
            post, action, facts = self.data.draw(anything)
        return acting(post, action, self.now, city=self.story.city, **facts)

    def visit(self, actions: list[Action], late: int = 0) -> CaseVisit:
        """A visit some minutes after now, and a look at what it left behind."""
        self.now += timedelta(minutes=late)
        visit = self.story.life.visit(self.story.case, actions, self.now)
        self.story._keep(visit)
        assert len(visit.outcomes) == len(actions)
        holds(self.story, self.now)
        again = self.story.life.visit(self.story.case, [], self.now)
        assert (again.events, again.notices) == ([], [])
        return visit

    def play(self, steps: int) -> None:
        """So many actions, a few of them waiting together for the next visit."""
        waiting: list[Action] = []
        for _ in range(steps):
            waiting.append(self.an_action())
            if self.data.draw(st.booleans()):
                self.visit(waiting, self.data.draw(st.sampled_from((0, 0, 0, 2, 200))))
                waiting = []
        self.visit(waiting, 30_000)


def holds(story: Story, now: datetime) -> None:
    """What must hold of a case after every visit."""
    clock_rule(story.case)
    history_is_a_chain(story.events, now)
    wake = next_wake(story.case, story.city)
    assert wake is None or wake.at > now
    for request in story.case.requests:
        step = step_for(EFFECT_OF[request.kind], {})
        assert request.state is not RequestState.OPEN or (step is not None and story.case.state in step.from_)
        assert request.reminders <= sum(rung.times for rung in story.city.policy.request_ladder)
    last_check_only(story.case)
    keys = [notice.dedupe_key for notice in story.notices]
    assert len(keys) == len(set(keys))
    assert_replayed(story, lambda edition: story.city.calendar)


def clock_rule(case: CaseState) -> None:
    """At most one clock runs; exactly one unless suspended or ended; ended: none running or paused."""
    states = [clock.state for clock in case.clocks]
    running = states.count(ClockState.RUNNING)
    assert running == (0 if case.state in ENDED or case.state is State.SUSPENDED else 1)
    if case.state in ENDED:
        assert set(states) == {ClockState.FINISHED}


def last_check_only(case: CaseState) -> None:
    """A check of the make-safe stage never leads to closing: the repair comes first."""
    assert case.state is not State.CLOSING or case.stage != "make_safe"
    if case.on_bulletin:
        assert any(rung.code in case.rungs for rung in a_city().policy.ladder if rung.bulletin)


def history_is_a_chain(events: list[CaseEvent], now: datetime) -> None:
    """No event before the one it follows, none in the future, each from where the last one led."""
    for before, after in pairwise(events):
        assert before.at <= after.at <= after.recorded_at <= now
        assert after.from_state is before.to_state


def assert_replayed(story: Story, calendar_of: Any) -> None:
    """The case, its clocks and deadlines are what its events add up to, also after a way through JSON."""
    stored = [deepcopy(event) for event in story.events]
    for event in stored:
        event.facts = json.loads(canonical(event.facts))
    assert replay(deepcopy(story.before_any_event), stored, calendar_of) == story.case


@LIFE
@given(data=st.data(), policy=st.integers(0, len(POLICIES) - 1))
def test_whatever_people_do_clocks_history_and_replay_hold(data: st.DataObject, policy: int) -> None:
    Played(data, policy).play(data.draw(st.integers(5, 30)))


@LIFE
@given(data=st.data(), policy=st.integers(0, len(POLICIES) - 1))
def test_a_refused_action_changes_nothing(data: st.DataObject, policy: int) -> None:
    played = Played(data, policy)
    for _ in range(data.draw(st.integers(1, 15))):
        action = played.an_action()
        played.visit([])
        case = played.story.case
        before, serials = deepcopy(case), dict(played.story.serials)
        visit = CaseVisit(case, played.now, case.state)
        if played.story.life.take(visit, action) is not None:
            assert (case, visit.events, played.story.serials) == (before, [], serials)
        played.story._keep(visit)
        clock_rule(case)


@LIFE
@given(data=st.data(), policy=st.sampled_from([0, 1, 2, 4]))
def test_one_visit_at_the_end_writes_the_history_of_a_visit_every_few_minutes(data: st.DataObject, policy: int) -> None:
    played = Played(data, policy, source="citizen")  # No rule step here depends on the moment of a visit.
    actions: list[Action] = []
    for _ in range(data.draw(st.integers(1, 15))):
        played.now += timedelta(seconds=1)  # Nobody acts at the very moment of a visit that has gone by.
        action = played.an_action()
        actions.append(action)
        played.visit([action])
        for _ in range(data.draw(st.integers(0, 3))):
            played.now += timedelta(minutes=data.draw(st.sampled_from((3, 47, 700))))
            played.visit([])
    played.visit([], 20_000)
    often = played.story
    once = _begun_alike(played)
    once._keep(once.life.visit(once.case, actions, played.now))
    assert [_what(event) for event in once.events] == [_what(event) for event in often.events]


def _begun_alike(played: Played) -> Story:
    """The same case as it was when people began to be played."""
    once = Story(played.story.city)
    once.case = replay(deepcopy(played.story.before_any_event), played.begun, lambda _: once.city.calendar)
    once.events, once.serials = list(played.begun), dict(played.serials)
    return once


def _what(event: CaseEvent) -> tuple[Any, ...]:
    return (event.action, event.at, event.actor, event.from_state, event.to_state, event.facts)


@LIFE
@given(data=st.data(), policy=st.integers(0, len(POLICIES) - 1))
def test_after_corrections_of_the_calendar_the_replay_still_gives_every_deadline(
    data: st.DataObject, policy: int
) -> None:
    calendars = {a_city(policy, n).calendar_edition: a_city(policy, n).calendar for n in range(len(CALENDARS))}
    played = Played(data, policy)
    for _ in range(data.draw(st.integers(1, 12))):
        waiting = [played.an_action() for _ in range(data.draw(st.integers(0, 2)))]
        story = played.story.move_to(a_city(policy, data.draw(st.integers(0, len(CALENDARS) - 1))))
        played.now += timedelta(minutes=data.draw(st.sampled_from(GAPS)))
        story._keep(story.life.visit(story.case, waiting, played.now))
        clock_rule(story.case)
        history_is_a_chain(story.events, played.now)
        assert_replayed(story, calendars.__getitem__)
        running = story.case.running_clock()
        if running is not None:
            assert running.due_at == running.moment_of(running.amount, story.city.calendar)[0]
