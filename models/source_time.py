"""From a source's text of a local time to an instant, also where the clocks were changed."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:")


def read_instant(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> tuple[datetime | None, str | None]:
    """The instant a text names, in UTC, and a flag where the local time came twice or never.

    Example: in New York "2011-11-06 01:30:00" came twice; the first (05:30 UTC) is taken, flagged ambiguous_time.
    "2012-03-11 02:30:00" never came; the offset before the change is taken (07:30 UTC), flagged nonexistent_time.
    None where the text is no time in any of the formats, nor a full ISO 8601 time, nor inside the calendar.
    """
    local = _clock_time(text, formats)
    if local is None:
        return None, None
    try:
        if local.tzinfo is not None:
            return local.astimezone(UTC), None
        first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
        instant, offsets = first.astimezone(UTC), (first.utcoffset(), second.utcoffset())
    except OverflowError:  # the year 1 or 9999, moved over the end of the calendar by the zone
        return None, None
    if offsets[0] == offsets[1]:
        return instant, None
    went_back = first.replace(tzinfo=None) == instant.astimezone(zone).replace(tzinfo=None)
    return instant, "ambiguous_time" if went_back else "nonexistent_time"


def years_later(moment: datetime, years: int) -> datetime:
    """The same day and time some years later; 1 March for 29 February."""
    year = min(moment.year + years, 9999)
    try:
        return moment.replace(year=year)
    except ValueError:
        return moment.replace(year=year, month=3, day=1)


def _clock_time(text: str, formats: tuple[str, ...]) -> datetime | None:
    """A text as a wall-clock time, or as an instant where it carries its offset."""
    for form in formats:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the source's zone is put on by the caller
        except ValueError:
            continue
    if not _ISO_TIME.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
