"""Warnings that rise and end together: rows, events and messages of one transaction, written as sets.

What is stored is, to the byte and in its order, what the same warnings leave one after the other: in a storm a city has
hundreds of them in one minute, and a statement for each of a dozen rows of each was most of that minute.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.chain import canonical
from models.city import City
from models.flood_event import Happened, Recording
from models.flood_warning import Hazard, Severity, WarningSource
from tasks.bulk_rows import insert_rows, update_rows
from tasks.flood_events import record_together
from tasks.numbers import NumberSeries, numbered
from tasks.warning_notices import tell_all
from tasks.warning_rows import WARNINGS, RaisedWarning, warnings_numbered

NUMBER, DRILL_NUMBER = "YJ{date}-{serial:03d}", "YL{date}-{serial:03d}"
"""How warnings are numbered, and those of a drill 演练."""

RAISED, ENDED = "warning_raised", "warning_ended"
"""Events in the stream warning:<number>."""

EVENT_FACTS = ("hazard", "source", "severity", "subject", "area", "calls")


@dataclass(frozen=True, slots=True)
class Raising:
    """A warning before it has a number."""

    hazard: Hazard
    source: WarningSource
    severity: Severity
    subject: str
    """What keeps it single while it lasts. Example: threshold:huayuankou:warning_stage, signal:rainstorm:410184."""
    area: str
    raised_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    station: str | None = None
    threshold: str | None = None
    calls: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class _Act:
    """One thing that befalls one warning, in the order in which they were asked for."""

    number: str
    happened: Happened
    told: bool


@dataclass
class WarningBatch:
    """Collects what befalls warnings, and writes it with `write` at the end of the caller's transaction.

    Example:
        batch = WarningBatch(connection, city, recording, "rule:threshold")
        number = batch.raise_warning(raising)
        batch.write()[number]
    """

    connection: Connection
    city: City
    recording: Recording
    actor: str
    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """New warnings by number."""
    _ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is set of stored ones that end."""
    _acts: list[_Act] = field(default_factory=list)
    _open: dict[tuple[str, bool], str] | None = None
    """Which warning lasts of a subject; those of `_over` no longer do when this is written."""
    _over: set[str] = field(default_factory=set)
    _series: NumberSeries | None = None

    def raise_warning(self, raising: Raising, *, told: bool = True) -> str | None:
        """The number of the warning; None where one with its subject lasts already.

        The people on duty are told, unless the caller says that it is over already and tells them that.
        """
        lasting, series = self._locked()
        standing = lasting.get((raising.subject, raising.drill))
        if standing is not None and standing not in self._over:
            return None
        day = self.recording.now.astimezone(self.city.zone).strftime("%Y%m%d")
        number = numbered(series, DRILL_NUMBER if raising.drill else NUMBER, {"date": day})
        row = self._rows[number] = _row(number, raising, self.recording.now)
        lasting[raising.subject, raising.drill] = number
        facts = {**{name: row[name] for name in EVENT_FACTS}, "evidence": dict(raising.evidence)}
        self._acts.append(_Act(number, Happened(RAISED, raising.raised_at, self.actor, facts), told))
        return number

    def end_warning(self, number: str, at: datetime, evidence: Mapping[str, Any], *, told: bool = True) -> None:
        """End a warning by its evidence; where it turns out to have ended already nothing comes of it.

        Where another takes its place they are told of that one alone.
        """
        if number in self._ends or self._rows.get(number, {}).get("ended_at") is not None:
            return
        ended = {"ended_at": at, "end_recorded_at": self.recording.now, "end_evidence": canonical(evidence)}
        if number in self._rows:
            self._rows[number].update(ended)
        else:
            self._ends[number] = ended
        self._over.add(number)
        happened = Happened(ENDED, at, self.actor, {"evidence": dict(evidence)})
        self._acts.append(_Act(number, happened, told))

    def record(self, number: str, happened: Happened) -> None:
        """Something else that befell a warning, of which nobody is told."""
        self._acts.append(_Act(number, happened, told=False))

    def write(self) -> dict[str, RaisedWarning]:
        """Write all of it, and tell whoever is on duty; gives back every warning it befell as it stands now.

        Raises: StreamMovedMeanwhile where another transaction touched one of them; the caller's is lost then.
        """
        ended = self._write_ends()
        if self._series is not None:
            self._series.save()
        insert_rows(self.connection, WARNINGS, list(self._rows.values()))
        acts = [act for act in self._acts if act.happened.kind != ENDED or act.number in ended]
        streams = [(f"warning:{act.number}", act.happened) for act in acts]
        record_together(self.connection, streams, self.recording)
        found = warnings_numbered(self.connection, [act.number for act in self._acts])
        changed = [_as_told(found[act.number], act.happened.kind) for act in acts if act.told]
        tell_all(self.connection, self.city, changed, self.recording.now)
        return found

    def _write_ends(self) -> frozenset[str]:
        """The numbers of the warnings that end now, the stored and the new ones."""
        lasting = lasting_among(self.connection, self._ends)
        rows = [{"number": number, **self._ends[number]} for number in self._ends if number in lasting]
        update_rows(self.connection, WARNINGS, ("number",), rows)
        return lasting | self._rows.keys()

    def _locked(self) -> tuple[dict[tuple[str, bool], str], NumberSeries]:
        """What lasts, read under the lock of the numbers: whoever else raises waits there, and then sees these."""
        if self._series is None or self._open is None:
            self._series = NumberSeries(self.connection)
            self._series.lock()
            asked = select(WARNINGS.c.subject, WARNINGS.c.drill, WARNINGS.c.number).where(WARNINGS.c.ended_at.is_(None))
            rows = self.connection.execute(asked)
            self._open = {(row.subject, row.drill): row.number for row in rows}
        return self._open, self._series


def lasting_among(connection: Connection, numbers: Iterable[str]) -> frozenset[str]:
    """Which of these warnings last, kept for this transaction."""
    wanted = set(numbers)
    if not wanted:
        return frozenset()
    mine = (WARNINGS.c.number.in_(sorted(wanted)), WARNINGS.c.ended_at.is_(None))
    asked = select(WARNINGS.c.number).where(*mine).order_by(WARNINGS.c.id).with_for_update()
    return frozenset(connection.scalars(asked))


def _as_told(warning: RaisedWarning, kind: str) -> RaisedWarning:
    """As it stood when it rose, where it was over before this was written."""
    if kind == ENDED:
        return warning
    return replace(warning, ended_at=None, end_recorded_at=None, end_evidence={})


def _row(number: str, raising: Raising, now: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "drill": raising.drill,
        "hazard": raising.hazard.value,
        "source": raising.source.value,
        "severity": raising.severity.value,
        "subject": raising.subject,
        "station": raising.station,
        "threshold": raising.threshold,
        "area": raising.area,
        "calls": raising.calls,
        "raised_at": raising.raised_at,
        "recorded_at": now,
        "evidence": canonical(raising.evidence),
        "ended_at": None,
        "end_recorded_at": None,
        "end_evidence": "",
    }


def in_order(warnings: Mapping[str, RaisedWarning], numbers: Sequence[str]) -> tuple[RaisedWarning, ...]:
    """These of the warnings, those that are not there left out."""
    return tuple(warnings[number] for number in numbers if number in warnings)
