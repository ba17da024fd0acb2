"""From the text of one cell, or of one YAML value, to what it means."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.directory.fault import quoted, suggestion
from models.limits import Limit, LimitUnit, LimitUnreadable, parse_limit

T = TypeVar("T")
Reader = Callable[[str], T]

_CODE = re.compile(r"[^\s;,*{}]{1,64}")
_AREA_LENGTHS = {6: "county", 9: "street or town", 12: "community or village", 15: "grid"}
_ROUNDED = re.compile(r"[0-9]+([.][0-9]+)?[eE][+]?[0-9]+")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0{1,2}:00(?::00)?)?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::00)?")
_ADDRESS = re.compile(r"demo|env:[A-Z][A-Z0-9_]*|block:[a-z0-9][a-z0-9-]*")
_NUMBER = re.compile(r"[0-9]{1,9}([.][0-9]{1,9})?")
_PATTERN_FIELD = re.compile(r"\{(kind|major|minor|date|serial)(:0[1-9]d)?\}")
_YES, _NO = frozenset({"yes", "true", "是"}), frozenset({"no", "false", "否"})


class Unreadable(ValueError):
    """A text that does not mean what its column holds; says what is wrong and what to write instead."""

    def __init__(self, problem: str, remedy: str, secret: bool = False) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy, self.secret = problem, remedy, secret


def text(cell: str) -> str:
    """The cell as it is."""
    return cell


def code(cell: str) -> str:
    """A code that other files can refer to."""
    if _CODE.fullmatch(cell) and cell != "territory":
        return cell
    remedy = "Write a short code without spaces, commas, semicolons or stars, such as lihe-liaison."
    raise Unreadable(f"{quoted(cell)} is no code.", remedy)


def yes(cell: str) -> bool:
    """A yes or no."""
    lowered = cell.lower()
    if lowered not in _YES | _NO:
        raise Unreadable(f"{quoted(cell)} is neither yes nor no.", "Write yes or no.")
    return lowered in _YES


def whole_number(least: int, most: int = 1_000_000) -> Reader[int]:
    """A reader of whole numbers from `least` to `most`."""

    def read(cell: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", cell) and least <= int(cell) <= most:
            return int(cell)
        raise Unreadable(
            f"{quoted(cell)} is no whole number from {least} to {most}.", f"Write a number such as {least + 1}."
        )

    return read


def number(most: int = 1_000_000) -> Reader[Decimal]:
    """A reader of numbers above 0, at most `most`."""

    def read(cell: str) -> Decimal:
        if _NUMBER.fullmatch(cell) and 0 < Decimal(cell) <= most:
            return Decimal(cell)
        raise Unreadable(
            f"{quoted(cell)} is no number above 0 and at most {most}.", "Write digits with a point, such as 0.5 or 8."
        )

    return read


def day(cell: str) -> date:
    """A date, also as spreadsheets rewrite it. Example: 2019-05-05, 2019/5/5, 2019年5月5日."""
    match = _DAY.fullmatch(cell)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise Unreadable(
            f"{quoted(cell)} is a date that no calendar has.", "Write a date such as 2019-05-05."
        ) from error
    raise Unreadable(f"{quoted(cell)} is no date.", "Write it as year-month-day, such as 2019-05-05.")


def minute_of_day(cell: str) -> int:
    """A time of the day in minutes after midnight; 24:00 is the end of the day."""
    match = _TIME.fullmatch(cell)
    minute = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else None
    if minute is None or minute > 24 * 60:
        raise Unreadable(f"{quoted(cell)} is no time of the day.", "Write it as 00:00 to 24:00, such as 08:00.")
    return minute


def start_minute(cell: str) -> int:
    """A time of the day at which something begins; 24:00 begins nothing."""
    minute = minute_of_day(cell)
    if minute == 24 * 60:
        raise Unreadable(f"{quoted(cell)} is the end of a day; nothing begins there.", "Write 00:00.")
    return minute


def session_time(cell: str) -> time:
    """A time of the day as the work calendar takes it: a session that ends at 24:00 ends at 00:00."""
    minute = minute_of_day(cell) % (24 * 60)
    return time(minute // 60, minute % 60)


def step_limit(cell: str) -> Limit:
    """The limit of a step, such as `15 minute`."""
    return _limit(cell, tuple(LimitUnit))


def handling_limit(cell: str) -> Limit:
    """The limit of a filing condition, such as `4 work_hour`; minutes are for the steps of seats."""
    return _limit(cell, tuple(unit for unit in LimitUnit if unit is not LimitUnit.MINUTE))


def _limit(cell: str, units: tuple[LimitUnit, ...]) -> Limit:
    remedy = 'Write for example "2 urgent_hour" if nights count, "4 work_hour" if not.'
    problem = f"{quoted(cell)} is no limit: a number and a unit. Known units: {', '.join(units)}."
    try:
        limit = parse_limit(cell)
    except LimitUnreadable as error:
        raise Unreadable(problem, remedy) from error
    if limit.unit not in units:
        raise Unreadable(problem, remedy)
    return limit


def names(cell: str) -> tuple[str, ...]:
    """Names separated by semicolons, half- or full-width."""
    return tuple(name.strip() for name in re.split("[;；]", cell) if name.strip())


def area_code(cell: str) -> str:
    """An area code of 6, 9, 12 or 15 digits, as the whole it was entered as."""
    if _ROUNDED.fullmatch(cell):
        raise Unreadable(
            f"{quoted(cell)} is what the spreadsheet made of a long code: it rounded it as if it were a number, "
            "and its last digits are lost.",
            "Format the column as text, then enter the code again from its source.",
        )
    if not re.fullmatch("[0-9]+", cell):
        raise Unreadable(f"{quoted(cell)} is no area code.", "Write 6, 9, 12 or 15 digits and nothing else.")
    if len(cell) not in _AREA_LENGTHS:
        lengths = ", ".join(f"{length} ({name})" for length, name in _AREA_LENGTHS.items())
        remedy = f"Write {lengths} digits; format the column as text so that leading zeros stay."
        raise Unreadable(f"{quoted(cell)} has {len(cell)} digits.", remedy)
    return cell


def area_or_anywhere(cell: str) -> str:
    """An area code, or a star for every area."""
    return cell if cell == "*" else area_code(cell)


def subclass_code(cell: str) -> str:
    """A subclass: C or E, two digits of the major class, two of the minor class."""
    if re.fullmatch("[CE][0-9]{4}", cell):
        return cell
    remedy = "Write C (component) or E (event) and four digits, such as E0110."
    raise Unreadable(f"{quoted(cell)} is no subclass code.", remedy)


def contact_address(cell: str) -> str:
    """A reference to an address; the address itself is a secret and never stands in a city's files."""
    if _ADDRESS.fullmatch(cell):
        return cell
    raise Unreadable(
        f"an address of {len(cell)} characters stands here itself (not shown: it may be a secret or a phone number).",
        "Write demo, or env:NAME or block:name and keep the address in that environment variable or Prefect block; "
        "if it was a token, have it replaced.",
        secret=True,
    )


def zone(cell: str) -> ZoneInfo:
    """A time zone by its name."""
    try:
        return ZoneInfo(cell)
    except (KeyError, ValueError, OSError) as error:  # OSError: a name such as "Asia" is a folder of zones
        raise Unreadable(f"{quoted(cell)} is no time zone.", "Write a name such as Asia/Shanghai.") from error


def number_pattern(cell: str) -> str:
    """The pattern of case or receipt numbers; it must hold the serial, or numbers would repeat."""
    rest = _PATTERN_FIELD.sub("", cell)
    if not ("{" in rest or "}" in rest) and "{serial" in cell:
        return cell
    remedy = "Write {kind}, {major}, {minor}, {date} and {serial:04d}, such as {kind}{major}{minor}{date}{serial:04d}."
    raise Unreadable(f"{quoted(cell)} is no pattern for numbers.", remedy)


def one_of(known: Iterable[T], what: str) -> Reader[T]:
    """A reader of a word out of a closed set. Example: `one_of(Role, "role")`."""
    by_name = {str(member): member for member in known}

    def read(cell: str) -> T:
        if cell in by_name:
            return by_name[cell]
        raise Unreadable(f"{quoted(cell)} is no {what}.", suggestion(cell, list(by_name)))

    return read
