"""Editions: loaded once, read back word for word, never altered, and what changed is told."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, insert, select

from models.case import Case
from models.directory.edition import edition_digest, manifest_of
from models.vocabulary import State
from tasks.case_store import CASES
from tasks.city_edition import (
    DOCUMENTS,
    EDITIONS,
    EditionDamaged,
    EditionUnknown,
    LoadReport,
    NoCityLoaded,
    city_of_edition,
    current_city,
    current_edition,
    documents_of_edition,
    load_city,
    open_cases,
)
from tasks.database import transaction
from tasks.directory import DirectoryFaulty, DirectoryFiles, city_from_documents
from tests.cities import SMALL_CITY, changed

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
SECOND = changed("units.csv", "指挥中心", "指挥调度中心")


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with transaction(engine) as opened:
        yield opened


def _load(connection: Connection, documents: Mapping[str, str] = SMALL_CITY) -> LoadReport:
    return load_city(connection, DirectoryFiles(documents), NOW, "admin")


def test_the_first_city_of_a_database_is_in_force_after_the_load(connection: Connection) -> None:
    report = _load(connection)
    assert current_city(connection).edition == report.edition
    assert str(report) == f"Edition {report.edition[:12]} is loaded, the first of this database."
    row = connection.execute(select(EDITIONS)).one()
    assert (row.city_code, row.loaded_at, row.loaded_by, len(row.manifest)) == ("410184", NOW, "admin", len(SMALL_CITY))


def test_loading_the_same_directory_twice_changes_nothing(connection: Connection) -> None:
    first, second = _load(connection), _load(connection)
    assert (first.loaded, second.loaded, second.edition) == (True, False, first.edition)
    assert str(second) == f"Edition {first.edition[:12]} is in force already; nothing changed."
    assert len(connection.execute(select(EDITIONS)).all()) == 1


def test_another_edition_keeps_unchanged_documents_once_and_says_what_changed(connection: Connection) -> None:
    first, second = _load(connection), _load(connection, SECOND)
    assert len(connection.execute(select(DOCUMENTS)).all()) == len(SMALL_CITY) + 1
    assert str(second).splitlines() == [
        f"Edition {second.edition[:12]} replaces {first.edition[:12]}.",
        'units.csv: 1 changed: centre (aliases "指挥中心" -> "指挥调度中心")',
    ]
    assert not second.calendar_changed


def test_a_correction_of_the_calendar_is_told(connection: Connection) -> None:
    _load(connection)
    report = _load(connection, changed("calendar.csv", "name\n", "name\n2026-03-26,,拜祖大典\n"))
    assert report.calendar_changed
    assert str(report).splitlines()[-1] == ("The work calendar changed: deadlines of open cases are computed anew.")


def test_an_earlier_edition_can_be_put_in_force_again(connection: Connection) -> None:
    first = _load(connection).edition
    _load(connection, SECOND)
    assert _load(connection).loaded
    assert current_edition(connection) == first
    assert len(connection.execute(select(EDITIONS)).all()) == 3


def test_an_earlier_edition_can_be_read_after_another_one_came(connection: Connection) -> None:
    first, second = _load(connection).edition, _load(connection, SECOND).edition
    assert city_of_edition(connection, first).units["centre"].aliases == ("指挥中心",)
    assert city_of_edition(connection, second).units["centre"].aliases == ("指挥调度中心",)
    assert documents_of_edition(connection, first) == SMALL_CITY


def test_a_city_read_twice_is_built_once(connection: Connection) -> None:
    _load(connection)
    assert current_city(connection) is current_city(connection)


def test_a_faulty_directory_is_refused_and_nothing_is_written(connection: Connection) -> None:
    with pytest.raises(DirectoryFaulty):
        _load(connection, changed("units.csv", "2019-01-01", "2019"))
    assert connection.execute(select(DOCUMENTS)).all() == []
    assert current_edition(connection) is None


def test_an_empty_database_says_how_to_load_a_city(connection: Connection) -> None:
    with pytest.raises(
        NoCityLoaded, match=r"^No city is loaded into this database\. Load one: zhihui city load DIR\.$"
    ):
        current_city(connection)


def test_an_edition_that_was_never_loaded_is_unknown(connection: Connection) -> None:
    with pytest.raises(EditionUnknown, match=r"^This database holds no edition 0123 of a city directory\."):
        city_of_edition(connection, "0123")


def test_an_edition_whose_documents_do_not_add_up_is_damaged(connection: Connection) -> None:
    _load(connection)
    manifest = connection.scalar(select(EDITIONS.c.manifest))
    assert manifest is not None
    forged = {"digest": "f" * 64, "city_code": "410184", "loaded_at": NOW, "loaded_by": "admin", "manifest": manifest}
    connection.execute(insert(EDITIONS).values(**forged))
    with pytest.raises(EditionDamaged, match="were altered or removed"):
        current_city(connection)


def test_the_open_cases_are_those_that_have_not_ended(connection: Connection) -> None:
    for receipt, number, state, unit in (
        ("R1", "C0101202606010001", State.HANDLING, "water"),
        ("R2", None, State.REPORTED, None),
        ("R3", "C0101202606010002", State.CLOSED, "water"),
    ):
        case = Case(
            receipt_number=receipt,
            number=number,
            state=state,
            source="inspector",
            class_code="C0101",
            area="410184101",
            unit=unit,
            edition="e",
            calendar_edition="c",
            opened_at=NOW,
            last_event_at=NOW,
        )
        connection.execute(insert(CASES).values(case.model_dump(exclude={"id"})))
    assert open_cases(connection) == [
        ("C0101202606010001", "C0101", "410184101", "water"),
        ("R2", "C0101", "410184101", None),
    ]


def test_a_city_that_older_rules_let_pass_can_be_replaced(connection: Connection) -> None:
    """The edition in force may be one that the rules of today refuse: loading a mended one must still work."""
    report = _load(connection)
    faulty = changed("units.csv", "2019-01-01", "2019")
    _put_in_force_unjudged(connection, faulty)
    assert _load(connection).edition == report.edition
    with pytest.raises(DirectoryFaulty):
        city_from_documents(faulty)


def _put_in_force_unjudged(connection: Connection, documents: Mapping[str, str]) -> None:
    manifest, known = manifest_of(documents), set(connection.scalars(select(DOCUMENTS.c.digest)))
    for name, digest in manifest.items():
        if digest not in known:
            connection.execute(insert(DOCUMENTS).values(digest=digest, name=name, content=documents[name]))
    edition = {"digest": edition_digest(documents), "city_code": "410184", "manifest": manifest}
    connection.execute(insert(EDITIONS).values(**edition, loaded_at=NOW, loaded_by="admin"))
