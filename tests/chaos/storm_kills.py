"""A storm told twice, in peace and with processes killed at random moments of their work: both must end alike."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine, func, select

from models.flood_event import FloodEvent
from models.notice import Attempt
from models.observation import Observation
from models.tables import table_of
from tasks.database import open_database, reading
from tests.channel_server import ChannelServer, channel_server
from tests.chaos.job import Job, JobKind
from tests.chaos.kills import Moments, NewDatabase, Tally, Told, kill_moments
from tests.chaos.outcome import first_difference
from tests.chaos.processes import Done, Working, run
from tests.chaos.promises import PromiseBroken
from tests.chaos.storm import Storm, StormStep, people_act, ready, taken_twice
from tests.chaos.storm_outcome import read_storm
from tests.chaos.storm_promises import check_storm
from tests.chaos.story import addresses
from tests.scenarios.people import People
from tests.scenarios.season import Season
from tests.stored_cases import a_loaded_city

LEAVES = (table_of(FloodEvent), table_of(Attempt))
"""What a process leaves under its own name."""

OBSERVATIONS = table_of(Observation)


class StormTelling:
    """One telling of a storm: a database, a channel that keeps every message, and the processes."""

    def __init__(self, storm: Storm, url: str, home: Path, channel: ChannelServer, chunk: int) -> None:
        self._storm, self._channel, self._chunk = storm, channel, chunk
        home.mkdir(parents=True, exist_ok=True)
        self._files = storm.write_files(home)
        self.engine: Engine = open_database(url, migrate=False)
        season = Season(self.engine, a_loaded_city(self.engine, storm.documents()))
        ready(season)
        self._people = People(season)
        environment = {"ZHIHUI_HOME": str(home), "ZHIHUI_DATABASE_URL": url}
        self._environment = {**environment, **addresses(season.city, channel.url)}
        self._runs = 0
        self.tally = Tally()

    def tell(self, moments: Moments) -> Told:
        """All steps in order; those with moments are killed (SIGKILL) and then done again.

        Raises: ChildFailed, PromiseBroken.
        """
        seconds: list[float] = []
        for number, step in enumerate(self._storm.steps()):
            people_act(self._people, step)
            for moment in moments.get(number, ()):
                self._kill(step, moment)
                step = step.again()
            seconds.append(self._done(step).seconds)
        verified = check_storm(self.engine, self._channel.received)
        outcome = read_storm(self.engine)
        for step in taken_twice(self._storm.steps()):
            if taken := self._done(step).said["done"]:
                raise PromiseBroken(f"file {step.file} taken in a second time gave {taken} readings more")
            self._done(StormStep("judging", step.now))
        if difference := first_difference(outcome, read_storm(self.engine)):
            raise PromiseBroken(f"files taken in a second time changed something: {difference}")
        return Told(outcome, tuple(seconds), verified)

    def _kill(self, step: StormStep, after_seconds: float) -> None:
        working, before = Working(self._job(step)), self._readings()
        working.go()
        hit = working.kill_after(after_seconds)
        self.tally.note(step.kind, hit, self._left_by(working.job.run_id) + self._readings() - before)

    def _left_by(self, run_id: str) -> int:
        with reading(self.engine) as connection:
            counts = [select(func.count()).select_from(table).where(table.c.flow_run_id == run_id) for table in LEAVES]
            return sum(connection.scalar(count) or 0 for count in counts)

    def _readings(self) -> int:
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(OBSERVATIONS)) or 0

    def _done(self, step: StormStep) -> Done:
        return run(self._job(step))

    def _job(self, step: StormStep) -> Job:
        self._runs += 1
        file = None if step.file is None else self._files[step.file]
        return Job(step.kind, step.now, f"storm-{self._runs}", self._environment, self._chunk, file)


def compare_storms(
    storm: Storm, new_database: NewDatabase, home: Path, chunk: int, wanted: Mapping[JobKind, int]
) -> tuple[Tally, list[str]]:
    """The storm in peace and under fire; returns the kills and what was verified.

    Raises: ChildFailed, PromiseBroken.
    """
    _, peace = _told(storm, new_database(), home / "peace", chunk, {})
    moments = kill_moments(storm.seed, [step.kind for step in storm.steps()], peace.seconds, wanted)
    tally, fire = _told(storm, new_database(), home / "fire", chunk, moments)
    if difference := first_difference(peace.outcome, fire.outcome):
        raise PromiseBroken(f"not as without kills: {difference}")
    counts = ", ".join(f"{len(rows)} {what}" for what, rows in fire.outcome.items())
    again = "readings taken in twice changed nothing"
    return tally, [*fire.verified, f"the same as without kills: {counts}", again]


def _told(storm: Storm, url: str, home: Path, chunk: int, moments: Moments) -> tuple[Tally, Told]:
    with channel_server() as channel:
        telling = StormTelling(storm, url, home, channel, chunk)
        try:
            return telling.tally, telling.tell(moments)
        finally:
            telling.engine.dispose()
