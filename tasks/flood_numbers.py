"""Numbers of the flood season: two letters, the day in the city's zone, a serial. Example: HS20210720-001."""

from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from tasks.numbers import NumberSeries, numbered

CONSULTATION, INCIDENT = "HS", "XQ"


def next_number(connection: Connection, city: City, letters: str, at: datetime) -> str:
    """The next number of a kind; given in the caller's transaction, unique under any concurrency."""
    series = NumberSeries(connection)
    day = at.astimezone(city.zone).strftime("%Y%m%d")
    number = numbered(series, letters + "{date}-{serial:03d}", {"date": day})
    series.save()
    return number
