"""What persons enter counts in the month it was entered for, is never changed, and closes with the month."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import DBAPIError

from models.city import City
from models.evaluation import NO_DIGEST
from models.evaluation_result import ManualInput
from models.refusal import Refusal
from tasks.audit import verify_all
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluation_entries import ENTRIES, EntryWish, StoredEntry, enter, entries_of, take_back
from tasks.evaluation_proof import BrokenRecord, broken_record
from tasks.flood_events import StreamMovedMeanwhile
from tests.evaluation.test_freezing import MAY, NIGHT, Month, by_force, of_unit
from tests.evaluation.test_the_course_of_a_month import PUBLISHED, drafted, looked
from tests.stored_cases import at
from tests.worlds import World

FAKED = EntryWish(MAY, "lihe", "faked_results", Fraction(1), "督查通报〔2019〕12号")


def four_in_time(engine: Engine) -> City:
    """Four cases of 梨河镇, all in time."""
    told = Month(engine)
    told.cases("2019-05-06", 4, "2019-05-06 09:00", "2019-05-06 10:00")
    return told.city


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(four_in_time))


def entered(
    month: Month, wish: EntryWish = FAKED, by: str = "evaluator", key: str = "k", now: str = "2019-05-20 09:00"
) -> StoredEntry | Refusal:
    with transaction(month.engine) as connection:
        city = current_city(connection)
        return enter(connection, city, wish, city.posts[by], key, at(now))


def taken_back(
    month: Month, number: int, words: str = "查无此事", by: str = "evaluator", now: str = "2019-05-21 09:00"
) -> StoredEntry | Refusal:
    with transaction(month.engine) as connection:
        city = current_city(connection)
        return take_back(connection, city, number, words, city.posts[by], f"back-{number}-{by}-{now}", at(now))


def is_entered(found: StoredEntry | Refusal) -> StoredEntry:
    assert isinstance(found, StoredEntry), found
    return found


def code(found: StoredEntry | Refusal) -> str:
    assert isinstance(found, Refusal), found
    return found.code


def input_of(month: Month, item: str, unit: str = "lihe", now: str = NIGHT) -> ManualInput:
    return next(each for each in of_unit(month.shown(now), unit).inputs if each.code == item)


def test_an_entry_costs_points_and_the_result_names_it(month: Month) -> None:
    assert str(of_unit(month.shown(), "lihe").score) == "100"
    one = is_entered(entered(month))
    lihe = of_unit(month.shown(), "lihe")
    told = input_of(month, "faked_results")
    assert (str(lihe.score), str(told.value), told.origin, told.entries) == ("99", "1", "entered", (f"#{one.number}",))
    assert input_of(month, "faked_results", "xincun").origin == "nothing"


def test_the_same_form_sent_twice_is_one_entry(month: Month) -> None:
    first, again = is_entered(entered(month)), is_entered(entered(month, replace(FAKED, value=Fraction(5))))
    assert first == again
    with reading(month.engine) as connection:
        assert len(entries_of(connection, MAY)) == 1


def test_the_same_occurrence_by_another_form_is_refused_and_the_first_one_named(month: Month) -> None:
    first = is_entered(entered(month))
    again = entered(month, key="other")
    assert isinstance(again, Refusal)
    assert (again.code, again.facts["number"]) == ("entry_twice", first.number)
    is_entered(entered(month, replace(FAKED, evidence="督查通报〔2019〕13号"), key="third"))
    assert str(input_of(month, "faked_results").value) == "2", "another occurrence adds up"


def test_of_points_the_newest_entry_stands(month: Month) -> None:
    for key, points in (("a", "2"), ("b", "3.5")):
        wish = EntryWish(MAY, "lihe", "event_assurance", Fraction(points), f"保障方案{key}")
        is_entered(entered(month, wish, "leader", key))
    told = input_of(month, "event_assurance")
    assert (str(told.value), len(told.entries)) == ("3.5", 1)


def test_what_was_taken_back_counts_no_more_and_stays_to_be_read(month: Month) -> None:
    one = is_entered(entered(month))
    back = is_entered(taken_back(month, one.number))
    assert input_of(month, "faked_results").value == 0
    with reading(month.engine) as connection:
        rows = entries_of(connection, MAY, "lihe")
    assert [(row.stands, row.takes_back, row.taken_back, row.words) for row in rows] == [
        (False, None, back.number, ""),
        (False, one.number, None, "查无此事"),
    ]
    assert code(taken_back(month, one.number, now="2019-05-22 09:00")) == "entry_taken_back"
    assert code(taken_back(month, back.number)) == "entry_unknown"


CANNOT_BE_ENTERED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"unit": "nobody"}, "evaluator", "entry_unknown_unit"),
    ({"unit": "centre"}, "evaluator", "entry_unknown_unit"),
    ({"item": "street_appearance"}, "evaluator", "entry_unknown_item"),
    ({}, "lihe-head", "entry_by_others"),
    ({"value": Fraction(-1)}, "evaluator", "entry_outside"),
    ({"value": Fraction(1, 2)}, "evaluator", "entry_outside"),
    ({"evidence": "  "}, "evaluator", "entry_needs_evidence"),
    ({"item": "exposed_problems"}, "evaluator", "entry_double"),
    ({"month": "2019-06"}, "evaluator", "month_not_begun"),
)
"""What is otherwise than in a good entry, who enters it, and why it is refused."""


def test_what_cannot_be_entered_is_refused_and_nothing_is_written(month: Month) -> None:
    for changes, by, expected in CANNOT_BE_ENTERED:
        assert code(entered(month, replace(FAKED, **changes), by)) == expected, changes
    with reading(month.engine) as connection:
        assert entries_of(connection, MAY) == []


def test_an_occurrence_that_others_count_twice_is_not_taken_back_before_them(month: Month) -> None:
    problem = is_entered(entered(month, replace(FAKED, item="reported_problems"), key="a"))
    exposed = is_entered(entered(month, replace(FAKED, item="exposed_problems"), key="b"))
    assert code(taken_back(month, problem.number)) == "entry_double"
    is_entered(taken_back(month, exposed.number))
    is_entered(taken_back(month, problem.number))


def test_taking_back_needs_a_reason_and_whoever_may_enter(month: Month) -> None:
    one = is_entered(entered(month))
    assert code(taken_back(month, one.number, words=" ")) == "entry_needs_words"
    assert code(taken_back(month, one.number, by="lihe-head")) == "entry_by_others"


def test_entries_close_with_the_window_and_one_made_within_it_is_in_what_is_published(month: Month) -> None:
    drafted(month)
    is_entered(entered(month, now="2019-06-04 09:00"))
    assert code(entered(month, replace(FAKED, evidence="迟了"), key="late", now="2019-06-05 18:00:01")) == (
        "entries_closed"
    )
    (version,) = looked(month, PUBLISHED).published
    assert (version.version, version.why) == (2, "entry")
    assert str(of_unit(version.result, "lihe").score) == "99"
    with reading(month.engine) as connection:
        (one,) = entries_of(connection, MAY)
    assert code(taken_back(month, one.number, now="2019-06-06 10:00")) == "entries_closed"


def test_personal_numbers_in_the_words_are_masked(month: Month) -> None:
    one = is_entered(entered(month, replace(FAKED, words="举报人13800138000", evidence="电话13800138000")))
    assert (one.words, one.evidence) == ("举报人●●●", "电话●●●")


def test_an_altered_entry_and_a_removed_one_break_the_proof(month: Month) -> None:
    numbers = [is_entered(entered(month, replace(FAKED, evidence=key), key=key)).number for key in "abc"]
    drafted(month)
    report = verify_all(month.engine)
    assert (report.intact, report.evaluation_records) == (True, 4)
    by_force(month.engine, "evaluation_entry", "UPDATE evaluation_entry SET value = '0' WHERE key = 'b'")
    assert verify_all(month.engine).broken_record == BrokenRecord("evaluation_entry", numbers[1], "content")
    by_force(month.engine, "evaluation_entry", "DELETE FROM evaluation_entry WHERE key = 'b'")
    assert verify_all(month.engine).broken_record == BrokenRecord("evaluation_entry", numbers[2], "link")
    by_force(month.engine, "evaluation_version", "UPDATE evaluation_version SET why = 'asked'")
    with reading(month.engine) as connection:
        assert broken_record(connection) == BrokenRecord("evaluation_version", 1, "content")


def test_of_two_at_the_same_moment_the_second_is_told_to_try_again(month: Month) -> None:
    """Both read the same last entry; the chain cannot fork."""
    is_entered(entered(month))
    row = {
        "key": "x", "month": MAY, "unit": "lihe", "item": "faked_results", "value": "1", "evidence": "", "words": "",
        "by": "evaluator", "at": at("2019-05-20 09:00"), "digest": "d", "previous_digest": NO_DIGEST,
    }  # fmt: skip
    with pytest.raises(DBAPIError), transaction(month.engine) as connection:
        connection.execute(insert(ENTRIES).values(row))


def test_the_loser_of_a_race_leaves_nothing_behind(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    is_entered(entered(month))
    monkeypatch.setattr("tasks.evaluation_entries.entry_digest", lambda *_: "same")
    is_entered(entered(month, replace(FAKED, evidence="b"), key="b"))
    monkeypatch.setattr("tasks.evaluation_entries._newest_digest", lambda _: NO_DIGEST)
    with pytest.raises(StreamMovedMeanwhile):
        entered(month, replace(FAKED, evidence="c"), key="c")
    with reading(month.engine) as connection:
        assert len(entries_of(connection, MAY)) == 2
