"""water.yaml: how readings are judged, which signals call, and where readings are pulled from or how a source writes.

A city without this file, or without one of its keys, has the usual rules of `models.water`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted, suggestion
from models.directory.length import length_of_time
from models.directory.yaml_document import Block, mapping, read_yaml
from models.flood_warning import Severity
from models.source_mapping import DELIMITERS, ENCODINGS, SOURCE_NAME
from models.water import Element, SignalRule
from models.water_source import UNITS, ValueColumn, WaterSource

FILE = "water.yaml"

_KEYS = ("trend", "late_after", "ahead", "confirmed_by", "dry_day", "signals", "sources")
_SOURCE_KEYS = (
    *("name", "zone", "time", "station", "values", "missing", "unknown_stations", "url", "records", "format"),
)
_VALUE_KEYS = ("column", "element", "element_column", "unit", "station")
_URL = re.compile(r"env:[A-Z][A-Z0-9_]*")
_SEVERITY = cell.one_of(Severity, "colour of a signal")
_ELEMENT = cell.one_of(Element, "element")


@dataclass(frozen=True)
class WaterPage:
    """What water.yaml says: values of `WaterRules` by name, and the sources."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, WaterSource] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each source stands, for what is judged later."""


def read_water(content: str, faults: list[Fault]) -> WaterPage:
    """The rules of a city's water as far as this file says them."""
    page = read_yaml(FILE, content, _KEYS, faults)
    if page is None:
        return WaterPage()
    values: dict[str, Any] = {
        **{key: page.value(key, length_of_time) for key in ("trend", "late_after", "ahead")},
        "confirmed_by": page.value("confirmed_by", cell.whole_number(1, 60)),
    }
    dry = page.block("dry_day", ("below_mm", "starts"))
    if dry is not None:
        below, starts = dry.value("below_mm", cell.number(100)), dry.value("starts", cell.start_minute)
        values["dry_below"] = float(below) if below is not None else None
        values["day_starts"] = timedelta(minutes=starts) if starts is not None else None
    signals = page.block("signals", ("calls",))
    if signals is not None:
        values["signals"] = SignalRule(frozenset(signals.values("calls", _SEVERITY)))
    sources: dict[str, WaterSource] = {}
    lines: dict[str, int] = {}
    for block in page.blocks("sources", _SOURCE_KEYS):
        source = source_of(block)
        if source is None:
            continue
        if source.name in sources:
            block.fault("name", source.name, f"the source {quoted(source.name)} stands here twice.", "Rename one.")
        sources[source.name], lines[source.name] = source, block.line
    return WaterPage({name: value for name, value in values.items() if value is not None}, sources, lines)


def read_source(file: str, content: str, faults: list[Fault]) -> WaterSource | None:
    """The source a file of its own describes (`deployments/water_sources/`), with the same keys."""
    before = len(faults)
    page = read_yaml(file, content, _SOURCE_KEYS, faults)
    found = source_of(page) if page is not None else None
    return found if len(faults) == before else None


def source_of(block: Block) -> WaterSource | None:
    """One source, or None with the faults that keep it from being read."""
    before = len(block.faults)
    block.needs("name", "time", "values")
    times = block.block("time", ("columns", "formats", "time_of_day"))
    if times is not None:
        times.needs("columns")
    time_of_day = times.value("time_of_day", cell.start_minute) if times else None
    station = block.block("station", ("column", "names", "constant"))
    form = block.block("format", ("delimiter", "encoding"))
    values = tuple(value for value in map(_value, block.blocks("values", _VALUE_KEYS)) if value is not None)
    column = station.value("column", cell.text) if station else None
    constant = station.value("constant", cell.code) if station else None
    if not column and not constant and any(value.station is None for value in values):
        block.fault("station", "", "nothing says which station a reading is of.", "Add station: {column: NAME}.")
    source = WaterSource(
        name=block.value("name", _source_name) or "",
        zone=block.value("zone", cell.zone) or ZoneInfo("Asia/Shanghai"),
        time_columns=times.values("columns", cell.text) if times else (),
        time_formats=times.values("formats", cell.text) if times else (),
        time_of_day=timedelta(minutes=time_of_day or 0),
        values=values,
        station_column=column,
        station=constant,
        station_names=_names(station) if station else {},
        missing=frozenset({"", *block.values("missing", cell.text)}),
        skips_unknown=block.value("unknown_stations", cell.one_of(("refuse", "skip"), "way to treat them")) == "skip",
        url=block.value("url", _url),
        records=tuple((block.value("records", cell.text) or "").split(".")) if block.has("records") else (),
        delimiter=form.value("delimiter", _delimiter) if form else None,
        encoding=form.value("encoding", cell.one_of(ENCODINGS, "encoding")) if form else None,
    )
    return source if len(block.faults) == before else None


def _value(block: Block) -> ValueColumn | None:
    if not block.needs("column"):
        return None
    element, named = block.value("element", _ELEMENT), block.value("element_column", cell.text)
    if (element is None) == (named is None):
        block.fault("element", "", "one of element and element_column says what is measured.", "Write element: level.")
        return None
    unit = block.value("unit", cell.text)
    known = UNITS[element] if element is not None else {}
    if unit and unit not in known:
        remedy = suggestion(unit, list(known)) if known else "Take it out: the row's values are in our own units."
        block.fault("unit", unit, f"{quoted(unit)} is no unit of it.", remedy)
        return None
    column = block.value("column", cell.text) or ""
    return ValueColumn(column, element, named, known.get(unit or "", 1.0), block.value("station", cell.code))


def _names(block: Block) -> dict[str, str]:
    if not block.has("names"):
        return {}
    found = mapping(block.file, f"{block.path}.names", block.nodes["names"], None, block.faults)
    read = {name: found.value(name, cell.code) for name in found.nodes} if found else {}
    return {name: code for name, code in read.items() if code is not None}


def _source_name(text: str) -> str:
    if SOURCE_NAME.fullmatch(text):
        return text
    raise Unreadable(f"{quoted(text)} is no name of a source.", "Write small letters, digits and underscores.")


def _url(text: str) -> str:
    if _URL.fullmatch(text):
        return text
    problem = f"an address of {len(text)} characters stands here itself (not shown: it may hold a token)."
    raise Unreadable(problem, "Write env:NAME and keep the address in that environment variable.", secret=True)


def _delimiter(text: str) -> str:
    if text in DELIMITERS:
        return DELIMITERS[text]
    raise Unreadable(f"{quoted(text)} is no delimiter.", 'Write ",", ";", "|" or tab.')
