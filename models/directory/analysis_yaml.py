"""analysis.yaml: from how many cases on a period's analysis speaks of hot spots, recurrences and rises."""

from collections.abc import Mapping
from typing import Any

from models.analysis_rules import AnalysisRules
from models.directory import cell
from models.directory.fault import Fault
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import read_yaml

FILE = "analysis.yaml"

_READERS: Mapping[str, cell.Reader[Any]] = {
    "hot_least": cell.whole_number(1, 100_000),
    "hot_most": cell.whole_number(1, 100),
    "recurs_metres": cell.whole_number(1, 1_000),
    "recurs_days": cell.whole_number(1, 366),
    "one_point_least": cell.whole_number(2, 100_000),
    "one_point_classes": cell.whole_number(1, 1_000),
    "usual_weeks": cell.whole_number(1, 52),
    "usual_weeks_least": cell.whole_number(1, 52),
    "deviations": cell.number(100),
    "rise_least": cell.whole_number(1, 100_000),
    "rise_over": cell.whole_number(1, 100_000),
}
_ROLE = cell.one_of(POST_ROLES, "role of a post")


def read_analysis(content: str, faults: list[Fault]) -> AnalysisRules:
    """The rules of a city's analysis; what the file leaves out stays as this project proposes it."""
    page = read_yaml(FILE, content, (*_READERS, "told_to"), faults)
    if page is None:
        return AnalysisRules()
    values = {key: page.value(key, read) for key, read in _READERS.items() if page.has(key)}
    if page.has("told_to"):
        values["told_to"] = page.values("told_to", _ROLE)
    rules = AnalysisRules(**{key: value for key, value in values.items() if value is not None})
    if rules.usual_weeks_least > rules.usual_weeks:
        key = "usual_weeks_least" if page.has("usual_weeks_least") else "usual_weeks"
        found = str(getattr(rules, key))
        problem = (
            f"{rules.usual_weeks} weeks are looked at and {rules.usual_weeks_least} are wanted: nothing ever rises."
        )
        page.fault(key, found, problem, "Write a usual_weeks_least that is at most usual_weeks.")
    return rules
