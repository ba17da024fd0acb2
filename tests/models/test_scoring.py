"""From counts to a score: the steps, what is missing, what is exempt, what is held."""

import pickle
from fractions import Fraction

import pytest

from models.scored import ScoreRefused, StepKind, plain, rounded
from models.scoring import ExemptCases
from tests.schemes import COUNTS, SMALL_SCHEME, a_scheme, points, scored, step

SMALL = a_scheme()


def test_each_step_names_item_formula_values_result_and_source() -> None:
    result = scored(SMALL)
    ratio, speed = step(result, "on_time"), step(result, "speed")
    assert (ratio.kind, ratio.formula, ratio.result) == (
        StepKind.RATIO,
        "closed_on_time / due_to_close",
        Fraction(9, 10),
    )
    assert ratio.values == {"closed_on_time": 90, "due_to_close": 100}
    assert (speed.formula, plain(speed.result)) == ("80 * on_time", "72")
    assert speed.values == {"on_time": Fraction(9, 10)}
    assert (plain(speed.points), speed.source, str(speed.title)) == ("80", "made up", "及时 speed")
    assert [found.item for found in result.steps] == [
        *("on_time", "speed", "rework", "quality", "volume", "system", "score"),
    ]


def test_without_a_group_it_is_the_system_score_with_nothing_beside_the_items() -> None:
    result = scored(SMALL, manual={"praise": 3, "mistakes": 1})
    assert (plain(result.score), result.grade and result.grade.code) == ("88", "B")


def test_a_group_without_items_has_the_system_score_and_what_is_given_and_taken() -> None:
    result = scored(SMALL, manual={"praise": 3, "mistakes": 2}, group="towns")
    assert (points(result, "praise"), points(result, "slips")) == ("3", "-1")
    assert (plain(result.score), result.grade and result.grade.code) == ("90", "A")


def test_a_group_with_items_may_count_the_system_score_in() -> None:
    result = scored(SMALL, manual={"looks": 8}, group="firms")
    assert plain(result.score) == plain(Fraction("0.9") * 88 + 8)


def test_a_manual_score_that_is_missing_gives_no_score_and_the_step_says_which() -> None:
    for manual in ({}, {"looks": None}):
        result = scored(SMALL, manual=manual, group="firms")
        assert (result.score, result.grade, result.missing) == (None, None, ("looks",))
        assert (step(result, "looks").result, step(result, "looks").missing) == (None, ("looks",))
        assert step(result, "score").note == "a value is missing: no score"
        assert points(result, "system") == "79.2"


def test_a_count_that_is_missing_is_named_once_where_it_should_come_in() -> None:
    result = scored(SMALL, {name: value for name, value in COUNTS.items() if name != "reworked"})
    assert (result.score, result.missing) == (None, ("reworked",))
    assert [found.item for found in result.steps if found.missing] == ["rework", "score"]


def test_what_leaders_or_the_media_raised_counts_twice_up_to_the_cap() -> None:
    for mistakes, exposed, taken, note in ((3, 0, "-1.5", ""), (3, 2, "-2.5", ""), (6, 5, "-4", "5.5 held at 4")):
        result = scored(SMALL, manual={"mistakes": mistakes, "exposed": exposed}, group="towns")
        assert (points(result, "slips"), step(result, "slips").note) == (taken, note)


def test_a_bonus_is_capped() -> None:
    result = scored(SMALL, manual={"praise": 9}, group="towns")
    assert (points(result, "praise"), step(result, "praise").note, plain(result.score)) == ("5", "9 held at 5", "93")


def test_an_item_gives_at_least_nothing_and_at_most_its_points() -> None:
    result = scored(SMALL, {**COUNTS, "reworked": 90})
    assert (points(result, "quality"), step(result, "quality").note) == ("0", "-8.947368 held at 0")


def test_below_the_minimum_volume_there_is_no_score() -> None:
    few = {"due_to_close": 9, "closed": 9, "closed_on_time": 9, "reworked": 0, "filed": 9}
    result = scored(SMALL, few)
    assert (result.score, result.grade) == (None, None)
    assert [(found.kind, found.note) for found in result.steps] == [
        (StepKind.MINIMUM, "below the minimum volume of 10: no score")
    ]
    assert scored(SMALL, {**few, "due_to_close": 10}).score is not None


def test_suspended_and_exempt_cases_leave_the_counts_the_scheme_says() -> None:
    result = scored(SMALL, {**COUNTS, "suspended": 4, "exempt": 1})
    left = [
        (found.item, found.formula, plain(found.result)) for found in result.steps if found.kind is StepKind.EXEMPTION
    ]
    assert left == [
        ("due_to_close", "due_to_close - suspended", "96"),
        ("due_to_close", "due_to_close - exempt", "95"),
        ("closed", "closed - exempt", "94"),
        ("closed_late", "closed_late - exempt", "4"),
    ]
    assert step(result, "on_time").result == Fraction(90, 95)


def test_cases_that_were_left_out_by_the_counting_are_not_left_out_twice() -> None:
    result = scored(SMALL, {**COUNTS, "suspended": 4, "exempt": 1}, exempt=ExemptCases.APART)
    assert (step(result, "on_time").result, plain(result.score)) == (Fraction(9, 10), "88")


def test_cases_with_exemptions_that_are_not_among_those_due_are_refused_at_the_line() -> None:
    with pytest.raises(ScoreRefused) as caught:
        scored(SMALL, {**COUNTS, "exempt": 6})
    assert str(caught.value) == (
        "small.yaml line 8, key exemptions[2]: exempt is 6, more than closed_late, which is 5. "
        "Count both over the same cases."
    )


def test_a_ratio_above_one_says_that_the_counts_contradict_each_other() -> None:
    with pytest.raises(ScoreRefused) as caught:
        scored(SMALL, {**COUNTS, "due_to_close": 80})
    assert str(caught.value) == (
        "small.yaml line 11, key ratios.on_time: on_time comes to 1.125; a ratio lies between 0 and 1. "
        "See that closed_on_time, due_to_close are counted over the same cases."
    )


def test_a_ratio_that_may_exceed_one_is_held_and_says_so() -> None:
    result = scored(SMALL, {**COUNTS, "reworked": 114})
    assert (points(result, "rework"), step(result, "rework").note) == ("1", "1.2 held at 1")


def test_a_denominator_of_zero_is_refused_at_its_line() -> None:
    with pytest.raises(ScoreRefused) as caught:
        scored(SMALL, {**COUNTS, "closed": 0, "closed_on_time": 0})
    assert str(caught.value) == (
        "small.yaml line 18, key ratios.rework.over: rework is divided by zero: closed is 0. "
        "Say in minimum from which number on there is a score, or in empty what the ratio is then."
    )
    assert pickle.loads(pickle.dumps(caught.value)).fault == caught.value.fault  # noqa: S301 - our own bytes


def test_a_scheme_may_say_what_a_ratio_over_nothing_is() -> None:
    scheme = a_scheme(SMALL_SCHEME, ("    over: closed\n", "    over: closed\n    empty: 0\n"))
    result = scored(scheme, {**COUNTS, "closed": 0, "closed_on_time": 0})
    assert (points(result, "rework"), points(result, "quality")) == ("0", "10")


def test_a_division_by_zero_inside_an_item_is_refused_at_its_line() -> None:
    scheme = a_scheme(SMALL_SCHEME, ("formula: 80 * on_time", "formula: 80 * on_time / voided"))
    with pytest.raises(ScoreRefused, match=r"^small.yaml line 38, key items\[1\]\.formula: something is divided by"):
        scored(scheme, {**COUNTS, "voided": 0})


def test_a_ratio_may_name_what_stands_for_it_where_none_of_its_counts_is_given() -> None:
    instead = "    over: closed\n    instead: {count: handed_back, over: filed}\n"
    scheme = a_scheme(SMALL_SCHEME, ("    over: closed\n", instead))
    counts = {"due_to_close": 100, "closed_on_time": 90, "filed": 120, "handed_back": 12}
    found = step(scored(scheme, counts), "rework")
    assert (found.result, found.formula) == (Fraction(1, 10), "handed_back / filed")
    assert found.note == "stands for reworked / closed, whose counts are not given"
    assert scored(scheme, {**counts, "reworked": 1}).missing == ("closed",)


def test_what_one_ratio_alone_leaves_out_stands_in_its_formula() -> None:
    scheme = a_scheme(SMALL_SCHEME, ("    over: closed\n", "    over: closed\n    less: [voided]\n"))
    found = step(scored(scheme, {**COUNTS, "voided": 5}), "rework")
    assert (found.formula, found.result) == ("reworked / (closed - voided)", Fraction(19, 90))
    assert step(scored(scheme), "rework").formula == "reworked / closed"


def test_a_scheme_that_is_not_complete_scores_what_it_knows_and_leaves_the_total_empty() -> None:
    unknown = "  - {code: rest, name: {zh: 其余, en: rest}, source: not known}\ndeductions:"
    scheme = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\ncomplete: no"), ("deductions:", unknown))
    result = scored(scheme)
    assert (result.score, result.grade, result.complete, result.missing) == (None, None, False, ())
    assert step(result, "rest").note == "its rule is not known here"
    assert step(result, "score").note == (
        "the scheme is not complete: the total stays empty; 3 known items make 88 of their 100 points"
    )


def test_a_score_keeps_all_its_digits_unless_the_scheme_rounds() -> None:
    counts = {**COUNTS, "due_to_close": 97}
    exact = Fraction(80 * 90, 97) + 6 + 10
    assert scored(SMALL, counts).score == exact
    assert scored(a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\nrounding: 1")), counts).score == Fraction("90.2")


def test_a_grade_never_hangs_on_the_last_digit() -> None:
    """80 * 72/80 is 72 in fractions; a float or 28 digits may say 71.99… where a third comes in."""
    scheme = a_scheme(
        SMALL_SCHEME, ("formula: 80 * on_time", "formula: 80 * on_time / 3 * 3"), ("from: 90", "from: 88")
    )
    result = scored(scheme)
    assert result.score == 88
    assert result.grade is scheme.grades[0]


def test_a_score_stays_within_the_bounds_the_scheme_declares() -> None:
    scheme = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\nleast: 0\nmost: 100"), ("most: 5", "most: 50"))
    result = scored(scheme, manual={"praise": 40}, group="towns")
    assert result.score == 100
    assert step(result, "score").note == "128 held at 100"


def test_a_scheme_without_groups_has_one_score_with_everything_in_it() -> None:
    head, rest = SMALL_SCHEME.split("groups:\n")
    scheme = a_scheme(head + rest[rest.index("grades:") :])
    assert plain(scored(scheme, manual={"praise": 2}).score) == "90"


def test_the_same_score_tells_the_same_bytes_with_plain_numbers() -> None:
    told = scored(SMALL, manual={"praise": 1}, group="towns").told()
    assert told == scored(SMALL, manual={"praise": 1}, group="towns").told()
    assert (told["score"], told["grade"], told["complete"], told["missing"]) == (89, "B", True, [])
    assert told["steps"][0] == {
        "kind": "ratio",
        "item": "on_time",
        "name": {"zh": "按期", "en": "on time"},
        "formula": "closed_on_time / due_to_close",
        "values": {"closed_on_time": 90, "due_to_close": 100},
        "result": 0.9,
        "points": None,
        "source": "made up",
        "missing": [],
        "note": "",
    }


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [("0.125", 2, "0.13"), ("-0.125", 2, "-0.12"), ("99.995", 2, "100.00"), ("7", 0, "7"), ("99.18895", 3, "99.189")],
)
def test_numbers_are_rounded_half_up(value: str, digits: int, shown: str) -> None:
    assert f"{rounded(Fraction(value), digits):f}" == shown
