"""The life of a case as one table: every action, from where, to where, by whom, what it needs, what its clocks do.

`docs/lifecycle.md` and its diagram are printed from these rows. What a row cannot say stands in
`models/lifecycle_rules.py`; where the case reference knows no rule for a row, the city's policy may switch it off.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from models.vocabulary import ANY_OPEN, UNIT_ROLES, ActionName, ClockKind, RequestKind, Role, State

A = ActionName
S = State
K = ClockKind


class ClockMove(StrEnum):
    """What a row does to a clock."""

    START = "start"
    """A new clock with its full limit."""
    PAUSE = "pause"
    RESUME = "resume"
    """Goes on with what was left."""
    FINISH = "finish"
    FOR_UNIT = "for_unit"
    """The handle clock: goes on for the same unit, starts anew for another."""
    FOR_INSPECTOR = "for_inspector"
    """The check clock: goes on for the first inspector who is sent, starts anew for another."""
    AMEND = "amend"
    """Same start, another amount of time allowed."""
    FINISH_ALL = "finish_all"


M = ClockMove


class Target(StrEnum):
    """Where a row leads that is no fixed state."""

    SAME = "same"
    BEFORE_SUSPENSION = "before_suspension"


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the state table. `result` tells rows of one action apart (verify true, check failed)."""

    action: ActionName
    from_: frozenset[State]
    to: State | Target
    by: frozenset[Role]
    clocks: tuple[tuple[ClockKind | None, ClockMove], ...] = ()
    needs: tuple[str, ...] = ()
    result: str | None = None
    source: str = ""


def _step(
    action: ActionName,
    from_: State | frozenset[State] | set[State],
    to: State | Target,
    by: Role | frozenset[Role] | set[Role],
    *clocks: tuple[ClockKind | None, ClockMove],
    needs: tuple[str, ...] = (),
    result: str | None = None,
    source: str = "design §4",
) -> Step:
    return Step(
        action,
        frozenset({from_}) if isinstance(from_, State) else frozenset(from_),
        to,
        frozenset({by}) if isinstance(by, Role) else frozenset(by),
        clocks,
        needs,
        result,
        source,
    )


STOP_ALL = (None, M.FINISH_ALL)
SEATS = frozenset({Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER})
EVERYBODY = UNIT_ROLES | SEATS | {Role.LEADER, Role.EVALUATOR, Role.INSPECTOR, Role.ADMIN, Role.PUBLIC}
APPROVERS = EVERYBODY - {Role.PUBLIC}
WITH_UNIT = frozenset({S.DISPATCHED, S.HANDLING})
ANY = frozenset(State)
RULE = Role.RULE
YUNCHENG = "Yuncheng practice (B)"

STEPS: tuple[Step, ...] = (
    _step(A.REPORT, set(), S.REPORTED, {Role.SOURCE}, (K.ACCEPT, M.START)),
    _step(
        A.FLAG_SIMILAR,
        S.REPORTED,
        Target.SAME,
        RULE,
        needs=("candidates",),
        source=f"{YUNCHENG}: same subclass, 50 m, 24 h",
    ),
    _step(A.MERGE, {S.REPORTED, S.ACCEPTED}, S.MERGED, {Role.ACCEPTOR, RULE}, STOP_ALL, needs=("into",)),
    _step(A.UNMERGE, S.MERGED, S.REPORTED, Role.ACCEPTOR, (K.ACCEPT, M.START), needs=("reason",)),
    _step(
        A.ORDER_VERIFY,
        {S.REPORTED, S.VERIFYING},
        S.VERIFYING,
        {Role.ACCEPTOR, RULE},
        (K.ACCEPT, M.PAUSE),
        (K.VERIFY, M.START),
        needs=("inspector",),
        source=f"{YUNCHENG}: 30 min, the acceptor's clock waits; once more where the inspector never answers",
    ),
    *(
        _step(
            A.VERIFY,
            S.VERIFYING,
            S.REPORTED,
            Role.INSPECTOR,
            (K.VERIFY, M.FINISH),
            (K.ACCEPT, M.RESUME),
            result=result,
        )
        for result in ("true", "false", "not_found")
    ),
    _step(A.ACCEPT, S.REPORTED, S.ACCEPTED, {Role.ACCEPTOR, RULE}, (K.ACCEPT, M.FINISH), (K.FILE, M.START)),
    _step(A.REJECT, S.REPORTED, S.REJECTED, {Role.ACCEPTOR, RULE}, STOP_ALL, needs=("reason",), source=YUNCHENG),
    _step(
        A.FILE,
        S.ACCEPTED,
        S.FILED,
        {Role.SHIFT_LEADER, RULE},
        (K.FILE, M.FINISH),
        (K.DISPATCH, M.START),
        source="Harbin 平房区 duty rules (B)",
    ),
    _step(
        A.RETURN_TO_ACCEPTOR,
        S.FILED,
        S.ACCEPTED,
        Role.DISPATCHER,
        (K.DISPATCH, M.FINISH),
        (K.FILE, M.START),
        needs=("reason",),
        source=YUNCHENG,
    ),
    _step(
        A.DISPATCH,
        S.FILED,
        S.DISPATCHED,
        {Role.DISPATCHER, RULE},
        (K.DISPATCH, M.FINISH),
        (K.HANDLE, M.FOR_UNIT),
        needs=("unit",),
        source=f"{YUNCHENG}: the same unit resumes, another gets a new full limit",
    ),
    _step(A.RECEIVE, S.DISPATCHED, S.HANDLING, UNIT_ROLES),
    _step(A.ASSIGN, WITH_UNIT, S.HANDLING, UNIT_ROLES, needs=("unit",), source=YUNCHENG),
    _step(A.REVOKE_ASSIGN, S.HANDLING, S.HANDLING, UNIT_ROLES, needs=("unit",), source=YUNCHENG),
    _step(
        A.HAND_BACK,
        WITH_UNIT,
        S.FILED,
        UNIT_ROLES | {RULE},
        (K.HANDLE, M.PAUSE),
        (K.DISPATCH, M.START),
        needs=("reason",),
        source=f"{YUNCHENG}: returned at once, with a reason",
    ),
    _step(
        A.ARBITRATE,
        S.FILED,
        S.DISPATCHED,
        Role.LEADER,
        (K.DISPATCH, M.FINISH),
        (K.HANDLE, M.START),
        needs=("unit", "reason"),
    ),
    _step(
        A.REDISPATCH,
        WITH_UNIT,
        S.DISPATCHED,
        {Role.DISPATCHER, Role.LEADER},
        (K.HANDLE, M.FOR_UNIT),
        needs=("unit", "reason"),
        source=f"{YUNCHENG}; after an arbitration only the leader",
    ),
    _step(A.CORRECT, ANY_OPEN, Target.SAME, {Role.ACCEPTOR, RULE}, (K.HANDLE, M.AMEND)),
    *(
        _step(A.ASK, from_, Target.SAME, EVERYBODY - {Role.PUBLIC}, result=kind, needs=needs)
        for kind, from_, needs in (
            (RequestKind.EXTENSION, WITH_UNIT, ("reason",)),
            (RequestKind.SUSPENSION, WITH_UNIT, ("reason", "wanted_until")),
            (RequestKind.PROMISE, WITH_UNIT, ("reason", "wanted_until")),
            (RequestKind.HAND_BACK, WITH_UNIT, ("reason",)),
            (RequestKind.VOID, ANY_OPEN, ("reason",)),
            (RequestKind.CORRECTION, ANY_OPEN, ("reason",)),
            (RequestKind.APPEAL, {S.CLOSED}, ("reason",)),
        )
    ),
    # Which role decides which step is the city's data; in Yuncheng a unit's head is the first of three.
    _step(A.DECIDE, ANY_OPEN | {S.CLOSED}, Target.SAME, APPROVERS, needs=("kind",), result="granted"),
    _step(A.DECIDE, ANY_OPEN | {S.CLOSED}, Target.SAME, APPROVERS, needs=("kind", "reason"), result="refused"),
    _step(A.WITHDRAW, ANY_OPEN | {S.CLOSED}, Target.SAME, EVERYBODY - {Role.PUBLIC}, needs=("kind",)),
    _step(
        A.EXTEND,
        WITH_UNIT | {S.SUSPENDED, S.CHECKING, S.CLOSING},
        Target.SAME,
        RULE,
        (K.HANDLE, M.AMEND),
        source=f"{YUNCHENG}: + one original limit, at most 2",
    ),
    _step(
        A.SUSPEND,
        WITH_UNIT,
        S.SUSPENDED,
        RULE,
        (K.HANDLE, M.PAUSE),
        needs=("until",),
        source=f"{YUNCHENG}, Unicom (B)",
    ),
    _step(
        A.PROMISE,
        WITH_UNIT,
        Target.SAME,
        RULE,
        (K.HANDLE, M.AMEND),
        needs=("until",),
        source="Kunming 2010 rule (B)",
    ),
    _step(A.VOID, ANY_OPEN, S.VOID, RULE, STOP_ALL, needs=("reason",), source="Unicom (B)"),
    _step(A.EXEMPT, S.CLOSED, Target.SAME, RULE, source=f"{YUNCHENG}: statistics change, the record does not"),
    _step(A.LAPSE, ANY, Target.SAME, RULE, needs=("kind",)),
    _step(
        A.RESUME,
        S.SUSPENDED,
        Target.BEFORE_SUSPENSION,
        {RULE, Role.SHIFT_LEADER, Role.LEADER},
        (K.HANDLE, M.RESUME),
        source=YUNCHENG,
    ),
    _step(
        A.REPORT_HANDLED,
        S.HANDLING,
        S.CHECKING,
        UNIT_ROLES,
        (K.HANDLE, M.PAUSE),
        (K.CHECK, M.START),
        source=YUNCHENG,
    ),
    _step(
        A.ORDER_CHECK,
        S.CHECKING,
        Target.SAME,
        {Role.ACCEPTOR, RULE},
        (K.CHECK, M.FOR_INSPECTOR),
        needs=("inspector",),
        source=YUNCHENG,
    ),
    _step(
        A.CHECK,
        S.CHECKING,
        S.CLOSING,
        Role.INSPECTOR,
        (K.CHECK, M.FINISH),
        (K.HANDLE, M.FINISH),
        (K.CLOSE, M.START),
        result="passed",
    ),
    _step(A.CHECK, S.CHECKING, Target.SAME, Role.INSPECTOR, result="made_safe"),
    _step(
        A.CHECK,
        S.CHECKING,
        S.HANDLING,
        Role.INSPECTOR,
        (K.CHECK, M.FINISH),
        (K.HANDLE, M.RESUME),
        needs=("reason",),
        result="failed",
        source="rework 返工, Jinhua rule (B)",
    ),
    _step(
        A.REPAIR_STAGE,
        {S.CHECKING, S.CLOSING},
        S.HANDLING,
        RULE,
        (K.CHECK, M.FINISH),
        (K.CLOSE, M.FINISH),
        (K.HANDLE, M.START),
        source=f"{YUNCHENG}: urgent cases",
    ),
    _step(A.CLOSE, S.CLOSING, S.CLOSED, {Role.SHIFT_LEADER, RULE}, STOP_ALL),
    _step(
        A.QUICK_FIX,
        S.REPORTED,
        S.CLOSING,
        Role.INSPECTOR,
        (K.ACCEPT, M.FINISH),
        (K.CLOSE, M.START),
        needs=("picture_before", "picture_after"),
        source="举手之劳 (Xuchang A; Yuncheng B)",
    ),
    _step(
        A.SUPERVISE,
        ANY_OPEN,
        Target.SAME,
        {Role.LEADER, RULE},
        needs=("reason",),
        source="Yuncheng, Unicom (B)",
    ),
    _step(A.ADD_NOTE, ANY_OPEN, Target.SAME, EVERYBODY, needs=("note",)),
    _step(A.ADD_PICTURE, ANY_OPEN, Target.SAME, EVERYBODY, needs=("picture",)),
    _step(
        A.FORCE_CLOSE,
        ANY_OPEN,
        S.CLOSED,
        Role.LEADER,
        STOP_ALL,
        needs=("reason",),
        source="forced_close 强制结案, Yuncheng (B)",
    ),
    _step(
        A.REOPEN,
        S.CLOSED,
        S.FILED,
        {Role.ACCEPTOR, Role.PUBLIC},
        (K.DISPATCH, M.START),
        needs=("reason",),
        source="固镇 hotline practice (A)",
    ),
    _step(A.CLIMB, WITH_UNIT, Target.SAME, RULE, needs=("rung",)),
    _step(A.CLIMB_SILENCE, ANY_OPEN, Target.SAME, RULE, needs=("notice", "rung")),
    _step(A.ALARM_SEAT, ANY_OPEN, Target.SAME, RULE, needs=("clock",)),
    _step(A.REMIND_REQUEST, ANY_OPEN | {S.CLOSED}, Target.SAME, RULE, needs=("kind",)),
    _step(A.CORRECT_CALENDAR, ANY_OPEN, Target.SAME, RULE, needs=("calendar_edition",)),
)

BY_KEY: dict[tuple[ActionName, str | None], Step] = {(s.action, s.result): s for s in STEPS}

ROWS_OF: dict[ActionName, tuple[Step, ...]] = {name: tuple(s for s in STEPS if s.action is name) for name in A}
"""All rows of an action, in the table's order."""

NEVER_OFF = frozenset(
    {
        *(A.RESUME, A.LAPSE, A.REPAIR_STAGE, A.CLIMB, A.CLIMB_SILENCE),
        *(A.ALARM_SEAT, A.REMIND_REQUEST, A.CORRECT_CALENDAR),
    }
)
"""What time and rules must always be able to do, or cases would hang.

`zhihui city check` refuses to switch these off; a policy that does so all the same binds people only.
"""

EFFECT_OF: dict[RequestKind, ActionName] = {
    RequestKind.EXTENSION: A.EXTEND,
    RequestKind.SUSPENSION: A.SUSPEND,
    RequestKind.PROMISE: A.PROMISE,
    RequestKind.VOID: A.VOID,
    RequestKind.HAND_BACK: A.HAND_BACK,
    RequestKind.CORRECTION: A.CORRECT,
    RequestKind.APPEAL: A.EXEMPT,
}
"""What a granted request does. A request lapses once its case stands where that could not happen any more."""

RESULT_FACT: dict[ActionName, str] = {
    A.VERIFY: "result",
    A.CHECK: "result",
    A.ASK: "kind",
    A.DECIDE: "verdict",
}
"""The fact that tells the rows of one action apart."""


@cache
def steps_from(state: State, role: Role | None = None) -> tuple[Step, ...]:
    """The rows that may be taken from a state (by a role, if named), in the table's order."""
    return tuple(s for s in STEPS if state in s.from_ and (role is None or role in s.by))


def step_for(action: ActionName, facts: dict[str, object]) -> Step | None:
    """The row of an action with these facts, or None where the telling fact names no row."""
    fact = RESULT_FACT.get(action)
    return BY_KEY.get((action, str(facts.get(fact)) if fact else None))
