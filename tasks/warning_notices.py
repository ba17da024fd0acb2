"""What people on duty are told of warnings, and of stations that say nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.city import City
from models.flood_warning import WarningSource
from models.notice import NoticeKind, Priority
from models.water import ThresholdKind
from tasks.duty_leaders import posts_on_duty
from tasks.subject_notices import SubjectNotice, write_subject_notices
from tasks.warning_rows import RaisedWarning

MINUTES = 60


def tell_all(connection: Connection, city: City, warnings: Sequence[RaisedWarning], now: datetime) -> int:
    """Tell everybody on duty of warnings that rose, or that ended and why, in this order.

    Whoever is told of one that rose has to say that they read it.
    """
    if not warnings:
        return 0
    posts = posts_on_duty(connection, city, now)
    drafts = [draft for warning in warnings for draft in _drafts(city, warning, posts)]
    return write_subject_notices(connection, drafts, now)


def _drafts(city: City, warning: RaisedWarning, posts: Sequence[str]) -> list[SubjectNotice]:
    rose = warning.ended_at is None
    kind = NoticeKind.FLOOD_WARNING if rose else NoticeKind.FLOOD_WARNING_ENDED
    facts, subject = warning_facts(city, warning), f"flood:{warning.number}"
    return [
        SubjectNotice(kind, post, subject, f"{kind}:{warning.number}:{post}", facts, Priority.URGENT, requires_ack=rose)
        for post in posts
    ]


def warning_facts(city: City, warning: RaisedWarning) -> dict[str, Any]:
    """A warning as its messages need it: whoever writes one about a warning says the same of it."""
    area = city.areas.get(warning.area)
    found: dict[str, Any] = {
        "number": warning.number,
        "drill": warning.drill,
        "hazard": warning.hazard.value,
        "severity": warning.severity.value,
        "area": area.name if area else warning.area,
        "raised_at": warning.raised_at,
        "ended_at": warning.ended_at,
        "why": warning.end_evidence.get("why"),
    }
    if warning.source is WarningSource.SIGNAL:
        return {**found, "signal": warning.evidence.get("signal"), "text": warning.evidence.get("text") or None}
    rule = warning.evidence.get("rule", {})
    end_reading = warning.end_evidence.get("reading")
    return {
        **found,
        "station": rule.get("station_name", warning.station),
        "threshold": rule.get("threshold_name", warning.threshold),
        "measure": measure_of(rule),
        "hours": hours_of(rule),
        "reading": shown(warning.evidence.get("reading") if warning.ended_at is None else end_reading),
        "limit_value": shown(rule.get("value") if warning.ended_at is None else rule.get("clears_at")),
    }


def measure_of(rule: Mapping[str, Any]) -> str | None:
    """What is compared, as the words call it: the element itself, or what is worked out from it."""
    kind = rule.get("kind")
    worked_out = {kind.value for kind in ThresholdKind} - {ThresholdKind.LEVEL.value, ThresholdKind.BELOW.value}
    return kind if kind in worked_out else rule.get("element")


def hours_of(rule: Mapping[str, Any]) -> str | None:
    """The window in hours. Example: "3", "0.5"; None where there is none."""
    minutes = rule.get("window_minutes") or 0
    return shown(minutes / MINUTES) if minutes else None


def shown(value: float | None) -> str | None:
    """A reading as people write it, at most three decimals. Example: 105.0 -> "105", 273.3456 -> "273.346"."""
    return None if value is None else f"{round(value, 3):.12g}"
