"""Every pair of state and action, and of role and action, against the table of the design, written out by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from models.city import City
from models.lifecycle_rules import Action
from models.lifecycle_table import BY_KEY, STEPS, Target
from models.refusal import Refusal
from models.vocabulary import ANY_OPEN, ENDED, ActionName, ClockKind, ClockState, RequestState, Role, State
from tests.builders import CELL, Story, a_story, acting_as
from tests.cities import a_small_city, changed

WORDS: Mapping[str, str] = {
    "any_open": "reported verifying accepted filed dispatched handling checking closing suspended",
    "with_unit": "dispatched handling",
    "any": "any_open closed rejected void merged",
    "unit": "specialized_department unit_liaison unit_head",
    "seats": "acceptor shift_leader dispatcher",
    "anyone": "unit seats inspector leader evaluator admin public",
    "officials": "unit seats inspector leader evaluator admin",
}

# From the table of the design, §4, with the choices it leaves to the builder: a case is received where it was
# dispatched and an inner assignment is revoked where it was made; an extension may be granted while the case is being
# checked, closed or suspended, for it counts from the old deadline; which officials ask and approve is the city's data;
# a verification that nobody answers is ordered again; after an arbitration the leader redispatches; a case corrected to
# a condition with a follow-up limit goes on to its repair also from closing.
TABLE = """
report              |                           | reported          | source
flag_similar        | reported                  | same              | rule
merge               | reported accepted         | merged            | acceptor rule
unmerge             | merged                    | reported          | acceptor
order_verify        | reported verifying        | verifying         | acceptor rule
verify true         | verifying                 | reported          | inspector
verify false        | verifying                 | reported          | inspector
verify not_found    | verifying                 | reported          | inspector
accept              | reported                  | accepted          | acceptor rule
reject              | reported                  | rejected          | acceptor rule
file                | accepted                  | filed             | shift_leader rule
return_to_acceptor  | filed                     | accepted          | dispatcher
dispatch            | filed                     | dispatched        | dispatcher rule
receive             | dispatched                | handling          | unit
assign              | with_unit                 | handling          | unit
revoke_assign       | handling                  | handling          | unit
hand_back           | with_unit                 | filed             | unit rule
arbitrate           | filed                     | dispatched        | leader
redispatch          | with_unit                 | dispatched        | dispatcher leader
correct             | any_open                  | same              | acceptor rule
ask extension       | with_unit                 | same              | officials
ask suspension      | with_unit                 | same              | officials
ask promise         | with_unit                 | same              | officials
ask hand_back       | with_unit                 | same              | officials
ask void            | any_open                  | same              | officials
ask correction      | any_open                  | same              | officials
ask appeal          | closed                    | same              | officials
decide granted      | any_open closed           | same              | officials
decide refused      | any_open closed           | same              | officials
withdraw            | any_open closed           | same              | officials
extend              | with_unit checking closing suspended | same   | rule
suspend             | with_unit                 | suspended         | rule
promise             | with_unit                 | same              | rule
void                | any_open                  | void              | rule
exempt              | closed                    | same              | rule
lapse               | any                       | same              | rule
resume              | suspended                 | before_suspension | rule shift_leader leader
report_handled      | handling                  | checking          | unit
order_check         | checking                  | same              | acceptor rule
check passed        | checking                  | closing           | inspector
check made_safe     | checking                  | handling          | inspector
check failed        | checking                  | handling          | inspector
repair_stage        | checking closing          | handling          | rule
close               | closing                   | closed            | shift_leader rule
quick_fix           | reported                  | closing           | inspector
supervise           | any_open                  | same              | leader rule
add_note            | any_open                  | same              | anyone
add_picture         | any_open                  | same              | anyone
force_close         | any_open                  | closed            | leader
reopen              | closed                    | filed             | acceptor public
climb               | with_unit                 | same              | rule
climb_silence       | any_open                  | same              | rule
alarm_seat          | any_open                  | same              | rule
remind_request      | any_open closed           | same              | rule
correct_calendar    | any_open                  | same              | rule
"""

RUNS = {
    State.REPORTED: ClockKind.ACCEPT,
    State.VERIFYING: ClockKind.VERIFY,
    State.ACCEPTED: ClockKind.FILE,
    State.FILED: ClockKind.DISPATCH,
    State.DISPATCHED: ClockKind.HANDLE,
    State.HANDLING: ClockKind.HANDLE,
    State.CHECKING: ClockKind.CHECK,
    State.CLOSING: ClockKind.CLOSE,
}
"""The one clock that runs in a state; in all others none does."""

NOW = "2019-05-06 09:00"
UNTIL = "2019-06-01T08:00:00+08:00"


@dataclass(frozen=True)
class Row:
    """One row of the table above."""

    action: str
    result: str | None
    from_: frozenset[State]
    to: str
    by: frozenset[Role]

    @property
    def name(self) -> str:
        return f"{self.action} {self.result}" if self.result else self.action

    @property
    def actor(self) -> Role:
        """Somebody who may: a person of the city's data where one may, else a rule."""
        return _ACTORS.get(self.name) or next(
            (role for role in Role if role in self.by and role is not Role.RULE), Role.RULE
        )


_ACTORS = {
    "ask void": Role.ACCEPTOR,
    "ask correction": Role.ACCEPTOR,
    "decide granted": Role.SHIFT_LEADER,
    "decide refused": Role.SHIFT_LEADER,
    "withdraw": Role.ACCEPTOR,
    # Before the dispatch the acceptor corrects, afterwards the rule of a granted request.
    "correct": Role.RULE,
} | {f"ask {kind}": Role.UNIT_LIAISON for kind in ("extension", "suspension", "promise", "hand_back", "appeal")}

_FACTS: Mapping[str, Mapping[str, Any]] = {
    "flag_similar": {"candidates": [{"case": 7, "metres": 12.5, "hours": 3.0}]},
    "merge": {"into": "R7", "resolved": {"into_id": 999_999, "into_ended": False}},
    "order_verify": {"inspector": "inspector-b"},
    "order_check": {"inspector": "inspector-a"},
    "dispatch": {"unit": "lihe"},
    "redispatch": {"unit": "water"},
    "arbitrate": {"unit": "lihe"},
    "assign": {"unit": "market"},
    "revoke_assign": {"unit": "market"},
    "correct": {"area": CELL},
    "ask suspension": {"wanted_until": UNTIL},
    "ask promise": {"wanted_until": UNTIL},
    "ask correction": {"class_code": "E0201", "condition_no": 1},
    "extend": {"request": 1},
    "suspend": {"until": UNTIL},
    "promise": {"until": UNTIL},
    "quick_fix": {"picture_before": "before.jpg", "picture_after": "after.jpg"},
    "add_note": {"note": "已到现场"},
    "add_picture": {"picture": "site.jpg"},
    "climb": {"rung": "reminder", "due_at": "2019-05-06T04:00:00+00:00"},
    "climb_silence": {"notice": 7, "rung": "deputy"},
    "alarm_seat": {"clock": "accept"},
    "correct_calendar": {"calendar_edition": "the same"},
}
_TELLING = {"verify": "result", "check": "result", "ask": "kind", "decide": "verdict"}
_ABOUT_A_REQUEST = frozenset({"decide granted", "decide refused", "withdraw", "lapse", "remind_request"})


def _read(line: str) -> Row:
    name, from_, to, by = (cell.strip() for cell in line.split("|"))
    action, _, result = name.partition(" ")
    states = frozenset(State(word) for word in _spelled_out(from_))
    return Row(action, result or None, states, to, frozenset(Role(word) for word in _spelled_out(by)))


def _spelled_out(cell: str) -> list[str]:
    return [plain for word in cell.split() for plain in (_spelled_out(WORDS[word]) if word in WORDS else [word])]


ROWS = tuple(_read(line) for line in TABLE.strip().splitlines())
PAIRS = [(row, state) for row in ROWS for state in State]
ALLOWED = [(row, state) for row, state in PAIRS if state in row.from_]
REFUSED = [(row, state) for row, state in PAIRS if state not in row.from_]


def _names(pairs: list[tuple[Row, State]]) -> list[str]:
    return [f"{row.name}-{state}" for row, state in pairs]


def a_city() -> City:
    """The small city, with a market office below the town."""
    office = "market,梨河镇市场所,department,lihe,township,lihe-liaison,lihe-head,leader,,,,\nwater,"
    return a_small_city(changed("units.csv", "water,", office))


def prepared(row: Row, state: State) -> Story:
    """A case that stands in the state and has what the row speaks of: a request, hand-backs, an urgent class."""
    urgent = row.name == "check made_safe" and state is State.CHECKING
    story = a_story(state, urgent=urgent, late=True, city=a_city())
    if row.name == "arbitrate" and state is State.FILED:
        for _ in range(3):
            story.must("dispatcher", "dispatch", NOW, unit="lihe").must("lihe-liaison", "hand_back", NOW, reason="越界")
    if row.name == "revoke_assign" and state is State.HANDLING:
        story.must("lihe-liaison", "assign", NOW, unit="market")
    if row.name in _ABOUT_A_REQUEST:
        _with_a_request(story, state)
    return story


def _with_a_request(story: Story, state: State) -> None:
    if state is State.CLOSED:
        story.asked("appeal", "2019-05-06 13:00")
    elif state in ANY_OPEN:
        story.asked("void", NOW, by="acceptor-a")


def attempted(row: Row, state: State, role: Role | None = None) -> tuple[Story, Refusal | None]:
    """What becomes of the row's action in a state, done by somebody who may or by a role."""
    story = prepared(row, state)
    role = role or row.actor
    if state is State.CLOSED and row.name in _ABOUT_A_REQUEST and role is row.actor:
        role = {"withdraw": Role.UNIT_LIAISON, "lapse": Role.RULE, "remind_request": Role.RULE}.get(
            row.name, Role.DISPATCHER
        )
    facts: dict[str, Any] = {"reason": "有原因", **_FACTS.get(row.name, {})}
    if row.name in _ABOUT_A_REQUEST:
        facts["kind"] = "appeal" if state is State.CLOSED else "void"
    if row.result:
        facts[_TELLING[row.action]] = row.result
    when = "2019-05-06 13:00" if state is State.CLOSED else NOW
    if role is Role.RULE and row.actor is Role.RULE:
        return story, story.by_rule(row.action, when, **{k: v for k, v in facts.items() if k != "resolved"})
    return story, _taken(story, acting_as(role, row.action, when, **facts), when)


def _taken(story: Story, action: Action, when: str) -> Refusal | None:
    return story.visit(when, action).outcomes[0][1]


def allowed_by_hand(state: State, role: Role) -> set[str]:
    """What the table lets a role do in a state, steps that only a rule takes left out."""
    return {row.action for row in ROWS if state in row.from_ and role in row.by and row.by != {Role.RULE}}


def test_the_table_of_the_program_has_exactly_the_rows_of_the_design() -> None:
    assert set(BY_KEY) == {(ActionName(row.action), row.result) for row in ROWS}
    assert len(STEPS) == len(ROWS)


# An ended case has no open request left: the test after this one shows that it lapsed there.
TAKEN = [(row, state) for row, state in ALLOWED if row.name != "lapse" or state not in ENDED - {State.CLOSED}]


@pytest.mark.parametrize(("row", "state"), TAKEN, ids=_names(TAKEN))
def test_a_step_is_taken_from_the_states_the_design_names_and_leads_where_it_says(row: Row, state: State) -> None:
    story, refusal = attempted(row, state)
    assert refusal is None
    # A granted request has its effect at once: the void of the test, and the exemption of a closed case.
    after = State.VOID if row.name == "decide granted" and state is not State.CLOSED else _target(row, state)
    assert story.state is after
    running = story.case.running_clock()
    assert (running.kind if running else None) is RUNS.get(after)


@pytest.mark.parametrize(
    ("post", "action", "facts", "state"),
    [
        ("acceptor-a", "reject", {"reason": "重复"}, State.REJECTED),
        ("acceptor-a", "merge", {"into": "R7", "resolved": {"into_id": 999_999, "into_ended": False}}, State.MERGED),
        ("leader", "force_close", {"reason": "专项整治"}, State.CLOSED),
    ],
)
def test_an_open_request_lapses_where_its_case_ends(
    post: str, action: str, facts: dict[str, Any], state: State
) -> None:
    story = Story().asked("void", NOW, by="acceptor-a").must(post, action, NOW, **facts)
    assert story.state is state
    assert story.case.requests[0].state is RequestState.LAPSED
    assert story.events[-1].action is ActionName.LAPSE
    assert story.events[-1].from_state is state


@pytest.mark.parametrize(("row", "state"), REFUSED, ids=_names(REFUSED))
def test_every_other_pair_is_refused_and_says_what_is_allowed_now(row: Row, state: State) -> None:
    story, refusal = attempted(row, state)
    assert refusal is not None
    assert refusal.code == "not_now"
    assert (refusal.facts["action"], refusal.facts["state"]) == (row.action, state)
    role = Role.RULE if row.actor is Role.RULE else _role_used(row, state)
    assert set(refusal.facts["allowed"]) == allowed_by_hand(state, role)
    assert story.state is state


def _role_used(row: Row, state: State) -> Role:
    if state is State.CLOSED and row.name in _ABOUT_A_REQUEST:
        return Role.DISPATCHER
    return row.actor


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("row", [row for row in ROWS if row.from_], ids=lambda row: row.name)
def test_a_step_is_refused_to_every_role_the_design_does_not_name(row: Row, role: Role) -> None:
    state = next(state for state in State if state in row.from_)
    _, refusal = attempted(row, state, role)
    refused_by_the_table = refusal is not None and "role" in refusal.facts
    assert refused_by_the_table is (role not in row.by)
    if refused_by_the_table and refusal is not None:
        assert refusal.code == "not_yours"
        assert set(refusal.facts["allowed"]) == allowed_by_hand(state, role)


def test_every_state_is_reached_from_a_report() -> None:
    reached: set[State] = {State.REPORTED}
    while True:
        more = {_target(row, state) for row in ROWS for state in reached if state in row.from_} - reached
        if not more:
            break
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize("state", sorted(ANY_OPEN))
def test_every_open_state_has_a_way_out_that_a_person_may_take_alone(state: State) -> None:
    persons = frozenset(Role) - {Role.RULE, Role.SOURCE}
    ways = [s for s in STEPS if state in s.from_ and s.to not in (state, Target.SAME) and s.by & persons]
    assert {step.action for step in ways} - {ActionName.FORCE_CLOSE}


@pytest.mark.parametrize("state", sorted(ANY_OPEN))
def test_a_clock_waits_only_where_the_design_says_so(state: State) -> None:
    waits = {
        State.VERIFYING: {ClockKind.ACCEPT},
        State.CHECKING: {ClockKind.HANDLE},
        State.SUSPENDED: {ClockKind.HANDLE},
    }
    paused = {clock.kind for clock in a_story(state).case.clocks if clock.state is ClockState.PAUSED}
    assert paused == waits.get(state, set())


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_case_has_neither_a_running_nor_a_waiting_clock(state: State) -> None:
    clocks = a_story(state).case.clocks
    assert clocks
    assert {clock.state for clock in clocks} == {"finished"}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.action} {step.result or ''}".strip())
def test_no_row_stands_without_its_source(step: Any) -> None:
    assert step.source.strip()


def _target(row: Row, state: State) -> State:
    if row.to == "same":
        return state
    return State.HANDLING if row.to == "before_suspension" else State(row.to)
