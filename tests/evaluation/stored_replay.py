"""Real reports replayed into a database: reports, cases, events, clocks, closings and facts, as visits write them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from models.case import Case, Report
from models.case_state import CaseEvent, CaseState
from models.chain import GENESIS
from models.city import City
from models.lifecycle import CaseVisit
from models.mapped_report import MappedReport
from models.replay import PlayedCase, Replay
from models.replay_city import replay_city
from models.report_seal import DIGEST_FACT, report_digest
from models.tables import table_of
from models.told_case import report_row
from tasks.case_store import Change, LoadedCase, write_changes

Told = tuple[CaseState, list[CaseEvent]]


class _KeepingReplay(Replay):
    """A replay that keeps what happened."""

    def __init__(self, city: City, reports: Iterable[MappedReport]) -> None:
        self.events: dict[int, list[CaseEvent]] = {}
        super().__init__(city, reports, lambda at: f"{at:%Y-%m}")

    def _note(self, played: PlayedCase, visit: CaseVisit) -> None:
        self.events.setdefault(played.case.id, []).extend(visit.events)
        super()._note(played, visit)


def replay_into(
    connection: Connection, city: City, reports: list[MappedReport], until: datetime | None, own_deadlines: bool
) -> list[Told]:
    """Plays the reports to their end and stores everything; the city must be loaded."""
    played_city = replay_city(city, {report.source for report in reports}, own_deadlines=own_deadlines)
    replay = _KeepingReplay(played_city, reports)
    for _ in replay.run(until):
        pass
    told = [(played, replay.events[played.case.id]) for played in replay.cases if played.case.events]
    changes = []
    for played, events in told:
        _store_report(connection, played, events)
        case = played.case
        case.head_hash, case.version = GENESIS, 0
        changes.append(Change(LoadedCase(case, 0), events, (), None))
    for first in range(0, len(changes), 500):
        write_changes(
            connection, changes[first : first + 500], played_city, now=events[-1].recorded_at, flow_run_id=None
        )
    return [(played.case, events) for played, events in told]


def _store_report(connection: Connection, played: PlayedCase, events: list[CaseEvent]) -> None:
    """The report with its seal in the first event, and the bare case the events are written to."""
    case, taken_at = played.case, events[0].at
    row: dict[str, Any] = report_row(played.report, case.receipt_number, None) | {"unit_hint": case.unit_hint}
    row |= {"id": case.id, "taken_at": taken_at, "case_id": case.id}
    events[0].facts[DIGEST_FACT] = report_digest(row)
    bare = Case(
        id=case.id, receipt_number=case.receipt_number, state="reported", source=case.source, edition=case.edition,
        calendar_edition=case.calendar_edition, opened_at=case.opened_at, last_event_at=taken_at,
        description=case.description, place=case.place, source_due_at=case.source_due_at, unit_hint=case.unit_hint,
    )  # fmt: skip
    connection.execute(insert(table_of(Case)), bare.model_dump())
    connection.execute(insert(table_of(Report)), row)
