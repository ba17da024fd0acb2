"""Schedules of the season follow the city's season on the server, also one that is extended while it runs."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.schedules import CronSchedule

from flows.season_schedules import IN_SEASON, follow_the_season
from tests.flood_cities import a_flood_city

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

SCHEDULES = {IN_SEASON: "* * * 5-9 *", "hourly-outside": "0 * * 1-4,10-12 *", "by-hand": "7 3 * 1 *"}


@flow
def watched() -> None:
    """Watches."""


@pytest.fixture
async def client() -> AsyncIterator[PrefectClient]:
    async with get_client() as client:
        yield client


@pytest.fixture
async def watch(client: PrefectClient) -> AsyncIterator[UUID]:
    """A deployment with the schedules of the season and one somebody added."""
    flow_id = await client.create_flow(watched)
    schedules = [
        {
            "slug": slug,
            "schedule": CronSchedule(cron=cron, timezone="Asia/Shanghai"),
            "active": slug != "hourly-outside",
        }
        for slug, cron in SCHEDULES.items()
    ]
    made = await client.create_deployment(flow_id, "season-of-a-test", schedules=schedules)  # type: ignore[arg-type]
    yield made
    await client.delete_deployment(made)


async def crons(client: PrefectClient, watch: UUID) -> dict[str | None, tuple[str, bool]]:
    found = (await client.read_deployment(watch)).schedules
    return {one.slug: (one.schedule.cron, one.active) for one in found if isinstance(one.schedule, CronSchedule)}


async def test_a_season_that_is_extended_is_watched_every_minute_to_its_end(client: PrefectClient, watch: UUID) -> None:
    months = frozenset(range(5, 11))
    assert "season-of-a-test" in await follow_the_season(client, months)
    assert await follow_the_season(client, months) == []
    assert await crons(client, watch) == {
        IN_SEASON: ("* * * 5-10 *", True),
        "hourly-outside": ("0 * * 1-4,11-12 *", False),
        "by-hand": ("7 3 * 1 *", True),
    }
    schedule = next(one.schedule for one in (await client.read_deployment(watch)).schedules if one.slug == IN_SEASON)
    assert schedule.timezone == "Asia/Shanghai"  # type: ignore[union-attr]


async def test_no_month_is_taken_away_and_a_city_without_a_season_changes_nothing(
    client: PrefectClient, watch: UUID
) -> None:
    assert await follow_the_season(client, frozenset({6, 7})) == []
    assert await follow_the_season(client, frozenset()) == []
    assert (await crons(client, watch))[IN_SEASON] == ("* * * 5-9 *", True)


async def test_where_every_month_is_watched_the_hourly_one_rests(client: PrefectClient, watch: UUID) -> None:
    await follow_the_season(client, frozenset(range(1, 13)))
    found = await crons(client, watch)
    assert found[IN_SEASON] == ("* * * 1-12 *", True)
    assert found["hourly-outside"][1] is False


def test_the_months_of_a_season_are_those_it_touches_extension_included() -> None:
    duty = a_flood_city().duty
    assert duty is not None
    assert duty.season.months(2022) == frozenset(range(5, 10))
