"""What played people do to a case that waits for them: by the right post, at a plausible moment, always the same."""

from collections import Counter
from collections.abc import Iterable

import pytest

from models.case_state import CaseState
from models.city import City
from models.played_people import PlayedAction, PlayedPeople
from models.vocabulary import State
from tests.builders import Story, local
from tests.cities import a_small_city

REASONS = dict.fromkeys(
    ("not_found", "reject", "hand_back", "arbitrate", "extension", "granted", "refused", "failed"), "演示"
)
SEEDS = range(300)


def people(seed: int = 1, pace: float = 1.0, city: City | None = None) -> PlayedPeople:
    return PlayedPeople(city or a_small_city(), seed, pace, REASONS)


def doing(case: CaseState, seed: int = 1, pace: float = 1.0) -> PlayedAction:
    (action,) = people(seed, pace).actions_for(case)
    return action


def all_doing(case: CaseState, pace: float = 1.0) -> Iterable[tuple[PlayedAction, ...]]:
    return [people(seed, pace).actions_for(case) for seed in SEEDS]


@pytest.mark.parametrize(
    ("story", "action", "post"),
    [
        (lambda: Story(), "order_verify", "acceptor-a"),
        (lambda: Story(class_code=None, condition_no=None), "correct", "acceptor-a"),
        (lambda: Story(area=None), "correct", "acceptor-a"),
        (lambda: Story().must("acceptor-a", "accept", "2019-05-06 08:00"), "file", "shift-leader"),
        (lambda: Story().filed(), "dispatch", "dispatcher"),
        (lambda: Story().handling().handled("2019-05-06 09:00"), "order_check", "acceptor-a"),
        (lambda: Story().handling().handled("2019-05-06 09:00").checked("2019-05-06 09:20"), "close", "shift-leader"),
    ],
)  # fmt: skip
def test_each_state_waits_for_somebody(story: object, action: str, post: str) -> None:
    found = doing(story().case)  # type: ignore[operator]
    assert (found.action, found.by_post) == (action, post)


def test_what_played_people_do_is_taken_until_the_case_has_ended() -> None:
    ends = Counter(played_to_its_end(seed) for seed in range(30))
    assert ends.keys() <= {State.CLOSED, State.REJECTED}
    assert ends[State.CLOSED] > 20


def played_to_its_end(seed: int) -> State:
    story, taken = Story(), set[str]()
    for _ in range(40):
        actions = [action for action in people(seed).actions_for(story.case) if action.key not in taken]
        if not actions:
            break
        at = actions[0].at.astimezone(story.city.zone).replace(tzinfo=None).isoformat(" ")
        story.must(actions[0].by_post, actions[0].action, at, **actions[0].facts)
        taken.add(actions[0].key)
    return story.state


def test_asked_again_they_say_the_same() -> None:
    case = Story().handling().case
    assert people().actions_for(case) == people().actions_for(case)
    assert doing(Story().filed().case).key != doing(Story().filed().case).key  # two cases


def test_climbing_rungs_do_not_change_what_is_waited_for() -> None:
    story = Story().handling()
    before = people().actions_for(story.case)
    story.visit("2019-05-06 12:30")
    assert people().actions_for(story.case) == before


def test_most_verifications_are_true_and_some_are_not() -> None:
    story = Story().must("acceptor-a", "order_verify", "2019-05-06 08:00", inspector="inspector-a")
    results = Counter(actions[0].facts["result"] for actions in all_doing(story.case))
    assert results["true"] > 0.85 * len(SEEDS)
    assert min(results["false"], results["not_found"]) > 0


def test_some_reports_shown_as_similar_are_joined_and_the_others_go_on() -> None:
    case = Story(source="inspector", class_code=None, condition_no=None).case
    shown = [people(seed).actions_for(case, "R20190506000009") for seed in SEEDS]
    joined = [actions for actions in shown if actions[0].action == "merge"]
    assert 0.2 * len(SEEDS) < len(joined) < 0.6 * len(SEEDS)
    assert {actions[0].facts["into"] for actions in joined} == {"R20190506000009"}
    # where the other case has ended meanwhile, the report goes on by itself
    assert {actions[-1].action.value for actions in shown} == {"correct"}
    assert all(people(seed).actions_for(Story().filed().case, "R1")[0].action == "dispatch" for seed in range(20))


def test_most_units_receive_and_some_hand_back_once() -> None:
    fresh = Counter(actions[0].action.value for actions in all_doing(Story().dispatched().case))
    assert fresh["receive"] > 0.9 * len(SEEDS)
    assert fresh["hand_back"] > 0
    again = Story().dispatched().must("lihe-liaison", "hand_back", "2019-05-06 08:10", reason="不属于")
    again.must("dispatcher", "dispatch", "2019-05-06 08:20", unit="water")
    assert {actions[0].action.value for actions in all_doing(again.case)} == {"receive"}


def test_after_a_hand_back_the_territory_gets_it_and_at_the_cap_a_leader_decides() -> None:
    story = Story(class_code="C0101").filed()
    assert doing(story.case).facts["unit"] == "water"
    for _ in range(3):
        story.must("dispatcher", "dispatch", "2019-05-06 08:00", unit="water")
        story.must("water-liaison", "hand_back", "2019-05-06 08:00", reason="不属于")
    found = doing(story.case)
    assert (found.action, found.by_post, found.facts["unit"]) == ("arbitrate", "leader", "lihe")


@pytest.mark.parametrize("pace", [1.0, 300.0])
def test_most_units_are_in_time_and_late_ones_are_really_late(pace: float) -> None:
    case = Story().handling().case  # due at 12:00
    handled = [actions[-1].at for actions in all_doing(case, pace)]
    late = [at for at in handled if at > local("2019-05-06 12:00")]
    assert 0.04 * len(SEEDS) < len(late) < 0.2 * len(SEEDS)
    first = {1.0: "2019-05-06 08:30", 300.0: "2019-05-06 08:00"}[pace]
    last = {1.0: "2019-05-06 12:00", 300.0: "2019-05-06 08:01"}[pace]
    assert all(local(first) <= at <= local(last) for at in handled if at not in late)


def test_some_ask_for_more_time_before_they_are_overdue_and_it_is_decided() -> None:
    story = Story().handling()
    asking = [actions for actions in all_doing(story.case) if len(actions) == 2]
    assert asking
    for asked, handled in asking:
        assert (asked.action, handled.action) == ("ask", "report_handled")
        assert asked.at < min(handled.at, local("2019-05-06 12:00"))
    story.asked("extension", "2019-05-06 10:00")
    verdicts = Counter(actions[0].facts["verdict"] for actions in all_doing(story.case))
    assert {actions[0].by_post for actions in all_doing(story.case)} == {"dispatcher"}
    assert verdicts["granted"] > verdicts["refused"] > 0


def test_some_checks_fail_but_no_case_twice() -> None:
    story = Story().handling().handled("2019-05-06 09:00")
    story.must("acceptor-a", "order_check", "2019-05-06 09:05", inspector="inspector-a")
    results = Counter(actions[0].facts["result"] for actions in all_doing(story.case))
    assert results["passed"] > results["failed"] > 0
    story.checked("2019-05-06 09:20", "failed").handled("2019-05-06 10:00")
    story.must("acceptor-a", "order_check", "2019-05-06 10:05", inspector="inspector-a")
    assert {actions[0].facts["result"] for actions in all_doing(story.case)} == {"passed"}


def test_nobody_acts_on_a_case_that_waits_for_its_day_or_has_ended() -> None:
    suspended = Story().handling().asked("suspension", "2019-05-06 09:00", wanted_until="2019-06-06T09:00:00+08:00")
    suspended.granted("suspension", "2019-05-06 09:10").granted("suspension", "2019-05-06 09:20", by="shift-leader")
    assert suspended.state is State.SUSPENDED
    rejected = Story().must("acceptor-a", "reject", "2019-05-06 08:10", reason="不属实")
    assert people().actions_for(suspended.case) == people().actions_for(rejected.case) == ()
