"""The state table as a page for people, with its diagram: printed from the rows themselves, so that it cannot drift.

Example: python -m tasks.lifecycle_page > docs/lifecycle.md
"""

from collections.abc import Iterator

from models.lifecycle_table import STEPS, Step, Target
from models.vocabulary import ENDED, ActionName, Role, State
from tasks.words import word

_HEAD = """# The life of a case

Printed from `models/lifecycle_table.py` by `make docs`; do not edit. What a row cannot say stands in
`models/lifecycle_rules.py`. A row marked "rule" is taken by a rule of the city's policy or by time itself.
"""


def lifecycle_page() -> str:
    """The whole page in Markdown: the diagram, then one table row per row of the state table."""
    return "\n".join(
        [_HEAD, "## Diagram", "", *_diagram(), "", "## States", "", *_states(), "", "## Actions", "", *_table(), ""]
    )


def _diagram() -> Iterator[str]:
    """Only rows that lead from one state to another; rows open to any state are told in the table."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> reported: report"
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in STEPS:
        if isinstance(step.to, Target) or len(step.from_) > 2:
            continue
        for start in sorted(step.from_, key=_order):
            if start is not step.to:
                arrows.setdefault((start.value, step.to.value), []).append(_short(step))
    for (begin, end), names in arrows.items():
        yield f"    {begin} --> {end}: {', '.join(dict.fromkeys(names))}"
    yield "    suspended --> dispatched: resume"
    yield "    suspended --> handling: resume"
    for ended in sorted(ENDED, key=_order):
        yield f"    {ended.value} --> [*]"
    yield "```"
    yield ""
    yield "Not drawn: `void` and `force_close` from any open state, and rows that leave a case where it stands."


def _states() -> Iterator[str]:
    yield "| state | 状态 | clocks |"
    yield "|---|---|---|"
    for state in State:
        clocks = "none" if state in ENDED else "all wait" if state is State.SUSPENDED else "exactly one runs"
        yield f"| `{state.value}` | {word('state', state, 'zh')} | {clocks} |"


def _table() -> Iterator[str]:
    yield "| action | 动作 | from | to | by | needs | clocks | source |"
    yield "|---|---|---|---|---|---|---|---|"
    for step in STEPS:
        clocks = "; ".join(f"{kind.value if kind else 'all'} {move.value}" for kind, move in step.clocks) or "-"
        cells = (_short(step), word("action", step.action, "zh"), _from(step), f"`{step.to.value}`", _by(step),
                 ", ".join(step.needs) or "-", clocks, step.source)  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _short(step: Step) -> str:
    return f"{step.action.value} ({step.result})" if step.result else step.action.value


def _from(step: Step) -> str:
    if step.action is ActionName.REPORT:
        return "-"
    missing = frozenset(State) - step.from_
    if not missing:
        return "any"
    if missing == ENDED:
        return "any open"
    return ", ".join(f"`{state.value}`" for state in sorted(step.from_, key=_order))


def _by(step: Step) -> str:
    if len(step.by) > 6:
        return "everybody on the case"
    return ", ".join(role.value for role in Role if role in step.by)


def _order(state: State) -> int:
    return list(State).index(state)


if __name__ == "__main__":
    print(lifecycle_page(), end="")
