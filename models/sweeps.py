"""When a process last looked at everything that was due: what tells an idle engine from one that is away."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel


class Process(StrEnum):
    """The processes that must come round again and again."""

    CASES = "cases"
    """Moves every case that is due or has an action waiting."""
    NOTICES = "notices"
    """Delivers every notice that is due."""
    DUTY = "duty"
    """Watches who has signed in, what was handed over, and spot checks; seldom outside the season."""
    HYDROLOGY = "hydrology"
    """Takes in readings and judges them."""
    CALLS = "calls"
    """Starts calls for new warnings and lets their silence climb."""
    RESPONSE = "response"
    """Consultations, their runs, and deadlines of reports."""


class Sweep(SQLModel, table=True):
    """One row a process, moved forward by each of its sweeps; a run for named cases is none."""

    __tablename__ = "sweep"

    process: str = Field(primary_key=True)
    at: datetime
    """When it had looked at everything."""
