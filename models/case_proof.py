"""Whether the rows beside a case's events say what they say: report, closings, exemptions, pictures, the case itself.

The chain proves that no event was altered; this proves that nothing else was, as far as the events tell it. The events
are replayed, so an event that was forged together with all hashes after it is noticed where it does not fit the rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from models.case_state import CaseEvent, CaseState
from models.chain import EVENTS, HASHED_COLUMNS, Broken, ChainCheck, Problem
from models.event_rows import event_of
from models.lifecycle_deadlines import handled_on_time
from models.lifecycle_events import apply
from models.report_seal import DIGEST_FACT, report_digest
from models.told_case import CLOSING_ACTIONS, closing_row, deadlines, exemption_row, fresh_case, standing
from models.told_facts import DEADLINES, told_rows
from models.told_pictures import CasePictures, PictureMisfit, PictureProof
from models.vocabulary import ActionName
from models.worktime import WorkCalendar, WorkHours, WorktimeError

Row = Mapping[str, Any]
KnownCalendars = Callable[[str], WorkCalendar | None]
"""The calendar of a calendar edition; None where it can no longer be had."""

_TEXTS = frozenset({"place", "description", "reason"})
"""What people wrote is not repeated in a finding: a digest tells two texts apart."""

_UNTELLABLE = (KeyError, ValueError, TypeError, AttributeError, OverflowError, WorktimeError)
"""What an event raises that no rule of this program can have written."""

_ANY_CALENDAR = WorkCalendar(ZoneInfo("Asia/Shanghai"), WorkHours())
"""Tells everything but deadlines, where a case ran on a calendar that can no longer be had."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The rows beside the events of a case, as they are stored."""

    case: Row
    reports: Sequence[Row]
    closings: Sequence[Row]
    exemptions: Sequence[Row]
    pictures: CasePictures = field(default_factory=CasePictures)
    facts: Sequence[Row] = ()
    months: Sequence[Row] = ()


class CaseProof:
    """Reads the events of one case in their order, then says whether its other rows fit."""

    def __init__(self, file: CaseFile, calendars: KnownCalendars) -> None:
        self.sealed = False
        """Whether the report's event holds its seal."""
        self.deadlines_known = True
        """Whether every calendar the case ran on can still be had, so that its deadlines could be computed again."""
        self._file, self._calendars = file, calendars
        self._chain = ChainCheck(file.case["id"])
        self._told: CaseState | None = None
        self._closings = {row["round"]: row for row in file.closings}
        self._exemptions = {row["round"]: row for row in file.exemptions}
        self._pictures = PictureProof(file.pictures)

    @property
    def named_pictures(self) -> int:
        """Rows of pictures that the events so far name."""
        return len(self._pictures.named)

    def take(self, values: tuple[Any, ...], previous_hash: str, found: str, event_id: int) -> Broken | None:
        """What the next event shows to be wrong, None where all fits; `values` are its HASHED_COLUMNS."""
        broken = self._chain.take(values, previous_hash, found, event_id)
        if broken:
            return broken
        try:
            event = event_of(dict(zip(HASHED_COLUMNS, values, strict=True)))
            if self._told is None:
                broken = self._open(event)
                if broken or self._told is None:
                    return broken
            apply(self._told, event, self._calendar)
            misfit = self._pictures.take(event.facts, event.origin)
            return self._picture(misfit) if misfit else self._outcome(self._told, event, event_id)
        except _UNTELLABLE as error:
            found = f"{values[2]} ({type(error).__name__})"
            return self._broken(Problem.STORY, EVENTS, event_id, "an event that can follow", found)

    def end(self) -> Broken | None:
        """What is wrong with the rows the whole story adds up to."""
        broken = self._chain.end(self._file.case["events"], self._file.case["head_hash"])
        if broken:
            return broken
        for table, left in (("case_closing", self._closings), ("exemption", self._exemptions)):
            for row in left.values():
                return self._broken(Problem.UNTOLD, table, row["id"], "no row", f"round {row['round']}")
        misfit = self._pictures.end()
        if misfit:
            return self._picture(misfit)
        if self._told is None:
            return None
        expected = standing(self._told)
        if self.deadlines_known:
            expected |= {name: value for name, value in deadlines(self._told).items() if name != "provisional"}
        broken = self._compared("cases", expected, self._file.case, self._chain.case_id)
        return broken or self._facts(self._told)

    def _facts(self, told: CaseState) -> Broken | None:
        """What is wrong with the facts the evaluation counts; a row is named by its round and part."""
        stored = {(row["round"], row["part"]): row for row in self._file.facts}
        for key, expected in told_rows(told.facts).items() if told.facts else ():
            row = stored.pop(key, None)
            if row is None:
                return self._broken(Problem.MISSING, "case_fact", None, _part(key), "no row")
            known = expected if self.deadlines_known else {c: v for c, v in expected.items() if c not in DEADLINES}
            broken = self._compared("case_fact", known, row, self._chain.case_id)
            if broken:
                return broken
        for key in stored:
            return self._broken(Problem.UNTOLD, "case_fact", self._chain.case_id, "no row", _part(key))
        return self._months(told)

    def _months(self, told: CaseState) -> Broken | None:
        """What is wrong with the later months in which the case is found; they depend on deadlines too."""
        if not self.deadlines_known:
            return None
        expected, found = told.facts.months if told.facts else set(), {row["month"] for row in self._file.months}
        for month in sorted(expected ^ found):
            name = f"month {month}"
            if month in expected:
                return self._broken(Problem.MISSING, "case_fact_month", None, name, "no row")
            return self._broken(Problem.UNTOLD, "case_fact_month", None, "no row", name)
        return None

    def _open(self, event: CaseEvent) -> Broken | None:
        """Begins the story with the report that the first event names and seals."""
        if event.action is not ActionName.REPORT:
            raise ValueError("a story begins with a report")
        receipt = event.facts["receipt_number"]
        report = next((row for row in self._file.reports if row["receipt_number"] == receipt), None)
        if report is None:
            return self._broken(Problem.MISSING, "report", None, receipt, "no such report of this case")
        if seal := event.facts.get(DIGEST_FACT):
            self.sealed = True
            found = report_digest(report)
            if found != seal:
                return self._broken(Problem.SEAL, "report", report["id"], seal, found)
        self._told = fresh_case(report, self._chain.case_id, event.edition, event.facts["calendar_edition"])
        return None

    def _calendar(self, edition: str) -> WorkCalendar:
        calendar = self._calendars(edition)
        self.deadlines_known = self.deadlines_known and calendar is not None
        return calendar or _ANY_CALENDAR

    def _outcome(self, case: CaseState, event: CaseEvent, event_id: int) -> Broken | None:
        """What is wrong with the row an event made, if it made one."""
        if event.action in CLOSING_ACTIONS:
            row = closing_row(case, event)
            broken = self._compared(EVENTS, self._figures(case, event), row, event_id)
            return broken or self._made("case_closing", row, self._closings)
        if event.action is ActionName.EXEMPT:
            return self._made("exemption", exemption_row(case, event), self._exemptions)
        return None

    def _figures(self, case: CaseState, event: CaseEvent) -> dict[str, Any]:
        """What a closing event says that the events before it decide."""
        expected: dict[str, Any] = {"handled_at": case.handled_at}
        if self.deadlines_known:
            expected["handle_due_at"] = deadlines(case)["handle_due_at"]
            expected["handled_on_time"] = handled_on_time(case) if event.facts["how"] == "checked" else None
        return expected

    def _made(self, table: str, expected: dict[str, Any], stored: dict[int, Row]) -> Broken | None:
        row = stored.pop(expected["round"], None)
        if row is None:
            return self._broken(Problem.MISSING, table, None, f"round {expected['round']}", "no row")
        return self._compared(table, expected, row, row["id"])

    def _compared(self, table: str, expected: Row, row: Row, row_id: int) -> Broken | None:
        for column, value in expected.items():
            if row[column] != value:
                texts = _shown(column, value), _shown(column, row[column])
                return self._broken(Problem.FIGURE, table, row_id, *texts, column)
        return None

    def _picture(self, misfit: PictureMisfit) -> Broken:
        return self._broken(misfit.problem, "picture", misfit.row_id, misfit.expected, misfit.found)

    def _broken(
        self, problem: Problem, table: str, row_id: int | None, expected: str, found: str, column: str = ""
    ) -> Broken:
        return Broken(problem, self._chain.case_id, self._chain.events, table, row_id, expected, found, column)


def _part(key: tuple[int, int]) -> str:
    return f"round {key[0]}, part {key[1]}"


def _shown(column: str, value: object) -> str:
    if column in _TEXTS and isinstance(value, str):
        return f"{len(value)} characters, sha256 {sha256(value.encode()).hexdigest()[:12]}"
    return value.isoformat() if isinstance(value, datetime) else str(value)
