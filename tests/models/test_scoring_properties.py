"""What holds for every score under every scheme that is shipped, whatever the counts."""

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation_counts import CountName
from models.scheme import Board, Bonus, Deduction, ManualItem, Scheme
from models.scheme_counts import Value, read_counts
from models.scored import Scored
from models.scoring import score
from tests.schemes import shipped

SCHEMES = {
    name: shipped(name) for name in ("jinhua", "jinniu", "unicom_style", "xinzheng", "xuchang", "yangzhou", "yuncheng")
}
Object = tuple[str, str | None]
"""A scheme and a group of it; None is the system score."""
OBJECTS: list[Object] = [
    (name, group) for name, scheme in SCHEMES.items() for group in (None, *(each.code for each in scheme.groups))
]
COUNTED = [pair for pair in OBJECTS if pair[0] in ("jinniu", "unicom_style", "xinzheng", "yuncheng")]


@st.composite
def counts_of_a_unit(draw: st.DrawFn) -> dict[str, int]:
    """Counts that one list of cases can have: parts are no larger than their whole."""
    reported = draw(st.integers(1, 3000))
    found = {"reported": reported, "due_to_close": draw(st.integers(1, 3000))}

    def part(name: str, of: str, least: int = 0) -> None:
        found[name] = draw(st.integers(min(least, found[of]), found[of]))

    for name, of in (
        *[("valid_reports", "reported"), ("accepted", "reported"), ("closed", "due_to_close")],
        *[("closed_on_time", "closed"), ("due_to_handle", "due_to_close"), ("handled", "due_to_handle")],
        *[("handled_on_time", "handled"), ("overdue_open", "due_to_handle"), ("verify_due", "reported")],
        *[("verified_on_time", "verify_due"), ("check_due", "reported"), ("checked_on_time", "check_due")],
    ):
        part(name, of, least=1 if name.startswith("due") or name.endswith("_due") else 0)
    for name, of in (("filed", "reported"), ("due_to_file", "reported"), ("due_to_dispatch", "filed")):
        part(name, of, least=1)
    for name, of in (
        *[("filed_on_time", "due_to_file"), ("dispatched_right", "due_to_dispatch")],
        *[("dispatched_on_time", "due_to_dispatch"), ("missed", "filed"), ("voided", "filed")],
    ):
        part(name, of)
    found["reworked"], found["extended"] = draw(st.integers(0, 4000)), draw(st.integers(0, 4000))
    return found


def entered(draw: st.DrawFn, item: ManualItem) -> Value:
    least, most = item.least or Fraction(0), item.most if item.most is not None else Fraction(500)
    if item.code == "area_by_population":
        least = Fraction(1, 100)
    if item.whole:
        return Fraction(draw(st.integers(int(least), int(most))))
    return Fraction(draw(st.integers(int(least * 100), int(most * 100))), 100)


@st.composite
def entries_of(draw: st.DrawFn, scheme: Scheme) -> dict[str, Value]:
    return {code: entered(draw, item) for code, item in scheme.manual.items()}


def of(scored: Object, counts: Mapping[str, object], manual: Mapping[str, Value]) -> Scored:
    name, group = scored
    return score(SCHEMES[name], read_counts(counts), manual, SCHEMES[name].group(group) if group else None)


def board_of(scored: Object) -> Board:
    found = SCHEMES[scored[0]].group(scored[1]) if scored[1] else None
    return found.board if found else SCHEMES[scored[0]].system


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(OBJECTS), st.data())
def test_a_score_lies_within_its_points_and_what_may_be_given_and_taken(scored: Object, data: st.DataObject) -> None:
    scheme, board = SCHEMES[scored[0]], board_of(scored)
    result = of(scored, data.draw(counts_of_a_unit()), data.draw(entries_of(scheme)))
    assert result.complete or result.score is None
    beside = board.adjustments if scored[1] or not scheme.groups else ()
    if result.score is None or any(adjustment.most is None for adjustment in beside):
        return
    given_ = sum((a.most or Fraction(0) for a in beside if isinstance(a, Bonus)), Fraction(0))
    taken = sum((a.most or Fraction(0) for a in beside if isinstance(a, Deduction)), Fraction(0))
    assert -taken <= result.score <= board.total + given_


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(COUNTED), st.data())
def test_one_more_case_on_time_never_lowers_a_score(scored: Object, data: st.DataObject) -> None:
    counts, manual = data.draw(counts_of_a_unit()), data.draw(entries_of(SCHEMES[scored[0]]))
    better = dict(counts)
    for whole in ("closed", "handled"):
        better[f"{whole}_on_time"] += counts[f"{whole}_on_time"] < counts[whole]
    before, after = of(scored, counts, manual).score, of(scored, better, manual).score
    assert (before is None) == (after is None)
    assert before is None or after is None or after >= before


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(COUNTED), st.data())
def test_without_a_value_it_needs_there_is_no_score_and_never_zero(scored: Object, data: st.DataObject) -> None:
    scheme = SCHEMES[scored[0]]
    counts, manual = data.draw(counts_of_a_unit()), data.draw(entries_of(scheme))
    whole, left_out = of(scored, counts, manual), data.draw(st.sampled_from([*CountName, *manual]))
    fewer = {name: value for name, value in counts.items() if name != left_out}
    less = of(scored, fewer, {code: value for code, value in manual.items() if code != left_out})
    if less.missing:
        assert (less.score, less.grade) == (None, None)
        assert whole.missing == ()
    elif left_out in manual and not scheme.manual[left_out].required:
        assert (less.score is None) == (whole.score is None)
    else:
        assert less.score == whole.score


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(COUNTED), st.data())
def test_the_same_counts_give_the_same_score_byte_for_byte(scored: Object, data: st.DataObject) -> None:
    counts, manual = data.draw(counts_of_a_unit()), data.draw(entries_of(SCHEMES[scored[0]]))
    turned = dict(reversed(counts.items()))
    assert str(of(scored, counts, manual).told()) == str(of(scored, turned, manual).told())
