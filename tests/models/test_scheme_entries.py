"""What persons enter: by whom, within which limits, with what that shows it."""

from decimal import Decimal
from fractions import Fraction

import pytest

from models.scheme_counts import CountsUnreadable
from models.scheme_entries import Entry, entry_refused, read_entries
from models.vocabulary import Role
from tasks.refusals import render_refusal
from tests.schemes import a_scheme

SMALL = a_scheme()


@pytest.mark.parametrize(
    ("item", "entry", "code"),
    [
        ("looks", Entry(Fraction(8), Role.EVALUATOR, "a.jpg"), None),
        ("looks", Entry(Fraction(8), Role.UNIT_HEAD, "a.jpg"), "entry_by_others"),
        ("looks", Entry(Fraction(11), Role.EVALUATOR, "a.jpg"), "entry_outside"),
        ("looks", Entry(Fraction(-1), Role.EVALUATOR, "a.jpg"), "entry_outside"),
        ("looks", Entry(Fraction(8), Role.EVALUATOR), "entry_needs_evidence"),
        ("mistakes", Entry(Fraction(3, 2), Role.EVALUATOR), "entry_outside"),
        ("mistakes", Entry(Fraction(2), Role.EVALUATOR), None),
        ("praise", Entry(Fraction(1, 2), Role.LEADER), None),
    ],
)
def test_an_entry_is_made_by_the_right_role_within_limits_and_with_evidence(
    item: str, entry: Entry, code: str | None
) -> None:
    refusal = entry_refused(SMALL.manual[item], entry)
    assert (refusal.code if refusal else None) == code


def test_a_refused_entry_says_what_would_be_right() -> None:
    refusal = entry_refused(SMALL.manual["looks"], Entry(Fraction(11), Role.EVALUATOR, "a.jpg"))
    assert refusal is not None
    assert render_refusal(refusal.code, refusal.facts, "zh") == (
        "考评项目“市容”的数值超出规定范围，不得小于0，不得大于10。请改正后再提交。"
    )
    other = entry_refused(SMALL.manual["mistakes"], Entry(Fraction(1, 2), Role.EVALUATOR))
    assert other is not None
    assert render_refusal(other.code, other.facts, "en") == (
        'The value of the item "差错" lies outside its limits: at least 0, a whole number. Mend it and send it again.'
    )


def test_bare_numbers_are_taken_as_written() -> None:
    given = {"looks": Decimal("9.1"), "mistakes": 2, "praise": 0.1, "exposed": None}
    assert read_entries(SMALL, given) == {
        "looks": Fraction("9.1"),
        "mistakes": 2,
        "praise": Fraction("0.1"),
        "exposed": None,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lokos": 1}, '"lokos" is no manual item of the scheme small. Did you mean "looks"?'),
        ({"looks": 11}, "looks is 11. It is at most 10."),
        ({"looks": -1}, "looks is -1. It is at least 0."),
        ({"looks": "9"}, 'looks is "9". Write a number, or null.'),
        ({"looks": True}, 'looks is "True". Write a number, or null.'),
        ({"looks": Decimal("1e-999999999")}, 'looks is "1E-999999999". Write a number, or null.'),
        ({"mistakes": 1.5}, "mistakes is 1.5. It counts occurrences: write a whole number."),
        ({"mistakes": 1, "exposed": 2}, "exposed is 2, of 1 in mistakes. It says how many of these count twice."),
        ({"exposed": 1}, "exposed is 1, of 0 in mistakes."),
    ],
)
def test_what_is_no_entry_of_the_scheme_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(CountsUnreadable) as caught:
        read_entries(SMALL, given)
    assert str(caught.value).startswith(said)
