"""Real readings, read in place, with stations and thresholds made up for the test; and crossings as pandas finds them.

What pandas does here shares no line with `models/thresholds.py`: it looks for runs, not for states.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pandas as pd

from models.city import City
from models.raw_row import RawRow
from models.source_time import read_instant
from models.water import Threshold, ThresholdKind
from models.water_source import WaterSource
from tasks.intake_reading import read_rows
from tasks.water_sources import source_in_force
from tests.replayed import real_file
from tests.water_cities import STATIONS, THRESHOLDS, a_water_city

STATION_COLUMNS, THRESHOLD_COLUMNS = (text.split("\n")[0] + "\n" for text in (STATIONS, THRESHOLDS))


@dataclass(frozen=True)
class RealWater:
    """One file of real readings, and the city that watches it."""

    city: City
    source: WaterSource
    path: Path

    def visits(self, every: timedelta) -> Iterator[tuple[datetime, list[RawRow]]]:
        """The rows in the order of their times, as visits at this pace would find them: each up to its moment."""
        rows = [(self._at(row), row) for row in read_rows(self.path, self.source.for_files)]
        rows.sort(key=lambda one: one[0])
        first = rows[0][0]
        for step, ones in groupby(rows, lambda one: -((first - one[0]) // every)):
            yield first + step * every, [row for _, row in ones]

    def _at(self, row: RawRow) -> datetime:
        text = " ".join(row.values[name] for name in self.source.time_columns)
        at, _ = read_instant(text, self.source.time_formats, self.source.zone)
        assert at is not None
        return at + self.source.time_of_day


def real_water(source: str, file: str, stations: list[str], thresholds: list[str]) -> RealWater:
    """A file of real readings under these stations and thresholds; the test is skipped where the file is absent."""
    path = real_file(file)
    city = a_water_city(
        stations=STATION_COLUMNS + "".join(f"{line}\n" for line in stations),
        thresholds=THRESHOLD_COLUMNS + "".join(f"{line}\n" for line in thresholds),
        water="trend: 3 hour\n",
    )
    return RealWater(city, source_in_force(city, source), path)


Span = tuple[str, str, datetime, datetime | None]
"""Station, threshold, from when, until when."""


def spans_by_pandas(threshold: Threshold, values: "pd.Series[float]", silent_after: timedelta) -> list[Span]:
    """From each crossing of a threshold to its end, over a series indexed by moments in UTC."""
    compared = _compared(threshold, values)
    sign = -1 if threshold.falling else 1
    holds = compared * sign >= threshold.value * sign
    clear = compared * sign < threshold.clears_at * sign
    raises = _counts_from(holds, threshold.lasts, silent_after)
    found: list[Span] = []
    moment = compared.index[0] - pd.Timedelta("1s") if len(compared) else None
    while moment is not None:
        raised = raises[raises > moment]
        if raised.empty:
            break
        begins = raised.iloc[0]
        # Being clear counts from the crossing on: a run that began before it begins anew.
        ended = _counts_from(clear[clear.index > begins], threshold.lasts, silent_after)
        until = ended.iloc[0] if len(ended) else None
        found.append((threshold.station, threshold.code, begins.to_pydatetime(), until and until.to_pydatetime()))
        moment = until
    return found


def _compared(threshold: Threshold, values: "pd.Series[float]") -> "pd.Series[float]":
    if threshold.kind is ThresholdKind.RAIN_SUM:
        return values.rolling(threshold.window, closed="right").sum().round(6)
    if threshold.kind is ThresholdKind.RISE_RATE:
        times = pd.DatetimeIndex(values.index).as_unit("ns").asi8
        firsts = times.searchsorted(times - pd.Timedelta(threshold.window).value)
        hours = pd.Series((times - times[firsts]) / pd.Timedelta("1h").value, values.index)
        rises = (values - values.to_numpy()[firsts]) / hours.where(hours > 0)
        return rises[hours >= pd.Timedelta(threshold.window) / pd.Timedelta("1h") / 2].dropna().round(9)
    return values


def _counts_from(which: "pd.Series[bool]", lasts: timedelta, silent_after: timedelta) -> "pd.Series[pd.Timestamp]":
    """The moments at which something has been true for `lasts`: every one of a run from then on."""
    if which.empty:
        return pd.Series(dtype="datetime64[ns, UTC]")
    times = which.index.to_series()
    breaks = (~which) | (times.diff() > silent_after) | (which != which.shift())
    starts = times.groupby(breaks.cumsum()).transform("first")
    return times[which & (times - starts >= lasts)]
