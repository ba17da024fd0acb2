"""Lengths of time as a city's files write them: continuous, nights count."""

import re
from datetime import timedelta

from models.directory.cell import Unreadable
from models.directory.fault import quoted

_UNITS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
          "day": timedelta(days=1)}  # fmt: skip
_LENGTH = re.compile(rf"([0-9]{{1,6}})\s*({'|'.join(_UNITS)})s?")


def length_of_time(text: str) -> timedelta:
    """A continuous length of time. Example: `10 minute`, `4 hour`, `3 day`, `0 minute`."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        problem = f"{quoted(text)} is no length of time: a whole number and one of {', '.join(_UNITS)}."
        raise Unreadable(problem, "Write for example 10 minute, 4 hour or 3 day; nights count.")
    return int(match[1]) * _UNITS[match[2]]
