"""Counts: their names, what follows from others, and what contradicts itself."""

from decimal import Decimal

import pytest

from models.scheme_counts import CountsUnreadable, read_counts, with_conclusions


@pytest.mark.parametrize("value", [12, 12.0, Decimal("12.0")])
def test_a_count_is_a_whole_number_however_it_is_written(value: object) -> None:
    assert read_counts({"closed": value, "filed": None}) == {"closed": 12, "filed": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"due_to_clsoe": 1}, '"due_to_clsoe" is no count. Did you mean "due_to_close"?'),
        ({"archive": 1}, '"archive" is no count. Known: accepted, check_due, checked_on_time, '),
        ({"closed": -1}, 'closed is "-1". A count is a whole number from 0 on, or null.'),
        ({"closed": 1.5}, 'closed is "1.5". A count is'),
        ({"closed": True}, 'closed is "True". A count is'),
        ({"closed": "12"}, 'closed is "12". A count is'),
        ({"closed": float("nan")}, 'closed is "nan". A count is'),
        ({"closed": float("inf")}, 'closed is "inf". A count is'),
        ({"closed": Decimal("1e30")}, 'closed is "1E+30"'),
        ({"closed": Decimal("1e999999999")}, 'closed is "1E+999999999"'),
        ({"closed": Decimal("1e-999999999")}, 'closed is "1E-999999999"'),
        ({"closed": Decimal("nan")}, 'closed is "NaN"'),
        ({"closed": 10**13}, 'closed is "10000000000000"'),
        (
            {"closed": 216, "closed_on_time": 200, "closed_late": 194},
            "closed_on_time and closed_late make 394, more than closed, which is 216.",
        ),
        ({"handled": 5, "handled_late": 6}, "handled_on_time and handled_late make 6, more than handled, which is 5."),
    ],
)
def test_what_is_no_count_is_refused_with_what_was_probably_meant(given: dict[str, object], said: str) -> None:
    with pytest.raises(CountsUnreadable) as caught:
        read_counts(given)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("given", "name", "value", "formula"),
    [
        ({"closed": 16454, "closed_late": 194}, "closed_on_time", 16260, "closed - closed_late"),
        ({"closed": 16454, "closed_on_time": 16260}, "closed_late", 194, "closed - closed_on_time"),
        ({"handled": 9, "handled_on_time": 9}, "handled_late", 0, "handled - handled_on_time"),
    ],
)
def test_on_time_and_late_follow_from_each_other(given: dict[str, object], name: str, value: int, formula: str) -> None:
    found, concluded = with_conclusions(read_counts(given))
    assert found[name] == value
    assert concluded == {name: formula}


def test_nothing_follows_from_half_of_it() -> None:
    given = read_counts({"closed": 5, "closed_on_time": None, "handled_late": 1})
    assert with_conclusions(given) == (given, {})
