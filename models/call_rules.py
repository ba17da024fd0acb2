"""Whom a city calls when people must wake up 叫应, how long they have, and who hears of their silence.

All of it is the city's own data (`calls.yaml`, `call_chains.csv`); lengths of time are continuous.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from models.flood_warning import Severity, WarningSource
from models.vocabulary import Role

NEXT, DUTY_LEADER, AGAIN = "next", "duty_leader", "again"
CLIMBS_TO = (NEXT, DUTY_LEADER, AGAIN)
"""Whom a rung may name besides the roles of posts."""

CLIMBED_STEP = 90
"""Step of those to whom a silence climbed: behind every step of a chain."""

LAST_STEP = 9


class CallDuty(StrEnum):
    """For what somebody answers in a chain."""

    ADMINISTRATIVE = "administrative"
    """The reservoir's three responsible persons 三个责任人: administrative, technical, patrol."""
    TECHNICAL = "technical"
    PATROL = "patrol"
    DEPARTMENT = "department"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    GROUP = "group"
    HOUSEHOLD = "household"


class Wanted(StrEnum):
    """When a chain is awake."""

    EACH = "each"
    """Everybody who was called has answered, such as each of a reservoir's three."""
    ONE = "one"
    """One of them has answered and calls the others on, such as from town to village to group."""


@dataclass(frozen=True, slots=True)
class ChainRule:
    """A kind of chain."""

    code: str
    name: str
    english_name: str
    wanted: Wanted = Wanted.EACH


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One person in one chain; those of the same step are called together."""

    subject: str
    """Code of a station or an area."""
    chain: str
    step: int
    duty: CallDuty
    post: str


@dataclass(frozen=True, slots=True)
class CallRung:
    """Who hears of a silence, so long after the time to answer ran out."""

    after: timedelta
    to: str
    """next (of the chain), duty_leader (of the present shift), again (the same person), or a role."""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """A place chains are about that is no area: a reservoir, a stretch of river."""

    code: str
    name: str
    english_name: str
    area: str


@dataclass(frozen=True)
class CallRules:
    """Everything a city decides about its calls."""

    chains: tuple[ChainRule, ...]
    links: tuple[ChainLink, ...] = ()
    answer_within: timedelta = timedelta(minutes=5)
    rungs: tuple[CallRung, ...] = (CallRung(timedelta(0), NEXT), CallRung(timedelta(0), DUTY_LEADER))
    again_every: timedelta = timedelta(minutes=5)
    """A chain in which nobody is left is called again so often, with the duty leader, until a human answers."""
    signals: frozenset[Severity] = frozenset({Severity.ORANGE, Severity.RED})
    """Colours of weather signals that start a call; a threshold says so for itself."""
    started_by: tuple[Role, ...] = (Role.DUTY_OFFICER, Role.LEADER)
    """Who may start one by hand, besides the posts of the duty room."""
    places: tuple[CallPlace, ...] = ()

    def chain(self, code: str) -> ChainRule | None:
        """The kind of chain with this code."""
        return next((chain for chain in self.chains if chain.code == code), None)

    def place(self, code: str) -> CallPlace | None:
        """The place with this code, where it is no area."""
        return self._places.get(code)

    def starts(self, source: str, severity: str, calls: bool) -> bool:
        """Whether a warning calls people: by its threshold's own word, or by the colour of a signal."""
        return calls or (source == WarningSource.SIGNAL and severity in self.signals)

    def called_for(self, subject: str, area: str | None = None) -> tuple[ChainLink, ...]:
        """Everybody whose chain is about a place.

        Of an area all below it are called, and those of the places that lie in it. Of a station or another place its
        own chains are called, and those of the area it lies in (`area`, where `calls.yaml` does not know it). Where
        that area has no chain, the narrowest one above it that has.
        Example: called_for("410184104") calls the town, its villages and its reservoirs.
        """
        if subject.isdigit():
            wanted = self._below(subject) or self._nearest(subject)
        else:
            place = self.place(subject)
            wanted = {subject} | self._nearest(area or (place.area if place else ""))
        return tuple(link for link in self.links if link.subject in wanted)

    def _below(self, area: str) -> set[str]:
        areas = {code for code in self._subjects if code.isdigit() and code.startswith(area)}
        return areas | {place.code for place in self.places if place.area.startswith(area)} & self._subjects

    def _nearest(self, area: str) -> set[str]:
        """The area itself, or the narrowest one above it that has a chain."""
        found = (area[:length] for length in (15, 12, 9, 6) if len(area) >= length)
        return {next((code for code in found if code in self._subjects), area)}

    @cached_property
    def _subjects(self) -> frozenset[str]:
        return frozenset(link.subject for link in self.links)

    @cached_property
    def _places(self) -> Mapping[str, CallPlace]:
        return {place.code: place for place in self.places}
