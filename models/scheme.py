"""A scheme of evaluation 考评细则 as data: ratios, items with points, tables, entries made by hand, groups, grades.

Nothing here decides anything; `models/scoring.py` takes counts through it and `models/directory/scheme_yaml.py` reads
it from a file. Every number of a scheme has its source in the file; what a city's text leaves open stays open.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from models.scheme_formula import NOWHERE, Formula, Name, Place
from models.vocabulary import Role

MAY_ENTER = tuple(role for role in Role if role not in (Role.PUBLIC, Role.SOURCE, Role.RULE))
"""Roles of posts: who can be named as the one who enters something by hand."""


@dataclass(frozen=True, slots=True)
class Title:
    """What something is called, in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Division:
    """A numerator over its declared denominator."""

    count: Formula
    over: Formula

    @property
    def names(self) -> tuple[str, ...]:
        """The values it needs."""
        return tuple(dict.fromkeys((*self.count.names, *self.over.names)))

    def told(self, less: Collection[str] = ()) -> str:
        """The division as people write it, with what is taken off its denominator."""
        over = f"({' - '.join((self.over.text, *less))})" if less else _bracketed(self.over)
        return f"{_bracketed(self.count)} / {over}"


@dataclass(frozen=True)
class Ratio:
    """A share 率 with its denominator. Units: a fraction of [0, 1], never percent."""

    code: str
    title: Title
    of: Division
    source: str
    at_most: Fraction | None = None
    """Held there: a case may come back or be extended more than once. Without it more than 1 is a contradiction."""
    empty: Fraction | None = None
    """What the ratio is where its denominator is 0; without it a denominator of 0 is an error."""
    less: tuple[str, ...] = ()
    """Counts that are taken off its denominator alone, where they are given: cases this ratio does not ask for."""
    instead: Division | None = None
    """Stands for it where none of its own counts is given."""
    place: Place = NOWHERE


class Bound(StrEnum):
    """How a row of a table is met."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a table: what a count gives that meets the bound."""

    bound: Bound
    at: Fraction
    gives: Fraction

    def met(self, count: Fraction) -> bool:
        """Whether a count meets it."""
        if self.bound is Bound.BELOW:
            return count < self.at
        return count <= self.at if self.bound is Bound.AT_MOST else count >= self.at


@dataclass(frozen=True, slots=True)
class StepTable:
    """Points by count, in steps; the first row that is met gives them, and no row `otherwise`.

    Example: at_most 50 -> 10, at_most 100 -> 9, otherwise 0: 50 gives 10, 51 gives 9, 101 gives 0.
    """

    code: str
    rows: tuple[StepRow, ...]
    otherwise: Fraction
    source: str

    def points(self, count: Fraction) -> Fraction:
        """The points for a count."""
        return next((row.gives for row in self.rows if row.met(count)), self.otherwise)


class Counted(StrEnum):
    """What zhihui counts of a unit beside its cases, for a manual item that names it; entries come on top of it."""

    VACANT_POSTS = "vacant_posts"
    """Duty places recorded vacant 空岗, of the unit whose person should have stood there."""
    MISSED_SPOT_CHECKS = "missed_spot_checks"
    """Spot checks 查岗 nobody answered; those that ran out while the system was down are none."""
    LATE_REPORTS = "late_reports"
    """Information reports 信息报送 given late or not at all, by their deadline."""
    DISSATISFIED_ANSWERS = "dissatisfied_answers"
    """Reporters' last answers of 1 or 2 of 5 to a round the unit ended, by the day of the answer."""


@dataclass(frozen=True, slots=True)
class ManualItem:
    """A number a person enters: a score, a number of occurrences, or a figure nothing here counts."""

    code: str
    title: Title
    by: tuple[Role, ...]
    """Who may enter it."""
    source: str
    least: Fraction | None = None
    most: Fraction | None = None
    required: bool = True
    """Without it there is no score; where not required, nothing entered means that there was nothing (0)."""
    whole: bool = False
    """Counts occurrences: only whole numbers."""
    evidence: bool = False
    """An entry needs a document or picture that shows it."""
    counted: Counted | None = None
    """Occurrences that zhihui counts itself."""


@dataclass(frozen=True)
class Term:
    """An item of a score: a formula that gives its points, held within 0 and the most it can give.

    `formula` None: the city's text names the item and its rule is not known here.
    """

    code: str
    title: Title
    points: Fraction | None
    formula: Formula | None
    source: str
    place: Place = NOWHERE


@dataclass(frozen=True)
class Adjustment:
    """Points given or taken beside the items, `each` for every occurrence, at most `most`."""

    code: str
    title: Title
    occurrences: Formula
    each: Fraction
    source: str
    most: Fraction | None = None
    double: str | None = None
    """Manual item that says how many of the occurrences count twice (reported by a leader or the media)."""


@dataclass(frozen=True)
class Deduction(Adjustment):
    """Takes points."""


@dataclass(frozen=True)
class Bonus(Adjustment):
    """Gives points."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Cases a unit does not answer for, and the counts they leave with it."""

    count: str
    leaves: tuple[str, ...]
    source: str
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade from its lowest score, included, up to the next grade's, excluded. The lowest reaches down for ever."""

    code: str
    title: Title
    lowest: Fraction
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """What a bulletin 通报 of this scheme tells."""

    every: str
    best: int
    worst: int
    figures: tuple[str, ...]
    """Counts and ratios shown for each unit."""
    backlog: bool
    """Whether each unit's overdue and still open cases are listed."""
    source: str


@dataclass(frozen=True)
class Board:
    """How one score is made: the system's, or a group's."""

    total: Fraction = Fraction(100)
    complete: bool = True
    terms: tuple[Term, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    minimum: Mapping[str, Fraction] = field(default_factory=dict)
    """Counts below which there is no score."""


@dataclass(frozen=True)
class Group:
    """Objects of evaluation that are ranked among themselves.

    `board` without terms: the group's score is the system score with the group's own adjustments.
    """

    code: str
    title: Title
    of: tuple[str, ...]
    """Groups of units.csv whose units it scores."""
    board: Board
    place: Place = NOWHERE


@dataclass(frozen=True)
class Scheme:
    """Everything a city decides about its scores, for as long as it is in force."""

    name: str
    title: Title
    source: str
    system: Board
    file: str = ""
    proposal: bool = False
    """Nobody's rule yet: what this project proposes."""
    valid_from: date | None = None
    valid_until: date | None = None
    """First day on which it no longer applies."""
    least: Fraction | None = None
    most: Fraction | None = None
    digits: int = 2
    """Shown behind the point; scores are kept as they are."""
    rounding: int | None = None
    """Digits to which the city's own text rounds a score, half up, before it is graded."""
    ratios: Mapping[str, Ratio] = field(default_factory=dict)
    tables: Mapping[str, StepTable] = field(default_factory=dict)
    manual: Mapping[str, ManualItem] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    grades: tuple[Grade, ...] = ()
    """Highest first."""
    publication: Publication | None = None

    def group(self, named: str) -> Group | None:
        """The group with this code or name, or the one that scores this group of units.csv."""
        found = (g for g in self.groups if named in (g.code, g.title.zh, g.title.en, *g.of))
        return next(found, None)

    def grade(self, score: Fraction) -> Grade | None:
        """The grade of a score; None where the city's text has no grades."""
        return next((grade for grade in self.grades if score >= grade.lowest), self.grades[-1] if self.grades else None)

    def in_force_on(self, day: date) -> bool:
        """Whether it applies on a day of [valid_from, valid_until)."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )


def _bracketed(formula: Formula) -> str:
    return formula.text if isinstance(formula.root, Name) else f"({formula.text})"


def scheme_of_month(schemes: tuple[Scheme, ...], first_day: date) -> Scheme | None:
    """The scheme that scores a month: the one in force on its first day, also where another follows within it.

    So a unit knows on the first what its month is scored by; `models/directory/scheme_yaml.py` sees that no two
    schemes of one name are in force on a day.
    """
    return next((scheme for scheme in schemes if scheme.in_force_on(first_day)), None)
