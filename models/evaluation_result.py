"""What one version of a month's evaluation 考评 says: the frozen figures, and nothing that could change afterwards.

The canonical bytes of a result are its identity: the same month evaluated again from the same rows gives the same
bytes, and every document (bulletin, workbook, page, picture) is made from a result alone. Numbers are exact: a score is
a decimal text, a count a whole number, and what is not known is null, never 0.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

FORMAT = 1
"""Of the written form; a reader refuses a number it does not know."""


class Told(BaseModel):
    """A part of a result: read-only, nothing beside what is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Titled(Told):
    """What something is called in both languages."""

    zh: str
    en: str


class Before(Told):
    """What the same object had in an earlier month; from the newest version of that month, null where there is none."""

    month: str
    score: Decimal | None
    rank: int | None
    counts: Mapping[str, int]
    """Scoring counts."""


class ManualInput(Told):
    """A value that was put into the scheme beside the counts."""

    code: str
    title: Titled
    value: Decimal | None
    """None where it is required and was not entered: then there is no score."""
    origin: str
    """entered, counted (from duty and citizens' answers), both, or nothing (not required, so 0)."""
    entries: tuple[str, ...] = ()
    """What it was made of: numbers of entries as #7, names of shifts, checks, reports, cases."""


class UnitResult(Told):
    """One unit (or other object of evaluation) in one month."""

    unit: str
    name: str
    group: str | None
    """Group of the scheme that scores it; None: it is counted and not scored."""
    scoring: Mapping[str, int]
    """Counts per period of the deadline, by name of `models/evaluation_counts.py`; all of them."""
    workload: Mapping[str, int]
    """Counts per period of the event."""
    ratios: Mapping[str, Decimal | None]
    """The scheme's ratios, fractions in [0, 1] to ten digits."""
    inputs: tuple[ManualInput, ...] = ()
    score: Decimal | None = None
    """Exact to ten digits; shown to the scheme's `digits`. None: there is no score, `why_none` says why."""
    why_none: str | None = None
    """missing, too_few, incomplete, refused or no_group."""
    missing: tuple[str, ...] = ()
    grade: str | None = None
    rank: int | None = None
    """Within its group; equal scores share a rank, the next one leaves as many places free (1, 2, 2, 4)."""
    steps: tuple[Mapping[str, Any], ...] = ()
    """How the score came about, as `Step.told()` says it."""
    last_month: Before | None = None
    last_year: Before | None = None


class GroupResult(Told):
    """Units that are ranked among themselves, best first; those without a score last, by code."""

    code: str
    title: Titled
    units: tuple[UnitResult, ...]


class GradeTold(Told):
    """A grade of the scheme, from its lowest score on."""

    code: str
    title: Titled
    lowest: Decimal
    colour: str | None = None


class RatioTold(Told):
    """A ratio of the scheme with its definition."""

    code: str
    title: Titled
    formula: str
    source: str


class SchemeTold(Told):
    """By what it was scored."""

    name: str
    title: Titled
    source: str
    proposal: bool
    complete: bool
    valid_from: date | None
    digits: int
    ratios: tuple[RatioTold, ...] = ()
    grades: tuple[GradeTold, ...] = ()
    best: int
    """How many are named as best of each group in the bulletin; so `worst`."""
    worst: int
    figures: tuple[str, ...]
    """Counts and ratios the bulletin shows for each unit."""
    backlog: bool


class BacklogCase(Told):
    """An overdue case that is still open when the month is counted."""

    number: str
    unit: str
    class_code: str | None
    class_name: str
    area: str | None
    due_at: datetime


class EvaluationResult(Told):
    """One version of a month."""

    format: int = FORMAT
    city: str
    city_name: str
    month: str
    """Such as 2026-08."""
    version: int
    """1 for the first draft; a later one says `why`."""
    why: str
    """first, or what made a new version: a granted appeal, a correction, a late entry."""
    period_start: datetime
    period_end: datetime
    counted_at: datetime
    """What happened afterwards is not in it."""
    open: bool
    """Whether the month was not over when it was counted."""
    edition: str
    """Edition of the city's directory, as its digest."""
    facts: str
    """Digest of the counts by unit and class: what the totals were added up from."""
    scheme: SchemeTold
    scoring: Mapping[str, int]
    """Of the whole city."""
    workload: Mapping[str, int]
    system_score: Decimal | None = None
    """The scheme's system score of the whole city; None where the scheme has none, or a value is missing."""
    last_month: Before | None = None
    last_year: Before | None = None
    groups: tuple[GroupResult, ...] = ()
    unscored: tuple[UnitResult, ...] = ()
    """Units of no group of the scheme to which something happened; counted, so that the totals agree."""
    backlog: tuple[BacklogCase, ...] = ()
    by_class: Mapping[str, Mapping[str, int]] = {}
    """Name of a large class 大类 -> some of its scoring counts, for what the month was about."""
    by_area: Mapping[str, Mapping[str, int]] = {}
    """Name of a town or street -> the same."""
    by_source: Mapping[str, Mapping[str, int]] = {}
    """Code of a source -> the same."""
    by_day: Mapping[str, Mapping[str, int]] = {}
    """Day, such as 2026-08-05 -> reported, filed and closed on it."""
    appeals: Mapping[str, int] = {}
    """State of an appeal -> how many of this month's cases: open, granted, refused, lapsed."""
    behind: str = ""
    """Digest of the parts of cases behind the counts; empty in a version made before they were proved."""

    def units(self) -> tuple[UnitResult, ...]:
        """All that are scored, in the order of groups and ranks, then the others."""
        return (*(unit for group in self.groups for unit in group.units), *self.unscored)

    def written(self) -> bytes:
        """The canonical bytes: sorted keys, no spaces, UTF-8, decimals as texts."""
        told = self.model_dump(mode="json")
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_result(written: bytes) -> EvaluationResult:
    """A result from its bytes.

    Raises: pydantic.ValidationError where they are no result of this format; ValueError for a newer format.
    """
    told = json.loads(written)
    if told.get("format") != FORMAT:
        raise ValueError(f"This evaluation is written in format {told.get('format')}; this program reads {FORMAT}.")
    return EvaluationResult.model_validate(told)
