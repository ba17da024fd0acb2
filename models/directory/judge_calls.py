"""What must hold for calls beyond the single row: every chain is known, complete, and ends with somebody."""

from itertools import groupby

from models.call_rules import NEXT, CallRules, ChainLink
from models.directory.calls_yaml import FILE
from models.directory.fault import Fault, Severity, quoted
from models.directory.sheet import Record, unknown_code
from models.directory.sheets import Sheets
from models.duty_rules import DutyRules

CHAINS = "call_chains.csv"


def judge_calls(sheets: Sheets, calls: CallRules | None, duty: DutyRules | None, faults: list[Fault]) -> None:
    """Every fault of the calls."""
    if calls is None:
        if sheets.call_chains and FILE not in {fault.file for fault in faults}:
            remedy = "Add calls.yaml with its chains, or take the rows out."
            faults.append(Fault(CHAINS, None, None, "", "nobody is called by it: calls.yaml is missing.", remedy))
        return
    for record in sheets.call_chains:
        _judge_link(record, calls, sheets, faults)
    _judge_steps(sheets.call_chains, calls, faults)
    _judge_roles(sheets, calls, faults)
    areas = sheets.codes.get("areas.csv")
    for place in calls.places:
        if areas is not None and place.area not in areas:
            faults.append(unknown_code(FILE, None, "places", place.area, "areas.csv", areas))
    if duty is None:
        problem = "silence climbs to the leader of the present shift, and the city has no duty room."
        remedy = "Add duty.yaml; until then the posts with the role leader are called."
        faults.append(Fault(FILE, None, "ladder", "", problem, remedy, Severity.WARNING))


def _judge_link(record: Record[ChainLink], calls: CallRules, sheets: Sheets, faults: list[Fault]) -> None:
    link = record.value
    if calls.chain(link.chain) is None:
        known = [chain.code for chain in calls.chains]
        faults.append(unknown_code(CHAINS, record.row, "chain", link.chain, FILE, known))
    areas = sheets.codes.get("areas.csv")
    if link.subject.isdigit():
        if areas is not None and link.subject not in areas:
            faults.append(unknown_code(CHAINS, record.row, "subject", link.subject, "areas.csv", areas))
    elif calls.place(link.subject) is None:
        known = [place.code for place in calls.places]
        faults.append(unknown_code(CHAINS, record.row, "subject", link.subject, "the places of calls.yaml", known))


def _judge_steps(links: tuple[Record[ChainLink], ...], calls: CallRules, faults: list[Fault]) -> None:
    """A chain begins with step 1 and leaves none out: behind a gap nobody would be called."""
    climbs = any(rung.to == NEXT for rung in calls.rungs)
    in_order = sorted(links, key=lambda record: (record.value.subject, record.value.chain))
    for (subject, chain), found in groupby(in_order, key=lambda record: (record.value.subject, record.value.chain)):
        records = list(found)
        steps = sorted({record.value.step for record in records})
        if steps != list(range(1, len(steps) + 1)):
            row = records[0].row
            problem = f"the chain {chain} of {quoted(subject)} has the steps {', '.join(map(str, steps))}."
            remedy = "Number them 1, 2, 3 in the order in which people are called; the same number is called together."
            faults.append(Fault(CHAINS, row, "step", str(steps[0]), problem, remedy))
        elif len(steps) > 1 and not climbs:
            problem = f"no rung says next, so nobody behind step 1 of {quoted(subject)} would ever be called."
            faults.append(Fault(FILE, None, "ladder", "", problem, "Add {after: 0 minute, to: next} to the ladder."))


def _judge_roles(sheets: Sheets, calls: CallRules, faults: list[Fault]) -> None:
    """A role that nobody holds would swallow a silence."""
    if sheets.rows.get("posts.csv") is None:
        return
    held = sheets.texts("posts.csv", "role")
    named = {("ladder", rung.to) for rung in calls.rungs} | {("started_by", str(role)) for role in calls.started_by}
    for key, role in sorted(named):
        if role not in held and role not in ("next", "duty_leader", "again"):
            problem = f"no post has the role {quoted(role)}."
            remedy = "Add such a post to posts.csv, or name another role."
            faults.append(Fault(FILE, None, key, role, problem, remedy))
