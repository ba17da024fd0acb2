"""How single values are written for people: moments, limits, shares, and texts that others typed."""

import unicodedata
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from models.limits import LimitUnreadable, parse_limit
from tasks.words import Language, word

LONGEST_VALUE = 300
"""Characters of one fact in a message; whoever wants to read on opens the link."""

# What turns the direction of writing around, so that a text could show another number or address than it holds.
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\t\n\v\f\r\u0085\u2028\u2029")


def clean(text: str, longest: int = LONGEST_VALUE) -> str:
    """A text typed by others on one line, without control characters and direction marks, and not too long.

    Example: "井盖\\u202e破损\\n速修" -> "井盖破损 速修".
    """
    kept = (" " if c in _BREAKS else c for c in text[: 4 * longest] if c not in _DIRECTION_MARKS)
    line = " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs")).split(" "))
    line = " ".join(line.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def moment_words(at: datetime, language: Language, zone: tzinfo | None, said_at: datetime | None = None) -> str:
    """A moment with its weekday in the zone given, or in its own; Chinese names the year only where it is not this one.

    Example: 2018-07-03T08:00Z, "zh", Asia/Shanghai, said in 2018 -> "7月3日（周二）16:00".
    """
    local = at.astimezone(zone) if zone else at
    this_year = said_at is not None and (said_at.astimezone(zone) if zone else said_at).year == local.year
    pattern = word("moment", "this_year" if this_year else "other_year", language)
    weekday = word("weekday", local.weekday(), language)
    return pattern.format(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, weekday=weekday
    )


def day_words(day: date, language: Language) -> str:
    """A day without a time. Example: 2026-12-31, "zh" -> "2026年12月31日"."""
    return word("moment", "day", language).format(year=day.year, month=day.month, day=day.day)


def duration_words(duration: timedelta, language: Language) -> str:
    """A length of time in hours and minutes, without its sign; from four days on in days and hours.

    Example: 2 h 15 min -> "2小时15分"; 100 h -> "4天4小时". Under a minute it is "不到1分钟".
    """
    minutes = abs(duration) // timedelta(minutes=1)
    if minutes < 1:
        return word("duration", "under_a_minute", language)
    if minutes < 60:
        return word("duration", "minutes", language).format(minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 96:
        return word("duration", "hours" if minutes else "whole_hours", language).format(hours=hours, minutes=minutes)
    days, hours = divmod(hours, 24)
    return word("duration", "days", language).format(days=days, hours=hours)


def limit_words(text: str, language: Language) -> str:
    """A limit as people write it; a text that is none stays as it is.

    Example: "2 urgent_hour" -> "2紧急工作时" or "2 urgent hours".
    """
    try:
        limit = parse_limit(text)
    except LimitUnreadable:
        return word("limit", text, language)
    if language == "zh":
        return limit.chinese
    plural = "" if limit.value == 1 else "s"
    return f"{limit.value.normalize():f} {word('limit_unit', limit.unit, language)}{plural}"


def share_words(share: object, language: Language) -> str:
    """A share as a percentage; a whole number is one already. Example: 0.8 or 80 -> "80%", in English "80 %"."""
    if isinstance(share, int):
        percent = share
    else:
        try:
            percent = int(Decimal(str(share)) * 100)
        except (InvalidOperation, ValueError, OverflowError):
            return str(share)
    return f"{percent}%" if language == "zh" else f"{percent} %"
