"""How a city answers a flood or a drought: suggested levels, consultations, who signs, duties, reports.

All of it is the city's own data (`flood.yaml`, `response_duties.csv`); lengths of time are continuous.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum, StrEnum

from models.duty_rules import DutyState
from models.flood_warning import Hazard, Severity, WarningSource
from models.vocabulary import Role


class ResponseLevel(IntEnum):
    """Level of an emergency response 应急响应: IV is the lowest, I the gravest."""

    ENDED = 0
    """No response: ended, or never started."""
    I = 1  # noqa: E741 - the level's own name
    II = 2
    III = 3
    IV = 4

    @property
    def gravity(self) -> int:
        """Grows with the danger: 0 without a response, 1 for IV, 4 for I."""
        return 0 if self is ResponseLevel.ENDED else 5 - self


LEVELS = (ResponseLevel.IV, ResponseLevel.III, ResponseLevel.II, ResponseLevel.I)


def gravest(*levels: ResponseLevel) -> ResponseLevel:
    """The gravest of some levels; ENDED where there are none."""
    return max(levels, key=lambda level: level.gravity, default=ResponseLevel.ENDED)


class ReportKind(StrEnum):
    """A report's place in its series 首报-续报-终报, or the daily one."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    FINAL = "final"
    DAILY = "daily"


class ReportMeans(StrEnum):
    """How a report is given; what is given in writing also satisfies a limit by phone."""

    PHONE = "phone"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class People:
    """Some people of the directory: posts by code, all holders of roles, and places of the shift on duty now."""

    posts: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """Warnings that fit every part that is given suggest this level."""

    level: ResponseLevel
    severity: Severity | None = None
    source: WarningSource | None = None
    threshold: str | None = None
    """Code of a threshold that was crossed."""
    human_decides: bool = False
    """The level behind this warning is only where people begin to think; shown beside the suggestion."""


@dataclass(frozen=True, slots=True)
class SuggestionTable:
    """Which warnings suggest which level, for one hazard from a day on; the first row that fits counts."""

    hazard: Hazard
    valid_from: date
    rows: tuple[SuggestionRow, ...]
    basis: str = ""
    """The plan or practice it comes from."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Who hears, so long after the time ran out."""

    after: timedelta
    to: People


@dataclass(frozen=True, slots=True)
class ConsultationRules:
    """How a consultation 会商 is called and hurried."""

    decide_within: timedelta = timedelta(minutes=20)
    called: People = field(default_factory=People)
    """Who is told that one opens."""
    ladder: tuple[Rung, ...] = ()
    """Who hears that nobody decided, counted from the end of `decide_within`."""
    ask_again_after: timedelta = timedelta(hours=12)
    """So long after a decision that differs from the suggestion the question is put again, if it still differs."""


TERRITORY, MEMBERS = "territory", "members"
"""Stand for a unit where one owes a report: that of the incident's area; all that have duties at a level in force."""


@dataclass(frozen=True, slots=True)
class ReportRule:
    """A report of an incident that a unit owes, counted from when the unit or the headquarters learned of it."""

    kind: ReportKind
    means: ReportMeans
    within: timedelta
    by: str
    """A unit's code, or TERRITORY."""
    to: str
    """Name of the receiver: a unit's code or somebody outside the city."""


@dataclass(frozen=True, slots=True)
class DailyReport:
    """A report owed every day at a minute after midnight."""

    minute: int
    by: tuple[str, ...]
    """Units, or MEMBERS."""
    to: str = ""
    """Name of the receiver."""


@dataclass(frozen=True, slots=True)
class ReportRules:
    """Who owes which report by when 信息报送."""

    incidents: tuple[ReportRule, ...] = ()
    follow_up_by: tuple[str, ...] = ()
    """Units that go on reporting an incident until its final report: codes, or TERRITORY."""
    follow_up_to: str = ""
    follow_up_every: Mapping[ResponseLevel, timedelta] = field(default_factory=dict)
    """Interval of follow-ups by the level in force; under ENDED the one without a response."""
    final_within: timedelta = timedelta(days=1)
    """The final report of a response 终报, counted from its end."""
    response_by: tuple[str, ...] = ()
    """Units that report on a response while it is in force."""
    response_to: str = ""
    daily: tuple[DailyReport, ...] = ()
    missing_after: timedelta = timedelta(hours=2)
    """So long after its time a report that was not given is recorded missing 漏报."""
    ladder: tuple[Rung, ...] = ()
    """Who hears of a late report besides the unit that owes it."""
    incident_told: People = field(default_factory=People)
    """Who hears of every entry about an incident."""
    casualties_told: People = field(default_factory=People)
    """Who hears at once of people dead, missing or injured."""


@dataclass(frozen=True, slots=True)
class ResponseDuty:
    """What a member unit must do at a level."""

    hazard: Hazard
    level: ResponseLevel
    unit: str
    duty: str
    english_duty: str


@dataclass(frozen=True)
class FloodRules:
    """Everything a city decides about its answer to flood and drought."""

    tables: tuple[SuggestionTable, ...] = ()
    area_digits: int = 6
    """Warnings count for the area whose code has so many digits: 6 the whole city, 9 street or town, and so on."""
    consultation: ConsultationRules = field(default_factory=ConsultationRules)
    issuers: tuple[str, ...] = ()
    """Units that may issue a response."""
    signers: Mapping[ResponseLevel, People] = field(default_factory=dict)
    """Who may sign a level; under ENDED who may end one."""
    recorders: People = field(default_factory=People)
    """Who may write down a decision that another has signed."""
    duty_states: Mapping[ResponseLevel, DutyState] = field(default_factory=dict)
    """State of the duty room while a level is in force; the gravest counts."""
    duties: tuple[ResponseDuty, ...] = ()
    reports: ReportRules = field(default_factory=ReportRules)

    def table(self, hazard: Hazard, day: date) -> SuggestionTable | None:
        """The table in force on a day."""
        known = [table for table in self.tables if table.hazard is hazard and table.valid_from <= day]
        return max(known, key=lambda table: table.valid_from, default=None)

    def duties_at(self, hazard: Hazard, level: ResponseLevel) -> dict[str, ResponseDuty]:
        """What each member unit must do at a level, by unit."""
        return {duty.unit: duty for duty in self.duties if duty.hazard is hazard and duty.level is level}

    def duty_state_at(self, level: ResponseLevel) -> DutyState:
        """The state of the duty room while a level is in force."""
        return self.duty_states.get(level, DutyState.RESPONSE if level else DutyState.ROUTINE)
