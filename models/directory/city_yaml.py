"""city.yaml: the city's names, its zone, its working hours and the patterns of its numbers."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from models.calendar_of_work import CalendarError, DayOverride, WorkHours, WorkHoursImpossible, YearClaimedEmpty
from models.directory import cell
from models.directory.fault import Fault
from models.directory.yaml_document import Block, read_yaml
from models.worktime import WorkCalendar

FILE = "city.yaml"
_REQUIRED = ("name", "english_name", "code", "zone", "catalogue_edition", "work_hours")
_KEYS = (
    *_REQUIRED,
    "case_number_pattern",
    "receipt_pattern",
    "hours_per_work_day",
    "calendar_official_until",
    "placeholders",
)


@dataclass(frozen=True)
class CityHead:
    """What city.yaml says of the whole city."""

    name: str
    english_name: str
    code: str
    zone: ZoneInfo
    catalogue_edition: str
    hours: WorkHours
    calendar_official_until: date | None
    """Last day for which calendar.csv completes the official table, where the city filled it in itself."""
    patterns: dict[str, str] = field(default_factory=dict)


def read_city_head(content: str, faults: list[Fault]) -> CityHead | None:
    """What city.yaml says, or None with the faults that keep it from being read."""
    before = len(faults)
    block = read_yaml(FILE, content, _KEYS, faults)
    if block is None:
        return None
    block.needs(*_REQUIRED)
    texts = {key: block.value(key, cell.text) for key in ("name", "english_name", "catalogue_edition")}
    code, zone = block.value("code", cell.area_code), block.value("zone", cell.zone)
    hours, until = _work_hours(block), block.value("calendar_official_until", cell.day)
    patterns = {key: block.value(key, cell.number_pattern) for key in ("case_number_pattern", "receipt_pattern")}
    block.values("placeholders", cell.text)
    if len(faults) > before or not (code and zone and hours):
        return None
    return CityHead(
        **{key: text or "" for key, text in texts.items()},
        code=code,
        zone=zone,
        hours=hours,
        calendar_official_until=until,
        patterns={key: pattern for key, pattern in patterns.items() if pattern},
    )


def build_calendar(head: CityHead, overrides: tuple[DayOverride, ...], faults: list[Fault]) -> WorkCalendar | None:
    """The work calendar of the city, or None with the fault of a table that cannot be."""
    try:
        return WorkCalendar(head.zone, head.hours, overrides, head.calendar_official_until)
    except YearClaimedEmpty as error:
        problem = f"calendar.csv is said to be complete for {error.year} but holds no holiday of that year."
        remedy = (
            f"Fill in the official holidays and make-up work days of {error.year} in calendar.csv, or delete the key."
        )
        found = str(head.calendar_official_until)
        faults.append(Fault(FILE, None, "calendar_official_until", found, problem, remedy))
    except CalendarError as error:
        faults.append(Fault("calendar.csv", None, None, "", str(error), ""))
    return None


def _work_hours(block: Block) -> WorkHours | None:
    sessions: tuple[tuple[time, time], ...] = block.pairs("work_hours", cell.session_time)
    hours = block.value("hours_per_work_day", cell.number(most=24))
    try:
        return WorkHours(sessions, hours or Decimal(8))
    except WorkHoursImpossible as error:
        if block.has("work_hours"):
            remedy = 'Write the sessions in order, for example [["08:00", "12:00"], ["14:00", "18:00"]].'
            block.fault("work_hours", error.found, f"the working hours {error.found} cannot be: {error.why}.", remedy)
    return None
