"""One visit of the watch over the duty room: who has not signed in, what was not handed over, spot checks, contacts."""

from dataclasses import dataclass

from sqlalchemy import Engine

from models.city import City
from models.flood_event import Happened, Recording
from tasks.database import transaction
from tasks.duty_absence import climb_absences
from tasks.duty_contacts import tell_of_untested
from tasks.duty_handover_ladder import climb_handovers
from tasks.spot_checks import watch_spot_checks


@dataclass(frozen=True, slots=True)
class Watched:
    """What a visit did, by kind of event."""

    happened: tuple[Happened, ...]
    contacts_told: int

    def count(self, *kinds: str) -> int:
        """How many of these kinds."""
        return sum(one.kind in kinds for one in self.happened)


def watch_duty(engine: Engine, city: City, key: bytes, recording: Recording) -> Watched:
    """Whatever is due now, each part in its own transaction; a second visit at the same moment changes nothing.

    `key` is the secret the seeds of spot checks are made of.
    """
    if city.duty is None:
        return Watched((), 0)
    with transaction(engine) as connection:
        happened = climb_absences(connection, city, recording)
    with transaction(engine) as connection:
        happened += climb_handovers(connection, city, recording)
    with transaction(engine) as connection:
        happened += watch_spot_checks(connection, city, key, recording)
    with transaction(engine) as connection:
        told = tell_of_untested(connection, city, recording.now)
    return Watched(tuple(happened), told)
