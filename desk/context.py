"""What every page of the desk has at hand: settings, database, clock, the city in force."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from models.city import City
from tasks.city_edition import NoCityLoaded, current_city
from tasks.message_settings import MessageSettings
from tasks.settings import Settings


@dataclass(frozen=True, eq=False)
class Desk:
    """One desk; `clock` gives the present moment, aware."""

    settings: Settings
    messages: MessageSettings
    engine: Engine
    clock: Callable[[], datetime]


def city_or_none(connection: Connection) -> City | None:
    """The city by the edition in force, or None in a database that holds none yet."""
    try:
        return current_city(connection)
    except NoCityLoaded:
        return None
