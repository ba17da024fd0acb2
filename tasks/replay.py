"""Replay a file of reports: read, map and refuse as the intake does, then the rules on virtual time, in memory."""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from models.city import City
from models.mapped_report import MappedReport, read_report
from models.refusal import Refusal
from models.replay import PlayedCase, Replay, Tally
from models.replay_city import PEOPLE_STEPS, REPLAY_RULE, SEAT_STEPS, replay_city
from models.source_mapping import SourceMapping
from models.vocabulary import ClockKind
from tasks.intake_reading import read_rows

Deadlines = Literal["source", "city"]

PROGRESS_EVERY = 500
"""Moments between two words about how far it is."""

CASE_COLUMNS = ("source_id", "number", "state", "unit", "filed_at", "due_at", "closed_at", "on_time")

OnProgress = Callable[[int, int], None]
"""How many openings and closings were played, and of how many."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """The reports of a file, and what became of its other rows."""

    rows: int
    reports: list[MappedReport]
    duplicates: int
    refused: Counter[str]
    """Refusal code -> rows."""
    later: int
    """Opened after the end of the replay."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did."""

    file: FileRead
    tally: Tally
    cases: list[PlayedCase]
    deadlines: Deadlines
    drawn: bool
    """The source has no closing times: they were drawn so that they agree with its flags."""
    until: datetime | None
    seconds: float

    @property
    def transitions_per_second(self) -> float:
        """Changes of state a second, reading the file included."""
        return self.tally.transitions / self.seconds if self.seconds else 0.0


def replay_file(
    path: Path,
    mapping: SourceMapping,
    city: City,
    *,
    now: datetime,
    until: datetime | None = None,
    deadlines: Deadlines | None = None,
    on_progress: OnProgress | None = None,
) -> Replayed:
    """Replays a file under a city's rules, up to and with `until`: by default the last closing time in the file.

    Deadlines are the source's own where its mapping has them, else the city's; `deadlines` says otherwise. `now` is
    only the bound after which an opening is refused as lying in the future.
    Raises: IntakeFileError where the file cannot be read.
    """
    began = time.perf_counter()
    file = read_reports(path, mapping, city, now, until)
    chosen = deadlines or default_deadlines(mapping)
    done = play_reports(file, city, until, chosen, zone=mapping.zone, on_progress=on_progress)
    return replace(done, seconds=time.perf_counter() - began)


def play_reports(
    file: FileRead,
    city: City,
    until: datetime | None,
    deadlines: Deadlines,
    *,
    zone: ZoneInfo,
    on_progress: OnProgress | None = None,
) -> Replayed:
    """Plays reports that were read, up to and with `until`; `zone` tells the month of a report."""
    began = time.perf_counter()
    drawn = any(report.played for report in file.reports)
    played_city = replay_city(city, {report.source for report in file.reports}, own_deadlines=deadlines == "source")
    replay = Replay(played_city, file.reports, lambda at: f"{at.astimezone(zone):%Y-%m}")
    end = until or _last_moment(file.reports)
    last = _play(replay, end if not drawn or until else None, on_progress)
    end = last if drawn and not until else end
    seconds = time.perf_counter() - began
    return Replayed(file, replay.tally, replay.cases, deadlines, drawn, end and end.astimezone(city.zone), seconds)


def default_deadlines(mapping: SourceMapping) -> Deadlines:
    """The source's own deadlines where its mapping names them, else the city's."""
    return "source" if "due_at" in mapping.columns else "city"


def read_reports(
    path: Path, mapping: SourceMapping, city: City, now: datetime, until: datetime | None = None
) -> FileRead:
    """The reports of a file, each source id once; rows that cannot be taken are counted by their reason.

    Raises: IntakeFileError where the file cannot be read.
    """
    reports: dict[tuple[str, str], MappedReport] = {}
    rows = duplicates = later = 0
    refused: Counter[str] = Counter()
    for row in read_rows(path, mapping):
        rows += 1
        report = row.fault or read_report(mapping, row.values, city, now)
        if isinstance(report, Refusal):
            refused[report.code] += 1
        elif until is not None and report.opened_at > until:
            later += 1
        elif (report.source, report.source_id) in reports:
            duplicates += 1
        else:
            reports[report.source, report.source_id] = report
    return FileRead(rows, list(reports.values()), duplicates, refused, later)


def replay_json(done: Replayed) -> dict[str, Any]:
    """What `zhihui replay --json` says; the names are stable for programs."""
    tally, file = done.tally, done.file
    return {
        "reports": file.rows,
        "taken": len(file.reports),
        "duplicates": file.duplicates,
        "refused": file.refused.total(),
        "later": file.later,
        "cases": tally.cases,
        "closed": tally.closed,
        "on_time": tally.on_time,
        "overdue": tally.overdue,
        "merged": tally.merged,
        "similar": tally.similar,
        "transitions": tally.transitions,
        "events": tally.events,
        "notices": tally.notices,
        "seconds": round(done.seconds, 3),
        "transitions_per_second": round(done.transitions_per_second, 1),
        "by_month": {month: _month(*counts) for month, counts in sorted(tally.by_month.items())},
        "until": done.until.isoformat() if done.until else None,
        "deadlines": done.deadlines,
        "drawn": done.drawn,
        "played_by": {"rule": REPLAY_RULE, "seats": list(SEAT_STEPS), "people": list(PEOPLE_STEPS)},
        "refused_reasons": dict(sorted(file.refused.items())),
        "stuck": [{"source_id": source_id, "reason": reason} for source_id, reason in tally.stuck],
    }


def write_cases(path: Path, cases: Iterable[PlayedCase], city: City) -> None:
    """One row a case in the order of the file, moments in the city's zone.

    `due_at` is the unit's deadline, by which `on_time` was judged at closing.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CASE_COLUMNS)
        writer.writerows(_case_row(played, city) for played in cases if played.case.events)


def _case_row(played: PlayedCase, city: City) -> list[str]:
    case, handle = played.case, played.case.last_clock(ClockKind.HANDLE)
    closed = played.on_time is not None
    moments = (case.filed_at, handle.due_at if handle else None, case.ended_at if closed else None)
    return [
        played.report.source_id,
        case.name,
        case.state.value,
        case.unit or "",
        *(at.astimezone(city.zone).isoformat() if at else "" for at in moments),
        str(played.on_time).lower() if closed else "",
    ]


def _play(replay: Replay, until: datetime | None, on_progress: OnProgress | None) -> datetime | None:
    """Runs a replay to its end; returns its last moment."""
    total = len(replay.cases) + sum(bool(each.handled_at or each.report.played) for each in replay.cases)
    last, visits = None, 0
    for moment in replay.run(until):
        last, visits = moment, visits + 1
        if on_progress and visits % PROGRESS_EVERY == 0:
            on_progress(replay.tally.cases + replay.tally.closed, total)
    if on_progress:
        on_progress(total, total)
    return last


def _last_moment(reports: Iterable[MappedReport]) -> datetime | None:
    """The last closing time; the last opening where that is later."""
    return max((report.closed_at or report.opened_at for report in reports), default=None)


def _month(on_time: int, overdue: int) -> dict[str, float]:
    closed = on_time + overdue
    return {"closed": closed, "on_time": on_time, "overdue": overdue, "on_time_rate": round(on_time / closed, 6)}
