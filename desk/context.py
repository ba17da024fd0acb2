"""What every page of the desk has at hand: settings, database, clock, the city in force."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, Engine

from desk.bell import Bell
from desk.call_counts import CallCounts
from models.city import City
from tasks.access_settings import AccessSettings
from tasks.city_edition import NoCityLoaded, current_city
from tasks.links import Lives
from tasks.message_settings import MessageSettings
from tasks.monitoring_settings import MonitoringSettings
from tasks.picture_reading import Room, room_to_decode
from tasks.public_settings import PublicSettings
from tasks.settings import Settings


@dataclass(frozen=True, eq=False)
class Desk:
    """One desk; `clock` gives the present moment, aware."""

    settings: Settings
    messages: MessageSettings
    engine: Engine
    clock: Callable[[], datetime]
    bell: Bell
    access: AccessSettings
    send_soon: Callable[[int], None]
    """Sends one notice now, without making anybody wait."""
    call_bell: Bell
    """Rings for the visit that calls people, where a few messages from here are not all."""
    counts: CallCounts = field(default_factory=CallCounts)
    """What all processes of this desk count together."""
    decoders: Room = field(default_factory=room_to_decode)
    """What is held while pictures are decoded."""
    public: PublicSettings = field(default_factory=PublicSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)

    @cached_property
    def link_key(self) -> bytes:
        """What signs links, forms and shifts: read once, every page needs it several times.

        Raises: BrokenKey.
        """
        return self.settings.secret_key("link")

    @cached_property
    def lives(self) -> Lives:
        """How long links are good."""
        return Lives(self.messages.link_days, self.access.own_page_hours, self.monitoring.wall_days)


def city_or_none(connection: Connection) -> City | None:
    """The city by the edition in force, or None in a database that holds none yet."""
    try:
        return current_city(connection)
    except NoCityLoaded:
        return None
