"""A small scheme to test with, and those that are shipped. Nothing in the small one is any city's rule."""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from models.directory.fault import Fault
from models.directory.scheme_yaml import read_scheme
from models.scheme import Scheme
from models.scheme_counts import read_counts
from models.scored import Scored, Step, plain
from models.scoring import ExemptCases, score
from tasks.schemes import find_scheme

SMALL_SCHEME = """\
scheme: small
name: {zh: 小方案, en: small scheme}
source: made up for tests
total: 100
minimum: {due_to_close: 10}
exemptions:
  - {count: suspended, leaves: [due_to_close], source: made up}
  - {count: exempt, leaves: [due_to_close, closed, closed_late], source: made up}
ratios:
  on_time:
    name: {zh: 按期, en: on time}
    count: closed_on_time
    over: due_to_close
    source: made up
  rework:
    name: {zh: 返工, en: rework}
    count: reworked
    over: closed
    at_most: 1
    source: made up
tables:
  volume:
    rows: [{at_most: 0, gives: 0}, {below: 100, gives: 5}]
    else: 10
    source: made up
manual:
  looks:
    name: {zh: 市容, en: looks}
    by: [evaluator]
    least: 0
    most: 10
    evidence: yes
    source: made up
  mistakes: {name: {zh: 差错, en: mistakes}, by: [evaluator], least: 0, whole: yes, required: no, source: made up}
  exposed: {name: {zh: 曝光, en: exposed}, by: [evaluator], least: 0, whole: yes, required: no, source: made up}
  praise: {name: {zh: 表扬, en: praise}, by: [leader], least: 0, required: no, source: made up}
items:
  - {code: speed, name: {zh: 及时, en: speed}, points: 80, formula: 80 * on_time, source: made up}
  - {code: quality, name: {zh: 质量, en: quality}, points: 10, formula: 10 - 20 * rework, source: made up}
  - {code: volume, name: {zh: 数量, en: volume}, points: 10, formula: volume(filed), source: made up}
deductions:
  - {code: slips, name: {zh: 差错, en: slips}, of: mistakes, double: exposed, each: 0.5, most: 4, source: made up}
bonuses:
  - {code: praise, name: {zh: 表扬, en: praise}, of: praise, each: 1, most: 5, source: made up}
groups:
  - code: towns
    name: {zh: 乡镇, en: towns}
    of: [township]
  - code: firms
    name: {zh: 企业, en: firms}
    of: [utility]
    items:
      - {code: system, name: {zh: 系统, en: system}, points: 90, formula: system * 0.9, source: made up}
      - {code: looks, name: {zh: 市容, en: looks}, points: 10, formula: looks, source: made up}
grades:
  - {code: A, name: {zh: 甲, en: A}, from: 90}
  - {code: B, name: {zh: 乙, en: B}, from: 75}
  - {code: C, name: {zh: 丙, en: C}, from: 0}
"""

COUNTS: Mapping[str, int] = {
    **{"due_to_close": 100, "closed": 95, "closed_on_time": 90, "reworked": 19, "filed": 120},
}
"""Of the small scheme: 72 + 6 + 10 = 88."""


def faults_of(content: str) -> list[str]:
    """Everything that is wrong with a scheme, as it is printed."""
    faults: list[Fault] = []
    read_scheme("small.yaml", content, faults)
    return [str(fault) for fault in faults]


def a_scheme(content: str = SMALL_SCHEME, *changes: tuple[str, str]) -> Scheme:
    """A scheme of this text with some of it changed."""
    faults: list[Fault] = []
    scheme = read_scheme("small.yaml", changed(content, *changes), faults)
    assert scheme is not None, [str(fault) for fault in faults]
    return scheme


@cache
def shipped(name: str) -> Scheme:
    """A scheme of deployments/schemes/."""
    return find_scheme(name)


def changed(content: str, *changes: tuple[str, str]) -> str:
    """A text with some of it changed; a change that meets nothing is a mistake of the test."""
    for before, after in changes:
        assert before in content, before
        content = content.replace(before, after)
    return content


def scored(
    scheme: Scheme | str,
    counts: Mapping[str, object] = COUNTS,
    manual: Mapping[str, object] | None = None,
    group: str | None = None,
    exempt: ExemptCases = ExemptCases.INSIDE,
) -> Scored:
    """The score of plain numbers under a scheme, or under the shipped one of this name."""
    found = shipped(scheme) if isinstance(scheme, str) else scheme
    entries = {code: None if value is None else Fraction(str(value)) for code, value in (manual or {}).items()}
    chosen = found.group(group) if group else None
    assert chosen is not None or group is None, group
    return score(found, read_counts(counts), entries, chosen, exempt=exempt)


def step(result: Scored, item: str) -> Step:
    """The last step of this name."""
    return next(found for found in reversed(result.steps) if found.item == item)


def points(result: Scored, item: str) -> str:
    """What a step came to, as people write it."""
    return plain(step(result, item).result)
