"""The wall's figures in one language, with the sizes of its bars, as plain texts for the template."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from os.path import commonprefix

from desk.pages import form_word
from desk.wall_season import SeasonStrip, season_strip
from models.city import City
from models.vocabulary import State
from tasks.wall_figures import NextDeadline, OnDuty, Unreached, WallFigures
from tasks.wording import clean, duration_words
from tasks.words import Language, word

MOST_UNITS, MOST_SOURCES, MOST_POSTS = 10, 4, 6

LONGEST_NAME = 20
"""Characters of a unit, post or class: the wall never scrolls."""

SOON = timedelta(hours=1)

STAGES: tuple[tuple[str, tuple[State, ...]], ...] = (
    ("stage_intake", (State.REPORTED, State.VERIFYING)),
    ("stage_filing", (State.ACCEPTED, State.FILED)),
    ("stage_unit", (State.DISPATCHED, State.HANDLING)),
    ("stage_check", (State.CHECKING, State.CLOSING)),
    ("stage_suspended", (State.SUSPENDED,)),
)
"""Every open state belongs to one stage."""

HOUR_WIDTH, CHART_HEIGHT = 24, 150
"""Of the chart by hour, in its own units: a column of an hour, and the tallest bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart."""

    name: str
    count: int
    share: float
    """Of the longest bar, in percent."""


@dataclass(frozen=True, slots=True)
class HourBar:
    """One hour of the chart of the day, in the chart's own units."""

    x: int
    y: float
    height: float
    count: int
    hour: int
    told: bool
    """Whether its count is written above it: the present hour and the busiest one."""
    now: bool


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A case that is due soon."""

    case: str
    class_name: str
    unit: str
    left: str
    soon: bool


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A role with the posts that fill it."""

    role: str
    posts: tuple[tuple[str, bool], ...]
    """Name of the post, and whether it is signed in."""
    more: str
    """How many there are in all, where not all are named."""


@dataclass(frozen=True, slots=True)
class UnreachedLine:
    """A notice that reached nobody."""

    at: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class WallView:
    """Everything the wall shows."""

    at: str
    day: str
    sweep: str
    sweep_late: bool
    intake: int
    open: int
    overdue: int
    closed: int
    unreached_count: int
    hours: tuple[HourBar, ...]
    busiest: int
    sources: tuple[Bar, ...]
    stages: tuple[Bar, ...]
    units: tuple[Bar, ...]
    more_units: str
    deadlines: tuple[DeadlineLine, ...]
    duty: tuple[DutyLine, ...]
    inspectors: str
    unreached: tuple[UnreachedLine, ...]
    season: SeasonStrip | None


class WallTeller:
    """Tells the figures of one moment in one language."""

    def __init__(self, figures: WallFigures, city: City, now: datetime, language: Language) -> None:
        self._figures, self._city, self._now, self._language = figures, city, now, language

    def view(self, sweep_within: timedelta) -> WallView:
        """All of it; a sweep older than `sweep_within` is told as an alarm."""
        figures, local = self._figures, self._figures.at.astimezone(self._city.zone)
        return WallView(
            at=f"{local:%H:%M:%S}",
            day=f"{local:%Y-%m-%d} {word('weekday', local.weekday(), self._language)}",
            sweep=self._sweep(sweep_within),
            sweep_late=figures.last_sweep is None or self._now - figures.last_sweep > sweep_within,
            intake=sum(figures.intake_by_hour),
            open=figures.open.total,
            overdue=figures.open.overdue,
            closed=figures.closed_today,
            unreached_count=figures.unreached_count,
            hours=hour_bars(figures.intake_by_hour, local.hour),
            busiest=max(figures.intake_by_hour),
            sources=self._sources(),
            stages=bars((self._say(name), self._in(states)) for name, states in STAGES),
            units=self._units(),
            more_units=self._more_units(),
            deadlines=tuple(self._deadline(one) for one in figures.deadlines),
            duty=self._duty(figures.on_duty),
            inspectors=self._say("persons").format(count=figures.on_duty.inspectors) if self._city.inspectors else "",
            unreached=tuple(self._unreached(one) for one in figures.unreached),
            season=season_strip(figures.season, self._city, self._language),
        )

    def _sweep(self, within: timedelta) -> str:
        last = self._figures.last_sweep
        if last is None:
            return self._say("never_swept")
        age = max(timedelta(0), self._now - last)
        code = "swept_late" if age > within else "swept"
        return self._say(code).format(age=duration_words(age, self._language))

    def _in(self, states: Iterable[State]) -> int:
        return sum(self._figures.open.by_state[state] for state in states)

    def _sources(self) -> tuple[Bar, ...]:
        named = [(word("source", code, self._language), n) for code, n in self._figures.intake_by_source.items()]
        first, rest = named[:MOST_SOURCES], sum(count for _, count in named[MOST_SOURCES:])
        return bars([*first, *([(self._say("others"), rest)] if rest else [])])

    def _units(self) -> tuple[Bar, ...]:
        late = list(self._figures.open.overdue_by_unit.items())[:MOST_UNITS]
        return bars((self._unit(code), count) for code, count in late)

    def _more_units(self) -> str:
        rest = list(self._figures.open.overdue_by_unit.values())[MOST_UNITS:]
        return self._say("more_units").format(units=len(rest), cases=sum(rest)) if rest else ""

    def _unit(self, code: str | None) -> str:
        if not code:
            return self._say("no_unit")
        unit = self._city.units.get(code)
        return clean(unit.name if unit else code, LONGEST_NAME)

    def _deadline(self, one: NextDeadline) -> DeadlineLine:
        subclass = self._city.catalogue.subclasses.get(one.class_code or "")
        left = one.due_at - self._now
        return DeadlineLine(
            one.case,
            clean(subclass.minor if subclass else (one.class_code or ""), LONGEST_NAME),
            self._unit(one.unit),
            duration_words(max(left, timedelta(0)), self._language),
            left < SOON,
        )

    def _duty(self, on_duty: OnDuty) -> tuple[DutyLine, ...]:
        here = set(on_duty.signed_in)
        lines = [
            self._duty_line(word("role", role, self._language), posts, here) for role, posts in on_duty.seats.items()
        ]
        seated = {code for posts in on_duty.seats.values() for code in posts}
        others = [code for code in self._city.posts if code in here - seated]
        if others:
            lines.append(self._duty_line(self._say("others_signed_in"), others, here))
        return tuple(lines)

    def _duty_line(self, role: str, posts: Sequence[str], here: Set[str]) -> DutyLine:
        named = sorted(posts, key=lambda code: code not in here)[:MOST_POSTS]
        names = short_names([self._post(code) for code in named])
        more = self._say("and_more").format(count=len(posts)) if len(posts) > MOST_POSTS else ""
        return DutyLine(role, tuple((name, code in here) for name, code in zip(names, named, strict=True)), more)

    def _unreached(self, one: Unreached) -> UnreachedLine:
        at = one.at.astimezone(self._city.zone)
        to = self._post(one.recipient) if one.recipient else self._say("a_reporter")
        return UnreachedLine(f"{at:%H:%M}", to, word("outcome", one.why, self._language))

    def _post(self, code: str) -> str:
        post = self._city.posts.get(code)
        return clean(post.name if post else code, LONGEST_NAME)

    def _say(self, code: str) -> str:
        return form_word("wall", code, self._language)


def bars(counts: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars in the order given, the longest of 100 percent. Example: [("a", 4), ("b", 1)] -> 100 % and 25 %."""
    named = list(counts)
    most = max((count for _, count in named), default=0) or 1
    return tuple(Bar(name, count, round(100 * count / most, 1)) for name, count in named)


def hour_bars(counts: Sequence[int], hour: int) -> tuple[HourBar, ...]:
    """The bars of the day by hour; hours that are still to come have none."""
    most = max(counts) or 1
    found = []
    for number, count in enumerate(counts[: hour + 1]):
        height = round(CHART_HEIGHT * count / most, 1)
        told = count > 0 and (number == hour or number == counts.index(most))
        found.append(
            HourBar(number * HOUR_WIDTH, round(CHART_HEIGHT - height, 1), height, count, number, told, number == hour)
        )
    return tuple(found)


def short_names(names: Sequence[str]) -> list[str]:
    """Names in a row as people list them: what all begin with stands once.

    Example: ["监督中心受理员甲", "监督中心受理员乙"] -> ["监督中心受理员甲", "乙"].
    """
    begin = commonprefix(names)  # noqa: RUF071 - names, no paths
    if len(names) < 2 or not all(name[len(begin) :] for name in names) or (begin and begin[-1].isascii()):
        return list(names)
    return [names[0], *(name[len(begin) :] for name in names[1:])]
