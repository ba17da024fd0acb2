"""A score with every step that led to it, as people and programs are shown it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Any

from models.directory.fault import Fault
from models.scheme import Grade, Title
from models.scheme_counts import Value


class StepKind(StrEnum):
    """What a step does."""

    CONCLUSION = "conclusion"
    EXEMPTION = "exemption"
    MINIMUM = "minimum"
    RATIO = "ratio"
    ITEM = "item"
    SYSTEM = "system"
    ADJUSTMENT = "adjustment"
    SCORE = "score"


@dataclass(frozen=True)
class Step:
    """One line of the reckoning. `result` None: there is none, and `missing` or `note` says why."""

    kind: StepKind
    item: str
    formula: str
    values: Mapping[str, Value]
    """What was put in for each name of the formula."""
    result: Value
    source: str
    title: Title | None = None
    points: Value = None
    """The most the item gives."""
    missing: tuple[str, ...] = ()
    note: str = ""

    def told(self) -> dict[str, Any]:
        """The step for a program: plain numbers and texts."""
        return {
            "kind": self.kind.value,
            "item": self.item,
            "name": {"zh": self.title.zh, "en": self.title.en} if self.title else None,
            "formula": self.formula,
            "values": {name: as_number(value) for name, value in self.values.items()},
            "result": as_number(self.result),
            "points": as_number(self.points),
            "source": self.source,
            "missing": list(self.missing),
            "note": self.note,
        }


@dataclass(frozen=True)
class Scored:
    """A score with its grade and its steps; None where there is no score."""

    score: Value
    grade: Grade | None
    steps: tuple[Step, ...]
    missing: tuple[str, ...] = ()
    """Counts and entries without which there is no score."""
    complete: bool = True
    """Whether the scheme knows all its items; without that the total stays empty."""

    def told(self) -> dict[str, Any]:
        """The answer for a program; the same score gives the same bytes."""
        return {
            "score": as_number(self.score),
            "grade": self.grade.code if self.grade else None,
            "complete": self.complete,
            "missing": list(self.missing),
            "steps": [step.told() for step in self.steps],
        }


class ScoreRefused(ValueError):
    """Counts that a scheme cannot be applied to; carries the place in the scheme."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return str(self.fault)


def rounded(value: Fraction, digits: int) -> Decimal:
    """A number to so many digits behind the point, half up as officials round. Example: 0.125 to 2 digits is 0.13."""
    return Decimal(floor(value * 10**digits + Fraction(1, 2))).scaleb(-digits)


def plain(value: Value) -> str:
    """A number as people write it, to at most six digits behind the point; a question mark where there is none."""
    if value is None:
        return "?"
    text = f"{rounded(value, 6):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_decimal(value: Decimal, digits: int) -> str:
    """A decimal with exactly so many digits behind the point, half up. Example: 92.415 to 2 digits is 92.42."""
    return f"{rounded(Fraction(value), digits):.{digits}f}"


def as_number(value: Value) -> int | float | None:
    """A number for JSON, to ten digits behind the point."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(rounded(value, 10))
