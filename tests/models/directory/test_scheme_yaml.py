"""What is wrong in a scheme's file, word for word, one mistake one fault."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.directory.fault import Fault
from models.directory.scheme_yaml import read_scheme
from tests.schemes import SMALL_SCHEME, a_scheme, changed, faults_of

FAULTS = [
    pytest.param(
        "closed_on_time\n",
        "closed_on_tiem\n",
        'line 12, key ratios.on_time.count: "closed_on_tiem" is no known name. Did you mean "closed_on_time"?',
        id="an unknown count in a ratio",
    ),
    pytest.param(
        "formula: 80 * on_time",
        "formula: 80 * on_time / (1 - 1)",
        "line 38, key items[1].formula: something is divided by zero. "
        "Say in minimum below which number there is no score.",
        id="a division by zero that stands there",
    ),
    pytest.param(
        "formula: volume(filed)",
        "formula: volume + 3",
        "line 40, key items[3].formula: volume is a table or function, no value. Write what it is of: volume(…).",
        id="a table without a count",
    ),
    pytest.param(
        "formula: 80 * on_time",
        "formula: 80 * system",
        'line 38, key items[1].formula: "system" is no known name. ',
        id="the system score within itself",
    ),
    pytest.param(
        "points: 80,",
        "points: 60,",
        "line 38, key items: the points sum to 80 (60 + 10 + 10), not to 100. "
        "Mend the points or the total; where items are not known, write complete: no.",
        id="weights that do not sum",
    ),
    pytest.param(
        "points: 90,",
        "points: 95,",
        "line 53, key groups[2].items: the points sum to 105 (95 + 10), not to 100. ",
        id="weights of a group that do not sum",
    ),
    pytest.param(
        "points: 80, formula: 80 * on_time,",
        "points: 80,",
        'line 38, key items[1].formula: the item "speed" has no formula, but the scheme is complete. '
        "Add formula, or write complete: no and leave the total empty.",
        id="an item without a rule in a complete scheme",
    ),
    pytest.param(
        "code: quality",
        "code: speed",
        'line 38, key items: "speed" stands twice in items. Give each its own code.',
        id="a code twice",
    ),
    pytest.param(
        "{below: 100, gives: 5}",
        "{at_most: 0, gives: 5}",
        "line 23, key tables.volume.rows[2].at_most: this row can never be met: the first that is met counts. "
        "Order rows of at_most and below from the smallest up, rows of at_least from the largest down.",
        id="a row of a table that can never be met",
    ),
    pytest.param(
        "{below: 100, gives: 5}",
        "{below: 100, at_least: 3, gives: 5}",
        "line 23, key tables.volume.rows[2].gives: a row goes by exactly one of at_most, at_least, below. "
        "Write for example {at_most: 50, gives: 10}.",
        id="a row with two bounds",
    ),
    pytest.param(
        "    most: 10\n",
        "    most: -1\n",
        "line 31, key manual.looks.most: the most, -1, is less than the least, 0. Exchange them.",
        id="limits turned round",
    ),
    pytest.param(
        "    most: 10\n",
        "    most: 10\n    counted: vacant_posts\n",
        "line 32, key manual.looks.counted: what is counted is a number of occurrences, and nobody must enter it. "
        "Write whole: yes and required: no beside it.",
        id="points that are counted",
    ),
    pytest.param(
        "of: mistakes, double: exposed",
        "of: mistakes, double: exposd",
        'line 42, key deductions[1].double: "exposd" is no manual item. Did you mean "exposed"?',
        id="what counts twice is not entered",
    ),
    pytest.param(
        "ratios:\n",
        "ratios:\n  looks: {name: {zh: 率, en: rate}, count: closed, over: filed, source: made up}\n",
        'line 10, key ratios.looks: "looks" is one of manual already. Give it another name.',
        id="a name that means two things",
    ),
    pytest.param(
        "manual:\n",
        "manual:\n  Closed: {name: {zh: 数, en: number}, by: [admin], source: made up}\n",
        'line 27, key manual.Closed: "Closed" is no name for a formula. '
        "Begin with a small letter; then small letters, digits and underscores.",
        id="a name no formula can hold",
    ),
    pytest.param(
        "manual:\n",
        "manual:\n  closed: {name: {zh: 数, en: number}, by: [admin], source: made up}\n",
        'line 27, key manual.closed: "closed" is a count already. Give it another name.',
        id="a name of a count",
    ),
    pytest.param(
        "from: 75",
        "from: 95",
        "line 57, key grades[2].from: a grade does not begin below the one above it. "
        "Order the grades from the highest down.",
        id="grades out of order",
    ),
    pytest.param(
        "minimum: {due_to_close: 10}",
        "minimum: {due: 10}",
        'line 5, key minimum.due: there is no key "due" here. Known: accepted, check_due, ',
        id="a minimum of an unknown count",
    ),
    pytest.param(
        "total: 100",
        "total: 100\nvalid_from: 2026-03-01\nvalid_until: 2026-03-01",
        "line 6, key valid_until: the scheme ends before it begins. "
        "valid_until is the first day on which it no longer applies.",
        id="dates turned round",
    ),
    pytest.param("total: 100", "total: about 100", 'line 4, key total: "about 100" is no number. ', id="no number"),
    pytest.param(
        "name: {zh: 质量, en: quality}",
        "name: {zh: 质量}",
        "key items[2].name.en: the key is missing.",
        id="no English",
    ),
    pytest.param(
        "formula: 80", "fromula: 80", 'there is no key "fromula" here. Did you mean "formula"?', id="a key misspelt"
    ),
    pytest.param("source: made up for tests\n", "", "line 1, key source: the key is missing.", id="no source"),
    pytest.param("scheme: small", "scheme: Small Scheme", '"Small Scheme" is no name of a scheme.', id="no name"),
]


@pytest.mark.parametrize(("before", "after", "said"), FAULTS)
def test_a_mistake_is_one_fault_that_says_what_would_be_right(before: str, after: str, said: str) -> None:
    (fault,) = faults_of(changed(SMALL_SCHEME, (before, after)))
    assert fault.startswith("small.yaml line ")
    assert said in fault


def test_the_small_scheme_has_no_fault() -> None:
    assert faults_of(SMALL_SCHEME) == []


def test_points_are_not_summed_where_the_scheme_is_not_complete() -> None:
    scheme = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\ncomplete: no"), ("points: 80,", "points: 60,"))
    assert not scheme.system.complete


def test_a_scheme_needs_items_unless_it_says_that_it_is_not_complete() -> None:
    head = "scheme: small\nname: {zh: 小, en: small}\nsource: made up\n"
    assert faults_of(head) == [
        "small.yaml line 1, key items: the scheme is complete and has no items. "
        "Name them, or write complete: no where the city's text is not known."
    ]
    assert faults_of(head + "complete: no\n") == []


def test_a_group_without_items_needs_a_system_score() -> None:
    head = "scheme: small\nname: {zh: 小, en: small}\nsource: made up\n"
    group = "groups: [{code: towns, name: {zh: 乡镇, en: towns}}]\n"
    assert faults_of(head + group) == [
        'small.yaml line 4, key groups[1].code: the group "towns" has no items, and there is no system score. '
        "Give it items, or give the scheme items of its own."
    ]


def test_everything_a_scheme_may_say_is_read() -> None:
    said = """\
scheme: small
name: {zh: 小, en: small}
source: made up
proposal: yes
valid_from: 2026-01-01
valid_until: 2027-01-01
least: 0
most: 110
digits: 3
rounding: 2
ratios:
  r: {name: {zh: 率, en: rate}, count: closed, over: due_to_close, less: [suspended], at_most: 1, empty: 1,
      instead: {count: handled, over: due_to_handle}, source: made up}
items:
  - {code: all, name: {zh: 全部, en: all}, points: 100, formula: 100 * r, source: made up}
publication: {every: quarter, best: 3, worst: 2, figures: [r, closed], backlog: no, source: made up}
"""
    scheme = a_scheme(said)
    assert (scheme.proposal, str(scheme.valid_from), str(scheme.valid_until)) == (True, "2026-01-01", "2027-01-01")
    assert [str(scheme.least), str(scheme.most), scheme.digits, scheme.rounding] == ["0", "110", 3, 2]
    ratio = scheme.ratios["r"]
    assert (ratio.at_most, ratio.empty) == (Fraction(1), Fraction(1))
    assert (ratio.less, ratio.place.line) == (("suspended",), 12)
    assert ratio.instead is not None
    assert scheme.publication is not None
    assert (scheme.publication.every, scheme.publication.figures) == ("quarter", ("r", "closed"))
    assert (scheme.publication.best, scheme.publication.worst, scheme.publication.backlog) == (3, 2, False)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.integers(0, len(SMALL_SCHEME)), st.text(max_size=12), st.integers(0, 12))
def test_a_file_with_any_damage_is_a_scheme_or_faults_and_never_an_error(at: int, put_in: str, taken: int) -> None:
    damaged = SMALL_SCHEME[:at] + put_in + SMALL_SCHEME[at + taken :]
    faults: list[Fault] = []
    scheme = read_scheme("small.yaml", damaged, faults)
    assert (scheme is None) == bool(faults)
