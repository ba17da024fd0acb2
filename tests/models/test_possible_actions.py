"""What a page offers is what would be accepted: no more, for any reason known beforehand, and no less."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case_state import CaseState
from models.city import City
from models.lifecycle import CaseVisit, Lifecycle
from models.lifecycle_rules import Action
from models.lifecycle_table import STEPS, Step
from models.possible_actions import PossibleAction, possible_actions
from models.vocabulary import ActionName, RequestKind, Role, State
from tests.builders import Story, a_story, actor_of, local
from tests.cities import a_small_city, changed
from tests.models.test_lifecycle_properties import POLICIES, Played

NOW = "2019-05-06 09:30"
Offer = tuple[str, str, str, str]
"""(action, kind of request, result or verdict, unit or inspector)"""


def offered(case: CaseState, city: City, post: str, now: datetime) -> set[Offer]:
    """Everything that is offered to a post, each value that could be picked by itself."""
    found = set()
    for one in possible_actions(case, city, actor_of(post, city), now):
        result = one.given.get("result") or one.given.get("verdict") or ""
        found |= {(one.action.value, one.given.get("kind", ""), result, code) for code in one.choices or ("",)}
    return found


def accepted(case: CaseState, city: City, post: str, now: datetime) -> set[Offer]:
    """Everything of the state table that is taken from a post when it is tried with all it needs."""
    found, tried = set(), deepcopy(case)
    for step in STEPS:
        for offer, facts, resolved in trials(step, case, city, now):
            action = Action(step.action, actor_of(post, city), facts, now, "desk", resolved=resolved)
            life = Lifecycle(city, lambda _prefix: 1)
            if life.take(CaseVisit(tried, now, tried.state), action) is None:
                found.add(offer)
                tried = deepcopy(case)
    return found


def trials(step: Step, case: CaseState, city: City, now: datetime) -> Iterator[tuple[Offer, dict[str, Any], Any]]:
    """A row with everything it needs, for each request and each unit or inspector it could name."""
    ahead = max(now, case.last_event_at or now) + timedelta(hours=1)
    facts: dict[str, Any] = {name: "写清楚" for name in step.needs} | {"wanted_until": ahead}
    if step.action is ActionName.CORRECT or step.result == RequestKind.CORRECTION:
        facts["place"] = "梨河镇中华路"
    resolved = {"into_id": 10**9, "into_ended": False} if step.action is ActionName.MERGE else {}
    about_one = step.action in (ActionName.DECIDE, ActionName.WITHDRAW)
    kinds = list(RequestKind) if about_one else [step.result if step.action is ActionName.ASK else ""]
    picked = next((name for name in ("unit", "inspector") if name in step.needs), "")
    codes = {"unit": city.units, "inspector": city.posts}.get(picked, ("",))
    result = "" if step.action is ActionName.ASK else step.result or ""
    if step.action is ActionName.CHECK and result == "passed" and case.stage == "make_safe":
        return  # Taken as "made_safe", which is tried by itself.
    for kind in kinds:
        for code in codes:
            said = {"kind": kind, "result": result, "verdict": result, picked: code}
            yield (step.action.value, kind or "", result, code), facts | said, resolved


def agrees(case: CaseState, city: City, post: str, now: datetime) -> None:
    """The page and the rules say the same."""
    assert offered(case, city, post, now) == accepted(case, city, post, now), f"{post} {case.state}"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("urgent", [False, True])
def test_in_every_state_every_post_is_offered_what_it_may_do_and_nothing_else(state: State, urgent: bool) -> None:
    story = a_story(state, urgent=urgent)
    for post in story.city.posts:
        agrees(story.case, story.city, post, local(NOW))


@pytest.mark.untraced
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(data=st.data(), policy=st.integers(0, len(POLICIES) - 1))
def test_whatever_has_happened_to_a_case_the_page_offers_what_would_be_accepted(
    data: st.DataObject, policy: int
) -> None:
    played = Played(data, policy)
    for _ in range(data.draw(st.integers(1, 12))):
        played.visit([played.an_action()])
    for post in data.draw(st.lists(st.sampled_from(sorted(played.story.city.posts)), min_size=3, max_size=6)):
        agrees(played.story.case, played.story.city, post, played.now + timedelta(minutes=1))


def with_rule(file: str, old: str, new: str) -> City:
    """The small city with one of its rules changed."""
    return a_small_city(changed(file, old, new))


def names(story: Story, post: str, now: str = NOW) -> list[str]:
    """What is offered, as "action kind result"."""
    found = possible_actions(story.case, story.city, actor_of(post, story.city), local(now))
    return [" ".join([one.action.value, *one.given.values()]) for one in found]


def one(story: Story, post: str, name: str) -> PossibleAction:
    """One offer by its name."""
    found = possible_actions(story.case, story.city, actor_of(post, story.city), local(NOW))
    return next(p for p in found if " ".join([p.action.value, *p.given.values()]) == name)


def test_a_liaison_with_a_new_case_may_receive_it_hand_it_back_or_ask() -> None:
    assert names(a_story(State.DISPATCHED), "lihe-liaison") == [
        "receive",
        "hand_back",
        "ask extension",
        "ask suspension",
        "ask promise",
        "ask hand_back",
        "ask correction",
        "add_note",
        "add_picture",
    ]


@pytest.mark.parametrize(
    ("post", "gone"),
    [("water-liaison", "receive"), ("auditor", "add_note"), ("dispatcher", "receive"), ("inspector-b", "ask void")],
)
def test_who_is_not_asked_is_not_offered_it(post: str, gone: str) -> None:
    assert gone not in names(a_story(State.DISPATCHED), post)


def test_an_auditor_may_do_nothing_in_any_state() -> None:
    assert [names(a_story(state), "auditor") for state in State] == [[]] * len(State)


def test_an_inspection_is_offered_to_its_inspector_and_that_ones_deputy_only() -> None:
    story = a_story(State.VERIFYING)
    assert "verify true" in names(story, "inspector-a")
    assert "verify true" in names(story, "inspector-b"), "the deputy"
    other = Story().must("acceptor-a", "order_verify", "2019-05-06 08:00", inspector="inspector-b")
    assert "verify true" not in names(other, "inspector-a")


def test_only_units_below_are_offered_for_an_assignment_and_only_inspectors_who_do_not_have_the_task() -> None:
    assert one(a_story(State.HANDLING), "lihe-liaison", "add_note").choices == ()
    centre = Story().dispatched("centre")
    assert one(centre, "centre-liaison", "assign").choices == ("lihe",)
    assert one(a_story(State.VERIFYING), "acceptor-a", "order_verify").choices == ("inspector-b",)


def test_a_unit_or_inspector_that_has_ended_is_not_offered() -> None:
    ended = changed("units.csv", "leader,2019-01-01,,自来水公司", "leader,2019-01-01,2019-05-01,自来水公司")
    story = a_story(State.FILED, city=a_small_city(ended))
    assert "water" not in one(story, "dispatcher", "dispatch").choices


def test_what_the_policy_switches_off_caps_or_wants_approved_is_not_offered() -> None:
    by_approval = a_story(
        State.HANDLING, city=with_rule("policy.yaml", "hand_back_by_approval: no", "hand_back_by_approval: yes")
    )
    assert "hand_back" not in names(by_approval, "lihe-liaison")
    assert "ask hand_back" in names(by_approval, "lihe-liaison")
    none_granted = a_story(State.HANDLING, city=with_rule("policy.yaml", "most_granted: 2", "most_granted: 0"))
    assert "ask extension" not in names(none_granted, "lihe-liaison")
    off = a_story(
        State.REPORTED, city=with_rule("policy.yaml", "similar:", "disabled_actions: [merge, add_note]\nsimilar:")
    )
    assert not {"merge", "add_note"} & set(names(off, "acceptor-a"))


def test_an_extension_is_offered_to_the_last_moment_before_the_deadline_and_not_after_it() -> None:
    story = a_story(State.HANDLING)
    assert story.due == "2019-05-06 12:00"
    assert "ask extension" in names(story, "lihe-liaison", "2019-05-06 12:00")
    assert "ask extension" not in names(story, "lihe-liaison", "2019-05-06 12:00:01")


def test_an_open_request_is_offered_to_its_decider_and_for_withdrawal_to_its_asker() -> None:
    story = a_story(State.HANDLING).asked("suspension", NOW, wanted_until="2019-08-01T08:00+08:00")
    decide = ["decide suspension granted", "decide suspension refused"]
    assert [name for name in names(story, "dispatcher") if "decide" in name] == decide
    assert not [name for name in names(story, "shift-leader") if "decide" in name], "its turn comes second"
    assert "withdraw suspension" in names(story, "lihe-liaison")
    assert "ask suspension" not in names(story, "lihe-liaison")
    assert one(story, "dispatcher", "decide suspension refused").needs == ("reason",)
    story.granted("suspension", NOW)
    assert [name for name in names(story, "shift-leader") if "decide" in name] == decide


def test_a_date_may_be_wanted_up_to_the_citys_longest_suspension() -> None:
    ask = one(a_story(State.HANDLING), "lihe-liaison", "ask suspension")
    assert ask.needs == ("reason", "wanted_until")
    assert ask.latest == local(NOW) + timedelta(days=365)


def test_a_correction_needs_one_of_its_facts_and_an_urgent_check_makes_safe() -> None:
    assert one(a_story(State.REPORTED), "acceptor-a", "correct").needs_one_of == (
        "class_code",
        "condition_no",
        "area",
        "place",
    )
    assert [n for n in names(a_story(State.CHECKING, urgent=True), "inspector-a") if "check" in n] == [
        "check made_safe",
        "check failed",
    ]


def test_roles_that_no_post_holds_are_offered_what_the_table_gives_them() -> None:
    story = a_story(State.CLOSED)
    citizen = possible_actions(story.case, story.city, actor_of("public", story.city), local(NOW))
    assert [p.action for p in citizen] == [ActionName.REOPEN]
    assert actor_of("public", story.city).role is Role.PUBLIC
