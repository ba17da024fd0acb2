"""The small city with a flood duty room: four who may lead, four cadres, six officers. Nothing here is real."""

from collections.abc import Mapping

from models.city import City
from tasks.directory import city_from_documents
from tests.cities import SMALL_CITY

LEADERS = tuple(f"flood-leader-{n}" for n in range(1, 5))
CADRES = tuple(f"flood-cadre-{n}" for n in range(1, 5))
OFFICERS = tuple(f"flood-officer-{n}" for n in range(1, 7))


def _posts() -> str:
    heads = (f"{code},带班领导{code[-1]},centre,unit_head,,,,\n" for code in LEADERS)
    others = (f"{code},防汛值班人员{code[-8:]},centre,duty_officer,,,,\n" for code in (*CADRES, *OFFICERS))
    return "".join((*heads, *others))


def _pools() -> str:
    pools = {"leader": LEADERS, "cadre": CADRES, "officer": OFFICERS}
    return "place,post,backup\n" + "".join(f"{place},{post},\n" for place, posts in pools.items() for post in posts)


DUTY_YAML = """\
season: {start: "05-15", end: "09-30", key_period: ["07-16", "08-15"]}
places:
  - {code: leader, name: 带班领导, english_name: leader on duty, leads: yes, in_room: [warning, response]}
  - {code: cadre, name: 中层干部, english_name: mid-level cadre, in_room: [warning, response]}
  - {code: officer, name: 值班员, english_name: duty officer}
pattern:
  - {start: "08:00", hours: 24, night: yes}
rest_after: 24 hour
sign_in:
  within: 10 minute
  vacant_after: 30 minute
  ladder: [{after: 0 minute, to: again}, {after: 5 minute, to: backup}, {after: 10 minute, to: leader}]
handover:
  accept_within: 30 minute
  ladder: [{after: 0 minute, to: again}, {after: 15 minute, to: leader}]
spot_checks: {least: 1, most: 3, answer_within: 3 minute}
contacts_tested_by: "04-20"
"""

FLOOD_CITY: Mapping[str, str] = {
    **SMALL_CITY,
    "posts.csv": SMALL_CITY["posts.csv"] + _posts(),
    "contact_points.csv": SMALL_CITY["contact_points.csv"]
    + "".join(f"{post},1,demo,demo\n" for post in (*LEADERS, *CADRES, *OFFICERS)),
    "duty.yaml": DUTY_YAML,
    "duty_pools.csv": _pools(),
    "call_chains.csv": "subject,chain,step,duty,post\n",
}


def a_flood_city(documents: Mapping[str, str] = FLOOD_CITY) -> City:
    """The small city with its duty room, or one of the same files with some of them changed."""
    return city_from_documents(documents)
