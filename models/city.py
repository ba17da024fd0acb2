"""The city as its directory describes it: units, posts, contact points, areas, seats, and how to find the right one.

A `City` is one loaded edition of a city directory: immutable, complete, compared by `edition`. Rules receive it as
an argument and never look anything up elsewhere. `tasks/directory.py` reads, judges and loads the files behind it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from models.analysis_rules import AnalysisRules
from models.call_rules import CallRules
from models.catalogue import Catalogue, Responsibility
from models.duty_rules import DutyRules
from models.evaluation_rules import EvaluationRules
from models.flood_rules import FloodRules
from models.message_rules import MessageRules
from models.policy import Policy
from models.scheme import Scheme
from models.vocabulary import Role
from models.water import WaterRules
from models.water_source import WaterSource
from models.worktime import WorkCalendar

TOWN_DIGITS = 9
"""Of the code of a town or street: county 6, town 3, village 3, grid 3. Source: grid cells of GB/T 30428 (B)."""


def exists_on(valid_from: date | None, valid_until: date | None, day: date) -> bool:
    """Whether a day falls into [valid_from, valid_until); a missing end is open."""
    return (valid_from is None or valid_from <= day) and (valid_until is None or day < valid_until)


@dataclass(frozen=True, slots=True)
class Unit:
    """A responsible unit 责任单位, or one of the city's centres, under its public name."""

    code: str
    name: str
    kind: str
    """township, subdistrict, committee, department, utility or centre."""
    parent: str | None = None
    group: str | None = None
    """Evaluation group: units are ranked only within it."""
    liaison: str | None = None
    head: str | None = None
    supervising_leader: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    """First day on which the unit no longer exists."""
    aliases: tuple[str, ...] = ()
    placeholder: bool = False

    def exists_on(self, day: date) -> bool:
        """Whether the unit exists on a day; `valid_until` is the first day on which it does not."""
        return exists_on(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class Post:
    """A post 岗位 somebody holds ("梨河镇值班员甲"); never a person's name."""

    code: str
    name: str
    unit: str
    role: Role
    area: str | None = None
    deputy: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def exists_on(self, day: date) -> bool:
        """Whether the post exists on a day; `valid_until` is the first day on which it does not."""
        return exists_on(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One way to reach a post. `address` is a reference (`demo`, `env:NAME`), never the secret itself."""

    post: str
    order: int
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Days on which the holder of a post is away, both included, as a leave form names them."""

    post: str
    first_day: date
    last_day: date

    def covers(self, day: date) -> bool:
        """Whether the post is away on a day."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Area:
    """A piece of the city by its code: 6 digits county, 9 street or town, 12 community or village, 15 cell grid."""

    code: str
    name: str
    unit: str | None = None
    """The unit that answers for the territory 属地."""
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class DayHours:
    """Hours of a day [start, end) in minutes after midnight; they may pass midnight."""

    start_minute: int
    end_minute: int

    def covers(self, minute: int) -> bool:
        """Whether the minute of the day (0-1439) falls inside."""
        if self.start_minute < self.end_minute:
            return self.start_minute <= minute < self.end_minute
        return minute >= self.start_minute or minute < self.end_minute


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat 坐席: a post that fills a role in these hours of the day."""

    role: Role
    post: str
    hours: DayHours


@dataclass(frozen=True, slots=True)
class InspectorDuty:
    """A post that walks an area (every grid below it) in these hours; several posts of one area are its pool."""

    area: str
    post: str
    hours: DayHours


@dataclass(frozen=True, eq=False)
class City:
    """One edition of a city directory, with every look-up the rules need."""

    edition: str
    """Digest of its documents; events name it, so that a decision can be judged by the rules of its day."""
    code: str
    name: str
    english_name: str
    zone: ZoneInfo
    calendar: WorkCalendar
    calendar_edition: str
    """Digest of the calendar's documents alone: deadlines are computed anew only when this changes."""
    catalogue: Catalogue
    responsibility: Responsibility
    policy: Policy
    units: Mapping[str, Unit]
    posts: Mapping[str, Post]
    areas: Mapping[str, Area]
    contact_points: tuple[ContactPoint, ...] = ()
    seats: tuple[Seat, ...] = ()
    inspectors: tuple[InspectorDuty, ...] = ()
    leave: tuple[Leave, ...] = ()
    messages: MessageRules = field(default_factory=MessageRules)
    duty: DutyRules | None = None
    """How the duty room is kept manned; None in a city without one."""
    schemes: tuple[Scheme, ...] = ()
    """The city's own schemes of evaluation, all editions; those that are shipped stand beside them."""
    evaluation: EvaluationRules = field(default_factory=EvaluationRules)
    """By what its months are scored, how long units may appeal, who is told."""
    analysis: AnalysisRules = field(default_factory=AnalysisRules)
    """From how many cases on its weekly analysis speaks of something, and who is told."""
    water: WaterRules = field(default_factory=WaterRules)
    """What is measured of its water, and the thresholds that warn."""
    water_sources: Mapping[str, WaterSource] = field(default_factory=dict)
    """Where readings come from, and how each source writes them, by its name."""
    calls: CallRules | None = None
    """Whom a warning wakes 叫应; None in a city that calls nobody."""
    flood: FloodRules | None = None
    """How flood and drought are answered: levels, consultations, reports; None in a city that does not say."""
    case_number_pattern: str = "{kind}{major}{minor}{date}{serial:04d}"
    receipt_pattern: str = "R{date}{serial:06d}"

    def posts_of(self, role: Role, unit: str | None = None, on: date | None = None) -> tuple[Post, ...]:
        """All posts of a role (of a unit, if named) that are valid on the day, in directory order."""
        found = self._posts_by_role.get(role, ())
        return tuple(p for p in found if (unit is None or p.unit == unit) and (on is None or p.exists_on(on)))

    def seat_posts(self, role: Role, at: datetime) -> tuple[str, ...]:
        """The posts that fill a role's seats at an instant, in directory order."""
        minute = self._minute(at)
        return tuple(s.post for s in self.seats if s.role is role and s.hours.covers(minute) and self._held(s.post, at))

    def inspectors_for(self, area: str | None, at: datetime) -> tuple[str, ...]:
        """The inspectors on duty for an area at an instant: the narrowest area that has any, then its parents.

        A place nobody could map belongs to the whole city's pool.
        """
        minute = self._minute(at)
        for code in _self_and_parents(area) or (self.code,):
            duties = (d for d in self._duties_by_area.get(code, ()) if d.hours.covers(minute))
            found = tuple(d.post for d in duties if self._held(d.post, at))
            if found:
                return found
        return ()

    def unit_called(self, name: str) -> Unit | None:
        """The unit with this code, name or alias, as sources spell it."""
        return self._unit_by_spelling.get(name.strip())

    def contacts_of(self, post: str) -> tuple[ContactPoint, ...]:
        """The contact points of a post, first choice first."""
        return self._contacts_by_post.get(post, ())

    def leave_of(self, post: str) -> tuple[Leave, ...]:
        """When the holder of a post is away."""
        return self._leave_by_post.get(post, ())

    def contains(self, unit: str, other: str | None) -> bool:
        """Whether `other` is the unit itself or stands below it."""
        seen: set[str] = set()
        while other is not None and other not in seen:
            if other == unit:
                return True
            seen.add(other)
            found = self.units.get(other)
            other = found.parent if found else None
        return False

    def towns(self, within: str = "") -> tuple[tuple[str, str], ...]:
        """Code and name of an area and its towns and streets, without villages and grids; of the whole city by default.

        Example: city.towns("410184004") is that town alone.
        """
        found = ((code, area.name) for code, area in self.areas.items() if len(code) <= TOWN_DIGITS or code == within)
        return tuple((code, name) for code, name in found if code.startswith(within))

    def area_chain(self, area: str | None) -> Iterable[str]:
        """The area's code and those of its parents, narrowest first."""
        return _self_and_parents(area)

    def _held(self, post: str, at: datetime) -> bool:
        """Whether the post exists that day: a task given to one that has ended would lie there for ever."""
        found = self.posts.get(post)
        return found is not None and found.exists_on(at.astimezone(self.zone).date())

    def _minute(self, at: datetime) -> int:
        local = at.astimezone(self.zone)
        return local.hour * 60 + local.minute

    @cached_property
    def _posts_by_role(self) -> dict[Role, tuple[Post, ...]]:
        return {role: tuple(p for p in self.posts.values() if p.role is role) for role in Role}

    @cached_property
    def _duties_by_area(self) -> dict[str, list[InspectorDuty]]:
        found: dict[str, list[InspectorDuty]] = {}
        for duty in self.inspectors:
            found.setdefault(duty.area, []).append(duty)
        return found

    @cached_property
    def _unit_by_spelling(self) -> dict[str, Unit]:
        found: dict[str, Unit] = {}
        for unit in self.units.values():
            for spelling in (unit.code, unit.name, *unit.aliases):
                found.setdefault(spelling, unit)
        return found

    @cached_property
    def _leave_by_post(self) -> dict[str, tuple[Leave, ...]]:
        found: dict[str, tuple[Leave, ...]] = {}
        for leave in self.leave:
            found[leave.post] = (*found.get(leave.post, ()), leave)
        return found

    @cached_property
    def _contacts_by_post(self) -> dict[str, tuple[ContactPoint, ...]]:
        found: dict[str, list[ContactPoint]] = {}
        for point in sorted(self.contact_points, key=lambda p: p.order):
            found.setdefault(point.post, []).append(point)
        return {post: tuple(points) for post, points in found.items()}


def _self_and_parents(area: str | None) -> Iterable[str]:
    """An area code cut to 15, 12, 9 and 6 digits, narrowest first."""
    if not area:
        return ()
    return tuple(area[:length] for length in (15, 12, 9, 6) if len(area) >= length)
