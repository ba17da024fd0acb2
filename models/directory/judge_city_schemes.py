"""What is wrong with a city's own schemes among themselves and with its units."""

from collections.abc import Collection, Iterable
from datetime import date
from itertools import pairwise

from models.directory.fault import Fault, quoted, suggestion
from models.scheme import Scheme


def judge_city_schemes(schemes: Iterable[Scheme], unit_groups: Collection[str], faults: list[Fault]) -> None:
    """Each group scores groups of units.csv, and no two schemes of one name are in force on the same day."""
    by_name: dict[str, list[Scheme]] = {}
    for scheme in schemes:
        by_name.setdefault(scheme.name, []).append(scheme)
        for group in scheme.groups:
            for named in sorted(set(group.of) - set(unit_groups)):
                problem, place = f"no unit of units.csv is of the group {quoted(named)}.", group.place
                faults.append(Fault(place.file, place.line, place.key, named, problem, suggestion(named, unit_groups)))
    for editions in by_name.values():
        _judge_days(sorted(editions, key=lambda scheme: (scheme.valid_from or date.min, scheme.file)), faults)


def _judge_days(editions: list[Scheme], faults: list[Fault]) -> None:
    for earlier, later in pairwise(editions):
        begins, ends = later.valid_from, earlier.valid_until
        if begins is None or ends is None or begins < ends:
            problem = f"{earlier.file} holds the scheme {quoted(earlier.name)} on the same days."
            remedy = f"Write valid_until in {earlier.file} and the same day, or a later one, as valid_from here."
            faults.append(Fault(later.file, None, "valid_from", str(begins or ""), problem, remedy))
