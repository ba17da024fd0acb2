"""The report a row becomes under the mapping of its source: typed and judged, or refused.

Flags say what a person should look at; the report is taken all the same:
    odd_source_deadline   the source's own deadline lies before the opening or over five years after it; it is kept
    ambiguous_time        a local time that came twice when the clocks went back; its first occurrence is taken
    nonexistent_time      a local time the clocks skipped; read with the zone's offset before the change
    unknown_class         the catalogue has no such subclass or condition; a person classifies
    unknown_unit          the directory has no such unit; its spelling is kept
    unknown_area          the directory has no such area; its text goes to the description
    odd_position          a position that cannot be (half, out of range, 0,0); it is dropped
    odd_closing_flags     a source without times says both on time and overdue
    formula_text          a text that a spreadsheet would run ("=cmd|..."); kept as it is; escape it on export
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from models.city import City
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.source_mapping import SOURCE_NAME, ClassChoice, SourceMapping, class_choice, one_spaced
from models.source_time import read_instant, years_later

MOST_YEARS_TO_DEADLINE = 5
LONGEST_CODE = 200
"""Characters of an id or code: longer ones do not fit an index, and no source has them."""

_CODES = ("source_id", "area", "unit", "component_code", "camera", "source_chain")
_TIMES = ("opened_at", "due_at", "closed_at")
_JOINERS = {"source_id": "-", "class": " / "}
_YES = frozenset({"1", "yes", "true", "是"})
_TRAILING_BRACKET = re.compile(r"(.+?)\s*[（(][^（()）]*[)）]")


@dataclass(frozen=True, slots=True)
class MappedReport:
    """A report as our tables hold it. Times are aware, in UTC."""

    source: str
    source_id: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    class_code: str | None
    condition_no: int | None
    description: str
    place: str
    area: str | None
    longitude: float | None
    latitude: float | None
    component_code: str | None
    camera: str | None
    source_chain: str | None
    unit_hint: str | None
    """A unit's code, or the source's own spelling where the directory does not know it."""
    flags: tuple[str, ...]
    reporter_name: str | None = field(default=None, repr=False)
    reporter_phone: str | None = field(default=None, repr=False)
    played: str | None = None
    """on_time or overdue, where the source says only that: the replay draws a closing that agrees."""


def read_report(mapping: SourceMapping, values: Mapping[str, str], city: City, now: datetime) -> MappedReport | Refusal:
    """The report a row holds, or why it cannot be taken.

    Refused: no id, no opening time, a time that cannot be read, an opening after `now`, a closing before the opening.
    """
    row = _Row(mapping, values)
    refusal = _unfit(row)
    if refusal is not None:
        return refusal
    times = _times(row, now)
    return times if isinstance(times, Refusal) else _report(row, times, city)


def read_position(longitude: str, latitude: str) -> tuple[float, float] | None:
    """Longitude and latitude in degrees; None where one is missing, no number, out of range, or both are 0.

    Example: read_position("113.74", "34.40") -> (113.74, 34.4).
    """
    try:
        east, north = float(longitude), float(latitude)
    except ValueError:
        return None
    # Comparing with NaN is false, so that falls out here as well.
    return (east, north) if abs(east) <= 180 and abs(north) <= 90 and (east, north) != (0, 0) else None


def opening_of(mapping: SourceMapping, values: Mapping[str, str]) -> datetime | None:
    """When a row was opened, or None where that cannot be read: what a whole row has and a stray line has not."""
    return _Row(mapping, values).time("opened_at")


class _Row:
    """The values of one row under a mapping, and what was noticed while reading them."""

    def __init__(self, mapping: SourceMapping, values: Mapping[str, str]) -> None:
        self.mapping = mapping
        self._values = values
        self._texts = dict(mapping.constants)
        self._flags: list[str] = []
        self._kept: list[str] = []
        for name, columns in mapping.columns.items():
            parts = [part for part in map(self.column, columns) if part]
            if parts:
                self._texts[name] = _JOINERS.get(name, " ").join(parts) if len(parts) > 1 else parts[0]

    def column(self, name: str | None) -> str:
        """The text of one of their columns, empty where it says that there is none."""
        text = self._values.get(name, "").strip() if name else ""
        return "" if text in self.mapping.missing else text

    def text(self, name: str) -> str:
        """The text of one of our fields."""
        return self._texts.get(name, "")

    def time(self, name: str) -> datetime | None:
        """The instant of one of our fields, or None where it has no text or one that is no time."""
        instant, flag = read_instant(self.text(name), self.mapping.time_formats, self.mapping.zone)
        if flag:
            self.flag(flag)
        return instant

    def columns_of(self, name: str) -> dict[str, str]:
        """Where a field stands in the file, as the facts of a refusal."""
        return {"column": ", ".join(self.mapping.columns.get(name, (name,)))}

    def flag(self, code: str) -> None:
        """Note what a person should look at, once."""
        if code not in self._flags:
            self._flags.append(code)

    def keep(self, name: str) -> None:
        """Keep a text nobody understood where a person reads it."""
        if text := self.text(name):
            self._kept.append(f"[{self.columns_of(name)['column']}: {text}]")

    def description(self) -> str:
        """The description, with the texts that were not understood behind it."""
        return without_personal_numbers("\n".join(part for part in (self.text("description"), *self._kept) if part))

    def flags(self) -> tuple[str, ...]:
        """All flags, also of texts a spreadsheet would run."""
        if any(text.startswith("=") for text in self._texts.values()):
            self.flag("formula_text")
        return tuple(self._flags)


_Times = tuple[datetime, datetime | None, datetime | None]
"""Opening, deadline and closing."""


def _report(row: _Row, times: _Times, city: City) -> MappedReport:
    choice, unit, area = _class(row, city), _unit(row, city), _area(row, city)
    longitude, latitude = _position(row)
    played = _played(row)
    # Description and flags gather what the lines above noticed, so they are read after them.
    return MappedReport(
        row.text("source") or row.mapping.source,
        row.text("source_id"),
        *times,
        class_code=choice.code if choice else None,
        condition_no=choice.condition if choice else None,
        place=without_personal_numbers(row.text("place")),
        area=area,
        longitude=longitude,
        latitude=latitude,
        component_code=row.text("component_code") or None,
        camera=row.text("camera") or None,
        source_chain=row.text("source_chain") or None,
        unit_hint=unit,
        description=row.description(),
        flags=row.flags(),
        reporter_name=row.column(row.mapping.name_column) or None,
        reporter_phone=row.column(row.mapping.phone_column) or None,
        played=played,
    )


def _times(row: _Row, now: datetime) -> _Times | Refusal:
    """The times of a row, or the first of them that cannot be."""
    opened_at, due_at, closed_at = (row.time(name) for name in _TIMES)
    for name, time in zip(_TIMES, (opened_at, due_at, closed_at), strict=True):
        if time is None and row.text(name):
            return Refusal("unreadable_time", row.columns_of(name))
    if opened_at is None:
        return Refusal("no_opening_time", row.columns_of("opened_at"))
    if opened_at > now + row.mapping.ahead:
        return Refusal("opened_in_future", row.columns_of("opened_at"))
    if closed_at is not None and closed_at < opened_at:
        return Refusal("closed_before_opened", row.columns_of("closed_at"))
    if due_at is not None and not opened_at <= due_at <= years_later(opened_at, MOST_YEARS_TO_DEADLINE):
        row.flag("odd_source_deadline")
    return opened_at, due_at, closed_at


def _unfit(row: _Row) -> Refusal | None:
    """Why a row cannot be told from others, or not be filed under its codes."""
    if not row.text("source_id"):
        return Refusal("no_source_id", row.columns_of("source_id"))
    for name in _CODES:
        if len(row.text(name)) > LONGEST_CODE:
            return Refusal("code_too_long", {**row.columns_of(name), "most": LONGEST_CODE})
    source = row.text("source")
    if source and not SOURCE_NAME.fullmatch(source):
        return Refusal("no_source_name", row.columns_of("source"))
    return None


def _class(row: _Row, city: City) -> ClassChoice | None:
    """The subclass and condition, as far as the city's catalogue has them."""
    text = one_spaced(row.text("class"))
    choice = row.mapping.classes.get(text) or class_choice(text) or row.mapping.default_class
    if choice is None or choice.code not in city.catalogue.subclasses:
        row.flag("unknown_class")
        row.keep("class")
        return None
    number = row.text("condition") or choice.condition
    if number is None:
        return choice
    condition = int(number) if str(number).isdecimal() and len(str(number)) < 4 else None
    if city.catalogue.condition(choice.code, condition) is None:
        row.flag("unknown_class")
        row.keep("condition")
        return ClassChoice(choice.code)
    return ClassChoice(choice.code, condition)


def _unit(row: _Row, city: City) -> str | None:
    """The unit the source named: its code, or its spelling where the directory does not know it."""
    rule = row.mapping.units
    spelling = one_spaced(row.text("unit"))
    if not spelling or not rule.used:
        return None
    bracket = _TRAILING_BRACKET.fullmatch(spelling) if rule.strip_brackets else None
    bare = bracket[1] if bracket and bracket[1] not in rule.keep_brackets else spelling
    for name in dict.fromkeys((spelling, bare)):
        unit = city.unit_called(rule.aliases.get(name, name))
        if unit is not None:
            return unit.code
    if not rule.keep_unknown:
        row.flag("unknown_unit")
    return rule.aliases.get(bare, bare)


def _area(row: _Row, city: City) -> str | None:
    """The area's code, from a code or a name of the directory."""
    text = row.text("area")
    if not text:
        return None
    if text.isascii() and text.isdigit() and any(code in city.areas for code in city.area_chain(text)):
        return text
    named = _area_codes(city).get(text)
    if named is None:
        row.flag("unknown_area")
        row.keep("area")
    return named


@lru_cache(maxsize=4)
def _area_codes(city: City) -> dict[str, str]:
    """Area codes by name; a name that several areas share names none of them."""
    shared = Counter(area.name for area in city.areas.values())
    return {area.name: area.code for area in city.areas.values() if shared[area.name] == 1}


def _position(row: _Row) -> tuple[float | None, float | None]:
    """Longitude and latitude in degrees, or neither."""
    texts = row.text("longitude"), row.text("latitude")
    position = read_position(*texts)
    if position is None and texts != ("", ""):
        row.flag("odd_position")
    return position or (None, None)


def _played(row: _Row) -> str | None:
    """What the flags of a source without times say of its closing."""
    on_time, overdue = row.mapping.on_time_column, row.mapping.overdue_column
    said = [row.column(name).lower() in _YES for name in (on_time, overdue)]
    if all(said):
        row.flag("odd_closing_flags")
        return None
    return {(True, False): "on_time", (False, True): "overdue"}.get((said[0], said[1]))
