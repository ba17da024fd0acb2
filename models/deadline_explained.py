"""A deadline line by line: which hours counted, and which spans were nights, weekends, holidays or pauses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from models.calendar_of_work import A_DAY, NOTHING, Day, DayKind, WorkDays, WorkHours
from models.work_sessions import midnight, sessions_on


class LineKind(StrEnum):
    """Why a span counted or not; only the first three count."""

    WORK = "work"
    MAKE_UP = "make_up"
    CONTINUOUS = "continuous"
    BREAK = "break"
    OFF_HOURS = "off_hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PAUSE = "pause"


LINE_NAMES = {
    LineKind.WORK: "工作时间 working hours",
    LineKind.MAKE_UP: "调休上班 make-up work day",
    LineKind.CONTINUOUS: "连续计时 every hour counts",
    LineKind.BREAK: "午休 midday break",
    LineKind.OFF_HOURS: "下班时间 outside working hours",
    LineKind.WEEKEND: "周末 weekend",
    LineKind.HOLIDAY: "节假日 holiday",
    LineKind.PAUSE: "暂停 paused",
}


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A span of time between a start and its deadline; the lines follow each other without a gap.

    Units: start and end in the city's zone. A work day that counts whole is one line from its first to its
        last session, so `counted` may be less than end - start.
    """

    start: datetime
    end: datetime | None  # None: a pause that is still open
    counted: timedelta
    kind: LineKind
    name: str  # Chinese first, then English
    provisional: bool = False  # rests on weekends only, because the official calendar ends before


def explain_span(
    start: datetime, end: datetime, days: WorkDays, hours: WorkHours, zone: ZoneInfo
) -> list[ExplainedLine]:
    """Every span of [start, end) with the working time it holds.

    A work day that lies whole inside is one line; of one that counts in part each session and break has its
    own. Neighbouring spans that say the same, such as the days of one holiday, are joined.
    """
    # In UTC, because two moments of one zone compare by their wall clocks, wrong on days the clocks change.
    since, until = start.astimezone(UTC), end.astimezone(UTC)
    lines: list[ExplainedLine] = []
    day = start.astimezone(zone).date()
    while midnight(day, zone) < until:
        what = days.day(day)
        for begun, ended, counted, kind in _spans_of_day(day, what, since, until, hours, zone):
            line = ExplainedLine(begun, ended, counted, kind, _name(kind, what), not days.is_official(day))
            if lines and _is_one_span(lines[-1], line):
                line = replace(line, start=lines.pop().start)
            lines.append(line)
        day += A_DAY
    return [_in_zone(line, zone) for line in lines]


def explain_continuous(start: datetime, end: datetime, zone: ZoneInfo) -> list[ExplainedLine]:
    """The one line of a clock that never stands still; it runs backwards to a deadline before the start."""
    counted = end.astimezone(UTC) - start.astimezone(UTC)
    if not counted:
        return []
    kind = LineKind.CONTINUOUS
    return [_in_zone(ExplainedLine(start, end, counted, kind, LINE_NAMES[kind]), zone)]


def explain_pause(start: datetime, end: datetime | None, zone: ZoneInfo) -> ExplainedLine:
    """The line of a pause; nothing counts in it."""
    return _in_zone(ExplainedLine(start, end, NOTHING, LineKind.PAUSE, LINE_NAMES[LineKind.PAUSE]), zone)


def _spans_of_day(
    day: date, what: Day, since: datetime, until: datetime, hours: WorkHours, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta, LineKind]]:
    """The day off, or the sessions and the gaps around them, cut to [since, until)."""
    edges = [midnight(day, zone), midnight(day + A_DAY, zone)]
    sessions = sessions_on(day, hours, zone) if what.working else []
    whole = bool(sessions) and since <= sessions[0][0] and sessions[-1][1] <= until
    edges[1:1] = (sessions[0][0], sessions[-1][1]) if whole else chain.from_iterable(sessions)
    last = len(edges) - 2
    for number, (begins, ends) in enumerate(pairwise(edges)):
        begun, ended = max(begins, since), min(ends, until)
        if begun >= ended:
            continue
        if number % 2:  # between the edges, gaps and sessions take turns
            kind = LineKind.MAKE_UP if what.kind is DayKind.MAKE_UP else LineKind.WORK
            yield begun, ended, sum((e - s for s, e in sessions), NOTHING) if whole else ended - begun, kind
        elif what.working:
            yield begun, ended, NOTHING, LineKind.OFF_HOURS if number in (0, last) else LineKind.BREAK
        else:
            kind = LineKind.HOLIDAY if what.kind is DayKind.HOLIDAY else LineKind.WEEKEND
            yield begun, ended, NOTHING, kind


def _is_one_span(before: ExplainedLine, after: ExplainedLine) -> bool:
    """Whether two neighbouring lines that count nothing say the same, such as two days of one holiday."""
    alike = (before.kind, before.name, before.provisional) == (after.kind, after.name, after.provisional)
    return alike and not before.counted and not after.counted


def _name(kind: LineKind, what: Day) -> str:
    if kind is LineKind.HOLIDAY and what.name:
        return what.name
    if kind is LineKind.MAKE_UP and what.name:
        return f"{LINE_NAMES[kind]} ({what.name})"
    return LINE_NAMES[kind]


def _in_zone(line: ExplainedLine, zone: ZoneInfo) -> ExplainedLine:
    end = line.end.astimezone(zone) if line.end is not None else None
    return replace(line, start=line.start.astimezone(zone), end=end)
