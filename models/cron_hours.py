"""When a cron schedule fires: minute, hour, day, month and weekday as lists, ranges and steps; names are not read."""

from collections.abc import Collection
from datetime import datetime

_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


class CronUnreadable(ValueError):
    """A schedule that is not five fields of numbers, ranges and steps."""

    def __init__(self, cron: str) -> None:
        super().__init__(f'{cron!r} is no cron schedule that can be judged: write five fields, such as "0,30 * * * *".')


def fires_at(cron: str, local: datetime) -> bool:
    """Whether a schedule fires in the minute of a local time.

    Example: fires_at("0,30 * * * *", 08:30) is true, at 08:15 false.
    Raises: CronUnreadable.
    """
    minutes, hours, days, months, weekdays = _read(cron)
    weekday = local.isoweekday() % 7
    if local.minute not in minutes or local.hour not in hours or local.month not in months:
        return False
    # Where both are restricted, cron takes either of them.
    by_day, by_weekday = local.day in days, weekday in weekdays or (weekday == 0 and 7 in weekdays)
    fields = cron.split()
    if fields[2] != "*" and fields[4] != "*":
        return by_day or by_weekday
    return by_day and by_weekday


def months_of(cron: str) -> frozenset[int]:
    """The months in which a schedule fires. Raises: CronUnreadable."""
    return _read(cron)[3]


def every_minute(cron: str) -> bool:
    """Whether a schedule fires in every minute of the days it fires on. Raises: CronUnreadable."""
    minutes, hours, *_ = _read(cron)
    return len(minutes) == 60 and len(hours) == 24


def in_months(cron: str, months: Collection[int]) -> str:
    """The same schedule in these months alone.

    Example: in_months("* * * 5-9 *", {5, 6, 7, 8, 9, 10}) == "* * * 5-10 *"; [1, 2, 11, 12] are "1-2,11-12".
    Raises: CronUnreadable, also where there is no month.
    """
    _read(cron)
    spans: list[list[int]] = []
    for month in sorted(months):
        if spans and spans[-1][-1] == month - 1:
            spans[-1].append(month)
        else:
            spans.append([month])
    fields = cron.split()
    fields[3] = ",".join(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in spans)
    changed = " ".join(fields)
    _read(changed)
    return changed


def _read(cron: str) -> list[frozenset[int]]:
    fields = cron.split()
    if len(fields) != len(_FIELDS):
        raise CronUnreadable(cron)
    return [_field(cron, text, low, high) for text, (low, high) in zip(fields, _FIELDS, strict=True)]


def _field(cron: str, text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            begin, end = (low, high) if span == "*" else (int(first), int(last or (high if step else first)))
            found |= set(range(begin, end + 1, int(step or 1)))
        except ValueError as error:
            raise CronUnreadable(cron) from error
    if not found or min(found) < low or max(found) > high:
        raise CronUnreadable(cron)
    return frozenset(found)
