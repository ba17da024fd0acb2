"""`make chaos`: processes killed at random moments, races, taps by the hundred, server and database away.

Example: python -m tests.chaos --database sqlite --seed 7 --only kills
"""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.channel_server import channel_server
from tests.chaos.city_under_fire import LockedFile, Ordeal
from tests.chaos.databases import Databases, PostgresThatMayDie, databases, temporary_home
from tests.chaos.job import JobKind
from tests.chaos.kills import Tally, compare
from tests.chaos.processes import ChildFailed
from tests.chaos.promises import PromiseBroken
from tests.chaos.race import race
from tests.chaos.running_city import running_city
from tests.chaos.storm import Storm
from tests.chaos.storm_kills import compare_storms
from tests.chaos.storm_race import storm_race
from tests.chaos.storm_under_fire import StormOrdeal
from tests.chaos.storm_under_fire import city_documents as storm_documents
from tests.chaos.story import Kind, Story

PARTS = ("worker", "server", "worker", "server", "worker", "server", "worker")
"""Parts of a running city that are killed: `zhihui up` gives one up that dies five times within ten minutes."""

STORM_PARTS, STORM_AWAY_SECONDS = ("worker", "server", "worker"), 10.0

SHARES: dict[Kind, int] = {"intake": 13, "sweep": 23, "delivery": 17}
"""How the other kills are dealt out."""

STORIES = 2
REPORTS, CHUNK = 250, 100
RACE_CASES, RACE_CHUNK = 1000, 100
GAUGES, STORM_CHUNK, RACE_GAUGES = 30, 60, 15
STORM_KILLS: dict[JobKind, int] = {
    "readings": 4, "judging": 4, "calls": 6, "flood-watch": 6, "duty-watch": 3, "shift": 2, "delivery": 5,
}  # fmt: skip
"""Of the processes of the flood season, on each database."""

DATABASE_AWAY_SECONDS, SERVER_AWAY_SECONDS = 20.0, 60.0

LEAST_HITS = 0.5
"""A kill that comes when its process has done its work tests nothing; nine in ten hit on two quiet cores."""

WHAT = ("kills", "race", "storm", "storm-city", "city")


class Report:
    """Lines for whoever looks on, each with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.tally = Tally()

    def say(self, line: str) -> None:
        """One line at once."""
        print(f"{time.monotonic() - self._began:6.0f} s  {line}", flush=True)

    def all(self, head: str, lines: Iterable[str]) -> None:
        """What was done, and what was seen, each at once."""
        self.say(head)
        for line in lines:
            self.say(f"    {line}")


def main() -> int:
    """Do what was asked for; 0 where every promise was kept, 1 with the first that was not and the way to repeat it."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended too
    report = Report()
    for kind in ("sqlite", "postgres") if asked.database == "both" else (asked.database,):
        home = temporary_home()
        try:
            with databases(kind, home) as made:
                _one_database(made, home, asked, report)
        except (PromiseBroken, ChildFailed, TimeoutError) as broken:
            report.say(f"BROKEN on {kind}: {broken}")
            report.say(f"again: python -m tests.chaos --database {kind} --seed {asked.seed} --kills {asked.kills}")
            report.say(f"what it left: {home}")
            return 1
        shutil.rmtree(home, ignore_errors=True)
    return _sum_up(report)


def _one_database(made: Databases, home: Path, asked: argparse.Namespace, report: Report) -> None:
    parts: dict[str, Callable[[], None]] = {
        "kills": lambda: _kills(made, home, asked, report),
        "race": lambda: report.all(f"{made.kind}: race", race(made.new(), home, RACE_CASES, RACE_CHUNK)),
        "storm": lambda: _storm(made, home, asked, report),
        "storm-city": lambda: _storm_city(made, home, asked, report),
        "city": lambda: _city(made, home, asked, report),
    }
    for what in asked.only or WHAT:
        parts[what]()


def _kills(made: Databases, home: Path, asked: argparse.Namespace, report: Report) -> None:
    wanted = max(asked.kills - len(PARTS), 0)
    for number in range(STORIES):
        share: dict[Kind, int] = {
            kind: _part_of(wanted * weight // sum(SHARES.values()), number) for kind, weight in SHARES.items()
        }
        share["sweep"] += _part_of(wanted, number) - sum(share.values())
        story = Story(asked.seed + number, REPORTS)
        tally, lines = compare(story, made.new, home / f"story-{number}", CHUNK, share)
        report.tally.add(tally)
        report.all(f"{made.kind}: story {story.seed}, {tally.meant.total()} kills, {tally.hit.total()} hit", lines)


def _storm(made: Databases, home: Path, asked: argparse.Namespace, report: Report) -> None:
    tally, lines = compare_storms(Storm(asked.seed, GAUGES), made.new, home / "storm", STORM_CHUNK, STORM_KILLS)
    report.tally.add(tally)
    report.all(f"{made.kind}: a storm, {tally.meant.total()} kills, {tally.hit.total()} hit", lines)
    report.all(
        f"{made.kind}: race of a storm", storm_race(made.new(), home, Storm(asked.seed, RACE_GAUGES), STORM_CHUNK)
    )


def _storm_city(made: Databases, home: Path, asked: argparse.Namespace, report: Report) -> None:
    url = made.new()
    take, give = _taken_away(made, url)
    with channel_server() as channel, running_city(url, home / "storm-up", channel, storm_documents()) as city:
        ordeal = StormOrdeal(city, asked.seed)
        report.all(f"{made.kind}: a storm over a whole city", ordeal.kill_parts(STORM_PARTS))
        report.all(f"{made.kind}: database away", ordeal.database_away(STORM_AWAY_SECONDS, take, give))
        report.all(f"{made.kind}: after the storm", ordeal.finish())
        report.tally.add(ordeal.tally)
        ordeal.close()


def _taken_away(made: Databases, url: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """How its database is taken away, and given back."""
    if isinstance(made.server, PostgresThatMayDie):
        return made.server.kill, made.server.start_again
    locked = LockedFile(url)
    return locked.take, locked.release


def _part_of(count: int, number: int) -> int:
    """What falls to one of the stories."""
    return count // STORIES + (number < count % STORIES)


def _city(made: Databases, home: Path, asked: argparse.Namespace, report: Report) -> None:
    url = made.new()
    take, give = _taken_away(made, url)
    with channel_server() as channel, running_city(url, home / "up", channel) as city:
        ordeal = Ordeal(city, asked.seed)
        report.all(f"{made.kind}: a whole city is up", ordeal.many_taps())
        # First, so that what a kill broke off is nobody's any more by the end.
        report.all(f"{made.kind}: worker and server killed", ordeal.kill_parts(PARTS))
        report.all(f"{made.kind}: database away", ordeal.database_away(DATABASE_AWAY_SECONDS, take, give))
        report.all(f"{made.kind}: Prefect's server away", ordeal.server_away(SERVER_AWAY_SECONDS))
        report.all(f"{made.kind}: afterwards", ordeal.finish())
        report.tally.add(ordeal.tally)
        ordeal.close()


def _sum_up(report: Report) -> int:
    tally = report.tally
    report.all("kills", tally.lines())
    if tally.hit.total() < LEAST_HITS * tally.meant.total():
        report.say(
            f"BROKEN: only {tally.hit.total()} of {tally.meant.total()} kills hit: this machine is too uneven now"
        )
        return 1
    report.say("every promise was kept")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="on each database (60)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (1)")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--only", choices=WHAT, action="append", help="only this part; may be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
