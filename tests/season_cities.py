"""The small city with everything of the flood season: duty room, water, calls, response. Nothing here is real."""

from collections.abc import Mapping

from models.city import City
from tests.call_cities import CALL_CITY
from tests.flood_cities import a_flood_city
from tests.response_cities import RESPONSE_FILES
from tests.water_cities import WATER_FILES

SEASON_CITY: Mapping[str, str] = {**CALL_CITY, **WATER_FILES, **RESPONSE_FILES}


def a_season_city(documents: Mapping[str, str] = SEASON_CITY) -> City:
    """The whole city, or one of the same files with some of them changed."""
    return a_flood_city(documents)
