"""What another rule would have done to a past month: the same reports played under two cities, side by side."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from models.case import Case, Report
from models.city import City
from models.directory.city_builder import DirectoryFiles, build_city
from models.directory.encoding import decode
from models.directory.fault import Fault
from models.mapped_report import MappedReport
from models.replay import PlayedCase
from models.tables import table_of
from models.vocabulary import ClockKind
from tasks.case_facts import FACTS
from tasks.counted_marks import month_period
from tasks.directory import DirectoryFaulty
from tasks.replay import Replayed, replay_json

REPORTS, CASES = table_of(Report), table_of(Case)

REPLACEABLE: Mapping[str, str] = {
    "policy": "policy.yaml",
    "limits": "catalogue.csv",
    "responsibility": "responsibility.csv",
    "calendar": "calendar.csv",
}
"""What may be supposed otherwise, and the document of a city that says it."""

CHANGE_COLUMNS = ("source_id", "unit", "other_unit", "due_at", "other_due_at", "on_time", "other_on_time")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case came to under one city: its unit, the unit's deadline, and whether it was closed on time."""

    unit: str
    due_at: datetime | None
    on_time: bool | None
    """None where it was not closed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case that ends otherwise under the other city."""

    source_id: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """What a unit had to do under one city."""

    cases: int = 0
    on_time: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """Two replays of the same reports."""

    before: Replayed
    after: Replayed
    replaced: tuple[str, ...]
    """Documents that were supposed otherwise."""
    changes: tuple[Change, ...]
    units: Mapping[str, tuple[UnitFigures, UnitFigures]]
    """By unit, those with any case under either."""

    def counted(self) -> dict[str, int]:
        """How many cases another unit has, another deadline, or another verdict."""
        return {
            "unit": sum(change.before.unit != change.after.unit for change in self.changes),
            "due_at": sum(change.before.due_at != change.after.due_at for change in self.changes),
            "on_time": sum(change.before.on_time != change.after.on_time for change in self.changes),
        }


def supposed_city(documents: Mapping[str, str], replaced: Mapping[str, Path]) -> City:
    """The city with some of its documents exchanged; `replaced` names them by the words of `REPLACEABLE`.

    Raises: DirectoryFaulty with every fault, also where the new document does not fit the others; OSError.
    """
    changed, faults = dict(documents), list[Fault]()
    for what, path in replaced.items():
        found = decode(REPLACEABLE[what], path.read_bytes())
        if isinstance(found, Fault):
            faults.append(found)
        else:
            changed[REPLACEABLE[what]] = found
    city, more = build_city(DirectoryFiles(changed, tuple(faults)))
    if city is None:
        raise DirectoryFaulty(more)
    return city


def compare(before: Replayed, after: Replayed, replaced: Iterable[str]) -> Compared:
    """The same reports, played twice: what is otherwise the second time."""
    pairs = list(zip(map(_outcome, before.cases), map(_outcome, after.cases), strict=True))
    changes = tuple(
        Change(played.report.source_id, one, other)
        for played, (one, other) in zip(before.cases, pairs, strict=True)
        if one != other
    )
    units: dict[str, list[UnitFigures]] = defaultdict(lambda: [UnitFigures(), UnitFigures()])
    for pair in pairs:
        for side, outcome in enumerate(pair):
            if outcome.unit:
                units[outcome.unit][side] = _added(units[outcome.unit][side], outcome)
    told = {unit: (figures[0], figures[1]) for unit, figures in sorted(units.items())}
    return Compared(before, after, tuple(replaced), changes, told)


def compared_json(compared: Compared) -> dict[str, Any]:
    """What `zhihui replay --json` says of two replays; the names are stable for programs."""
    return {
        "before": replay_json(compared.before),
        "after": replay_json(compared.after),
        "replaced": list(compared.replaced),
        "changed": compared.counted(),
        "units": [
            {"unit": unit, **{name: _told(figures) for name, figures in zip(("before", "after"), pair, strict=True)}}
            for unit, pair in compared.units.items()
        ],
    }


def write_changes(path: Path, compared: Compared, city: City) -> None:
    """One row a case that ends otherwise, moments in the city's zone."""

    def shown(at: datetime | None) -> str:
        return at.astimezone(city.zone).isoformat() if at else ""

    def verdict(on_time: bool | None) -> str:
        return "" if on_time is None else str(on_time).lower()

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CHANGE_COLUMNS)
        for change in compared.changes:
            one, other = change.before, change.after
            moments = (shown(one.due_at), shown(other.due_at))
            verdicts = (verdict(one.on_time), verdict(other.on_time))
            writer.writerow((change.source_id, one.unit, other.unit, *moments, *verdicts))


def stored_reports(connection: Connection, city: City, month: str) -> list[MappedReport]:
    """The reports that opened the cases of a month, as they are stored, in the order in which they came.

    Each with the class its case has now, and as its closing the moment at which the unit reported it handled, where a
    check has not undone that: a report is played as it was lived, under whatever rules.
    Raises: ValueError for a text that is no month.
    """
    period = month_period(month, city)
    handled = (
        select(FACTS.c.case_id, func.max(FACTS.c.handled_at).label("handled_at"))
        .where(FACTS.c.round == 1)
        .group_by(FACTS.c.case_id)
        .subquery()
    )
    wanted = (
        select(REPORTS, CASES.c.class_code.label("class_now"), CASES.c.condition_no.label("condition_now"))
        .add_columns(CASES.c.area.label("area_now"), handled.c.handled_at)
        .join(CASES, CASES.c.receipt_number == REPORTS.c.receipt_number)
        .join(handled, handled.c.case_id == CASES.c.id, isouter=True)
        .where(REPORTS.c.taken_at >= period.start, REPORTS.c.taken_at < period.end)
        .order_by(REPORTS.c.taken_at, REPORTS.c.id)
    )
    return [_report(row) for row in connection.execute(wanted)]


def _report(row: Any) -> MappedReport:
    return MappedReport(
        source=row.source,
        source_id=row.receipt_number,
        opened_at=row.taken_at,
        due_at=None,
        closed_at=row.handled_at if row.handled_at and row.handled_at >= row.taken_at else None,
        class_code=row.class_now,
        condition_no=row.condition_now,
        description=row.description,
        place=row.place,
        area=row.area_now,
        longitude=row.longitude,
        latitude=row.latitude,
        component_code=row.component_code,
        camera=row.camera,
        source_chain=row.source_chain,
        unit_hint=row.unit_hint,
        flags=(),
    )


def _outcome(played: PlayedCase) -> Outcome:
    clock = played.case.last_clock(ClockKind.HANDLE)
    return Outcome(played.case.unit or "", clock.due_at if clock else None, played.on_time)


def _added(figures: UnitFigures, outcome: Outcome) -> UnitFigures:
    return replace(
        figures,
        cases=figures.cases + 1,
        on_time=figures.on_time + (outcome.on_time is True),
        overdue=figures.overdue + (outcome.on_time is False),
    )


def _told(figures: UnitFigures) -> dict[str, int]:
    return {"cases": figures.cases, "on_time": figures.on_time, "overdue": figures.overdue}
