"""A story told twice, in peace and with processes killed at random moments of their work: both must end alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import Engine, select

from models.notice import Attempt
from models.tables import table_of
from tasks.case_store import EVENTS
from tasks.database import open_database
from tests.channel_server import ChannelServer, channel_server
from tests.chaos.job import Job
from tests.chaos.outcome import Outcome, first_difference, read_outcome
from tests.chaos.processes import Done, Working, run
from tests.chaos.promises import PromiseBroken, check_promises
from tests.chaos.story import Kind, Step, Story, addresses, city_documents, taken_twice
from tests.stored_cases import a_loaded_city, rows_of

WORTH_KILLING_SHARE = 0.1
"""A step that works for less than this share of the longest of its kind has next to nothing to do."""

NewDatabase = Callable[[], str]
"""Gives the address of a fresh migrated database."""

K = TypeVar("K", bound=str)

Moments = Mapping[int, Sequence[float]]
"""Number of a step -> when it is killed, one process after the other, in processor seconds of its work."""


@dataclass
class Tally:
    """Kills by what they were meant for, how many hit a process at work, and how many between its commits."""

    meant: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    midway: Counter[str] = field(default_factory=Counter)
    """The process had committed something, and had not come to its end."""

    def note(self, kind: str, hit: bool, committed: int = 0) -> None:
        """Count one kill of a process that had committed so many rows."""
        self.meant[kind] += 1
        self.hit[kind] += hit
        self.midway[kind] += bool(hit and committed)

    def lines(self) -> list[str]:
        """A line for each kind."""
        return [
            f"{kind:9} {self.hit[kind]:3} of {meant:3} kills hit work"
            + (f", {self.midway[kind]} of them after it had committed something" if self.midway[kind] else "")
            for kind, meant in self.meant.items()
        ]

    def add(self, other: "Tally") -> None:
        """Count another's kills too."""
        self.meant += other.meant
        self.hit += other.hit
        self.midway += other.midway


@dataclass(frozen=True, slots=True)
class Told:
    """A story told to its end."""

    outcome: Outcome
    seconds: tuple[float, ...]
    """Processor time of the last process of each step."""
    verified: list[str]


class Telling:
    """One telling of a story: a database, a channel that keeps every message, and the processes."""

    def __init__(self, story: Story, url: str, home: Path, channel: ChannelServer, chunk: int) -> None:
        self._story, self._channel, self._chunk = story, channel, chunk
        home.mkdir(parents=True, exist_ok=True)
        self._files = story.write_files(home)
        self.engine: Engine = open_database(url, migrate=False)
        self._city = a_loaded_city(self.engine, city_documents())
        self._environment = {
            "ZHIHUI_HOME": str(home),
            "ZHIHUI_DATABASE_URL": url,
            "ZHIHUI_REPORTER_CHANNEL": channel.url("ok/reporter/{phone}"),
            **addresses(self._city, channel.url),
        }
        self._runs = 0
        self.tally = Tally()

    def tell(self, moments: Moments) -> Told:
        """All steps in order; those with moments are killed (SIGKILL) and then done again.

        Raises: ChildFailed, PromiseBroken.
        """
        seconds: list[float] = []
        for number, step in enumerate(self._story.steps()):
            self._people_act(step)
            for moment in moments.get(number, ()):
                self._kill(step, moment)
                step = step.again()
            seconds.append(self._done(step).seconds)
        verified = check_promises(self.engine, self._city, self._channel.received)
        outcome = read_outcome(self.engine)
        self._take_in_twice(outcome)
        return Told(outcome, tuple(seconds), verified)

    def _people_act(self, step: Step) -> None:
        """People act once; a tap that is repeated finds itself in the inbox already."""
        for _ in range(2):
            self._story.people_act(self.engine, self._city, step)

    def _take_in_twice(self, before: Outcome) -> None:
        for step in taken_twice(self._story.steps()):
            taken = self._done(step).said["taken"]
            if taken:
                raise PromiseBroken(f"file {step.file} taken in a second time gave {taken} reports more")
        if difference := first_difference(before, read_outcome(self.engine)):
            raise PromiseBroken(f"files taken in a second time changed something: {difference}")

    def _kill(self, step: Step, after_seconds: float) -> None:
        working = Working(self._job(step))
        working.go()
        hit = working.kill_after(after_seconds)
        self.tally.note(step.kind, hit, self._committed(working.job.run_id))

    def _committed(self, run_id: str) -> int:
        """How many events and attempts a process left."""
        tables = (EVENTS, table_of(Attempt))
        return sum(len(rows_of(self.engine, select(t.c.id).where(t.c.flow_run_id == run_id))) for t in tables)

    def _done(self, step: Step) -> Done:
        return run(self._job(step))

    def _job(self, step: Step) -> Job:
        self._runs += 1
        file = None if step.file is None else self._files[step.file]
        return Job(step.kind, step.now, f"chaos-{self._runs}", self._environment, self._chunk, file)


def compare(
    story: Story, new_database: NewDatabase, home: Path, chunk: int, wanted: Mapping[Kind, int]
) -> tuple[Tally, list[str]]:
    """The story in peace and under fire; returns the kills and what was verified.

    Raises: ChildFailed, PromiseBroken.
    """
    _, peace = _told(story, new_database(), home / "peace", chunk, {})
    moments = kill_moments(story.seed, [step.kind for step in story.steps()], peace.seconds, wanted)
    tally, fire = _told(story, new_database(), home / "fire", chunk, moments)
    if difference := first_difference(peace.outcome, fire.outcome):
        raise PromiseBroken(f"not as without kills: {difference}")
    counts = ", ".join(f"{len(rows)} {what}" for what, rows in fire.outcome.items())
    return tally, [*fire.verified, f"the same as without kills: {counts}", "files taken in twice gave nothing more"]


def kill_moments(seed: int, kinds: Sequence[K], seconds: Sequence[float], wanted: Mapping[K, int]) -> Moments:
    """Which steps are killed when: by the story's own dice, evenly over the processor time of each when left in peace.

    Steps of a kind take turns; one that is killed again has less left to do by what was drawn before. A delivery is
    killed once: a notice that two kills meet on the only channel of its reader counts as not delivered.
    """
    dice, moments = Random(f"kills:{seed}"), dict[int, list[float]]()
    for kind, count in wanted.items():
        worth = _worth_killing(kinds, seconds, kind)
        dice.shuffle(worth)
        left = {number: seconds[number] for number in worth}
        for turn in range(min(count, len(worth)) if kind == "delivery" else count):
            number = worth[turn % len(worth)]
            moment = dice.random() * left[number]
            moments.setdefault(number, []).append(moment)
            left[number] -= moment
    return moments


def _worth_killing(kinds: Sequence[str], seconds: Sequence[float], kind: str) -> list[int]:
    """The steps of a kind that have something to do, by how long they worked in peace."""
    steps = enumerate(zip(kinds, seconds, strict=True))
    of_kind = {number: spent for number, (its_kind, spent) in steps if its_kind == kind}
    return [n for n, spent in of_kind.items() if spent > WORTH_KILLING_SHARE * max(of_kind.values())]


def _told(story: Story, url: str, home: Path, chunk: int, moments: Moments) -> tuple[Tally, Told]:
    with channel_server() as channel:
        telling = Telling(story, url, home, channel, chunk)
        try:
            return telling.tally, telling.tell(moments)
        finally:
            telling.engine.dispose()
