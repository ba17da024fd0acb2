"""The mapping file of a source: which of its columns mean what, in which zone its clock runs, what its words stand for.

    source: boston311                     name of the source, and of the file
    columns:                              our field <- their column, or several columns that are joined
      source_id: case_enquiry_id          required: what makes a report the same report
      opened_at: open_dt                  required; [DATE, TIME] reads "DATE TIME"
      due_at: target_dt                   the source's own deadline
      closed_at: closed_dt                the source's own closing time
      description: [case_title, type]
      (also: source, class, condition, place, area, unit, longitude, latitude, component_code, camera, source_chain)
    optional: [due_at]                    fields whose columns a file may lack; of all others it may not
    constants: {area: "410184"}           fields that are the same for every row
    personal: {name: NAME, phone: PHONE}  columns of the reporter, where there are any; they go to the sealed Reporter
    missing: ["-"]                        texts that mean "no value", beside the empty text
    time:
      zone: America/New_York
      formats: ["%Y-%m-%d %H:%M:%S"]      as of strptime; a full ISO 8601 time (2011-07-01T08:30:00) is always read
      ahead_minutes: 0                    how far the source's clock may be ahead of ours
    classes:
      texts: {Street Light Outages: C0137/3}   their class -> subclass/condition, or a subclass alone
      default: E0595/1                    for a class that is not in the list; without it a person classifies
    units:
      use: no                             yes (default) or no: the source's unit is no unit of ours
      unknown: keep                       flag (default) or keep: what becomes of a unit nobody knows
      strip_brackets: yes                 "坑梓社区（坑梓街道办事处）" is "坑梓社区"
      keep_brackets: [城管办]             names that say nothing without the bracket behind them
      aliases: {交通局: transport}        their spelling -> unit code, name or alias of the city directory
    played_closing: {on_time: COLUMN, overdue: COLUMN}   flags "1" of a source without times; only the replay uses them
    format: {delimiter: ";", encoding: gb18030}          where recognising the file fails

A column that is not named here is not taken in; it stays in the source's own file.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from yaml.nodes import SequenceNode

from models.catalogue import Catalogue
from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted
from models.directory.yaml_document import Block, mapping, read_yaml

T = TypeVar("T")

FIELDS = (
    *("source_id", "opened_at", "due_at", "closed_at", "source", "class", "condition", "description", "place"),
    *("area", "unit", "longitude", "latitude", "component_code", "camera", "source_chain"),
)
REQUIRED_FIELDS = ("source_id", "opened_at")
ENCODINGS = ("utf-8", "gb18030")
DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t", "\t": "\t"}

_KEYS = (
    *("source", "columns", "optional", "constants", "personal", "missing", "time", "classes", "units"),
    *("played_closing", "format"),
)
_CLASS = re.compile(r"([CE][0-9]{4})(?:/([1-9][0-9]?))?")
SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAMPLE_TIME = datetime(2011, 7, 1, 13, tzinfo=UTC)
_SAMPLE_PARTS = {
    **{"%Y": "2011", "%y": "11", "%m": "07", "%b": "Jul", "%B": "July", "%d": "01", "%j": "182", "%a": "Fri"},
    **{"%H": "13", "%I": "01", "%p": "PM", "%M": "00", "%S": "00", "%f": "000000", "%z": "+0000", "%%": "%"},
}


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """A subclass, and the filing condition where the source says enough to choose one."""

    code: str
    condition: int | None = None


@dataclass(frozen=True, slots=True)
class UnitRule:
    """How a source's spelling of a unit becomes a unit of the directory."""

    used: bool = True
    keep_unknown: bool = False
    strip_brackets: bool = False
    keep_brackets: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SourceMapping:
    """What the columns of one source mean."""

    source: str
    columns: Mapping[str, tuple[str, ...]]
    zone: ZoneInfo
    time_formats: tuple[str, ...] = ()
    ahead: timedelta = timedelta(0)
    optional: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)
    name_column: str | None = None
    phone_column: str | None = None
    missing: frozenset[str] = frozenset({""})
    classes: Mapping[str, ClassChoice] = field(default_factory=dict)
    default_class: ClassChoice | None = None
    units: UnitRule = field(default_factory=UnitRule)
    on_time_column: str | None = None
    overdue_column: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    file: str = ""

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns a file of this source must have, in the order of the mapping."""
        fields = (names for name, names in self.columns.items() if name not in self.optional)
        flags = (self.on_time_column, self.overdue_column)
        return tuple(dict.fromkeys([*(n for names in fields for n in names), *(n for n in flags if n)]))


def read_mapping(file: str, content: str, faults: list[Fault]) -> SourceMapping | None:
    """The mapping a file describes, or None with every fault of it, each with its line, key and remedy."""
    before = len(faults)
    block = read_yaml(file, content, _KEYS, faults)
    if block is None:
        return None
    block.needs("source", "columns", "time")
    columns = _columns(block)
    times = block.block("time", ("zone", "formats", "ahead_minutes"))
    zone = times.value("zone", cell.zone) if times and times.needs("zone") else None
    personal = _pair(block, "personal", ("name", "phone"), both=False)
    _check_fields(block, columns, personal)
    flags = _pair(block, "played_closing", ("on_time", "overdue"), both=True)
    form = block.block("format", ("delimiter", "encoding"))
    classes, default_class = _classes(block)
    found = SourceMapping(
        source=block.value("source", _source_name) or "",
        columns=columns,
        zone=zone or ZoneInfo("UTC"),
        time_formats=times.values("formats", _time_format) if times else (),
        ahead=timedelta(minutes=(times.value("ahead_minutes", cell.whole_number(0, 1440)) or 0) if times else 0),
        optional=frozenset(block.values("optional", _optional_field)),
        constants=_free(block, "constants", cell.text, FIELDS),
        name_column=personal[0],
        phone_column=personal[1],
        missing=frozenset({"", *block.values("missing", cell.text)}),
        classes=classes,
        default_class=default_class,
        units=_units(block),
        on_time_column=flags[0],
        overdue_column=flags[1],
        delimiter=form.value("delimiter", _delimiter) if form else None,
        encoding=form.value("encoding", cell.one_of(ENCODINGS, "encoding")) if form else None,
        file=file,
    )
    return found if len(faults) == before else None


def unknown_classes(source: SourceMapping, catalogue: Catalogue) -> Iterable[Fault]:
    """A fault for each class choice of a mapping that the city's catalogue does not have."""
    choices = {f"classes.texts.{text}": choice for text, choice in source.classes.items()}
    if source.default_class:
        choices["classes.default"] = source.default_class
    for key, choice in choices.items():
        known = choice.code in catalogue.subclasses
        if not known or (choice.condition and not catalogue.condition(choice.code, choice.condition)):
            found = choice.code if choice.condition is None else f"{choice.code}/{choice.condition}"
            remedy = "Choose a subclass and condition of catalogue.csv."
            yield Fault(source.file, None, key, found, f"{quoted(found)} is not in the catalogue.", remedy)


def class_choice(text: str) -> ClassChoice | None:
    """The choice a text such as E0110/1 or E0110 makes, or None where it is no such text."""
    match = _CLASS.fullmatch(text)
    return ClassChoice(match[1], int(match[2]) if match[2] else None) if match else None


def one_spaced(text: str) -> str:
    """A text with single spaces: how class texts and unit spellings are compared."""
    return " ".join(text.split())


def _columns(block: Block) -> dict[str, tuple[str, ...]]:
    """Our field -> their columns, from a mapping of single names and lists."""
    found = block.block("columns", FIELDS)
    if found is None:
        return {}
    found.needs(*REQUIRED_FIELDS)
    columns = {}
    for key, node in found.nodes.items():
        if isinstance(node, SequenceNode):
            columns[key] = found.values(key, _column_name)
        elif name := found.value(key, _column_name):
            columns[key] = (name,)
    return columns


def _check_fields(block: Block, columns: Mapping[str, tuple[str, ...]], personal: Iterable[str | None]) -> None:
    """Faults of keys that are right alone and wrong together."""
    if ("longitude" in columns) != ("latitude" in columns):
        remedy = "Name both, or neither."
        block.fault("columns", "", "longitude and latitude make a position only together.", remedy)
    for name in filter(None, personal):
        for key in (key for key, names in columns.items() if name in names):
            problem = f"the column {quoted(name)} is the reporter's own and may not become {key}."
            block.fault("columns", name, problem, "Take it out of columns or out of personal.")


def _classes(block: Block) -> tuple[dict[str, ClassChoice], ClassChoice | None]:
    found = block.block("classes", ("texts", "default"))
    if found is None:
        return {}, None
    choices = _free(found, "texts", _class_choice)
    return {one_spaced(text): choice for text, choice in choices.items()}, found.value("default", _class_choice)


def _units(block: Block) -> UnitRule:
    found = block.block("units", ("use", "unknown", "strip_brackets", "keep_brackets", "aliases"))
    if found is None:
        return UnitRule()
    used, strip = found.value("use", cell.yes), found.value("strip_brackets", cell.yes)
    unknown = found.value("unknown", cell.one_of(("flag", "keep"), "way to treat unknown units"))
    return UnitRule(
        used=True if used is None else used,
        keep_unknown=unknown == "keep",
        strip_brackets=bool(strip),
        keep_brackets=frozenset(found.values("keep_brackets", cell.text)),
        aliases={one_spaced(spelling): unit for spelling, unit in _free(found, "aliases", cell.text).items()},
    )


def _pair(block: Block, key: str, names: tuple[str, str], both: bool) -> tuple[str | None, str | None]:
    found = block.block(key, names)
    if found is None:
        return None, None
    if both:
        found.needs(*names)
    return found.value(names[0], _column_name), found.value(names[1], _column_name)


def _free(block: Block, key: str, read: Callable[[str], T], keys: Collection[str] | None = None) -> dict[str, T]:
    """Every value of a mapping whose keys are the source's own words (or, with `keys`, some of ours)."""
    if not block.has(key):
        return {}
    path = f"{block.path}.{key}" if block.path else key
    found = mapping(block.file, path, block.nodes[key], keys, block.faults)
    values = {word: found.value(word, read) for word in found.nodes} if found else {}
    return {word: value for word, value in values.items() if value is not None}


def _column_name(text: str) -> str:
    if text:
        return text
    raise Unreadable("here should stand the name of a column.", "Write it as the source's file does.")


def _optional_field(text: str) -> str:
    field_name: str = cell.one_of(FIELDS, "field")(text)
    if field_name in REQUIRED_FIELDS:
        remedy = f"Every report has one. Take {text} out of optional."
        raise Unreadable(f"{text} cannot be optional.", remedy)
    return field_name


def _source_name(text: str) -> str:
    if SOURCE_NAME.fullmatch(text):
        return text
    remedy = "Write small letters, digits and underscores, such as hotline_12345."
    raise Unreadable(f"{quoted(text)} is no name of a source.", remedy)


def _class_choice(text: str) -> ClassChoice:
    choice = class_choice(text)
    if choice is None:
        remedy = "Write the subclass and the number of the condition, such as E0110/1, or the subclass alone."
        raise Unreadable(f"{quoted(text)} is no class.", remedy)
    return choice


def _delimiter(text: str) -> str:
    if text in DELIMITERS:
        return DELIMITERS[text]
    raise Unreadable(f"{quoted(text)} is no delimiter.", 'Write ",", ";", "|" or tab.')


def _time_format(text: str) -> str:
    # Written out by hand: strftime of Chinese characters depends on the machine's locale.
    sample = re.sub("%.", lambda directive: _SAMPLE_PARTS.get(directive[0], directive[0]), text)
    try:
        read = datetime.strptime(sample, text).replace(tzinfo=UTC)
    except ValueError:
        read = None
    if read != _SAMPLE_TIME:
        remedy = "Write it with at least year, month, day and hour, such as %Y-%m-%d %H:%M:%S."
        raise Unreadable(f"{quoted(text)} is no format of a time.", remedy)
    return text
