"""What `zhihui water` prints: stations with their newest readings, stretches of readings, warnings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from models.city import City
from tasks.readings import LastReading, StoredReading
from tasks.signals import SignalOutcome
from tasks.warning_notices import shown
from tasks.warning_rows import RaisedWarning
from tasks.water_intake import Intake
from tasks.wording import moment_words
from tasks.words import word

RESULTS = {
    "issued": "已发布 issued",
    "upgraded": "已升级 upgraded",
    "downgraded": "已降级 downgraded",
    "reissued": "同级重发，已记录 same colour again, recorded",
    "repeated": "已录入过 entered before",
    "cancelled": "已解除 cancelled",
}


def station_line(last: LastReading, now: datetime, city: City) -> str:
    """One element of one station with its newest reading."""
    what = f"{last.station.code} {last.station.name} {word('measure', last.element, 'zh')}"
    if last.at is None:
        return f"{what} · 尚无读数 no reading yet"
    value = f"{shown(last.value)} {word('measure_unit', last.element, 'zh')}"
    said = f"{what} {value} · {moment_words(last.at, 'zh', city.zone, now)}"
    if last.doubt:
        said += f" · 存疑 in doubt: {word('doubt', last.doubt, 'zh')}"
    return said + (" · 缺测 silent" if last.silent(now) else "")


def station_fields(last: LastReading, now: datetime) -> dict[str, Any]:
    """The same for programs."""
    return {
        "station": last.station.code,
        "name": last.station.name,
        "kind": last.station.kind.value,
        "element": last.element.value,
        "at": last.at,
        "value": last.value,
        "doubt": last.doubt or None,
        "silent": last.silent(now),
        "placeholder": last.station.placeholder,
    }


def reading_line(reading: StoredReading, city: City) -> str:
    """One reading."""
    marks = [word("doubt", reading.doubt, "zh")] if reading.doubt else []
    marks += ["迟到 late"] if reading.late else []
    return f"{reading.at.astimezone(city.zone):%Y-%m-%d %H:%M}  {shown(reading.value)}  {'、'.join(marks)}".rstrip()


def warning_line(warning: RaisedWarning, city: City) -> str:
    """One warning: number, colour, what, where, since when, until when."""
    rule = warning.evidence.get("rule", {})
    area = city.areas.get(warning.area)
    if rule:
        what = f"{rule.get('station_name')} {rule.get('threshold_name')} {shown(warning.evidence.get('reading'))}"
    else:
        what = f"{word('signal', warning.evidence.get('signal'), 'zh')}预警信号 {area.name if area else warning.area}"
    since = moment_words(warning.raised_at, "zh", city.zone)
    until = moment_words(warning.ended_at, "zh", city.zone) if warning.ended_at else "持续 lasts"
    drill = "演练 " if warning.drill else ""
    return f"{warning.number}  {drill}{word('severity', warning.severity, 'zh')}  {what}  {since} – {until}"


def warning_fields(warning: RaisedWarning) -> dict[str, Any]:
    """The same for programs, with the evidence."""
    return {name: getattr(warning, name) for name in RaisedWarning.__dataclass_fields__}


def outcome_lines(outcomes: Iterable[SignalOutcome], city: City) -> Iterable[str]:
    """What became of a signal, an area a line."""
    for one in outcomes:
        yield f"{RESULTS[one.result]}  {warning_line(one.warning, city)}"


def intake_fields(done: Intake) -> dict[str, Any]:
    """What became of a file, for programs."""
    counts = {name: getattr(done.taken, name) for name in ("taken", "repeated", "corrected", "late")}
    return {"rows": done.rows, **counts, "doubtful": len(done.taken.doubtful), "refused": done.refused}
