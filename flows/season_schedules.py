"""Schedules of the season on Prefect's server follow the city's season, also where it is extended while it runs."""

import logging

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule

from models.cron_hours import CronUnreadable, in_months, months_of

LOG = logging.getLogger("zhihui.housekeeping")

IN_SEASON = "every-minute-in-season"
OUTSIDE = ("hourly-outside", "hourly-outside-season", "every-hour-outside")
"""Slugs of `prefect.yaml`: what an administrator added under another name is theirs and is left alone."""

A_YEAR = frozenset(range(1, 13))


async def follow_the_season(client: PrefectClient, months: frozenset[int]) -> list[str]:
    """Widen every-minute schedules to these months, and leave the others to the hourly ones; the deployments changed.

    Months are never taken away: a schedule somebody widened stays so. A second call changes nothing.

    Example: months 5 to 10 make "* * * 5-9 *" and "0 * * 1-4,10-12 *" into "* * * 5-10 *" and "0 * * 1-4,11-12 *".
    """
    changed = []
    for deployment in await client.read_deployments() if months else []:
        inside = next((one for one in deployment.schedules if one.slug == IN_SEASON), None)
        if inside is None or not isinstance(inside.schedule, CronSchedule):
            continue
        try:
            watched = months_of(inside.schedule.cron)
        except CronUnreadable as error:
            LOG.warning("%s: %s", deployment.name, error, extra={"action": "season_schedule_unreadable"})
            continue
        if not months <= watched:
            await _widen(client, deployment, inside, months | watched)
            changed.append(deployment.name)
    return changed


async def _widen(
    client: PrefectClient, deployment: DeploymentResponse, inside: DeploymentSchedule, months: frozenset[int]
) -> None:
    await _set(client, deployment, inside, months)
    for one in deployment.schedules:
        if one.slug in OUTSIDE and isinstance(one.schedule, CronSchedule):
            await _set(client, deployment, one, A_YEAR - months)


async def _set(
    client: PrefectClient, deployment: DeploymentResponse, one: DeploymentSchedule, months: frozenset[int]
) -> None:
    """A schedule in these months; paused where none are left. One that somebody paused stays paused."""
    if not isinstance(one.schedule, CronSchedule):
        return
    if not months:
        await client.update_deployment_schedule(deployment.id, one.id, active=False)
        return
    cron = in_months(one.schedule.cron, months)
    await client.update_deployment_schedule(
        deployment.id, one.id, schedule=CronSchedule(cron=cron, timezone=one.schedule.timezone)
    )
