"""Made-up reports of a city in our own columns (source `native`), and the people who act on them in a demo.

The same city, seed and moment give the same reports, byte for byte. Nobody in them exists: reporters are 市民甲 and so
on, their numbers begin with 000, and every source id begins with SAMPLE.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, count, repeat
from pathlib import Path
from random import Random
from typing import Generic, TextIO, TypeVar
from zoneinfo import ZoneInfo

from models.catalogue import FilingCondition, Subclass
from models.city import City
from tasks.played_people import play
from tasks.sample_ingredients import ingredients
from tasks.sample_places import SamplePlaces, Spot, moved

__all__ = ["COLUMNS", "make_sample", "play", "write_sample", "write_sample_rows"]

COLUMNS = (
    *("source_id", "opened_at", "closed_at", "source", "class_code", "condition_no", "description", "place", "area"),
    *("longitude", "latitude", "component_code", "camera", "source_chain", "reporter_name", "reporter_phone"),
)

Row = dict[str, str]

NATIVE_ZONE = ZoneInfo("Asia/Shanghai")
"""As the mapping `native` reads times."""

PUBLIC = frozenset({"citizen", "hotline_12345", "hotline_12319"})
HOTLINES = frozenset({"hotline_12345", "hotline_12319"})

SIMILAR_SHARE = 0.08
"""Of the rows: the same problem once more, within the metres and hours of the city's policy."""

REPEATED_SHARE = 0.01
"""Of the rows: the very same row again. As many cannot be taken: bad rows. At least one each from 20 rows on."""

HOT_SPOT_SHARE = 0.3
NO_CLASS_SHARE, NO_PLACE_SHARE, NO_POSITION_SHARE = 0.15, 0.1, 0.3
NAMED_SHARE = 0.5
"""Of the public's reports: without class, without place, with a place and no position, with name and number."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong somewhere."""

    spot: Spot
    subclass: Subclass
    condition: FilingCondition


@dataclass(frozen=True, slots=True)
class Sighting:
    """A problem as somebody reports it."""

    problem: Problem
    source: str
    opened_at: datetime
    chain: str = ""


def write_sample(path: Path, city: City, *, cases: int, days: int, seed: int, now: datetime) -> None:
    """Writes made-up reports of the last days before `now` into a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_sample_rows(file, make_sample(city, cases=cases, days=days, seed=seed, now=now))


def write_sample_rows(file: TextIO, rows: Iterable[Row]) -> None:
    """Writes rows of `make_sample` as CSV."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def make_sample(city: City, *, cases: int, days: int, seed: int, now: datetime) -> Iterator[Row]:
    """Made-up reports of the days before `now`, as many rows as asked for, in the order they were opened.

    Example: make_sample(city, cases=1000, days=30, seed=1, now=now) gives the same rows each time.
    """
    maker = _Maker(city, seed, now, days, hot_spots=max(6, cases // 60))
    repeated = bad = max(round(cases * REPEATED_SHARE), int(cases >= 20))
    similar = round(cases * SIMILAR_SHARE)
    first = [maker.sighting() for _ in range(cases - similar - repeated - bad)]
    again = [maker.again(maker.random.choice(first)) for _ in range(similar)]
    sightings = sorted([*first, *again], key=lambda sighting: sighting.opened_at)
    repeated_at, bad_at = (Counter(maker.random.choices(range(len(sightings)), k=k)) for k in (repeated, bad))
    numbers = count(1)
    for place, sighting in enumerate(sightings):
        row = maker.row(f"SAMPLE-{seed}-{next(numbers):07d}", sighting)
        yield from repeat(row, 1 + repeated_at[place])
        for _ in range(bad_at[place]):
            number = next(numbers)
            yield maker.bad_row(f"SAMPLE-{seed}-{number:07d}", number)


T = TypeVar("T")


class _Dice(Generic[T]):
    """Faces and how heavy they are."""

    def __init__(self, faces: Sequence[T], weights: Iterable[float]) -> None:
        self._faces, self._sums = faces, list(accumulate(weights))

    def throw(self, random: Random) -> T:
        """One of the faces."""
        return random.choices(self._faces, cum_weights=self._sums)[0]


class _Maker:
    """The dice and the tables they are thrown on."""

    def __init__(self, city: City, seed: int, now: datetime, days: int, hot_spots: int) -> None:
        self.random = Random(f"{city.code}:{seed}")  # noqa: S311 - made-up reports, nothing secret
        self._now = now.astimezone(NATIVE_ZONE).replace(microsecond=0)
        self._said = ingredients()
        self._similar = city.policy.similar
        self._places = SamplePlaces(city, self._said)
        known = city.catalogue.subclasses
        weights = {code: weight for code, weight in self._said.classes.items() if code in known}
        self._classes = _Dice([known[code] for code in weights or known], [*weights.values()] or [1.0] * len(known))
        self._sources = _Dice([*self._said.sources], [*self._said.sources.values()])
        since = self._now - timedelta(days=days)
        self._patrol = self._hours(since, self._said.patrol_hours)
        self._public = self._hours(since, self._said.public_hours)
        self._hot_spots = [self._problem() for _ in range(hot_spots)]

    def sighting(self) -> Sighting:
        """A problem somebody sees, at one of the hot spots or anywhere."""
        source = self._sources.throw(self.random)
        hot = self.random.random() < HOT_SPOT_SHARE
        # The lower of two throws: the first hot spots are the hottest.
        rank = min(self.random.randrange(len(self._hot_spots)) for _ in range(2))
        problem = self._moved(self._hot_spots[rank], 30.0) if hot else self._problem()
        opened_at = self._moment(self._public if source in PUBLIC else self._patrol)
        return Sighting(problem, source, opened_at, self._chain() if source in HOTLINES else "")

    def again(self, seen: Sighting) -> Sighting:
        """The same problem once more from the public, near enough and soon enough to be similar.

        What a hotline passes on keeps its number, so that a rule may join the two.
        """
        problem = self._moved(seen.problem, self._similar.within_metres * 0.6)
        latest = min(self._now, seen.opened_at + timedelta(hours=self._similar.within_hours * 0.8))
        opened_at = (seen.opened_at + (latest - seen.opened_at) * self.random.random()).replace(microsecond=0)
        return Sighting(problem, "citizen", opened_at, seen.chain)

    def row(self, source_id: str, seen: Sighting) -> Row:
        """A report as it stands in the file; some lack what a person then has to find out."""
        problem, spot = seen.problem, seen.problem.spot
        public = seen.source in PUBLIC
        row = dict.fromkeys(COLUMNS, "") | {
            "source_id": source_id,
            "opened_at": f"{seen.opened_at:%Y-%m-%d %H:%M:%S}",
            "source": seen.source,
            "class_code": problem.subclass.code,
            "condition_no": str(problem.condition.number),
            "place": spot.words,
            "area": spot.area,
            "longitude": f"{spot.longitude:.6f}",
            "latitude": f"{spot.latitude:.6f}",
            "source_chain": seen.chain,
        }
        if problem.subclass.kind == "C" and not public:
            row["component_code"] = f"{spot.area[:6]}{problem.subclass.code[1:]}{self.random.randrange(10**6):06d}"
        if seen.source == "video":
            row["camera"] = f"CAM-{spot.area}-{self.random.randrange(1, 9)}"
        if public:
            self._public_gaps(row)
        row["description"] = self._phrase(seen, row)
        if public and self.random.random() < NAMED_SHARE:
            row["reporter_name"] = self.random.choice(self._said.names)
            row["reporter_phone"] = f"000{self.random.randrange(10**8):08d}"
        return row

    def bad_row(self, source_id: str, kind: int) -> Row:
        """A row that cannot be taken: no opening time, one that is none, one in the future, a closing before it."""
        row = self.row(source_id, self.sighting())
        later = self._now + timedelta(days=3)
        broken = (
            {"opened_at": ""},
            {"opened_at": f"{self._now:%Y-%m-%d} 25:61"},
            {"opened_at": f"{later:%Y-%m-%d %H:%M:%S}"},
            {"closed_at": f"{self._now - timedelta(days=3650):%Y-%m-%d %H:%M:%S}"},
        )
        return row | broken[kind % len(broken)]

    def _public_gaps(self, row: Row) -> None:
        """The public does not know classes, and often not exactly where it stands."""
        if self.random.random() < NO_CLASS_SHARE:
            row |= {"class_code": "", "condition_no": ""}
        if self.random.random() < NO_PLACE_SHARE:
            row |= {"area": "", "place": self._said.no_place, "longitude": "", "latitude": ""}
        elif self.random.random() < NO_POSITION_SHARE:
            row |= {"longitude": "", "latitude": ""}

    def _problem(self) -> Problem:
        subclass = self._classes.throw(self.random)
        # The first conditions of a subclass are its everyday ones.
        number = min(self.random.randrange(len(subclass.conditions)) for _ in range(2))
        return Problem(self._places.spot(self.random), subclass, subclass.conditions[number])

    def _moved(self, problem: Problem, most_metres: float) -> Problem:
        spot = problem.spot
        longitude, latitude = moved(spot.longitude, spot.latitude, self.random, most_metres)
        return replace(problem, spot=replace(spot, longitude=longitude, latitude=latitude))

    def _phrase(self, seen: Sighting, row: Row) -> str:
        problem = seen.problem
        phrases = self._said.phrases[seen.source] if row["class_code"] else self._said.no_class
        return self.random.choice(phrases).format(
            place=row["place"], minor=problem.subclass.minor, condition=problem.condition.wording.rstrip("。")
        )

    def _chain(self) -> str:
        return f"CHAIN-{self.random.randrange(10**8):08d}"

    def _moment(self, hours: _Dice[datetime]) -> datetime:
        return hours.throw(self.random) + timedelta(seconds=self.random.randrange(3600))

    def _hours(self, since: datetime, weights: Sequence[float]) -> _Dice[datetime]:
        """The hours of the window, each as likely as its hour and weekday are busy."""
        hours = [since + timedelta(hours=number) for number in range(int((self._now - since).total_seconds() // 3600))]
        busy = [weights[hour.hour] * self._said.weekdays[hour.weekday()] for hour in hours]
        return _Dice(hours, busy if any(busy) else [1.0] * len(hours))
