"""The text that is hashed and the chain of hashes."""

import hashlib
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import CaseEvent
from models.chain import GENESIS, HASHED_COLUMNS, NotCanonical, Problem, canonical, event_hash, verify_chain
from tests.event_rows import a_chain, an_event

SHANGHAI_HOURS = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "{}"),
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
        ({"unit": "梨河镇", "why": 'a "b"\n'}, '{"unit":"梨河镇","why":"a \\"b\\"\\n"}'),
        ({"amount": Decimal("2.50")}, '{"amount":"2.50"}'),
        ({"at": datetime(2019, 5, 5, 11, tzinfo=SHANGHAI_HOURS)}, '{"at":"2019-05-05T03:00:00.000000+00:00"}'),
        ({"day": date(2019, 5, 5)}, '{"day":"2019-05-05"}'),
        ({"list": [{"y": True, "x": (1, 2.5)}]}, '{"list":[{"x":[1,2.5],"y":true}]}'),
        ([{"b": 1, "a": 2}, "x"], '[{"a":2,"b":1},"x"]'),
        ({"nul": "a\x00b"}, '{"nul":"a\\u0000b"}'),
    ],
)
def test_facts_have_one_text(facts: dict[str, object] | list[object], text: str) -> None:
    assert canonical(facts) == text


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"level": math.nan}, "no one text"),
        ({"level": math.inf}, "no one text"),
        ({"level": Decimal("NaN")}, "Decimal"),
        ({"at": datetime(2019, 5, 5)}, "no zone"),  # noqa: DTZ001 - the naive moment is what is refused
        ({"set": {1, 2}}, "set"),
        ({"bytes": b"x"}, "bytes"),
        ({"inner": {1: "one"}}, "key 1"),
        ({"list": [{None: 1}]}, "key None"),
        ({"half": "\ud83d"}, "half a character"),
    ],
)
def test_facts_without_one_text_are_refused(facts: dict[str, object], why: str) -> None:
    with pytest.raises(NotCanonical, match=why):
        canonical(facts)


class Colour(StrEnum):
    RED = "red"


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
nested = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@given(st.dictionaries(st.text(), nested))
def test_the_order_in_which_facts_come_does_not_matter_and_nothing_is_lost(facts: dict[str, object]) -> None:
    text = canonical(facts)
    assert canonical(dict(reversed(facts.items()))) == text
    assert json.loads(text) == facts


@given(st.dictionaries(st.text(), nested | st.just(Colour.RED)) | st.lists(nested))
def test_the_text_is_what_any_json_library_writes(facts: Any) -> None:
    assert canonical(facts) == json.dumps(facts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def test_every_column_of_an_event_is_hashed_but_its_id_and_the_hash_itself() -> None:
    columns = set(CaseEvent.model_fields)
    assert set(HASHED_COLUMNS) | {"id", "hash", "previous_hash"} == columns
    assert len(set(HASHED_COLUMNS)) == len(HASHED_COLUMNS)


def test_another_program_can_compute_the_hash_from_the_description() -> None:
    event = an_event(seq=3, previous_hash="ab" * 32)
    row = [
        "ab" * 32, 7, 3, "dispatch", "2019-05-05T03:00:00.000000+00:00", "2019-05-05T03:00:01.500000+00:00",
        "rule:auto_dispatch", "rule", "rule", "filed", "dispatched", '{"unit":"梨河镇"}', "edition-1", None,
    ]  # fmt: skip
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    assert event["hash"] == hashlib.sha256(text.encode()).hexdigest()


ODD_FACTS = {
    "reason": 'a "b"\n\t\\ \x7f\u2028 梨河镇 😀',
    "amount": Decimal("2.50"),
    "until": datetime(2019, 5, 5, 11, 0, 0, 7, tzinfo=SHANGHAI_HOURS),
    "candidates": [{"metres": 12.3, "case": 7, "far": 1e22}, [], {}, None],
    "final": True,
    "count": -3,
}


def test_hashes_are_those_that_stored_events_carry() -> None:
    """A change of one of these would break the chain of every case there is."""
    first = an_event(facts=canonical(ODD_FACTS), from_state=None, at=datetime(2019, 5, 5, 11, tzinfo=SHANGHAI_HOURS))
    second = an_event(seq=2, previous_hash=first["hash"], actor='"甲"\x00', flow_run_id="run-1")
    assert [first["hash"], second["hash"]] == [
        "d18b5fe205106ffbe731c7c96a8a2ed461ec88d5fb808443567cab17d6f06906",
        "7e4ac05ca0b2d77d3d89c59b54e14659c03f29753a99ed4830d32d6843ae6f40",
    ]


def test_the_same_moment_in_another_zone_has_the_same_hash() -> None:
    event = an_event()
    elsewhere = event | {"at": event["at"].astimezone(SHANGHAI_HOURS)}
    assert event_hash(GENESIS, elsewhere) == event["hash"]


OTHER_VALUES: dict[str, Any] = {
    "case_id": 8,
    "seq": 2,
    "at": datetime(2019, 5, 5, 3, 0, 0, 1, tzinfo=UTC),
    "recorded_at": datetime(2019, 5, 5, 3, 0, 1, tzinfo=UTC),
    "from_state": None,
    "flow_run_id": "",
}


@pytest.mark.parametrize("column", HASHED_COLUMNS)
def test_every_column_changes_the_hash(column: str) -> None:
    event = an_event()
    assert event_hash(GENESIS, event | {column: OTHER_VALUES.get(column, "other")}) != event["hash"]


def test_text_moved_from_one_column_to_the_next_changes_the_hash() -> None:
    one, other = an_event(actor="a", role="bc"), an_event(actor="ab", role="c")
    assert one["hash"] != other["hash"]


def test_a_moment_without_zone_cannot_be_hashed() -> None:
    with pytest.raises(NotCanonical, match="no zone"):
        event_hash(GENESIS, an_event() | {"at": datetime(2019, 5, 5)})  # noqa: DTZ001 - as above


def test_the_chains_of_several_cases_fit() -> None:
    assert verify_chain(a_chain(7, length=4) + a_chain(8, length=1) + a_chain(9, length=3)) is None
    assert verify_chain([]) is None


def changed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | ({"facts": '{"unit":"water"}'} if row["seq"] == 3 else {}) for row in rows]


def changed_and_hashed_again(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | ({"hash": event_hash(row["previous_hash"], row)} if row["seq"] == 3 else {}) for row in changed(rows)]


@pytest.mark.parametrize(
    ("spoil", "problem", "seq"),
    [
        (changed, Problem.CONTENT, 3),
        (changed_and_hashed_again, Problem.LINK, 4),
        (lambda rows: rows[:2] + rows[3:], Problem.GAP, 4),
        (lambda rows: rows[1:], Problem.GAP, 2),
        (lambda rows: rows[:2] + rows[1:], Problem.GAP, 2),
        (lambda rows: [*rows[:2], rows[2] | {"previous_hash": "0" * 64}, *rows[3:]], Problem.LINK, 3),
        (lambda rows: [row | {"case_id": 8} for row in rows], Problem.CONTENT, 1),
    ],
)
def test_the_first_event_that_does_not_fit_is_named(spoil: Any, problem: Problem, seq: int) -> None:
    broken = verify_chain(spoil(a_chain(7, length=5)))
    assert broken is not None
    assert (broken.problem, broken.seq, broken.row_id) == (problem, seq, 700 + seq)
