"""Deadlines a second, beside pandas' CustomBusinessHour on the same starts and limits."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pandas as pd

from models.worktime import WorkCalendar, WorkHours, parse_limit

ZONE = ZoneInfo("Asia/Shanghai")
MANY, FEW = 100_000, 300


def run() -> Iterator[str]:
    """Lines: our scalar deadlines, pandas' scalar offsets, the ratio."""
    calendar = WorkCalendar(ZONE, WorkHours())
    limits = [parse_limit(f"{hours} work_hour") for hours in (1, 4, 8, 24, 120)]
    draw, first = random.Random(8), datetime(2018, 1, 1, tzinfo=ZONE)
    asked = [(first + timedelta(seconds=draw.randrange(250_000_000)), draw.choice(limits)) for _ in range(MANY)]

    def ours() -> int:
        for start, limit in asked:
            calendar.due_at(start, limit)
        return MANY

    days = (date(2018, 1, 1) + timedelta(days=n) for n in range(365 * 8 + 300))
    off = [day for day in days if not chinese_calendar.is_workday(day)]
    business = pd.offsets.CustomBusinessHour(  # type: ignore[call-arg] # the stubs know no weekmask
        start=["08:00", "14:00"], end=["12:00", "18:00"], weekmask="Mon Tue Wed Thu Fri Sat Sun", holidays=off
    )

    def pandas() -> int:
        for start, limit in asked[:FEW]:
            pd.Timestamp(start.replace(tzinfo=None)) + business * int(limit.value)
        return FEW

    fast, slow = best_rate(ours), best_rate(pandas, rounds=1)
    yield f"WorkCalendar.due_at        {fast:12,.0f} a second"
    yield f"pandas CustomBusinessHour  {slow:12,.0f} a second"
    yield f"ratio                      {fast / slow:12,.0f}"


def best_rate(work: Callable[[], int], rounds: int = 5) -> float:
    """The best rate of several rounds, in processor time: what the code can do when the machine lets it."""
    rates = []
    for _ in range(rounds):
        begun = time.process_time()
        done = work()
        rates.append(done / (time.process_time() - begun))
    return max(rates)
