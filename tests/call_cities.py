"""The flood city with chains to call: two reservoirs with their three, a town with its village. Nothing is real."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from models.call import How
from models.city import City
from models.flood_event import Recording
from models.flood_warning import FloodWarning
from models.refusal import Refusal
from models.tables import table_of
from tasks.call_answers import Answer, Answered, answer
from tasks.call_climbs import Climbs, climb_calls
from tasks.call_rows import CALLS, TARGETS, find_call, read_targets
from tasks.calls import Calling, Started, start_call
from tasks.database import reading, transaction
from tasks.warning_calls import start_calls_for_warnings
from tests.flood_cities import FLOOD_CITY, a_flood_city
from tests.stored_cases import a_loaded_city, at

TOWN, VILLAGE = "410184101", "410184101001"
STORM = at("2021-07-20 20:00")

PEOPLE = ("res-admin", "res-tech", "res-patrol", "town-person", "village-person", "group-person")
WARNINGS = table_of(FloodWarning)

CALLS_YAML = """\
chains:
  - {code: trio, name: 三个责任人, english_name: three responsible persons, wanted: each}
  - {code: village, name: 镇村组, english_name: town-village-group, wanted: one}
answer_within: 5 minute
ladder: [{after: 0 minute, to: next}, {after: 0 minute, to: duty_leader}, {after: 5 minute, to: leader}]
again_every: 5 minute
started_by: [duty_officer, leader]
places:
  - {code: reservoir-a, name: 甲水库, english_name: Reservoir A, area: "410184101"}
  - {code: reservoir-b, name: 乙水库, english_name: Reservoir B, area: "410184101001"}
"""

CHAINS = f"""\
subject,chain,step,duty,post
reservoir-a,trio,1,administrative,res-admin
reservoir-a,trio,1,technical,res-tech
reservoir-a,trio,1,patrol,res-patrol
reservoir-b,trio,1,administrative,res-admin
reservoir-b,trio,1,technical,res-tech
reservoir-b,trio,1,patrol,village-person
{TOWN},village,1,town,town-person
{TOWN},village,2,village,village-person
{TOWN},village,3,group,group-person
"""

CALL_CITY: Mapping[str, str] = {
    **FLOOD_CITY,
    "posts.csv": FLOOD_CITY["posts.csv"]
    + "".join(f"{code},责任人{code},lihe,responsible_person,,,,\n" for code in PEOPLE),
    "contact_points.csv": FLOOD_CITY["contact_points.csv"] + "".join(f"{code},1,demo,demo\n" for code in PEOPLE),
    "calls.yaml": CALLS_YAML,
    "call_chains.csv": CHAINS,
}


def a_call_city(documents: Mapping[str, str] = CALL_CITY) -> City:
    """The flood city with its chains, or one of the same files with some of them changed."""
    return a_flood_city(documents)


@dataclass
class Callers:
    """A city in a database, with somebody at the telephone."""

    engine: Engine
    city: City

    def recording(self, now: datetime) -> Recording:
        """What happens at a moment."""
        return Recording(now, "command", self.city.edition)

    def starts(
        self, subject: str = "reservoir-a", now: datetime = STORM, *, by: str = "flood-officer-1", key: str = "",
        drill: bool = False, reason: str = "水位上涨",
    ) -> Started | Refusal:  # fmt: skip
        """Somebody starts a call by hand."""
        calling = Calling(subject, reason, drill)
        with transaction(self.engine) as connection:
            given = key or f"{subject}:{drill}:{now}"
            return start_call(connection, self.city, calling, by=by, key=given, recording=self.recording(now))

    def started(self, subject: str = "reservoir-a", now: datetime = STORM, **more: Any) -> str:
        """The number of a call that was started."""
        found = self.starts(subject, now, **more)
        if not isinstance(found, Started):
            raise AssertionError(f"no call was started: {found}")
        return found.number

    def warned(self, now: datetime = STORM) -> tuple[Started, ...]:
        """Calls for the warnings that have none."""
        with transaction(self.engine) as connection:
            return start_calls_for_warnings(connection, self.city, now, self.recording(now))

    def climbs(self, now: datetime) -> Climbs:
        """The sweep comes round."""
        with transaction(self.engine) as connection:
            return climb_calls(connection, self.city, now, self.recording(now))

    def answers(
        self, number: str, post: str, now: datetime, how: How = How.PAGE, recorded_by: str | None = None
    ) -> Answered | Refusal:
        """A human answers."""
        given = Answer(post, how, "", recorded_by)
        with transaction(self.engine) as connection:
            return answer(connection, self.city, number, given, self.recording(now))

    def targets(self, number: str) -> list[Row[Any]]:
        """Everybody of a call."""
        with reading(self.engine) as connection:
            call = find_call(connection, number)
            return read_targets(connection, call.id) if call else []

    def states(self, number: str) -> dict[str, str]:
        """Where each place stands, by chain and post."""
        return {f"{row.subject} {row.post}": row.state for row in self.targets(number)}

    def call(self, number: str) -> Row[Any]:
        """The call itself."""
        with reading(self.engine) as connection:
            return connection.execute(select(CALLS).where(CALLS.c.number == number)).one()

    def everything(self) -> list[Any]:
        """Every row of calls and targets, to see that nothing changed."""
        with reading(self.engine) as connection:
            calls = connection.execute(select(CALLS).order_by(CALLS.c.id)).all()
            return [*calls, *connection.execute(select(TARGETS).order_by(TARGETS.c.id))]


def callers(engine: Engine, documents: Mapping[str, str] = CALL_CITY) -> Callers:
    """The call city in force in this database."""
    return Callers(engine, a_loaded_city(engine, dict(documents)))


def raise_warning_row(engine: Engine, number: str = "YJ20210720-001", now: datetime = STORM, **fields: Any) -> str:
    """A warning that calls people, as a bare row."""
    row = {
        "number": number,
        "drill": False,
        "hazard": "flood",
        "source": "threshold",
        "severity": "orange",
        "subject": f"threshold:{number}",
        "station": "reservoir-a",
        "area": TOWN,
        "calls": True,
        "raised_at": now,
        "recorded_at": now,
        "evidence": "{}",
        "end_evidence": "",
    } | fields
    with transaction(engine) as connection:
        connection.execute(insert(WARNINGS).values(row))
    return number


def end_warning_row(engine: Engine, number: str, now: datetime) -> None:
    """The same warning ends."""
    with transaction(engine) as connection:
        connection.execute(update(WARNINGS).where(WARNINGS.c.number == number).values(ended_at=now))
