"""Which level warnings suggest, what is in force by the decisions alone, and whether a decision is valid.

Pure: everything about people is resolved beforehand, everything about time is passed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.city import City
from models.flood_rules import FloodRules, ResponseLevel, SuggestionRow, gravest
from models.flood_warning import Hazard, Severity, WarningSource
from models.refusal import Refusal

Where = tuple[Hazard, str]
"""A hazard and the code of an area: what a level holds for."""


@dataclass(frozen=True, slots=True)
class OpenWarning:
    """A warning that lasts, as far as a suggestion asks."""

    number: str
    hazard: Hazard
    severity: Severity
    source: WarningSource
    threshold: str | None
    area: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The level the open warnings of an area suggest, with those that do."""

    level: ResponseLevel
    warnings: tuple[str, ...] = ()
    human_decides: bool = False


NOTHING = Suggestion(ResponseLevel.ENDED)
"""Where no warning is open."""


def suggested(flood: FloodRules, warnings: Iterable[OpenWarning], day: date) -> dict[Where, Suggestion]:
    """What the open warnings suggest, by hazard and area; the gravest counts, and all that suggest it are named.

    Example: yellow and orange for 410184 suggest III by the orange one (practice of Zhengzhou).
    """
    found: dict[Where, Suggestion] = {}
    for warning in sorted(warnings, key=lambda one: one.number):
        row = _row_for(flood, warning, day)
        if row is None:
            continue
        where = warning.hazard, warning.area[: flood.area_digits]
        so_far = found.get(where, NOTHING)
        if row.level.gravity > so_far.level.gravity:
            found[where] = Suggestion(row.level, (warning.number,), row.human_decides)
        elif row.level is so_far.level:
            numbers = (*so_far.warnings, warning.number)
            found[where] = Suggestion(row.level, numbers, so_far.human_decides or row.human_decides)
    return found


def _row_for(flood: FloodRules, warning: OpenWarning, day: date) -> SuggestionRow | None:
    table = flood.table(warning.hazard, day)
    return next((row for row in table.rows if _fits(row, warning)), None) if table else None


def _fits(row: SuggestionRow, warning: OpenWarning) -> bool:
    return (
        row.severity in (None, warning.severity)
        and row.source in (None, warning.source)
        and row.threshold in (None, warning.threshold)
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, as far as it says what is in force."""

    consultation: str
    hazard: Hazard
    area: str
    level: ResponseLevel
    kept: bool
    at: datetime
    issuer: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class InForce:
    """A response that goes on."""

    hazard: Hazard
    area: str
    level: ResponseLevel
    since: datetime
    """Since when at this level; a decision to keep it changes nothing."""
    started_at: datetime
    """Since when at any level."""
    consultation: str
    """Of the decision for this level."""
    issuer: str
    signed_by: str


def in_force(decisions: Iterable[Decided], at: datetime) -> dict[Where, InForce]:
    """What is in force at a moment, from the decisions alone, given in the order they were written."""
    found: dict[Where, InForce] = {}
    for one in sorted((one for one in decisions if one.at <= at), key=lambda one: one.at):
        where = one.hazard, one.area
        former = found.get(where)
        if not one.level:
            found.pop(where, None)
        elif former is None or former.level is not one.level:
            started_at = former.started_at if former else one.at
            found[where] = InForce(
                one.hazard, one.area, one.level, one.at, started_at, one.consultation, one.issuer, one.signed_by
            )
    return found


def level_at(now_in_force: Mapping[Where, InForce], hazard: Hazard, area: str) -> ResponseLevel:
    """The level decided for this very area; ENDED without one."""
    found = now_in_force.get((hazard, area))
    return found.level if found else ResponseLevel.ENDED


def covering_level(now_in_force: Mapping[Where, InForce], city: City, hazard: Hazard, area: str) -> ResponseLevel:
    """The gravest level of an area and of those around it: a town inside a county at III is at III too."""
    return gravest(*(level_at(now_in_force, hazard, code) for code in city.area_chain(area)))


@dataclass(frozen=True, slots=True)
class Considered:
    """The last suggestion of an area that people decided about."""

    level: ResponseLevel
    at: datetime


def differs(suggestion: ResponseLevel, own: ResponseLevel, covering: ResponseLevel) -> bool:
    """Whether a suggestion asks for another level: above what covers the area, or below what was decided for it."""
    return suggestion.gravity > covering.gravity or suggestion.gravity < own.gravity


def asks_anew(suggestion: ResponseLevel, last: Considered | None, now: datetime, again_after: timedelta) -> bool:
    """Whether people have not decided about this very suggestion lately."""
    return last is None or last.level is not suggestion or now - last.at >= again_after


@dataclass(frozen=True, slots=True)
class DecisionWish:
    """What somebody wants decided, as a form or a command says it."""

    consultation: str

    hazard: Hazard
    area: str
    level: ResponseLevel | None
    """None keeps what is in force."""
    basis: str
    issuer: str
    signed_by: str
    by: str


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may sign which level, and who may write down what another signed, by their posts' codes at a moment."""

    signers: Mapping[ResponseLevel, Sequence[str]]
    recorders: Sequence[str] = ()

    def may_see_the_form(self, post: str) -> bool:
        """Whether a post may decide or record anything at all."""
        return post in self.recorders or any(post in posts for posts in self.signers.values())


def refuse_decision(
    city: City, wish: DecisionWish, asked: Where, own: ResponseLevel, deciders: Deciders, now: datetime
) -> Refusal | None:
    """Why a decision is not valid, or None: people of the directory, who may sign that level, of a unit that may issue.

    `asked` is what the consultation is about, `own` the level in force for the area of the wish.
    """
    level = own if wish.level is None else wish.level
    return (
        _refuse_matter(city, wish, asked)
        or _refuse_issuer(city, wish, now)
        or _refuse_post(city, wish.signed_by, now)
        or _refuse_post(city, wish.by, now)
        or _refuse_signer(wish, level, deciders)
        or _refuse_level(wish, own)
    )


def _refuse_matter(city: City, wish: DecisionWish, asked: Where) -> Refusal | None:
    hazard, area = asked
    if wish.hazard is not hazard:
        return Refusal("other_hazard", {"hazard": wish.hazard, "asked": hazard})
    if wish.area not in city.areas:
        return Refusal("no_such_area", {"area": wish.area})
    if area not in city.area_chain(wish.area):
        return Refusal("area_outside", {"area": wish.area, "asked": area})
    return None if wish.basis.strip() else Refusal("no_basis", {})


def _refuse_issuer(city: City, wish: DecisionWish, now: datetime) -> Refusal | None:
    unit = city.units.get(wish.issuer)
    if unit is None or not unit.exists_on(now.astimezone(city.zone).date()):
        return Refusal("unknown_unit", {"unit": wish.issuer})
    issuers = city.flood.issuers if city.flood else ()
    if wish.issuer not in issuers:
        return Refusal("no_issuer", {"unit": wish.issuer, "issuers": list(issuers)})
    return None


def _refuse_post(city: City, code: str, now: datetime) -> Refusal | None:
    post = city.posts.get(code)
    if post is None:
        return Refusal("unknown_post", {"post": code})
    return None if post.exists_on(now.astimezone(city.zone).date()) else Refusal("post_ended", {"post": code})


def _refuse_signer(wish: DecisionWish, level: ResponseLevel, deciders: Deciders) -> Refusal | None:
    signers = deciders.signers.get(level, ())
    if wish.signed_by not in signers:
        return Refusal("may_not_sign", {"post": wish.signed_by, "level": level.name, "signers": list(signers)})
    if wish.by != wish.signed_by and wish.by not in deciders.recorders:
        return Refusal("may_not_record", {"post": wish.by, "signed_by": wish.signed_by})
    return None


def _refuse_level(wish: DecisionWish, own: ResponseLevel) -> Refusal | None:
    if wish.level is not None and wish.level is own:
        return Refusal("level_in_force", {"level": own.name, "area": wish.area, "hazard": wish.hazard})
    return None
