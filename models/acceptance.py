"""The acceptance 验收 self-check: conditions with points as data, what running data say of each, and the sum.

The national point table is not known here. The points of a file are that file's own, and a score is a city's view of
itself, no authority's verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault
from models.directory.scheme_parts import number, title
from models.directory.yaml_document import read_yaml
from models.scheme import Title


class Computed(StrEnum):
    """What is reckoned from running data."""

    TRIAL_RUN = "trial_run"
    DEPARTMENTS = "departments"
    EVALUATION = "evaluation"
    MONTHLY_REPORTS = "monthly_reports"
    LEDGERS = "ledgers"
    DATA_KEPT = "data_kept"
    STAGES = "stages"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition with its points; a person answers it where nothing is computed."""

    code: str
    title: Title
    points: Fraction
    computed: Computed | None
    source: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """The content of a file of conditions."""

    conditions: tuple[Condition, ...]
    to_beat: Fraction | None = None
    passes_from: Fraction | None = None

    @property
    def total(self) -> Fraction:
        """All points there are."""
        return sum((condition.points for condition in self.conditions), Fraction(0))


@dataclass(frozen=True, slots=True)
class Measured:
    """What running data say of a condition. `share`: how far it holds, 0 to 1."""

    share: Fraction
    said: Mapping[str, object]
    """The figures behind it, for the sentence that explains it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One condition as it stands."""

    condition: Condition
    points: Fraction | None
    """None where nobody has answered."""
    measured: Measured | None = None
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The whole checklist."""

    conditions: Conditions
    lines: tuple[Checked, ...]

    @property
    def reached(self) -> Fraction:
        """Points of everything that is computed or answered."""
        return sum((line.points or Fraction(0) for line in self.lines), Fraction(0))

    @property
    def open(self) -> tuple[Checked, ...]:
        """Conditions that wait for an answer."""
        return tuple(line for line in self.lines if line.points is None)

    @property
    def attainable(self) -> Fraction:
        """What is reached if every open answer turns out to be yes."""
        return self.reached + sum((line.condition.points for line in self.open), Fraction(0))


def self_check(conditions: Conditions, measured: Mapping[Computed, Measured], answers: Mapping[str, bool]) -> SelfCheck:
    """Every condition with its points: the share that holds of a computed one, all or none of an answered one.

    A computed one of which the data say nothing is answered like the others.
    """
    return SelfCheck(conditions, tuple(_checked(each, measured, answers) for each in conditions.conditions))


def _checked(condition: Condition, measured: Mapping[Computed, Measured], answers: Mapping[str, bool]) -> Checked:
    found = measured.get(condition.computed) if condition.computed is not None else None
    if found is not None:
        return Checked(condition, condition.points * found.share, found)
    answer = answers.get(condition.code)
    return Checked(condition, None if answer is None else condition.points * answer, answered=answer)


def read_conditions(file: str, content: str, faults: list[Fault]) -> Conditions | None:
    """The conditions of a file; every fault with its line."""
    page = read_yaml(file, content, ("to_beat", "passes_from", "conditions"), faults)
    if page is None or not page.needs("conditions"):
        return None
    found: dict[str, Condition] = {}
    for block in page.blocks("conditions", ("code", "name", "points", "computed", "source")):
        called = title(block)
        if called is None or not block.needs("code", "points", "source"):
            continue
        code, points = block.value("code", cell.code), block.value("points", _points)
        if code is None or points is None:
            continue
        if code in found:
            block.fault("code", code, "it stands twice.", "Give each condition its own code.")
        computed = block.value("computed", cell.one_of(tuple(Computed), "figure that is computed"))
        found[code] = Condition(code, called, points, computed, block.value("source", cell.text) or "")
    bounds = {key: page.value(key, number) for key in ("to_beat", "passes_from")}
    return Conditions(tuple(found.values()), **bounds)


def _points(text: str) -> Fraction:
    points = number(text)
    if points <= 0:
        raise Unreadable(f"{text} are no points.", "Write a number above 0.")
    return points
