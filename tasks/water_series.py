"""Where each series of readings stands: read once for all that come in together, and written back as one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from models.observation import WaterSeries
from models.plausibility import Standing
from models.tables import table_of
from models.water import Element, Station
from tasks.bulk_rows import update_rows
from tasks.database import is_postgres

SERIES = table_of(WaterSeries)

Key = tuple[str, Element]
"""Station and element."""

_LOCK = 0x7A68_7761_7465
"""Key of the one lock on Postgres under which readings are taken in and judged: "zhwate" in ASCII."""

_STANDING = (
    *("last_at", "last_value", "good_at", "good_value", "same_since", "suspect_at", "suspect_value", "suspects"),
)  # fmt: skip
_OTHERS = ("last_doubt", "received_at", "silent_from", "silent_told", "judge_from")


@dataclass
class Series:
    """One series while readings come in."""

    id: int
    station: str
    element: Element
    standing: Standing
    last_doubt: str = ""
    received_at: datetime | None = None
    silent_from: datetime | None = None
    silent_told: bool = False
    judge_from: datetime | None = None
    changed: bool = field(default=False, compare=False)
    past_changed: bool = field(default=False, compare=False)
    """Whether a reading at or before the newest one changed, so that the last good one must be looked up."""

    def judge_again_from(self, at: datetime) -> None:
        """Have thresholds judged from this reading on, or from an earlier one that waits already."""
        self.judge_from = at if self.judge_from is None else min(self.judge_from, at)
        self.changed = True


def alone_with_water(connection: Connection) -> None:
    """Until the transaction ends nobody else takes in or judges readings. On SQLite a writer is alone anyway."""
    if is_postgres(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def series_of(connection: Connection, keys: Iterable[Key]) -> dict[Key, Series]:
    """The series of these stations and elements; those that had no reading yet are made."""
    wanted = set(keys)
    found = {key: each for key, each in all_series(connection).items() if key in wanted}
    missing = sorted(wanted - found.keys())
    if missing:
        rows = [
            {"station": station, "element": element.value, "last_doubt": "", "suspects": 0, "silent_told": False}
            for station, element in missing
        ]
        connection.execute(insert(SERIES), rows)
        found = {key: each for key, each in all_series(connection).items() if key in wanted}
    return found


def all_series(connection: Connection) -> dict[Key, Series]:
    """Every series there is; a city has some hundreds."""
    return {(each.station, each.element): each for each in map(_series, connection.execute(select(SERIES)))}


def write_series(connection: Connection, changed: Iterable[Series]) -> None:
    """Write back where these series stand."""
    update_rows(connection, SERIES, ("id",), [_row(each) for each in changed])


def moved(series: Series, station: Station, standing: Standing, doubt: str, now: datetime) -> None:
    """A reading newer than all before came in."""
    series.standing, series.last_doubt, series.received_at = standing, doubt, now
    if standing.last_at is not None:
        series.silent_from = standing.last_at + station.silent_after
    series.silent_told, series.changed = False, True


def past_moved(series: Series, at: datetime, value: float, doubt: str) -> None:
    """A reading at or before the newest one came in late, or was corrected."""
    if at == series.standing.last_at:
        series.standing, series.last_doubt = replace(series.standing, last_value=value), doubt
    series.past_changed = series.changed = True


def good_again(series: Series, at: datetime | None, value: float | None) -> None:
    """The last good reading was looked up anew, after the past of the series changed."""
    series.standing = replace(series.standing, good_at=at, good_value=value, suspects=0)
    series.changed = True


def _series(row: Row[Any]) -> Series:
    standing = Standing(**{name: getattr(row, name) for name in _STANDING})
    others = {name: getattr(row, name) for name in _OTHERS}
    return Series(row.id, row.station, Element(row.element), standing, **others)


def _row(series: Series) -> dict[str, Any]:
    standing = {name: getattr(series.standing, name) for name in _STANDING}
    return {**standing, **{name: getattr(series, name) for name in _OTHERS}, "id": series.id}
