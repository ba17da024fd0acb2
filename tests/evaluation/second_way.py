"""The counts a second way: pandas over the raw events of cases, told apart and added up from scratch.

Nothing here knows of the facts or of the marks. Every count is a list of items, each with the moment that puts it into
a period, the unit and the post it counts for; counting is filtering by the period and grouping. Deadlines alone cannot
be read from events: those of units come from closings and cases, those of tasks from the clocks, as they are stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, cast

import pandas as pd

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.vocabulary import ClockKind, Role, State

DISPATCHES = ("dispatch", "arbitrate", "redispatch")
LEAVES = ("hand_back", "redispatch")
ENDS = {"void": "voided", "merge": "merged"}
BOTH = ("scoring", "workload")

Story = tuple[CaseState, Sequence[CaseEvent]]
Events = list[Any]
"""Rows of the frame of all events."""


@dataclass
class Items:
    """What is counted, piece by piece."""

    rows: list[dict[str, Any]]

    def add(self, name: str, at: Any, case_id: int, unit: Any, post: Any = None, only: str | None = None) -> None:
        """One piece; `only` for one of the two statistics."""
        for statistic in (only,) if only else BOTH:
            row = {"statistic": statistic, "count": name, "at": at, "case_id": case_id, "unit": unit, "post": post}
            self.rows.append(row)


def pieces(stories: Sequence[Story], city: City, now: datetime) -> pd.DataFrame:
    """Everything that is counted by a moment, piece by piece, with all it may be told apart by."""
    items, told = Items([]), _told(stories)
    for case, _ in stories:
        first, area = len(items.rows), case.area or ""
        _of_case(items, case, told[case.id], city, now)
        places = {"area": area[:9] or None, "grid": area if len(area) == 15 else None}
        for row in items.rows[first:]:
            unit = city.units.get(row["unit"] or "")
            row |= {"class": case.class_code, "source": case.source, "group": unit.group if unit else None, **places}
    frame = pd.DataFrame(items.rows)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame


def count_again(
    found: pd.DataFrame, start: datetime, end: datetime, cuts: Sequence[str]
) -> dict[tuple[str | None, ...], dict[str, dict[str, int]]]:
    """The counts of a period: what a line stands for -> statistic -> count -> how many, without those that are 0."""
    within = found[(found["at"] >= pd.Timestamp(start)) & (found["at"] < pd.Timestamp(end))]
    lines: dict[tuple[str | None, ...], dict[str, dict[str, int]]] = {}
    for key, number in within.groupby([*cuts, "statistic", "count"], dropna=False).size().items():
        *value, statistic, name = cast("tuple[str, ...]", key)
        of = tuple(None if pd.isna(part) else part for part in value)
        lines.setdefault(of, {}).setdefault(statistic, {})[name] = int(number)
    return lines


def _told(stories: Sequence[Story]) -> dict[int, Events]:
    """The events of every case in order, each with its round and the unit's turn in it."""
    every = [(case.id, event) for case, events in stories for event in events]
    frame = pd.DataFrame(
        {
            "case_id": [case_id for case_id, _ in every],
            "action": [event.action.value for _, event in every],
            "at": [event.at for _, event in every],
            "post": [None if event.role in (Role.RULE, Role.SOURCE) else event.actor for _, event in every],
            "actor": [event.actor for _, event in every],
            "facts": [event.facts for _, event in every],
        }
    ).astype({"post": object})
    frame["round"] = 1 + (frame["action"] == "reopen").groupby(frame["case_id"]).cumsum()
    left = frame["action"].isin(LEAVES).astype(int)
    # A hand-back is the last thing of its turn, a redispatch the first of the next.
    turns = left.groupby([frame["case_id"], frame["round"]]).cumsum()
    frame["turn"] = 1 + turns - (frame["action"] == "hand_back")
    told: dict[int, Events] = {}
    for row in frame.itertuples():
        told.setdefault(cast("Any", row).case_id, []).append(row)
    return told


def _of_case(items: Items, case: CaseState, events: Events, city: City, now: datetime) -> None:
    units = {(row.round, row.turn): row.facts["unit"] for row in events if row.action in DISPATCHES}
    for number, of_round in groupby(events, key=lambda row: row.round):
        in_round = list(of_round)
        _of_round(items, case, in_round, units, city)
        for turn, of_turn in groupby(in_round, key=lambda row: row.turn):
            in_turn = list(of_turn)
            last = turn == in_round[-1].turn and _first(in_turn, "hand_back") is None
            _of_turn(items, case, in_turn, (number, turn), units.get((number, turn)), last, now)
    _dispatch_tasks(items, case, events, units)
    _inspectors_tasks(items, case, events, units, ClockKind.VERIFY)
    _inspectors_tasks(items, case, events, units, ClockKind.CHECK)


def _first(events: Events, *actions: str) -> Any:
    return next((row for row in events if row.action in actions), None)


def _last(events: Events, *actions: str) -> Any:
    return _first(events[::-1], *actions)


def _after(events: Events, row: Any) -> Events:
    return [each for each in events if each.Index > row.Index]


def _of_round(items: Items, case: CaseState, events: Events, units: dict[Any, str], city: City) -> None:
    unit = units.get((events[0].round, 1))
    report, accept = _first(events, "report"), _first(events, "accept")
    filed, fixed = _first(events, "file", "reopen"), _first(events, "quick_fix")
    if report is not None:
        items.add("reported", report.at, case.id, unit)
        if accept is not None or fixed is not None:
            items.add("valid_reports", report.at, case.id, unit)
    if accept is not None:
        items.add("accepted", accept.at, case.id, unit, accept.post)
        _filing_task(items, case, events, unit)
    if filed is not None:
        items.add("filed", filed.at, case.id, unit, filed.post)
        if case.source in city.policy.public_sources:
            verifier = _verifier(events)
            items.add("missed", filed.at, case.id, unit, verifier)


def _verifier(events: Events) -> Any:
    """Who holds or has answered the first task to verify of a round."""
    for row in events:
        if row.action == "order_verify":
            later = _after(events, row)
            answered = _first(later, "verify", "order_verify")
            done = answered is not None and answered.action == "verify"
            return answered.actor if done else row.facts["inspector"]
    return None


def _filing_task(items: Items, case: CaseState, events: Events, unit: str | None) -> None:
    filed = _first(events, "file")
    before = [row for row in events if filed is None or row.Index < filed.Index]
    accepted = _last(before, "accept")
    clock = next(c for c in case.clocks if c.kind is ClockKind.FILE and c.started_at == accepted.at)
    ended = _first(_after(events, accepted), "void", "merge", "force_close")
    if filed is None and ended is not None and ended.at <= clock.due_at:
        return
    post = filed.post if filed is not None else None
    items.add("due_to_file", clock.due_at, case.id, unit, post)
    if filed is not None and filed.at <= clock.due_at:
        items.add("filed_on_time", clock.due_at, case.id, unit, post)


def _of_turn(items: Items, case: CaseState, events: Events, key: Any, unit: Any, last: bool, now: datetime) -> None:
    for row in [row for row in events if row.action in ENDS]:
        if row.action != "merge" or _first(_after(events, row), "unmerge") is None:
            items.add(ENDS[row.action], row.at, case.id, unit)
    dispatched = _first(events, *DISPATCHES)
    if dispatched is not None:
        items.add("dispatched", dispatched.at, case.id, unit, dispatched.post, only="workload")
        if last:
            items.add("dispatched_right", dispatched.at, case.id, unit, dispatched.post, only="workload")
    for row in [row for row in events if row.action == "hand_back"]:
        items.add("handed_back", row.at, case.id, unit)
    failed = [row for row in events if row.action == "check" and row.facts["result"] == "failed"]
    for row in failed:
        items.add("reworked", row.at, case.id, unit, only="workload")
    _closing(items, case, events, key, unit, last, bool(failed), now)
    for action, name in (("extend", "extended"), ("suspend", "suspended"), ("exempt", "exempt")):
        row = _last(events, action) if action != "extend" else _first(events, action)
        if row is not None:
            items.add(name, row.at, case.id, unit, only="workload")


def _handled(events: Events) -> Any:
    """The report that it is handled, if it stands."""
    found = None
    for row in events:
        if row.action == "report_handled":
            found = row
        elif row.action == "repair_stage" or (row.action == "check" and row.facts["result"] == "failed"):
            found = None
    return found


def _closing(
    items: Items, case: CaseState, events: Events, key: Any, unit: Any, last: bool, failed: bool,
    now: datetime,
) -> None:  # fmt: skip
    closed, handled, fixed = _first(events, "close", "force_close"), _handled(events), _first(events, "quick_fix")
    how = closed.facts["how"] if closed is not None else None
    by = fixed.post if how == "quick_fix" else _ender(events)
    due_at = _deadline(case, closed, key, unit, last)
    late = bool(handled is not None and due_at is not None and handled.at > due_at)
    if how == "checked":
        late = closed.facts["handled_on_time"] is False
        items.add("closed", closed.at, case.id, unit, by, only="workload")
        items.add("closed_late" if late else "closed_on_time", closed.at, case.id, unit, by, only="workload")
    elif how is not None:
        name = "quick_fixed" if how == "quick_fix" else "force_closed"
        items.add(name, closed.at, case.id, unit, by, only=None if how == "quick_fix" else "workload")
    if handled is not None:
        items.add("handled", handled.at, case.id, unit, by, only="workload")
        items.add("handled_late" if late else "handled_on_time", handled.at, case.id, unit, by, only="workload")
    if due_at is not None and due_at < now:
        for name, statistic, post in _due(case, events, key, how, handled, late, failed):
            items.add(name, due_at, case.id, unit, by if post else None, only=statistic)


def _ender(events: Events) -> str | None:
    ended = _last(events, "close", "force_close", "void", "merge", "reject", "hand_back")
    return ended.post if ended is not None else None


def _deadline(case: CaseState, closed: Any, key: Any, unit: Any, last: bool) -> datetime | None:
    if unit is None or not last:
        return None
    if closed is not None:
        text = closed.facts["handle_due_at"]
        return datetime.fromisoformat(text) if text else None
    clock = [clock for clock in case.clocks if clock.kind is ClockKind.HANDLE and clock.round == key[0]][-1]
    return clock.due_at


def _due(
    case: CaseState, events: Events, key: Any, how: Any, handled: Any, late: bool, failed: bool
) -> Iterable[tuple[str, str | None, bool]]:
    """What a case counts as in the period of its deadline: count, statistic, whether for a post."""
    if _first(events, "void") is not None:
        return
    if _first(events, "exempt") is not None:
        yield "exempt", "scoring", False
        return
    if case.state is State.SUSPENDED and case.round == key[0]:
        yield "suspended", "scoring", False
        return
    if how == "forced":
        yield "force_closed", "scoring", True
        return
    yield "due_to_handle", None, True
    yield "due_to_close", None, True
    if handled is None:
        yield "overdue_open", None, True
    else:
        yield "handled", "scoring", True
        yield "handled_late" if late else "handled_on_time", "scoring", True
    if how == "checked":
        yield "closed", "scoring", True
        yield "closed_late" if late else "closed_on_time", "scoring", True
    if failed:
        yield "reworked", "scoring", False
    if _first(events, "extend") is not None:
        yield "extended", "scoring", False


def _dispatch_tasks(items: Items, case: CaseState, events: Events, units: dict[Any, str]) -> None:
    """One task to dispatch for every filing, hand-back and reopening; one that was returned is none."""
    begun = [row for row in events if row.action in ("file", "hand_back", "reopen")]
    clocks = [clock for clock in case.clocks if clock.kind is ClockKind.DISPATCH]
    for row, clock in zip(begun, clocks, strict=True):
        after = _first(_after(events, row), "dispatch", "arbitrate", "return_to_acceptor", "void", "force_close")
        action = after.action if after is not None else None
        if action == "return_to_acceptor" or (action in ("void", "force_close") and after.at <= clock.due_at):
            continue
        turn = row.turn + (row.action == "hand_back")
        done = action in ("dispatch", "arbitrate")
        unit = units.get((row.round, turn))
        post = after.post if done else None
        right = done and not any(each.round == row.round and each.action in LEAVES for each in _after(events, row))
        for name, counts in (
            ("due_to_dispatch", True),
            ("dispatched", done),
            ("dispatched_right", right),
            ("dispatched_on_time", done and after.at <= clock.due_at),
        ):
            if counts:
                only = "scoring" if name in ("dispatched", "dispatched_right") else None
                items.add(name, clock.due_at, case.id, unit, post, only=only)


def _inspectors_tasks(items: Items, case: CaseState, events: Events, units: dict[Any, str], kind: ClockKind) -> None:
    """One task for every order; one that went to another inspector in time, or was lifted in time, is none."""
    verify = kind is ClockKind.VERIFY
    due, on_time = ("verify_due", "verified_on_time") if verify else ("check_due", "checked_on_time")
    begun = [row for row in events if _begins_task(row, verify)]
    clocks = [clock for clock in case.clocks if clock.kind is kind]
    for row, clock in zip(begun, clocks, strict=True):
        later = _after(events, row)
        after = next((each for each in later if _ends_task(each, verify)), None)
        done = after is not None and after.action == ("verify" if verify else "check")
        if after is not None and not done and after.at <= clock.due_at:
            continue
        post = after.actor if after is not None and done else _holder(row, later, after, verify)
        unit = units.get((row.round, 1 if verify else row.turn))
        items.add(due, clock.due_at, case.id, unit, post)
        if after is not None and done and after.at <= clock.due_at:
            items.add(on_time, clock.due_at, case.id, unit, post)


def _begins_task(row: Any, verify: bool) -> bool:
    if verify:
        return bool(row.action == "order_verify")
    return bool(row.action == "report_handled" or (row.action == "order_check" and "former_inspector" in row.facts))


def _ends_task(row: Any, verify: bool) -> bool:
    ends = ("void", "force_close", *(("verify", "order_verify") if verify else ("check",)))
    return row.action in ends or (not verify and row.action == "order_check" and "former_inspector" in row.facts)


def _holder(row: Any, later: Events, after: Any, verify: bool) -> str | None:
    if verify or row.action == "order_check":
        inspector: str | None = row.facts["inspector"]
        return inspector
    ordered = _first([each for each in later if after is None or each.Index < after.Index], "order_check")
    return ordered.facts["inspector"] if ordered is not None else None
