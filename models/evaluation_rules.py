"""How a city runs its monthly evaluation 考评: by which scheme, how long units may appeal, and who is told."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.limits import Limit, LimitUnit
from models.vocabulary import Role

DEFAULT_WINDOW = Limit(Decimal(3), LimitUnit.WORK_DAY)
"""Source: none is known; our proposal (?)."""


@dataclass(frozen=True, slots=True)
class ExemptPeriod:
    """Days in which a unit is not scored 免责: cases whose deadline falls in [first, until). Source: Yuncheng (B)."""

    unit: str
    first: date
    until: date


@dataclass(frozen=True, slots=True)
class EvaluationRules:
    """The content of `evaluation.yaml`; a city without the file is evaluated by these defaults."""

    scheme: str = "xinzheng"
    appeals_within: Limit = DEFAULT_WINDOW
    """After the draft; at its end everything is counted once more and published."""
    draft_to: tuple[Role, ...] = (Role.UNIT_LIAISON, Role.UNIT_HEAD)
    """Roles that get their unit's draft."""
    ranking_to: tuple[Role, ...] = (Role.UNIT_LIAISON, Role.UNIT_HEAD, Role.LEADER, Role.EVALUATOR)
    """Roles that get the published ranking."""
    overseen_by: tuple[Role, ...] = (Role.EVALUATOR,)
    """Roles that hear that a draft stands, and why a publication waits."""
    exempt_periods: tuple[ExemptPeriod, ...] = ()
    issuer: str = ""
    """Who signs the bulletin; empty for the centre of the city's name."""
    document_number: str = ""
    """Number of the bulletin 发文字号, with {year} and {month}; empty leaves it to be filled in by hand."""
