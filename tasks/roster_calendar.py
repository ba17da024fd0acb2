"""A roster as iCalendar (RFC 5545): of one person, or whole. Any calendar program takes it in and updates it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from models.city import City
from models.duty_shifts import PlannedShift
from tasks.roster_reading import Place
from tasks.words import Language, word

MOST_OCTETS = 75
"""Of a line, without its end (RFC 5545, 3.1)."""


def calendar_of(city: City, places: Sequence[Place], post: str | None, now: datetime, language: Language = "zh") -> str:
    """The shifts as a calendar: with a post only that post's, else each shift with everybody in it.

    A shift has the same UID in every file, so that importing again changes the entry and makes no second one.
    """
    name = word("roster_column", "calendar", language)
    holder = city.posts.get(post or "")
    owner = holder.name if holder else _city_name(city, language)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//zhihui//duty roster//ZH",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(f'{name} {owner}')}",
        *(_events(city, places, post, now, language)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _events(city: City, places: Sequence[Place], post: str | None, now: datetime, language: Language) -> Iterator[str]:
    by_shift: dict[PlannedShift, list[Place]] = {}
    for place in places:
        by_shift.setdefault(place.shift, []).append(place)
    title = word("roster_column", "calendar", language)
    for shift, there in by_shift.items():
        mine = [one for one in there if one.post == post] if post else there[:1]
        for one in mine:
            everybody = [f"{_place(city, each.place, language)}: {_post(city, each, language)}" for each in there]
            about = _place(city, one.place, language) if post else "; ".join(everybody)
            yield from (
                "BEGIN:VEVENT",
                f"UID:{shift.code}-{one.place if post else 'all'}@{city.code}.zhihui",
                f"DTSTAMP:{_utc(now)}",
                f"DTSTART:{_utc(shift.starts_at)}",
                f"DTEND:{_utc(shift.ends_at)}",
                f"SUMMARY:{_escaped(f'{title} {about}')}",
                f"DESCRIPTION:{_escaped(chr(10).join(everybody))}",
                "END:VEVENT",
            )


def _place(city: City, code: str, language: Language) -> str:
    found = city.duty.place(code) if city.duty else None
    return code if found is None else found.name if language == "zh" else found.english_name


def _post(city: City, place: Place, language: Language) -> str:
    found = city.posts.get(place.post or "")
    return found.name if found else place.post or word("roster_column", "gap", language)


def _city_name(city: City, language: Language) -> str:
    return city.name if language == "zh" else city.english_name


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for mark, instead in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(mark, instead)
    return text


def _folded(line: str) -> str:
    """A line cut into parts of at most 75 octets, never within a character; what follows begins with a space."""
    return "\r\n ".join(_parts(line))


def _parts(line: str) -> Iterable[str]:
    part, octets, most = "", 0, MOST_OCTETS
    for character in line:
        size = len(character.encode())
        if octets + size > most:
            yield part
            part, octets, most = "", 0, MOST_OCTETS - 1  # The space in front counts.
        part, octets = part + character, octets + size
    yield part
