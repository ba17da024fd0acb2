"""Ranks within a group, whatever the scores."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from models.ranking import ranks

SCORES = st.dictionaries(st.text(min_size=1, max_size=3), st.none() | st.integers(0, 5).map(Decimal), max_size=20)


def test_equal_scores_share_a_rank_and_the_next_one_leaves_places_free() -> None:
    scores = {"a": Decimal(90), "b": Decimal(80), "c": Decimal(80), "d": Decimal(70), "e": None}
    assert ranks(scores) == {"a": 1, "b": 2, "c": 2, "d": 4, "e": None}


@given(SCORES)
def test_a_rank_is_one_more_than_there_are_better_ones_and_none_for_whom_there_is_no_score(
    scores: dict[str, Decimal | None],
) -> None:
    found = ranks(scores)
    in_order = sorted((score for score in scores.values() if score is not None), reverse=True)
    for name, score in scores.items():
        assert found[name] == (None if score is None else in_order.index(score) + 1)
