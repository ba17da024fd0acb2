"""Signals of the weather office 预警信号: issued, upgraded, cancelled, per area, each a warning while it lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from models.city import City
from models.flood_event import Happened, Recording
from models.flood_warning import Hazard, Severity, WarningSource
from models.refusal import Refusal
from tasks.flood_events import read_events, record_events
from tasks.warning_calls import go_on_with_calls, start_calls_for_warnings
from tasks.warnings import (
    RaisedWarning,
    Raising,
    end_warning,
    open_warning_of,
    raise_warning,
    warning_numbered,
)
from tasks.wording import clean

REISSUED = "signal_reissued"
"""An event of a warning: the weather office issued the same colour again."""

LONGEST_TEXT = 500
"""Characters of a signal's text."""

_GRAVITY = {severity: number for number, severity in enumerate(Severity)}


class SignalKind(StrEnum):
    """What a signal warns of."""

    RAINSTORM = "rainstorm"
    DROUGHT = "drought"

    @property
    def hazard(self) -> Hazard:
        """Which of the two hazards it concerns."""
        return Hazard.DROUGHT if self is SignalKind.DROUGHT else Hazard.FLOOD


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal as it was issued; several areas make a warning each."""

    kind: SignalKind
    severity: Severity
    areas: tuple[str, ...]
    issued_at: datetime
    text: str = ""
    drill: bool = False


@dataclass(frozen=True, slots=True)
class SignalOutcome:
    """What became of a signal in one area."""

    area: str
    result: str
    """issued, upgraded, downgraded, reissued, cancelled; or repeated, where the very same was entered before."""
    warning: RaisedWarning
    former: str | None = None
    """Number of the warning it took the place of."""


def subject_of(kind: SignalKind, area: str) -> str:
    """What keeps a signal single in an area. Example: signal:rainstorm:410184."""
    return f"signal:{kind}:{area}"


def issue_signal(
    connection: Connection, city: City, signal: Signal, recording: Recording, by: str
) -> list[SignalOutcome] | Refusal:
    """Enter a signal: a first one is issued, another colour takes the place of the former, the same one is reissued.

    Whom it calls is called in the same transaction.
    Example: blue at 11:00, yellow at 13:00: the blue warning ends as upgraded, and the yellow one begins.
    """
    refusal = _fault(city, signal.areas, signal.issued_at, recording.now)
    if refusal is not None:
        return refusal
    done = [_issue(connection, city, signal, area, recording, by) for area in dict.fromkeys(signal.areas)]
    go_on_with_calls(connection, city, recording)
    start_calls_for_warnings(connection, city, recording.now, recording)
    return done


def cancel_signal(
    connection: Connection,
    city: City,
    kind: SignalKind,
    areas: Sequence[str],
    at: datetime,
    recording: Recording,
    by: str,
    *,
    drill: bool = False,
) -> list[SignalOutcome] | Refusal:
    """End the signal of these areas; refused where none lasts in one of them."""
    refusal = _fault(city, areas, at, recording.now)
    if refusal is not None:
        return refusal
    lasting = {area: open_warning_of(connection, subject_of(kind, area), drill) for area in dict.fromkeys(areas)}
    missing = [area for area, warning in lasting.items() if warning is None]
    if missing:
        return Refusal("no_signal_lasts", {"areas": "、".join(_named(city, area) for area in missing)})
    done = []
    for area, warning in lasting.items():
        if warning is not None:
            at_least = max(at, warning.raised_at)
            end_warning(connection, city, warning.number, at_least, {"why": "cancelled", "by": by}, recording, by)
            done.append(SignalOutcome(area, "cancelled", warning_numbered(connection, warning.number) or warning))
    return done


def _issue(
    connection: Connection, city: City, signal: Signal, area: str, recording: Recording, by: str
) -> SignalOutcome:
    subject = subject_of(signal.kind, area)
    former = open_warning_of(connection, subject, signal.drill)
    text = clean(signal.text, LONGEST_TEXT)
    result = "issued"
    if former is not None and former.severity is signal.severity:
        if _entered(connection, former, signal.issued_at):
            return SignalOutcome(area, "repeated", former)
        again = Happened(REISSUED, signal.issued_at, by, {"text": text})
        record_events(connection, f"warning:{former.number}", [again], recording)
        return SignalOutcome(area, "reissued", former)
    if former is not None:
        result = "upgraded" if _GRAVITY[signal.severity] > _GRAVITY[former.severity] else "downgraded"
        evidence = {"why": result, "by": by, "to": signal.severity.value}
        at = max(signal.issued_at, former.raised_at)
        end_warning(connection, city, former.number, at, evidence, recording, by, told=False)
    raising = Raising(
        signal.kind.hazard,
        WarningSource.SIGNAL,
        signal.severity,
        subject,
        area,
        signal.issued_at,
        {"signal": signal.kind.value, "text": text, "entered_by": by, "former": former.number if former else None},
        calls=signal.severity in city.water.signals.calls,
        drill=signal.drill,
    )
    raised = raise_warning(connection, city, raising, recording, by)
    if raised is None:
        raise RuntimeError(f"a signal {subject} was issued meanwhile; nothing was written, enter it again")
    return SignalOutcome(area, result, raised, former.number if former else None)


def _entered(connection: Connection, warning: RaisedWarning, issued_at: datetime) -> bool:
    """Whether the signal of this moment was entered before: a form was sent twice, or two people entered it."""
    return any(event.at == issued_at for event in read_events(connection, f"warning:{warning.number}"))


def _fault(city: City, areas: Sequence[str], at: datetime, now: datetime) -> Refusal | None:
    unknown = [area for area in areas if area not in city.areas]
    if unknown or not areas:
        return Refusal("unknown_area", {"area": "、".join(unknown)})
    if at > now + city.water.ahead:
        return Refusal("signal_from_future", {"at": at})
    return None


def _named(city: City, area: str) -> str:
    found = city.areas.get(area)
    return found.name if found else area
