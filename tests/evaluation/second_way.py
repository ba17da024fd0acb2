"""The counts a second way: pandas over the raw events of cases, told apart and added up from scratch.

Nothing here knows of the facts or of the marks. Every count is a list of items, each with the moment that puts it into
a period, the unit and the post it counts for; counting is filtering by the period and grouping. Deadlines alone cannot
be read from events: those of units come from closings and cases, those of tasks from the clocks, as they are stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
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


@dataclass
class Items:
    """What is counted, piece by piece."""

    rows: list[dict[str, Any]]

    def add(self, name: str, at: Any, case_id: int, unit: Any, post: Any = None, only: str | None = None) -> None:
        """One piece; `only` for one of the two statistics."""
        for statistic in (only,) if only else BOTH:
            row = {"statistic": statistic, "count": name, "at": at, "case_id": case_id, "unit": unit, "post": post}
            self.rows.append(row)


def pieces(stories: Iterable[Story], city: City, now: datetime) -> pd.DataFrame:
    """Everything that is counted by a moment, piece by piece, with all it may be told apart by."""
    items = Items([])
    for case, events in stories:
        first, area = len(items.rows), case.area or ""
        _of_case(items, case, _frame(events), city, now)
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


def _frame(events: Sequence[CaseEvent]) -> pd.DataFrame:
    """The events of a case, each with its round and the unit's turn in it."""
    frame = pd.DataFrame(
        {
            "action": [event.action.value for event in events],
            "at": [event.at for event in events],
            "post": [None if event.role in (Role.RULE, Role.SOURCE) else event.actor for event in events],
            "actor": [event.actor for event in events],
            "facts": [event.facts for event in events],
            "before": [event.from_state for event in events],
        }
    )
    frame["round"] = 1 + (frame["action"] == "reopen").cumsum()
    left = frame["action"].isin(LEAVES).astype(int)
    # A hand-back is the last thing of its turn, a redispatch the first of the next.
    frame["turn"] = 1 + left.groupby(frame["round"]).cumsum() - (frame["action"] == "hand_back")
    return frame


def _of_case(items: Items, case: CaseState, events: pd.DataFrame, city: City, now: datetime) -> None:
    dispatches = _rows(events[events["action"].isin(DISPATCHES)])
    units = {(row.round, row.turn): row.facts["unit"] for row in dispatches}
    for number, of_round in events.groupby("round"):
        _of_round(items, case, of_round, units, city)
        for turn, of_turn in of_round.groupby("turn"):
            last = turn == of_round["turn"].max() and _first(of_turn, "hand_back") is None
            _of_turn(items, case, of_turn, (number, turn), units.get((number, turn)), last, now)
    _dispatch_tasks(items, case, events, units)
    _inspectors_tasks(items, case, events, units, ClockKind.VERIFY)
    _inspectors_tasks(items, case, events, units, ClockKind.CHECK)


def _rows(events: pd.DataFrame) -> list[Any]:
    return list(events.itertuples())


def _first(events: pd.DataFrame, *actions: str) -> Any:
    found = events[events["action"].isin(actions)]
    return None if found.empty else _rows(found.head(1))[0]


def _last(events: pd.DataFrame, *actions: str) -> Any:
    found = events[events["action"].isin(actions)]
    return None if found.empty else _rows(found.tail(1))[0]


def _of_round(items: Items, case: CaseState, events: pd.DataFrame, units: dict[Any, str], city: City) -> None:
    unit = units.get((events["round"].iloc[0], 1))
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


def _verifier(events: pd.DataFrame) -> Any:
    """Who holds or has answered the first task to verify of a round."""
    for row in _rows(events):
        if row.action == "order_verify":
            later = events.loc[row.Index + 1 :]
            answered = _first(later, "verify", "order_verify")
            done = answered is not None and answered.action == "verify"
            return answered.actor if done else row.facts["inspector"]
    return None


def _filing_task(items: Items, case: CaseState, events: pd.DataFrame, unit: str | None) -> None:
    filed = _first(events, "file")
    before = events if filed is None else events.loc[: filed.Index]
    accepts = before[before["action"] == "accept"]
    started = accepts["at"].iloc[-1]
    clock = next(c for c in case.clocks if c.kind is ClockKind.FILE and c.started_at == started)
    ended = _last(events.loc[accepts.index[-1] :], "void", "merge", "force_close")
    if filed is None and ended is not None and ended.at <= clock.due_at:
        return
    post = filed.post if filed is not None else None
    items.add("due_to_file", clock.due_at, case.id, unit, post)
    if filed is not None and filed.at <= clock.due_at:
        items.add("filed_on_time", clock.due_at, case.id, unit, post)


def _of_turn(
    items: Items, case: CaseState, events: pd.DataFrame, key: Any, unit: Any, last: bool, now: datetime
) -> None:
    for row in _rows(events[events["action"].isin(ENDS)]):
        if row.action != "merge" or _first(events.loc[row.Index :], "unmerge") is None:
            items.add(ENDS[row.action], row.at, case.id, unit)
    dispatched = _first(events, *DISPATCHES)
    if dispatched is not None:
        items.add("dispatched", dispatched.at, case.id, unit, dispatched.post, only="workload")
        if last:
            items.add("dispatched_right", dispatched.at, case.id, unit, dispatched.post, only="workload")
    for row in _rows(events[events["action"] == "hand_back"]):
        items.add("handed_back", row.at, case.id, unit)
    failed = [row for row in _rows(events) if row.action == "check" and row.facts["result"] == "failed"]
    for row in failed:
        items.add("reworked", row.at, case.id, unit, only="workload")
    _closing(items, case, events, key, unit, last, bool(failed), now)
    for action, name in (("extend", "extended"), ("suspend", "suspended"), ("exempt", "exempt")):
        row = _last(events, action) if action != "extend" else _first(events, action)
        if row is not None:
            items.add(name, row.at, case.id, unit, only="workload")


def _handled(events: pd.DataFrame) -> Any:
    """The report that it is handled, if it stands."""
    found = None
    for row in _rows(events):
        if row.action == "report_handled":
            found = row
        elif row.action == "repair_stage" or (row.action == "check" and row.facts["result"] == "failed"):
            found = None
    return found


def _closing(
    items: Items, case: CaseState, events: pd.DataFrame, key: Any, unit: Any, last: bool, failed: bool,
    now: datetime,
) -> None:  # fmt: skip
    closed, handled, fixed = _first(events, "close", "force_close"), _handled(events), _first(events, "quick_fix")
    how = closed.facts["how"] if closed is not None else None
    by = fixed.post if fixed is not None else _ender(events)
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


def _ender(events: pd.DataFrame) -> str | None:
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
    case: CaseState, events: pd.DataFrame, key: Any, how: Any, handled: Any, late: bool, failed: bool
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


def _dispatch_tasks(items: Items, case: CaseState, events: pd.DataFrame, units: dict[Any, str]) -> None:
    """One task to dispatch for every filing, hand-back and reopening; one that was returned is none."""
    begun = events[events["action"].isin(("file", "hand_back", "reopen"))]
    clocks = [clock for clock in case.clocks if clock.kind is ClockKind.DISPATCH]
    for row, clock in zip(_rows(begun), clocks, strict=True):
        after = _first(
            events.loc[row.Index + 1 :], "dispatch", "arbitrate", "return_to_acceptor", "void", "force_close"
        )
        action = after.action if after is not None else None
        if action == "return_to_acceptor" or (action in ("void", "force_close") and after.at <= clock.due_at):
            continue
        turn = row.turn + (row.action == "hand_back")
        done = action in ("dispatch", "arbitrate")
        unit = units.get((row.round, turn))
        post = after.post if done else None
        right = done and turn == events.loc[events["round"] == row.round, "turn"].max() and not _handed_on(events, row)
        for name, counts in (
            ("due_to_dispatch", True),
            ("dispatched", done),
            ("dispatched_right", right),
            ("dispatched_on_time", done and after.at <= clock.due_at),
        ):
            if counts:
                only = "scoring" if name in ("dispatched", "dispatched_right") else None
                items.add(name, clock.due_at, case.id, unit, post, only=only)


def _handed_on(events: pd.DataFrame, row: Any) -> bool:
    """Whether a hand-back ended the round's last turn: what was dispatched in it went to the wrong unit."""
    of_round = events[events["round"] == row.round].loc[row.Index + 1 :]
    return _first(of_round, "hand_back") is not None


def _inspectors_tasks(
    items: Items, case: CaseState, events: pd.DataFrame, units: dict[Any, str], kind: ClockKind
) -> None:
    """One task for every order; one that went to another inspector in time, or was lifted in time, is none."""
    verify = kind is ClockKind.VERIFY
    due, on_time = ("verify_due", "verified_on_time") if verify else ("check_due", "checked_on_time")
    begun = [row for row in _rows(events) if _begins_task(row, verify)]
    clocks = [clock for clock in case.clocks if clock.kind is kind]
    for row, clock in zip(begun, clocks, strict=True):
        later = events.loc[row.Index + 1 :]
        after = next((each for each in _rows(later) if _ends_task(each, verify)), None)
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


def _holder(row: Any, later: pd.DataFrame, after: Any, verify: bool) -> str | None:
    if verify or row.action == "order_check":
        inspector: str | None = row.facts["inspector"]
        return inspector
    ordered = _first(later if after is None else later.loc[: after.Index - 1], "order_check")
    return ordered.facts["inspector"] if ordered is not None else None
