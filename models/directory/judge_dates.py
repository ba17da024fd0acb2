"""What a directory needs on a certain day: units and posts that exist, and a calendar that reaches far enough."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from models.city import Post, Unit
from models.directory.fault import Fault, Severity, quoted
from models.directory.sheets import Sheets
from models.limits import Limit
from models.worktime import CalendarGap, MomentOutOfRange, WorkCalendar

_Use = tuple[str, int, str, str]  # file, row, column, code


def judge_validity(sheets: Sheets, today: date, faults: list[Fault]) -> None:
    """Nothing leads to a unit or post that does not exist today; a warning where it will end."""
    units = {record.value.code: record.value for record in sheets.units}
    posts = {record.value.code: record.value for record in sheets.posts}
    for use in _uses_of_units(sheets):
        _judge_use(use, units.get(use[3]), "unit", today, faults)
    for use in _uses_of_posts(sheets):
        _judge_use(use, posts.get(use[3]), "post", today, faults)


def judge_calendar(
    calendar: WorkCalendar, limits: Sequence[tuple[str, Limit]], warning_days: int, today: date, faults: list[Fault]
) -> None:
    """Whether every limit that starts today can be computed, and how long that will last.

    `limits` name each limit by where it stands, such as `catalogue.csv row 118`.
    """
    until = calendar.last_official_date
    year = until.year + 1
    remedy = (
        f"Fill the official holidays and make-up work days of {year} into calendar.csv and write "
        f"calendar_official_until: {year}-12-31 into city.yaml, or install a chinesecalendar that knows {year}."
    )
    beyond = _limits_beyond(calendar, limits, today)
    days_left = (until - today).days
    if beyond:
        problem = (
            f"the official calendar ends on {until}, before the end of {len(beyond)} of the limits that start "
            f"today, {today}: {', '.join(beyond[:3])}{', …' if len(beyond) > 3 else ''}. "
            "Their deadlines would be guesses."
        )
        faults.append(Fault("calendar.csv", None, "date", until.isoformat(), problem, remedy))
    elif days_left <= warning_days:
        problem = f"the official calendar ends on {until}, in {days_left} days."
        faults.append(Fault("calendar.csv", None, "date", until.isoformat(), problem, remedy, Severity.WARNING))


def _limits_beyond(calendar: WorkCalendar, limits: Sequence[tuple[str, Limit]], today: date) -> list[str]:
    """The limits of a case of this day that cannot be computed, with where they stand."""
    # The last minute of the day, because a case of the evening runs longest.
    start = datetime.combine(today + timedelta(days=1), time.min, calendar.zone) - timedelta(minutes=1)
    computed = {limit: _is_computed(calendar, start, limit) for _, limit in limits}
    return [f"{where} ({limit})" for where, limit in limits if not computed[limit]]


def _is_computed(calendar: WorkCalendar, start: datetime, limit: Limit) -> bool:
    try:
        calendar.due_at(start, limit)
    except (CalendarGap, MomentOutOfRange):
        return False
    return True


def _uses_of_units(sheets: Sheets) -> Iterator[_Use]:
    for rule in sheets.responsibility:
        yield "responsibility.csv", rule.row, "unit", rule.value.unit
    for area in sheets.areas:
        yield "areas.csv", area.row, "unit", area.value.unit or ""


def _uses_of_posts(sheets: Sheets) -> Iterator[_Use]:
    for unit in sheets.units:
        for column in ("liaison", "head", "supervising_leader"):
            yield "units.csv", unit.row, column, getattr(unit.value, column)
    for seat in sheets.seats:
        yield "seats.csv", seat.row, "post", seat.value.post
    for duty in sheets.inspectors:
        yield "inspectors.csv", duty.row, "post", duty.value.post


def _judge_use(use: _Use, holder: Unit | Post | None, what: str, today: date, faults: list[Fault]) -> None:
    if holder is None:
        return
    file, row, column, code = use
    begin, end = holder.valid_from, holder.valid_until
    remedy = f"Name another {what} here, or correct the dates of {code} in {what}s.csv."
    if end is not None and end <= today:
        problem = f"{what} {quoted(code)} no longer exists since {end}."
        faults.append(Fault(file, row, column, code, problem, remedy))
    elif begin is not None and begin > today:
        problem = f"{what} {quoted(code)} does not exist before {begin}."
        faults.append(Fault(file, row, column, code, problem, remedy))
    elif end is not None:
        problem = f"{what} {quoted(code)} ends on {end}."
        faults.append(Fault(file, row, column, code, problem, remedy, Severity.WARNING))
