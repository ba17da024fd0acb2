"""A case as it will stand once what waits is carried out, and nothing about it changed by looking."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

from desk.foreseen import foresee, judge
from models.vocabulary import State
from tests.builders import a_story, acting, local

NOW = local("2019-05-06 09:30")


def test_what_waits_is_carried_out_on_a_copy_in_the_order_it_came() -> None:
    story = a_story(State.DISPATCHED)
    before = deepcopy(story.case)
    later = replace(acting("lihe-liaison", "report_handled", "2019-05-06 09:20"), key="second")
    sooner = replace(acting("lihe-liaison", "receive", "2019-05-06 09:10"), key="first")
    foreseen = foresee(story.case, [later, sooner], story.city, NOW)
    assert (foreseen.case.state, foreseen.refusals) == (State.CHECKING, {})
    assert [event.action.value for event in foreseen.events] == ["receive", "report_handled"]
    assert story.case == before


def test_what_will_be_refused_is_known_by_its_key() -> None:
    story = a_story(State.DISPATCHED)
    twice = [replace(acting(post, "receive", "2019-05-06 09:10"), key=post) for post in ("lihe-head", "lihe-liaison")]
    foreseen = foresee(story.case, twice, story.city, NOW)
    assert {key: refusal.code for key, refusal in foreseen.refusals.items()} == {"lihe-liaison": "not_now"}
    refusal = judge(foreseen, acting("lihe-crew", "receive", "2019-05-06 09:20"), story.city, NOW)
    assert refusal is not None
    assert refusal.code == "not_now"


def test_where_the_rules_cannot_be_worked_out_nothing_more_is_foreseen() -> None:
    story = a_story(State.FILED)
    far_off = datetime(2250, 1, 1, tzinfo=UTC)
    impossible = acting("dispatcher", "dispatch", far_off, unit="lihe")
    note = acting("leader", "add_note", far_off, note="关注")
    foreseen = foresee(story.case, [impossible, note], story.city, far_off)
    assert (foreseen.events, foreseen.refusals) == ([], {})
    assert judge(foreseen, impossible, story.city, far_off) is None, "the visit says what it finds"
