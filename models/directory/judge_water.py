"""What must hold among stations, thresholds and sources of readings beyond the single row."""

from datetime import timedelta

from models.directory.fault import Fault, Severity, listed, quoted
from models.directory.sheet import Record, unknown_code
from models.directory.sheets import Sheets
from models.directory.water_yaml import FILE, WaterPage
from models.water import NEEDS_WINDOW, OF_RAIN, Element, Station, Threshold, ThresholdKind

STATIONS, THRESHOLDS = "stations.csv", "thresholds.csv"
_RAIN = frozenset({Element.RAIN, Element.RAIN_TOTAL})


def judge_water(sheets: Sheets, page: WaterPage, faults: list[Fault]) -> None:
    """Every fault of a city's water."""
    stations = {record.value.code: record.value for record in sheets.stations}
    for record in sheets.stations:
        _judge_station(record, faults)
    for threshold in sheets.thresholds:
        _judge_threshold(threshold, stations, faults)
    _judge_order(sheets.thresholds, faults)
    _judge_sources(sheets, page, faults)


def _judge_station(record: Record[Station], faults: list[Fault]) -> None:
    station = record.value
    if (station.longitude is None) != (station.latitude is None):
        problem, remedy = "longitude and latitude make a position only together.", "Write both, or neither."
        faults.append(Fault(STATIONS, record.row, "longitude", "", problem, remedy))
    strangers = [element for element in station.plausible if element not in station.elements]
    if strangers:
        problem = f"the station does not measure {listed(strangers)}, but says what would be plausible."
        remedy = f"It measures {listed(station.elements)}: add the element, or take its range out."
        faults.append(Fault(STATIONS, record.row, "plausible", "", problem, remedy))
    if station.silent_after <= timedelta(0):
        problem, remedy = "it would be missing at once.", "Write for example 2 hour."
        faults.append(Fault(STATIONS, record.row, "silent_after", "", problem, remedy))


def _judge_threshold(record: Record[Threshold], stations: dict[str, Station], faults: list[Fault]) -> None:
    threshold = record.value
    station = stations.get(threshold.station)
    if station is not None and threshold.element not in station.elements:
        problem = f"{threshold.station} does not measure {threshold.element}."
        remedy = f"Its elements are {listed(station.elements)}."
        faults.append(Fault(THRESHOLDS, record.row, "element", threshold.element, problem, remedy))
    if (threshold.kind in NEEDS_WINDOW) != (threshold.window > timedelta(0)):
        needs = threshold.kind in NEEDS_WINDOW
        problem = f"{threshold.kind} {'needs' if needs else 'has no'} window."
        remedy = "Write for example 3 hour." if needs else "Leave the cell empty."
        faults.append(Fault(THRESHOLDS, record.row, "window", "", problem, remedy))
    if threshold.kind in OF_RAIN and threshold.element not in _RAIN:
        problem, remedy = f"{threshold.kind} is worked out from rain.", "Name the element rain or rain_total."
        faults.append(Fault(THRESHOLDS, record.row, "element", threshold.element, problem, remedy))
    wrong_side = threshold.clears_at < threshold.value if threshold.falling else threshold.clears_at > threshold.value
    if wrong_side:
        problem = f"it would clear at {threshold.clears_at:g} while it still holds."
        side = "higher" if threshold.falling else "lower"
        remedy = f"Write a {side} value than {threshold.value:g}, or leave the cell empty."
        faults.append(Fault(THRESHOLDS, record.row, "clears_at", f"{threshold.clears_at:g}", problem, remedy))
    plausible = station.plausible.get(threshold.element) if station is not None else None
    out_of_reach = plausible is not None and (
        (plausible.most is not None and threshold.value > plausible.most)
        or (plausible.least is not None and threshold.value < plausible.least)
    )
    if threshold.kind in (ThresholdKind.LEVEL, ThresholdKind.BELOW) and out_of_reach:
        problem = f"no reading that {threshold.station} may show ever reaches {threshold.value:g}."
        remedy = "Correct the value here, or the plausible range in stations.csv: it would never warn."
        faults.append(Fault(THRESHOLDS, record.row, "value", f"{threshold.value:g}", problem, remedy))


ORDER = (("warning_stage", "guaranteed_stage"), ("flood_limit", "design_flood"), ("design_flood", "check_flood"))
"""Codes of which the second is the higher: 警戒 below 保证, 汛限 below 设计, 设计 below 校核."""


def _judge_order(thresholds: tuple[Record[Threshold], ...], faults: list[Fault]) -> None:
    by_key = {(record.value.station, record.value.code): record for record in thresholds}
    for (station, code), record in by_key.items():
        for lower, higher in ORDER:
            other = by_key.get((station, higher))
            if code == lower and other is not None and record.value.value >= other.value.value:
                problem = f"{lower} of {station} does not lie below its {higher}."
                remedy = "Correct one of the two values."
                faults.append(Fault(THRESHOLDS, record.row, "value", f"{record.value.value:g}", problem, remedy))


def _judge_sources(sheets: Sheets, page: WaterPage, faults: list[Fault]) -> None:
    known = sheets.codes.get(STATIONS)
    for source in page.sources.values():
        named = {*source.station_names.values(), *(value.station for value in source.values if value.station)}
        named |= {source.station} if source.station else set()
        faults += [
            unknown_code(FILE, page.lines[source.name], "sources.station", code, STATIONS, known)
            for code in sorted(named)
            if known is not None and code not in known
        ]
    if page.sources and STATIONS not in sheets.rows:
        problem = f"{quoted(next(iter(page.sources)))} brings readings, but there is no station."
        faults.append(Fault(FILE, None, "sources", "", problem, "Fill stations.csv.", Severity.WARNING))
