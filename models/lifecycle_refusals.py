"""Which rule is asked in which order before a step is taken; the first that says no is the answer."""

from collections.abc import Mapping

from models.lifecycle_requests import (
    asked_before_overdue,
    asked_by_the_right_role,
    decided_by_its_step,
    grant_still_possible,
    one_open_request,
    request_cap,
    request_fits_its_effect,
    wanted_until_in_reach,
    withdrawn_by_its_asker,
)
from models.lifecycle_rules import (
    Asked,
    Rule,
    another_inspector,
    answers_for_the_case,
    arbitration_at_the_cap,
    assigned_before,
    assigned_once,
    class_known_before_filing,
    correction_makes_sense,
    hand_back_capped,
    holds_the_case,
    inside_its_unit,
    known_inspector,
    known_unit,
    made_safe_in_its_stage,
    merges_into_another,
    only_the_inspector_asked,
    redispatched_by_its_right_role,
    reopened_in_time,
    sub_unit_of_the_case,
    switched_off,
)
from models.lifecycle_table import EFFECT_OF
from models.refusal import Refusal
from models.vocabulary import ActionName, Role

A = ActionName

RULES: Mapping[ActionName, tuple[Rule, ...]] = {
    A.ASSIGN: (answers_for_the_case, known_unit, sub_unit_of_the_case, assigned_once),
    A.REVOKE_ASSIGN: (answers_for_the_case, assigned_before),
    A.RECEIVE: (holds_the_case,),
    A.REPORT_HANDLED: (holds_the_case,),
    A.HAND_BACK: (holds_the_case, hand_back_capped),
    A.DISPATCH: (known_unit, arbitration_at_the_cap),
    A.ARBITRATE: (known_unit, arbitration_at_the_cap),
    A.REDISPATCH: (redispatched_by_its_right_role, known_unit),
    A.ORDER_VERIFY: (known_inspector, another_inspector),
    A.ORDER_CHECK: (known_inspector, another_inspector),
    A.VERIFY: (only_the_inspector_asked,),
    A.CHECK: (only_the_inspector_asked, made_safe_in_its_stage),
    A.FILE: (class_known_before_filing,),
    A.CORRECT: (correction_makes_sense,),
    A.MERGE: (merges_into_another,),
    A.REOPEN: (reopened_in_time,),
    # The asker's right before the request's sense: a stranger learns nothing of the case's dates.
    A.ASK: (
        asked_by_the_right_role,
        holds_the_case,
        one_open_request,
        request_cap,
        asked_before_overdue,
        wanted_until_in_reach,
        request_fits_its_effect,
    ),
    A.DECIDE: (decided_by_its_step, answers_for_the_case, grant_still_possible),
    A.WITHDRAW: (withdrawn_by_its_asker,),
    A.ADD_NOTE: (inside_its_unit,),
    A.ADD_PICTURE: (inside_its_unit,),
}
"""Asked in this order after the state table; `switched_off` comes before all of them."""


def first_refusal(asked: Asked) -> Refusal | None:
    """The first rule that says no."""
    if asked.action.actor.role is Role.RULE and asked.action.name in EFFECT_OF.values():
        return None  # A grant was judged when it was asked for and decided; its effect is not judged again.
    for rule in (switched_off, *RULES.get(asked.action.name, ())):
        refusal = rule(asked)
        if refusal:
            return refusal
    return None
