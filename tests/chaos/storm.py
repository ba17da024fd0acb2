"""A storm over a small city on virtual time, the same whenever it is told: its readings, its visits, its people.

A day and a morning of the flood season: a shift begins, gauges rise over their thresholds and fall again, people are
called, consultations are held, reports fall due, and the next shift takes over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import pi, sin
from pathlib import Path
from random import Random

from tasks.database import transaction
from tasks.rosters import Proposal, Wish, propose_roster, publish_roster
from tests.chaos.job import JobKind
from tests.chaos.story import AFTER_A_KILL, variable
from tests.scenarios.people import People
from tests.scenarios.season import Process, Season
from tests.season_cities import SEASON_CITY
from tests.stored_cases import at

P = Process

PROCESS_OF: Mapping[str, Process] = {
    "judging": P.HYDROLOGY,
    "calls": P.CALLS,
    "flood-watch": P.FLOOD_WATCH,
    "duty-watch": P.DUTY_WATCH,
    "shift": P.SHIFT,
}

TOWNS = ("410184101", "410184102", "410184103")
FIRST_DAY, LAST_DAY = date(2021, 7, 19), date(2021, 7, 23)
PUBLISHED = at("2021-07-18 09:00")

VISITS: tuple[tuple[str, tuple[JobKind, ...]], ...] = (
    ("2021-07-19 20:00", ("duty-watch",)),  # the day's spot checks are sealed
    ("2021-07-20 07:10", ("flood-watch",)),
    ("2021-07-20 08:00", ("shift",)),
    ("2021-07-20 08:16", ("duty-watch",)),
    ("2021-07-20 08:31", ("duty-watch", "flood-watch")),
    ("2021-07-20 08:55", ("duty-watch",)),
    ("2021-07-20 23:30", ("silence",)),
    ("2021-07-21 08:00", ("shift", "flood-watch")),
    ("2021-07-21 08:16", ("duty-watch",)),
    ("2021-07-21 08:31", ("duty-watch",)),
    ("2021-07-21 10:30", ("flood-watch", "silence")),
)
"""Outside of the hours of the storm."""

STORM: tuple[tuple[int, tuple[JobKind, ...]], ...] = (
    (5, ("readings", "judging", "calls", "flood-watch")),
    (9, ("calls",)),
    (16, ("calls", "flood-watch", "duty-watch")),
    (35, ("calls", "flood-watch")),
)
"""Minutes of every hour of the storm for which readings come."""

HOURS = (15, 18, 20)
READ_EVERY, READINGS = timedelta(minutes=10), 18
COLUMNS = "station,element,at,value\n"


@dataclass(frozen=True, slots=True)
class StormStep:
    """What one process does at one moment."""

    kind: JobKind
    now: datetime
    file: int | None = None
    people: tuple[Process, ...] | None = None
    """People act right before it, on what these processes told them."""

    def again(self) -> "StormStep":
        """The same after it was killed: a delivery a little later, when what was broken off is nobody's any more."""
        return replace(self, now=self.now + AFTER_A_KILL) if self.kind == "delivery" else self


@dataclass(frozen=True, slots=True)
class Storm:
    """How many gauges, and by which dice."""

    seed: int
    gauges: int
    hours: tuple[int, ...] = HOURS
    visits: int = len(VISITS)
    """How many of the visits outside of the storm's hours are told."""

    def steps(self) -> tuple[StormStep, ...]:
        """Everything processes do, in order; after each visit what it told goes out."""
        day = at("2021-07-20 00:00")
        visits: list[tuple[datetime, tuple[JobKind, ...], int | None]]
        visits = [(at(text), kinds, None) for text, kinds in VISITS[: self.visits]]
        for number, hour in enumerate(self.hours):
            visits += [(day + timedelta(hours=hour, minutes=minute), kinds, number) for minute, kinds in STORM]
        steps: list[StormStep] = []
        for now, kinds, file in sorted(visits, key=lambda visit: visit[0]):
            told = tuple(PROCESS_OF[kind] for kind in kinds if kind in PROCESS_OF)
            steps += [
                StormStep(kind, now, file if kind == "readings" else None, None if number else told)
                for number, kind in enumerate(kinds)
            ]
            steps.append(StormStep("delivery", now + timedelta(minutes=1)))
        return tuple(steps)

    def documents(self) -> dict[str, str]:
        """The season's city with these gauges in three towns, where everybody is reached by two channels."""
        documents = dict(SEASON_CITY)
        documents["areas.csv"] += "".join(f"{town},{town}镇,lihe,\n" for town in TOWNS[1:])
        for number in range(self.gauges):
            gauge, town = f"gauge-{number:02}", TOWNS[number % len(TOWNS)]
            documents["stations.csv"] += f"{gauge},{gauge}站,river,梨河,{town},level,,,30 hour,,,,yes\n"
            for code, value, severity, calls in (
                ("warning_stage", 105, "yellow", ""),
                ("guaranteed_stage", 108, "red", "yes"),
            ):
                clears = value - 0.2
                documents["thresholds.csv"] += (
                    f"{gauge},{code},{code},level,level,,{value},{clears},,{severity},flood,{calls},,yes\n"
                )
        posts = [line.split(",")[0] for line in documents["posts.csv"].splitlines()[1:]]
        points = [
            f"{post},{order},{channel},env:{variable(post, order)}\n"
            for post in posts
            for order, channel in ((1, "json"), (2, "sms"))
        ]
        documents["contact_points.csv"] = "post,order,channel,address\n" + "".join(points)
        each = "{window: 0 minute, bundle: 1}"
        documents["messages.yaml"] = f"quiet_hours: never\nchannels:\n  json: {each}\n  sms: {each}\n"
        return documents

    def write_files(self, folder: Path) -> list[Path]:
        """The files of readings: each all that was read in the three hours up to it."""
        paths = []
        for number, hour in enumerate(self.hours):
            path = folder / f"readings-{number}.csv"
            until = at(f"2021-07-20 {hour:02}:00")
            rows = [row for gauge in range(self.gauges) for row in self._rows(gauge, until)]
            path.write_text(COLUMNS + "".join(rows), "utf-8")
            paths.append(path)
        return paths

    def _rows(self, gauge: int, until: datetime) -> list[str]:
        """One wave over the storm: two gauges in three rise over a threshold, and fall below it by the end."""
        dice = Random(f"{self.seed}:{gauge}")
        peak, begins = dice.uniform(103, 110), dice.uniform(12, 14)
        rows = []
        for number in range(READINGS):
            moment = until - number * READ_EVERY
            hours = moment.hour + moment.minute / 60 - begins
            level = 100 + (peak - 100) * max(0.0, sin(pi * hours / 6))
            rows.append(f"gauge-{gauge:02},level,{moment.isoformat()},{level:.2f}\n")
        return rows


def ready(season: Season) -> None:
    """The days of the storm have a published roster."""
    wish, recording = Wish(FIRST_DAY, LAST_DAY, "flood-leader-1"), season.recording(PUBLISHED)
    proposal = propose_roster(season.engine, season.city, wish, recording)
    if not isinstance(proposal, Proposal):
        raise ValueError(f"no roster: {proposal}")
    with transaction(season.engine) as connection:
        publish_roster(connection, season.city, proposal.roster.code, "flood-leader-1", recording)


def people_act(people: People, step: StormStep) -> None:
    """Whoever was told of something does it, a moment before the next visit; a repeated tap changes nothing."""
    for _ in range(2 if step.people is not None else 0):
        people.act(step.now - timedelta(minutes=1), step.people or ())


def taken_twice(steps: Sequence[StormStep]) -> list[StormStep]:
    """The readings once more, at the end of everything: none of them may change anything."""
    return [StormStep("readings", steps[-1].now, step.file) for step in steps if step.kind == "readings"]
