"""The work calendars a city has had, by their editions: what deadlines of the past are worked out by."""

from sqlalchemy import Connection, select

from models.worktime import WorkCalendar
from tasks.city_edition import EDITIONS, CityEditionError, city_of_edition
from tasks.directory import DirectoryFaulty


class KnownCalendars:
    """The calendars of the city's editions, the newest first: an older edition is built when a case asks for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, WorkCalendar | None] = {}
        self._editions = iter(edition_digests(connection))

    def of(self, edition: str) -> WorkCalendar | None:
        """The calendar of a calendar edition; None where no edition of the city gives it any more."""
        while edition not in self._known:
            digest = next(self._editions, None)
            if digest is None:
                self._known[edition] = None
            else:
                self._build(digest)
        return self._known[edition]

    def _build(self, digest: str) -> None:
        try:
            city = city_of_edition(self._connection, digest)
        except (CityEditionError, DirectoryFaulty):
            return  # damaged, which the audit says, or refused by today's rules
        self._known.setdefault(city.calendar_edition, city.calendar)


def edition_digests(connection: Connection) -> list[str]:
    """The digests of all editions, the newest first, each once."""
    return list(dict.fromkeys(connection.scalars(select(EDITIONS.c.digest).order_by(EDITIONS.c.id.desc()))))
