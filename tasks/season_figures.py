"""What the wall shows of the flood season: who stands in the duty room, open warnings, people who have not answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from models.flood_warning import Severity
from tasks.call_figures import figures_of
from tasks.call_rows import open_calls, read_targets
from tasks.duty_shifts import Stand, shift_on
from tasks.warning_rows import open_warnings


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """One place of the shift that is on."""

    place: str
    post: str | None
    """Who stands in it; None is a gap."""
    signed_in: bool
    vacant: bool
    late: bool
    """Not signed in although the time to sign in is over."""


@dataclass(frozen=True, slots=True)
class SeasonFigures:
    """The season at one moment, without its drills."""

    places: Sequence[PlaceNow]
    """Empty where no shift is on."""
    warnings: Sequence[tuple[Severity, str]]
    """The warnings that last, the gravest first: severity and area."""
    called: int
    """People of the calls that last."""
    silent: int
    """Those of them who have not answered."""
    unreached: int
    """Those of whose chain nobody is left to call."""


def read_season(connection: Connection, city: City, now: datetime) -> SeasonFigures | None:
    """The season as it stands; None in a city without a duty room, stations and calls."""
    if not (city.duty or city.water.stations or city.calls):
        return None
    shift = shift_on(connection, city, now) if city.duty else None
    stands = shift.stands if shift else ()
    gravity = list(Severity)
    warnings = sorted(open_warnings(connection), key=lambda one: -gravity.index(one.severity))
    calls = [
        figures_of(call, read_targets(connection, call.id), set(), None)
        for call in open_calls(connection)
        if not call.drill
    ]
    return SeasonFigures(
        [_place(one, now) for one in stands],
        [(one.severity, one.area) for one in warnings],
        sum(one.called for one in calls),
        sum(one.silent for one in calls),
        sum(one.unreached for one in calls),
    )


def _place(one: Stand, now: datetime) -> PlaceNow:
    signed_in = one.signed_in_at is not None
    late = not signed_in and one.sign_in_due_at is not None and one.sign_in_due_at < now
    return PlaceNow(one.place, one.stands, signed_in, not signed_in and one.vacant_at is not None, late)
