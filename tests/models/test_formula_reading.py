"""The grammar of formulas: what it reads, what each wrong text is told, and that no text does anything else."""

import pickle
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.formula_reading import DEEPEST, LONGEST_FORMULA, Known, is_name, parse_formula
from models.scheme_counts import Value
from models.scheme_formula import FormulaFault

KNOWN = Known(("closed", "due", "rate", "open"), ("volume",))
VALUES: dict[str, Value] = {"closed": Fraction(90), "due": Fraction(100), "rate": Fraction(1, 3), "open": None}


def volume(count: Fraction) -> Value:
    return Fraction(10) if count <= 50 else Fraction(0)


def worked_out(text: str) -> Value:
    return parse_formula(text, KNOWN).value(VALUES, {"volume": volume})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", "7"),
        ("7.50", "15/2"),
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("8 - 3 - 2", "3"),
        ("8 / 4 / 2", "1"),
        ("-2 * 3", "-6"),
        ("2 - -3", "5"),
        ("--4", "4"),
        ("30 * rate", "10"),
        ("closed / due", "9/10"),
        ("70%", "7/10"),
        ("12.5% * 8", "1"),
        ("50 - max(0, percent_points(95% - closed / due))", "45"),
        ("min(3, 2, 1)", "1"),
        ("clamp(12, 0, 10)", "10"),
        ("clamp(-1, 0, 10)", "0"),
        ("volume(closed - 40) + volume(due)", "10"),
        ("（closed ÷ due） × 100", "90"),
        ("max（1，2）− 1 ＋ 50％", "3/2"),
        ("0.1 + 0.2", "3/10"),
        ("1\n  + 2", "3"),
    ],
)
def test_a_formula_is_worked_out_exactly(text: str, value: str) -> None:
    assert worked_out(text) == Fraction(value)


@pytest.mark.parametrize(
    "text", ["open", "1 + open", "0 * open", "-open", "min(1, open)", "volume(open)", "due / open", "open / due"]
)
def test_what_is_worked_out_of_a_missing_value_is_missing_and_never_zero(text: str) -> None:
    assert worked_out(text) is None


def test_the_names_of_a_formula_stand_in_the_order_of_its_text() -> None:
    assert parse_formula("due - volume(closed) * -min(rate, due)", KNOWN).names == ("due", "closed", "rate")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the formula is empty. Write a formula such as 30 * closure_rate."),
        ("1 +", "the formula breaks off. Write a number, a name or a bracket behind its last sign."),
        ("1 2", '"2" stands where nothing can follow.'),
        ("(1", '"the end" stands where ")" should. Close each bracket that was opened.'),
        ("1)", '")" stands where nothing can follow.'),
        ("*1", '"*" stands where a value should.'),
        ("clsoed / due", '"clsoed" is no known name. Did you mean "closed"?'),
        ("volune(due)", '"volune" is no function or table. Did you mean "volume"?'),
        ("volume * 2", "volume is a table or function, no value. Write what it is of: volume(…)."),
        ("min + 1", "min is a table or function, no value. Write what it is of: min(…)."),
        ("due(3)", "due is a value, no function. Write due * (…) where they are multiplied."),
        ("volume(1, 2)", "volume stands with 2 values. Write 1 of them, with commas between."),
        ("min(1)", "min stands with 1 values. Write 2 to 9 of them, with commas between."),
        ("clamp(1, 2)", "clamp stands with 2 values. Write 3 of them, with commas between."),
        ("due ** 2", '"*" stands where a value should.'),
        ("due // 2", '"/" stands where a value should.'),
        ("due & 1", '"&" at character 5 belongs to no formula.'),
        ("__import__('os')", '"_" at character 1 belongs to no formula.'),
        ("due.real", '"." at character 4 belongs to no formula.'),
        ("due['x']", '"[" at character 4 belongs to no formula.'),
        ("lambda: 1", '":" at character 7 belongs to no formula.'),
        ("1e9", '"e9" stands where nothing can follow.'),
        ("due / 0", "something is divided by zero."),
        ("due / (3 - 1 - 2)", "something is divided by zero."),
        ("due / min(0, 1)", "something is divided by zero."),
        ("9" * 12 + " * 999999", "it comes to a number beyond any score."),
        ("(" * 40 + "1" + ")" * 40, f"brackets stand more than {DEEPEST} deep."),
        ("1" + " + 1" * 200, f"the formula has 801 characters. Write at most {LONGEST_FORMULA}"),
    ],
)
def test_what_is_no_formula_is_told_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        parse_formula(text, KNOWN)
    assert f"{caught.value.problem} {caught.value.remedy}".startswith(said)
    assert pickle.loads(pickle.dumps(caught.value)).problem == caught.value.problem  # noqa: S301 - our own bytes


def test_a_division_by_what_comes_to_zero_is_found_when_it_is_worked_out() -> None:
    formula = parse_formula("1 / (closed - due)", KNOWN)
    with pytest.raises(FormulaFault, match="divided by zero"):
        formula.value({"closed": Fraction(5), "due": Fraction(5)})


def test_a_name_is_one_a_formula_can_hold() -> None:
    assert is_name("rate_2")
    assert not any(map(is_name, ("2rate", "Rate", "a b", "率", "")))


_WORDS = ["closed", "due", "open", "volume", "min", "clamp", "eval", "exec", "import os", "lambda", "for", "__"]
_SIGNS = [*"()+-*/%,.[]{}'\"×（，", " ", "\n", "\x00", "0", "1.5", "999999999999"]
_PIECES = st.sampled_from(_WORDS + _SIGNS)


@settings(derandomize=True, deadline=None, database=None)
@given(st.one_of(st.text(max_size=600), st.lists(_PIECES, max_size=60).map("".join)))
@example("(" * 5000)
@example("-" * 400 + "1")
@example("1" + "+1" * 249)
@example("1/" * 240 + "3")
@example("min(" * 60 + "1")
@example("\ud800")
def test_any_text_is_a_formula_or_our_own_fault_and_nothing_else(text: str) -> None:
    try:
        formula = parse_formula(text, KNOWN)
        found = formula.value(VALUES, {"volume": volume})
    except FormulaFault:
        return
    assert found is None or isinstance(found, Fraction)
    assert set(formula.names) <= set(KNOWN.values)


_NUMBERS = st.integers(0, 99).map(lambda n: (str(n), Fraction(n)))


def _combined(parts: Any) -> Any:
    return st.tuples(parts, st.sampled_from("+-*/"), parts).map(_joined)


def _joined(pair: Any) -> Any:
    (left, a), sign, (right, b) = pair
    if sign == "/" and b == 0:
        sign = "+"
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[sign]
    return f"({left} {sign} {right})", value


@settings(derandomize=True, deadline=None, database=None)
@given(st.recursive(_NUMBERS, _combined, max_leaves=12))
def test_a_formula_means_what_its_brackets_say(pair: tuple[str, Fraction]) -> None:
    text, value = pair
    if abs(value) < 10**15:
        assert parse_formula(text, KNOWN).value({}) == value
