"""What the evaluation counts: each count once, with its definition, its moment, whom it counts for, and its source.

A count is counted twice. `scoring` is per period of the deadline, as far as there is one: the month belongs to the
handling deadline (Yuncheng B). `workload` is per period of the event: what was done in it (Zhengzhou B). A count is a
number of facts on which some marks stand and others do not (`models/evaluation_marks.py`). Words and definitions in
full: `tasks/templates/words_counts.yaml`, printed as docs/counts.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from models.evaluation_marks import DUE_BITS, By, Done, Due, Mark, Statistic


class CountName(StrEnum):
    """The names of the counts, as schemes use them.

    Source: metric catalogue of eGova (B); from `extended` on our own.
    """

    REPORTED = "reported"
    VALID_REPORTS = "valid_reports"
    ACCEPTED = "accepted"
    FILED = "filed"
    DUE_TO_DISPATCH = "due_to_dispatch"
    DISPATCHED = "dispatched"
    DISPATCHED_RIGHT = "dispatched_right"
    DUE_TO_HANDLE = "due_to_handle"
    HANDLED = "handled"
    HANDLED_ON_TIME = "handled_on_time"
    HANDLED_LATE = "handled_late"
    OVERDUE_OPEN = "overdue_open"
    DUE_TO_CLOSE = "due_to_close"
    CLOSED = "closed"
    CLOSED_ON_TIME = "closed_on_time"
    CLOSED_LATE = "closed_late"
    REWORKED = "reworked"
    HANDED_BACK = "handed_back"
    VOIDED = "voided"
    VERIFY_DUE = "verify_due"
    VERIFIED_ON_TIME = "verified_on_time"
    CHECK_DUE = "check_due"
    CHECKED_ON_TIME = "checked_on_time"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    EXEMPT = "exempt"
    MERGED = "merged"
    QUICK_FIXED = "quick_fixed"
    MISSED = "missed"
    # Beyond the metric catalogue: what the four posts are judged by, and what is counted apart.
    DUE_TO_FILE = "due_to_file"
    FILED_ON_TIME = "filed_on_time"
    DISPATCHED_ON_TIME = "dispatched_on_time"
    FORCE_CLOSED = "force_closed"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which facts are counted: all of `marks` stand on them, none of `without`.

    `moment` names what puts a fact into the period: a column of the facts.
    """

    moment: str
    marks: Mark
    without: Mark

    def bits(self) -> tuple[int, int]:
        """What is looked at of what a fact carries, and what must be found there."""
        shift = DUE_BITS if isinstance(self.marks, Due) else 0
        return (self.marks | self.without).value << shift, self.marks.value << shift


@dataclass(frozen=True, slots=True)
class Count:
    """One count."""

    name: CountName
    code: str | None
    """Code of the metric catalogue of eGova (B)."""
    scoring: Rule
    workload: Rule
    by: By | None
    """The post it counts for; None where it is no post's own."""
    source: str
    ratio_of: tuple[str, ...] = ()
    """Ratios in which it is the denominator. Source: evaluation practice of Zhengzhou, eGova, Jinniu, Unicom (B)."""

    def rule(self, statistic: Statistic) -> Rule:
        """What is counted in one of the two statistics."""
        return self.scoring if statistic is Statistic.SCORING else self.workload


APART = Due.EXEMPT | Due.SUSPENDED | Due.FORCED | Due.ENDED_OTHERWISE
"""Counted apart: none of these is due to be handled or closed."""

NO_DUE, NO_DONE = Due(0), Done(0)

EGOVA, YUNCHENG, OWN = "eGova (B)", "Yuncheng (B)", "our own reading (?)"


def _due(marks: Due = NO_DUE, without: Due = NO_DUE) -> Rule:
    return Rule("due_at", Due.DUE | marks, APART | without)


def _done(moment: str, marks: Done, without: Done = NO_DONE) -> Rule:
    return Rule(moment, marks, without)


def _apart(mark: Due) -> Rule:
    """Of facts of which several are true the first of them counts, in the order of `Due`."""
    earlier = Due(mark.value - 1) & APART
    return Rule("due_at", Due.DUE | mark, earlier)


def _both(rule: Rule) -> tuple[Rule, Rule]:
    return rule, rule


N, D, E = CountName, Due, Done

COUNTS: tuple[Count, ...] = (
    Count(N.REPORTED, "report", *_both(_done("reported_at", E.REPORTED)), None, EGOVA, ("valid_report_rate",)),
    Count(N.VALID_REPORTS, "valid_report", *_both(_done("reported_at", E.REPORTED | E.VALID)), None, f"{EGOVA}; {OWN}"),
    Count(N.ACCEPTED, "operate", *_both(_done("accepted_at", E.ACCEPTED)), By.ACCEPTOR, EGOVA, ("filing_rate",)),
    Count(
        *(N.FILED, "inst", *_both(_done("filed_at", E.FILED)), By.SHIFT_LEADER, EGOVA),
        ("dispatch_rate", "missed_report_rate", "filing_accuracy"),
    ),
    Count(
        N.DUE_TO_FILE, None, *_both(_done("file_due_at", E.FILE_DUE)), By.SHIFT_LEADER, OWN, ("on_time_filing_rate",)
    ),
    Count(N.FILED_ON_TIME, None, *_both(_done("file_due_at", E.FILE_DUE | E.FILED_IN_TIME)), By.SHIFT_LEADER, OWN),
    Count(
        *(N.DUE_TO_DISPATCH, "need_dispatch", *_both(_done("dispatch_due_at", E.DISPATCH_DUE)), By.DISPATCHER, EGOVA),
        ("dispatch_accuracy", "on_time_dispatch_rate"),
    ),
    Count(
        *(N.DISPATCHED, "dispatch", _done("dispatch_due_at", E.DISPATCH_DUE | E.DISPATCH_DONE)),
        *(_done("dispatched_at", E.DISPATCHED), By.DISPATCHER, EGOVA),
    ),
    Count(
        *(N.DISPATCHED_ON_TIME, None, *_both(_done("dispatch_due_at", E.DISPATCH_DUE | E.DISPATCH_IN_TIME))),
        *(By.DISPATCHER, OWN),
    ),
    Count(
        N.DISPATCHED_RIGHT,
        "accur_dispatch",
        _done("dispatch_due_at", E.DISPATCH_DUE | E.DISPATCH_DONE, without=E.MISDISPATCHED),
        _done("dispatched_at", E.DISPATCHED, without=E.MISDISPATCHED),
        By.DISPATCHER,
        "eGova, Unicom (B); that rework is no wrong dispatch is our own reading (?)",
    ),
    Count(
        *(N.DUE_TO_HANDLE, "need_dispose", *_both(_due()), By.ENDER, EGOVA),
        ("handling_rate", "on_time_handling_rate", "overdue_open_rate", "extension_rate (Jinniu)"),
    ),
    Count(N.HANDLED, "dispose", _due(D.HANDLED), _done("handled_at", E.HANDLED), By.ENDER, EGOVA),
    Count(
        *(N.HANDLED_ON_TIME, "intime_dispose", _due(D.HANDLED, without=D.LATE)),
        *(_done("handled_at", E.HANDLED, without=E.HANDLED_LATE), By.ENDER, EGOVA),
    ),
    Count(
        *(N.HANDLED_LATE, "overtime_dispose", _due(D.HANDLED | D.LATE)),
        *(_done("handled_at", E.HANDLED | E.HANDLED_LATE), By.ENDER, EGOVA),
    ),
    Count(N.OVERDUE_OPEN, "overtime_to_dispose", *_both(_due(without=D.HANDLED)), By.ENDER, "eGova, Jinniu (B)"),
    Count(
        *(N.DUE_TO_CLOSE, "need_archive", *_both(_due()), By.ENDER, f"{YUNCHENG}, Zhengzhou (B)"),
        ("closure_rate", "on_time_closure_rate", "late_closure_rate", "rework_rate", "extension_rate (Zhengzhou)"),
    ),
    Count(N.CLOSED, "archive", _due(D.CLOSED), _done("ended_at", E.CLOSED), By.ENDER, EGOVA),
    Count(
        *(N.CLOSED_ON_TIME, "intime_archive", _due(D.CLOSED, without=D.LATE)),
        *(_done("ended_at", E.CLOSED, without=E.CLOSED_LATE), By.ENDER, f"{YUNCHENG}: closed less closed late"),
    ),
    Count(
        *(N.CLOSED_LATE, "overtime_archive", _due(D.CLOSED | D.LATE)),
        *(_done("ended_at", E.CLOSED | E.CLOSED_LATE), By.ENDER, EGOVA),
    ),
    Count(
        *(N.REWORKED, "rework", _due(D.REWORKED), _done("reworked_at", E.REWORKED), None),
        "eGova, Zhengzhou, Jinniu, Unicom (B); that a case counts once is our own reading (?)",
    ),
    Count(N.HANDED_BACK, "back", *_both(_done("ended_at", E.HANDED_BACK)), None, EGOVA),
    Count(N.VOIDED, "cancel", *_both(_done("ended_at", E.VOIDED)), None, "eGova, Unicom (B)"),
    Count(
        N.VERIFY_DUE,
        "need_verify",
        *_both(_done("verify_due_at", E.VERIFY_DUE)),
        By.VERIFIER,
        EGOVA,
        ("on_time_verify_rate",),
    ),
    Count(
        *(N.VERIFIED_ON_TIME, "intime_verify", *_both(_done("verify_due_at", E.VERIFY_DUE | E.VERIFIED_IN_TIME))),
        *(By.VERIFIER, EGOVA),
    ),
    Count(
        N.CHECK_DUE,
        "need_check",
        *_both(_done("check_due_at", E.CHECK_DUE)),
        By.CHECKER,
        EGOVA,
        ("on_time_check_rate",),
    ),
    Count(
        *(N.CHECKED_ON_TIME, "intime_check", *_both(_done("check_due_at", E.CHECK_DUE | E.CHECKED_IN_TIME))),
        *(By.CHECKER, EGOVA),
    ),
    Count(N.EXTENDED, None, _due(D.EXTENDED), _done("extended_at", E.EXTENDED), None, "Zhengzhou, Jinniu (B)"),
    Count(N.SUSPENDED, None, _apart(D.SUSPENDED), _done("suspended_at", E.SUSPENDED), None, "Jinhua, Yuncheng (B)"),
    Count(N.EXEMPT, None, _apart(D.EXEMPT), _done("exempt_at", E.EXEMPTED), None, YUNCHENG),
    Count(N.MERGED, None, *_both(_done("ended_at", E.MERGED)), None, OWN),
    Count(N.QUICK_FIXED, None, *_both(_done("ended_at", E.QUICK_FIXED)), By.ENDER, "Xuchang (A); Yuncheng (B)"),
    Count(N.MISSED, None, *_both(_done("filed_at", E.FILED | E.PUBLIC)), By.VERIFIER, "Unicom (B)"),
    Count(N.FORCE_CLOSED, None, _apart(D.FORCED), _done("ended_at", E.FORCE_CLOSED), By.ENDER, "design §4 (?)"),
)
"""All counts, in the order of the flow."""

BY_NAME: Mapping[CountName, Count] = {count.name: count for count in COUNTS}


@cache
def makes_a_count(marks: int) -> bool:
    """Whether facts that carry these marks are counted anywhere."""
    rules = (rule.bits() for count in COUNTS for rule in (count.scoring, count.workload))
    return any(marks & looked_at == wanted for looked_at, wanted in rules)


@dataclass(frozen=True, slots=True)
class CountLine:
    """The counts of one object of the evaluation, in both statistics."""

    scoring: Mapping[CountName, int]
    workload: Mapping[CountName, int]

    def of(self, statistic: Statistic) -> Mapping[CountName, int]:
        """The counts of one statistic."""
        return self.scoring if statistic is Statistic.SCORING else self.workload

    def __add__(self, other: "CountLine") -> "CountLine":
        return CountLine(_sum(self.scoring, other.scoring), _sum(self.workload, other.workload))


def _sum(one: Mapping[CountName, int], other: Mapping[CountName, int]) -> dict[CountName, int]:
    return {name: one[name] + other[name] for name in one}


def empty_line() -> CountLine:
    """A line of an object to which nothing happened: every count is known, and 0."""
    return CountLine({count.name: 0 for count in COUNTS}, {count.name: 0 for count in COUNTS})


Marked = Iterable[tuple[int, int]]
"""Marks, and how many facts carry just these."""


def line_of(marked: Marked, counts: Iterable[Count] = COUNTS) -> CountLine:
    """The counts of marked facts; those that are not asked for are 0."""
    line, facts = empty_line(), list(marked)
    scoring, workload = dict(line.scoring), dict(line.workload)
    for count in counts:
        for rule, into in ((count.scoring, scoring), (count.workload, workload)):
            looked_at, wanted = rule.bits()
            into[count.name] = sum(number for marks, number in facts if marks & looked_at == wanted)
    return CountLine(scoring, workload)
