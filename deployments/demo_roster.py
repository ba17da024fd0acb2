"""The demo's duty roster: in force from the first start on, so that a newcomer sees one at once."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from deployments import up_wording
from models.city import City
from models.flood_event import Recording
from models.refusal import Refusal
from models.roster_approval import publishers
from tasks.database import reading, transaction
from tasks.roster_reading import list_rosters
from tasks.rosters import Wish, next_span, propose_roster, publish_roster

DEMO_DAYS = 28
"""Out of season four weeks from today are rostered; in season the rest of it."""


def publish_first_roster(engine: Engine, city: City, now: datetime) -> None:
    """Roster the days at hand and publish them, once: only where no roster is known yet, in a city with a duty room."""
    if city.duty is None or not publishers(city, city.duty):
        return
    with reading(engine) as connection:
        if list_rosters(connection, 1):
            return
        first, last = next_span(connection, city, now)
    today = now.astimezone(city.zone).date()
    if not city.duty.season.covers(today):
        first, last = today, today + timedelta(days=DEMO_DAYS - 1)
    by, recording = publishers(city, city.duty)[0], Recording(now, "command", city.edition)
    found = propose_roster(engine, city, Wish(first, last, by), recording)
    if isinstance(found, Refusal):
        return
    with transaction(engine) as connection:
        roster = publish_roster(connection, city, found.roster.code, by, recording)
    if not isinstance(roster, Refusal):
        print(up_wording.roster_published(roster.code, first, last), flush=True)
