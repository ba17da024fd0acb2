"""Readings of water as they were taken in, each kept; and where each series of them stands."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class Doubt(StrEnum):
    """Why a reading is not used; it is kept all the same."""

    NONE = ""
    FUTURE = "future"
    """Its time has not come yet."""
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out_of_range"
    JUMP = "jump"
    """Further from the last good one than the station can change in that time."""
    DECREASING = "decreasing"
    """A gauge that only counts up went down."""
    STUCK = "stuck"
    """The very same value for longer than an instrument that works shows it."""


class WaterSeries(SQLModel, table=True):
    """One element of one station: where its readings stand, so that no visit has to read them all."""

    __tablename__ = "water_series"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    station: str
    element: str
    last_at: datetime | None = None
    """Of the newest reading, good or not, but not from the future."""
    last_value: float | None = None
    last_doubt: str = ""
    good_at: datetime | None = None
    """Of the newest reading that may be used."""
    good_value: float | None = None
    same_since: datetime | None = None
    """Since when the value has been the very same."""
    suspect_at: datetime | None = None
    suspect_value: float | None = None
    suspects: int = 0
    """Readings in a row that jumped away from the good ones and agree with each other."""
    received_at: datetime | None = None
    silent_from: datetime | None = None
    """From then on it is missing, unless it says something before."""
    silent_told: bool = False
    """Whether somebody was told that it is silent."""
    judge_from: datetime | None = None
    """From this reading on thresholds are still to be judged; None where all are."""

    __table_args__: tuple[Any, ...] = (
        UniqueConstraint("station", "element"),
        Index(
            "ix_water_series_judge_from",
            "judge_from",
            sqlite_where=text("judge_from IS NOT NULL"),
            postgresql_where=text("judge_from IS NOT NULL"),
        ),
    )


class Observation(SQLModel, table=True):
    """One reading; a later one for the same time takes its place, and the former stays as a correction."""

    __tablename__ = "observation"

    series_id: int = Field(primary_key=True, foreign_key="water_series.id", sa_type=RowId)
    at: datetime = Field(primary_key=True)
    value: float
    doubt: str = ""
    late: bool = False
    """It came in long after its time."""
    source: str
    received_at: datetime

    # Rows lie in the order they are asked for: a station's last hours are one stretch.
    __table_args__: tuple[Any, ...] = ({"sqlite_with_rowid": False},)


class ObservationCorrection(SQLModel, table=True):
    """What a reading said before another value came for the same time."""

    __tablename__ = "observation_correction"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    series_id: int = Field(foreign_key="water_series.id", sa_type=RowId)
    at: datetime
    former_value: float
    former_doubt: str
    former_source: str
    value: float
    source: str
    corrected_at: datetime

    __table_args__: tuple[Any, ...] = (Index("ix_observation_correction_series", "series_id", "at"),)


class RainDay(SQLModel, table=True):
    """Good rain of a day of one series, counted as it comes in; a day nobody measured has no row."""

    __tablename__ = "rain_day"

    series_id: int = Field(primary_key=True, foreign_key="water_series.id", sa_type=RowId)
    day: date = Field(primary_key=True)
    total: float
    readings: int


class RefusedObservation(SQLModel, table=True):
    """A row that is no reading, kept whole with its reason; the same row again is not kept twice."""

    __tablename__ = "refused_observation"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    source: str
    name: str
    """Of the file, or the way it came."""
    row_number: int
    content: str = Field(sa_type=Text)
    code: str
    facts: str = Field(default="{}", sa_type=Text)
    fingerprint: str = Field(unique=True)
    refused_at: datetime

    __table_args__: tuple[Any, ...] = (Index("ix_refused_observation_source", "source", "id"),)
