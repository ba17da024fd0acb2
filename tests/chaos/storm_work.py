"""What the processes of the flood season do, as their flows do it: the same functions in the same transactions."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from models.city import City
from models.flood_event import Recording
from models.refusal import Refusal
from models.response_rules import DecisionWish
from tasks import water_intake
from tasks.call_climbs import climb_calls
from tasks.city_edition import current_city
from tasks.consultations import open_consultations, remind_undecided
from tasks.database import reading, transaction
from tasks.duty_readings import readings_at_hand
from tasks.duty_shift import hand_over_shifts
from tasks.duty_watch import watch_duty
from tasks.flood_events import StreamMovedMeanwhile
from tasks.judging import judge_waiting
from tasks.report_deadlines import owe_daily
from tasks.report_sweep import move_deadlines
from tasks.response import decide
from tasks.response_rows import open_consultation_rows
from tasks.silence import let_silence_climb
from tasks.silent_stations import tell_silent
from tasks.warning_calls import end_calls_of_ended_warnings, start_calls_for_warnings
from tasks.water_sources import source_in_force
from tests.chaos.job import Job, JobKind

KEY = b"the secret of the spot checks of this storm"
"""One for all tellings: the key of a machine is drawn, and with it the times of checks."""

TRIES = 5
"""As a step of a flow is tried again where another process was quicker."""

PASSING = (OperationalError, StreamMovedMeanwhile)

Work = Callable[[Engine, City, Recording, Job], int]


def _read(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    # The files of a story are small; so they too are taken in by several transactions.
    water_intake.CHUNK_ROWS = job.chunk
    if job.file is None:
        raise ValueError("readings need a file")
    done = water_intake.take_file(engine, city, source_in_force(city, "native"), job.file, recording.now)
    return done.taken.taken + done.taken.corrected


def _judge(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    judged = judge_waiting(engine, city, recording, at_once=max(1, job.chunk // 10))
    with transaction(engine) as connection:
        tell_silent(connection, city, recording)
    return len(judged.raised)


def _call(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    with transaction(engine) as connection:
        ended = end_calls_of_ended_warnings(connection, city, recording)
        started = start_calls_for_warnings(connection, city, recording.now, recording)
        return len(ended) + len(started) + climb_calls(connection, city, recording.now, recording).silent


def _watch_flood(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    with transaction(engine) as connection:
        consulted = open_consultations(connection, city, recording.now, recording)
        remind_undecided(connection, city, recording.now, recording)
        owe_daily(connection, city, recording.now, recording)
        move_deadlines(connection, city, recording.now, recording)
    return len(consulted.opened)


def _watch_duty(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    return len(watch_duty(engine, city, KEY, recording).happened)


def _shift(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    return len(hand_over_shifts(engine, city, recording, readings_at_hand))


def _silence(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    return let_silence_climb(engine, city, recording.now, recording.flow_run_id)


def _decide(engine: Engine, city: City, recording: Recording, job: Job) -> int:
    """Decide everything that is open; how many decisions were this one's own."""
    with reading(engine) as connection:
        consultations = list(open_consultation_rows(connection).values())
    return sum(_decided(engine, city, recording, job, told) for told in consultations)


def _decided(engine: Engine, city: City, recording: Recording, job: Job, told: Any) -> bool:
    wish = DecisionWish(told.number, told.hazard, told.area, told.suggested, job.run_id, "centre", "leader", "leader")
    with transaction(engine) as connection:
        outcome = decide(connection, city, wish, f"{job.run_id}:{told.number}", recording)
        return not isinstance(outcome, Refusal)


def _tried(work: Work) -> Callable[[Engine, Job], dict[str, Any]]:
    """The work with what a flow gives it: the city in force, and another try where somebody else was quicker."""

    def tried(engine: Engine, job: Job) -> dict[str, Any]:
        with reading(engine) as connection:
            city = current_city(connection)
        recording, retries = Recording(job.now, "flow", city.edition, job.run_id), 0
        while True:
            try:
                return {"done": work(engine, city, recording, job), "retries": retries}
            except PASSING:
                retries += 1
                if retries == TRIES:
                    raise

    return tried


STORM_WORK: Mapping[JobKind, Callable[[Engine, Job], dict[str, Any]]] = {
    "readings": _tried(_read),
    "judging": _tried(_judge),
    "calls": _tried(_call),
    "flood-watch": _tried(_watch_flood),
    "duty-watch": _tried(_watch_duty),
    "shift": _tried(_shift),
    "silence": _tried(_silence),
    "decision": _tried(_decide),
}
