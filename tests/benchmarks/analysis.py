"""What an analysis costs: recurrences of more and more cases, and of as many that all lie on one point."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from models.analysed_case import AnalysedCase, Closing
from models.analysis_rules import AnalysisRules
from models.recurrences import recurrences
from tests.stored_cases import at

PERIOD = (10_000, 100_000)
CLASSES, TOWNS = 60, 20


def run() -> Iterator[str]:
    """Lines: seconds for so many cases of a month, with as many closed in the month before it."""
    first = 0.0
    for number in PERIOD:
        cases, closings = _a_month(number)
        found, seconds = _timed(cases, closings)
        first = first or seconds
        yield _line(number, "cases in a city", found, seconds, first)
    one = {"class_code": "E0101", "longitude": 113.7, "latitude": 34.4}
    on_point = [Closing(replace(each.case, **one), each.closed_at) for each in closings]  # type: ignore[arg-type]
    found, seconds = _timed([replace(case, **one) for case in cases], on_point)  # type: ignore[arg-type]
    yield _line(number, "on one point", found, seconds, first)


def _line(number: int, what: str, found: int, seconds: float, first: float) -> str:
    return f"{number:9,} {what:16} {found:9,} recurrences   {seconds:6.2f} s   x {seconds / first:.1f}"


def _timed(cases: list[AnalysedCase], closings: list[Closing]) -> tuple[int, float]:
    began = time.perf_counter()
    found = recurrences(cases, cases, closings, AnalysisRules())
    return found.count, time.perf_counter() - began


def _a_month(number: int) -> tuple[list[AnalysedCase], list[Closing]]:
    chance, start = Random(1), at("2019-05-01 00:00")
    everything = []
    for case_id in range(2 * number):
        reported = start + timedelta(days=30 * (chance.random() - (case_id >= number)))
        place = 113.7 + chance.random() / 10, 34.3 + chance.random() / 10
        class_code, area = f"E01{chance.randrange(CLASSES):02}", f"410184{chance.randrange(TOWNS):03}"
        everything.append(AnalysedCase(case_id, f"E{case_id}", class_code, area, None, "", "", reported, *place))
    closings = [Closing(case, case.reported_at + timedelta(hours=48 * chance.random())) for case in everything]
    closings.sort(key=lambda each: (each.closed_at, each.case.case_id))
    cases = sorted(everything[:number], key=lambda case: (case.reported_at, case.case_id))
    return cases, closings
