"""The closed sets of the city's language: states, actions, roles, clocks, requests.

Names follow the field's standard terms. `verify` is before filing (GB usage 核实), `check` after handling (核查).
"""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    ACCEPTED = "accepted"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    CHECKING = "checking"
    CLOSING = "closing"
    CLOSED = "closed"
    REJECTED = "rejected"
    VOID = "void"
    SUSPENDED = "suspended"
    MERGED = "merged"


ENDED = frozenset({State.CLOSED, State.REJECTED, State.VOID, State.MERGED})
"""States in which no clock of a case runs or is paused."""

ANY_OPEN = frozenset(State) - ENDED
"""'Any open' of the state table: all but closed, rejected, void, merged."""


class Role(StrEnum):
    """Who acts. Role codes of the case reference §3 and design §4."""

    INSPECTOR = "inspector"
    ACCEPTOR = "acceptor"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    SPECIALIZED_DEPARTMENT = "specialized_department"
    EVALUATOR = "evaluator"
    LEADER = "leader"
    ADMIN = "admin"
    UNIT_LIAISON = "unit_liaison"
    UNIT_HEAD = "unit_head"
    AUDITOR = "auditor"
    DUTY_OFFICER = "duty_officer"
    """Stands in the flood duty room 防汛值班员."""
    RESPONSIBLE_PERSON = "responsible_person"
    """Answers for a reservoir, a village or a stretch of river 责任人; is called when it is in danger."""
    PUBLIC = "public"
    SOURCE = "source"
    """The system or person a report comes from; never a post."""
    RULE = "rule"
    """A rule of the city's policy; never a post."""


FLOOD_ROLES = frozenset({Role.DUTY_OFFICER, Role.RESPONSIBLE_PERSON})
"""Roles of the flood season; none of them acts on a case."""

UNIT_ROLES = frozenset({Role.SPECIALIZED_DEPARTMENT, Role.UNIT_LIAISON, Role.UNIT_HEAD})
"""Roles that act for a responsible unit, and only on that unit's cases."""


class ActionName(StrEnum):
    """What may be done to a case; one row each in the state table (`models/lifecycle_table.py`)."""

    REPORT = "report"
    FLAG_SIMILAR = "flag_similar"
    MERGE = "merge"
    UNMERGE = "unmerge"
    ORDER_VERIFY = "order_verify"
    VERIFY = "verify"
    ACCEPT = "accept"
    REJECT = "reject"
    FILE = "file"
    RETURN_TO_ACCEPTOR = "return_to_acceptor"
    DISPATCH = "dispatch"
    RECEIVE = "receive"
    ASSIGN = "assign"
    REVOKE_ASSIGN = "revoke_assign"
    HAND_BACK = "hand_back"
    ARBITRATE = "arbitrate"
    REDISPATCH = "redispatch"
    CORRECT = "correct"
    ASK = "ask"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    RESUME = "resume"
    REPORT_HANDLED = "report_handled"
    ORDER_CHECK = "order_check"
    CHECK = "check"
    CLOSE = "close"
    QUICK_FIX = "quick_fix"
    SUPERVISE = "supervise"
    ADD_NOTE = "add_note"
    ADD_PICTURE = "add_picture"
    FORCE_CLOSE = "force_close"
    REOPEN = "reopen"
    # What a granted request does, by the rule "granted".
    EXTEND = "extend"
    SUSPEND = "suspend"
    PROMISE = "promise"
    VOID = "void"
    EXEMPT = "exempt"
    LAPSE = "lapse"
    # What time does, by rule.
    REPAIR_STAGE = "repair_stage"
    CLIMB = "climb"
    CLIMB_SILENCE = "climb_silence"
    ALARM_SEAT = "alarm_seat"
    REMIND_REQUEST = "remind_request"
    CORRECT_CALENDAR = "correct_calendar"


class ClockKind(StrEnum):
    """Which limit a clock measures."""

    ACCEPT = "accept"
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    CHECK = "check"
    CLOSE = "close"


SEAT_CLOCKS = frozenset(ClockKind) - {ClockKind.HANDLE}
"""Clocks of seats and inspectors: shown, told to the shift leader once, never a unit's lateness."""


class ClockState(StrEnum):
    """A clock runs, waits, or has ended."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class RequestKind(StrEnum):
    """What a unit or seat may ask an approver for."""

    EXTENSION = "extension"
    SUSPENSION = "suspension"
    PROMISE = "promise"
    VOID = "void"
    HAND_BACK = "hand_back"
    CORRECTION = "correction"
    APPEAL = "appeal"


class RequestState(StrEnum):
    """How a request stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
