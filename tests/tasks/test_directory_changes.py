"""A change at the desk is an edition of its own, on record, judged like files, and never undone without a word."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from models.city import City
from models.directory.city_builder import DirectoryFiles
from tasks.city_edition import EDITIONS, current_city, current_edition, documents_of_edition, load_city
from tasks.database import reading, transaction
from tasks.desk_records import RECORDS, Doing
from tasks.directory_changes import Change, How, Outcome, change_directory, undone_by
from tests.cities import SMALL_CITY, changed
from tests.stored_cases import a_loaded_city, at, rows_of

NOW = at("2019-05-06 10:00")


@pytest.fixture
def city(engine: Engine) -> City:
    return a_loaded_city(engine)


def makes(engine: Engine, change: Change, key: str = "k1") -> Outcome:
    with transaction(engine) as connection:
        return change_directory(connection, change, Doing("admin", NOW, key), NOW.date())


def a_contact(city: City, cells: Mapping[str, str] | None, order: str = "1", post: str = "lihe-head") -> Change:
    return Change("contact_points.csv", (post, order), cells, city.edition)


def documents(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return documents_of_edition(connection, str(current_edition(connection)))


SMS = {"channel": "sms", "address": "env:SMS_13800001234"}


def test_a_changed_row_is_in_force_at_once_with_who_when_and_what(engine: Engine, city: City) -> None:
    assert makes(engine, a_contact(city, SMS)).how is How.CHANGED
    with reading(engine) as connection:
        now = current_city(connection)
    assert now.contacts_of("lihe-head")[0].address == SMS["address"]
    assert now.calendar_edition == city.calendar_edition
    (record,) = rows_of(engine, select(RECORDS))
    (edition, _) = rows_of(engine, select(EDITIONS).order_by(EDITIONS.c.id.desc()))
    assert (record.by, record.at, record.subject, record.edition_id) == ("admin", NOW, "lihe-head", edition.id)
    assert (edition.loaded_by, edition.loaded_at) == ("admin", NOW)
    row = {"post": "lihe-head", "order": "1"}
    assert json.loads(record.facts) == {
        "file": "contact_points.csv",
        "key": ["lihe-head", "1"],
        "before": row | {"channel": "demo", "address": "demo"},
        "after": row | {"channel": "sms", "address": "env:SMS_138****1234"},
        "edition_before": city.edition,
        "edition_after": edition.digest,
    }


def test_the_same_form_again_and_the_same_row_again_change_nothing(engine: Engine, city: City) -> None:
    assert makes(engine, a_contact(city, SMS)).how is How.CHANGED
    assert makes(engine, a_contact(city, SMS)).how is How.ALREADY
    with reading(engine) as connection:
        now = current_city(connection)
    assert makes(engine, a_contact(now, SMS), "k2").how is How.UNCHANGED
    assert makes(engine, a_contact(city, SMS), "k3").how is How.STALE
    assert len(rows_of(engine, select(RECORDS))) == 1
    assert len(rows_of(engine, select(EDITIONS))) == 2


FAULTY = [
    ("contact_points.csv", ("lihe-head", "1"), {"channel": "sms", "address": "13800001234"}, "address"),
    ("contact_points.csv", ("lihe-head", "1"), {"channel": "pigeon", "address": "demo"}, "channel"),
    ("contact_points.csv", ("lihe-head", "1"), None, "code"),
    ("posts.csv", ("lihe-head",), {"deputy": "nobody"}, "deputy"),
    ("posts.csv", ("lihe-head",), {"deputy": "lihe-head"}, "deputy"),
    ("posts.csv", ("lihe-head",), {"name": ""}, "name"),
    ("posts.csv", ("acceptor-a",), {"valid_until": "2019-05-06"}, "post"),
    ("leave.csv", ("lihe-head", "2019-05-09"), {"to": "2019-05-08"}, "to"),
    ("leave.csv", ("lihe-head", "soon"), {"to": "2019-05-08"}, "from"),
]


def test_what_the_checks_of_the_city_refuse_is_refused_with_their_faults(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    for file, key, cells, column in FAULTY:
        outcome = makes(sqlite_engine, Change(file, key, cells, city.edition))
        assert (outcome.how, next(fault.column for fault in outcome.faults)) == (How.FAULTY, column)
        assert "13800001234" not in "".join(map(str, outcome.faults))
    assert rows_of(sqlite_engine, select(RECORDS)) == []
    assert len(rows_of(sqlite_engine, select(EDITIONS))) == 1


def test_what_was_wrong_before_keeps_nobody_from_a_change(sqlite_engine: Engine) -> None:
    ended = changed(
        "posts.csv",
        "water-head,供水公司负责人,water,unit_head,,,,",
        "water-head,供水公司负责人,water,unit_head,,,,2019-05-01",
    )
    city = a_loaded_city(sqlite_engine, ended)
    assert makes(sqlite_engine, a_contact(city, SMS)).how is How.CHANGED


def test_two_at_once_make_one_change_and_one_look_again(engine: Engine, city: City) -> None:
    together, found = threading.Barrier(2), []

    def one(order: str) -> None:
        together.wait()
        found.append(makes(engine, a_contact(city, SMS, order), f"key-{order}").how)

    threads = [threading.Thread(target=one, args=(order,)) for order in ("2", "3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == [How.CHANGED, How.STALE]
    assert rows_of(engine, select(func.count()).select_from(EDITIONS)) == [(2,)]


def undone(engine: Engine, files: Mapping[str, str]) -> list[str]:
    with reading(engine) as connection:
        return [f"{one.file} {' '.join(one.key)}" for one in undone_by(connection, files)]


def test_files_without_a_change_of_the_desk_are_told_which_ones_they_undo(engine: Engine, city: City) -> None:
    assert undone(engine, SMALL_CITY) == []
    makes(engine, a_contact(city, SMS))
    leave = Change("leave.csv", ("lihe-head", "2019-05-06"), {"to": "2019-05-08"}, "")
    with reading(engine) as connection:
        drawn_from = str(current_edition(connection))
    makes(engine, replace(leave, drawn_from=drawn_from), "k2")
    assert undone(engine, SMALL_CITY) == ["contact_points.csv lihe-head 1", "leave.csv lihe-head 2019-05-06"]
    kept = documents(engine)
    assert undone(engine, kept) == []
    elsewhere = {**kept, "city.yaml": kept["city.yaml"].replace("Small City", "Smaller City")}
    assert undone(engine, elsewhere) == []
    with transaction(engine) as connection:
        load_city(connection, DirectoryFiles(elsewhere), NOW + timedelta(hours=1), "files")
    assert undone(engine, SMALL_CITY) == []


def test_a_change_that_was_taken_back_at_the_desk_is_undone_by_no_files(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    makes(sqlite_engine, a_contact(city, SMS, "2"))
    with reading(sqlite_engine) as connection:
        now = current_city(connection)
    makes(sqlite_engine, a_contact(now, None, "2"), "k2")
    assert undone(sqlite_engine, SMALL_CITY) == []
    assert documents(sqlite_engine) == dict(SMALL_CITY)
