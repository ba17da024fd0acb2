"""The actions a person may choose in the form, in words an official reads, straight from the state table."""

from enum import StrEnum
from typing import TYPE_CHECKING

from models.lifecycle_table import RESULT_FACT, STEPS, Step
from models.vocabulary import ActionName, RequestKind, Role
from tasks.words import word

_NOT_PEOPLE = frozenset({Role.RULE, Role.SOURCE})

_RESULT_WORDS = {ActionName.ASK: "request", ActionName.DECIDE: "request_state"}
"""The group of words that names the result of an action, where it is not `result`."""


def _of_people() -> tuple[Step, ...]:
    """The rows of the state table that a person may take. `made_safe` is what a passed check becomes, not a choice."""
    return tuple(s for s in STEPS if s.by - _NOT_PEOPLE and s.result != "made_safe")


def _label(step: Step) -> str:
    """Example: 受理; 核查：通过; 提出申请：延期."""
    said = word("action", step.action, "zh")
    if step.result is None:
        return said
    return f"{said}：{word(_RESULT_WORDS.get(step.action, 'result'), step.result, 'zh')}"


def _member(step: Step) -> str:
    """Example: ACCEPT; CHECK_PASSED."""
    return f"{step.action}_{step.result}".upper() if step.result else step.action.upper()


_STEP_OF: dict[str, Step] = {_label(step): step for step in _of_people()}

if TYPE_CHECKING:

    class ActionChoice(StrEnum):
        """An action by its Chinese words."""

    class RequestChoice(StrEnum):
        """A kind of request by its Chinese word."""
else:
    ActionChoice = StrEnum("ActionChoice", {_member(s): label for label, s in _STEP_OF.items()})
    RequestChoice = StrEnum("RequestChoice", {k.name: word("request", k, "zh") for k in RequestKind})


def chosen(choice: ActionChoice) -> tuple[ActionName, dict[str, str]]:
    """The action behind a choice, and the fact that tells it apart.

    Example: chosen(ActionChoice("核查：通过")) is (ActionName.CHECK, {"result": "passed"}).
    """
    step = _STEP_OF[str(choice)]
    if step.result is None:
        return step.action, {}
    return step.action, {RESULT_FACT[step.action]: step.result}


def kind_of(choice: RequestChoice) -> RequestKind:
    """The kind of request behind a choice."""
    return next(kind for kind in RequestKind if word("request", kind, "zh") == choice)
