"""A roster and its quality in words: rows of a table, and a page in Markdown for the Prefect UI and terminals."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.city import City
from models.duty_shifts import Measure, PlannedShift
from models.roster_check import RosterFault
from models.roster_quality import Quality
from tasks.roster_reading import Place, StoredRoster
from tasks.template_environment import text_environment
from tasks.words import TEMPLATES, Language, word

_KINDS = ("night", "weekend", "holiday")


def roster_rows(city: City, places: Sequence[Place]) -> list[dict[str, object]]:
    """A row a shift, a column a place, headings in both languages."""
    rows: dict[PlannedShift, dict[str, object]] = {}
    for place in places:
        shift = place.shift
        row = rows.setdefault(
            shift,
            {
                heading("day"): f"{shift.day} {word('weekday', shift.day.weekday(), 'zh')}",
                heading("from"): f"{shift.starts_at:%H:%M}",
                heading("until"): f"{shift.ends_at:%m-%d %H:%M}",
                heading("kind"): kind_of(shift),
            },
        )
        row[place_heading(city, place.place)] = post_name(city, place.post)
    return list(rows.values())


def quality_page(city: City, roster: StoredRoster, quality: Quality, faults: Sequence[RosterFault] = ()) -> str:
    """The quality report of a roster as Markdown, Chinese first."""
    context: dict[str, Any] = {
        "roster": roster,
        "quality": quality,
        "faults": faults,
        "measures": [measure.value for measure in Measure],
        "city": city,
        "language": "zh",
        "zone": city.zone,
        "said_at": None,
    }
    return _environment().get_template("roster_quality.md").render(context)


def heading(code: str) -> str:
    """A column's heading in both languages. Example: 班次 shift."""
    return f"{word('roster_column', code, 'zh')} {word('roster_column', code, 'en')}"


def place_heading(city: City, code: str) -> str:
    """The heading of a place's column. Example: 带班领导 leader on duty."""
    place = city.duty.place(code) if city.duty else None
    return f"{place.name} {place.english_name}" if place else code


def post_name(city: City, code: str | None, language: Language = "zh") -> str:
    """A post by its name; a gap is said."""
    if code is None:
        return f"—（{word('roster_column', 'gap', language)}）" if language == "zh" else "— (gap)"
    found = city.posts.get(code)
    return found.name if found else code


def kind_of(shift: PlannedShift, language: Language = "zh") -> str:
    """What is special about a shift: night, weekend, holiday."""
    marks = zip(_KINDS, (shift.night, shift.weekend, shift.holiday), strict=True)
    separator = "、" if language == "zh" else ", "
    return separator.join(word("roster_kind", code, language) for code, is_so in marks if is_so)


@cache
def _environment() -> Environment:
    environment = text_environment(FileSystemLoader(TEMPLATES), StrictUndefined)
    environment.filters["both"] = _both
    environment.globals["post_name"] = post_name
    environment.globals["place_heading"] = place_heading
    environment.globals["span"] = _span
    return environment


def _both(codes: str | Iterable[str], group: str) -> str:
    several = [codes] if isinstance(codes, str) else list(codes)
    return "、".join(f"{word(group, code, 'zh')} {word(group, code, 'en')}" for code in several)


def _span(first: date, last: date) -> str:
    return str(first) if first == last else f"{first} – {last}"
