"""The form by which a person acts on a case."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from flows.action_choices import ActionChoice, RequestChoice, chosen, kind_of
from flows.action_form import ActionForm
from models.lifecycle_table import RESULT_FACT, STEPS
from models.vocabulary import ActionName, RequestKind, Role


def test_every_row_of_the_state_table_that_a_person_may_take_is_one_choice() -> None:
    rows = {(s.action, str(s.result)) for s in STEPS if s.by - {Role.RULE, Role.SOURCE} and s.result != "made_safe"}
    offered = [chosen(choice) for choice in ActionChoice]
    assert {(action, str(next(iter(fact.values()), None))) for action, fact in offered} == rows
    assert len(offered) == len(rows)


def test_no_choice_is_left_to_rules_alone() -> None:
    offered = {chosen(choice)[0] for choice in ActionChoice}
    assert not offered & {ActionName.REPORT, ActionName.CLIMB, ActionName.REPAIR_STAGE, ActionName.EXEMPT}


@pytest.mark.parametrize(
    ("words", "action", "facts"),
    [
        ("受理", ActionName.ACCEPT, {}),
        ("核查：未通过", ActionName.CHECK, {"result": "failed"}),
        ("提出申请：延期", ActionName.ASK, {"kind": "extension"}),
        ("审批：已批准", ActionName.DECIDE, {"verdict": "granted"}),
    ],
)
def test_a_choice_stands_for_an_action_and_what_tells_it_apart(
    words: str, action: ActionName, facts: dict[str, str]
) -> None:
    assert chosen(ActionChoice(words)) == (action, facts)


def test_the_telling_fact_of_each_choice_is_the_one_the_rules_look_at() -> None:
    for choice in ActionChoice:
        action, facts = chosen(choice)
        assert set(facts) <= {RESULT_FACT.get(action)}


def test_every_kind_of_request_has_its_own_word() -> None:
    assert {kind_of(choice) for choice in RequestChoice} == set(RequestKind)


def test_the_inbox_is_told_the_facts_that_were_filled_in_and_nothing_else() -> None:
    form = ActionForm(number="E1", action="审批：未批准", operator="leader-1", reason="材料不全", request="延期")
    assert form.wish() == {
        "case": "E1",
        "action": "decide",
        "by_post": "leader-1",
        "facts": {"reason": "材料不全", "note": "材料不全", "kind": "extension", "verdict": "refused"},
    }


def test_a_time_without_a_zone_is_the_citys_own() -> None:
    form = ActionForm(number="E1", action="受理", operator="p", now="2026-07-01T08:00:00")
    assert form.moment() == datetime(2026, 7, 1, 0, 0, tzinfo=UTC)


def test_an_action_of_another_name_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValidationError, match="action"):
        ActionForm(number="E1", action="accept", operator="p")
