"""Names and phone numbers are sealed, found by nobody without the key, and erased for good."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from models.case import Reporter
from models.tables import table_of
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.personal_data import CannotUnseal, add_reporter, erase_reporter, fingerprint, seal, unseal
from tests.event_rows import write_case

REPORTERS = table_of(Reporter)
KEY, OTHER_KEY = os.urandom(32), os.urandom(32)
NAME, PHONE = "梨河镇居民甲", "13800000000"
NOW = datetime(2019, 6, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize("content", ["", PHONE, NAME, "a\x00b", "x" * 100_000])
def test_what_is_sealed_is_read_with_the_key(content: str) -> None:
    assert unseal(KEY, seal(KEY, content)) == content


def test_the_same_phone_sealed_twice_cannot_be_recognised() -> None:
    assert seal(KEY, PHONE) != seal(KEY, PHONE)


@pytest.mark.parametrize(
    ("key", "sealed", "why"),
    [
        (OTHER_KEY, seal(KEY, PHONE), "Put back the key"),
        (KEY, seal(KEY, PHONE)[:-1] + b"\x00\x00", "altered"),
        (KEY, b"\x01short", "altered"),
        (KEY, b"", "not sealed by this program"),
        (KEY, PHONE.encode(), "not sealed by this program"),
    ],
    ids=["another key", "altered", "too short", "empty", "never sealed"],
)
def test_another_key_or_altered_bytes_are_refused(key: bytes, sealed: bytes, why: str) -> None:
    with pytest.raises(CannotUnseal, match=why) as refusal:
        unseal(key, sealed)
    assert PHONE not in str(refusal.value)


def test_a_fingerprint_knows_the_same_content_again_and_only_with_the_key() -> None:
    assert fingerprint(KEY, "hotline", PHONE) == fingerprint(KEY, "hotline", PHONE)
    others = {fingerprint(OTHER_KEY, "hotline", PHONE), fingerprint(KEY, "hotlin", "e" + PHONE)}
    assert fingerprint(KEY, "hotline", PHONE) not in others


def test_a_reporter_is_kept_sealed_and_a_missing_phone_stays_missing(engine: Engine) -> None:
    with transaction(engine) as connection:
        reporter_id = add_reporter(connection, KEY, NAME, None)
        assert add_reporter(connection, KEY, "", PHONE) != reporter_id
    with reading(engine) as connection:
        row = connection.execute(select(REPORTERS).where(REPORTERS.c.id == reporter_id)).one()
    assert unseal(KEY, row.name_sealed) == NAME
    assert row.phone_sealed is None


def test_an_erased_reporter_is_gone_and_chain_and_seal_still_fit(engine: Engine) -> None:
    with transaction(engine) as connection:
        reporter_id = add_reporter(connection, KEY, NAME, PHONE)
        write_case(connection, 1, length=3, reporter_id=reporter_id)
    with transaction(engine) as connection:
        assert erase_reporter(connection, reporter_id, NOW)
    with transaction(engine) as connection:
        assert erase_reporter(connection, reporter_id, NOW.replace(year=2020))
        assert not erase_reporter(connection, reporter_id + 1, NOW)
    with reading(engine) as connection:
        assert tuple(connection.execute(select(REPORTERS)).one()) == (reporter_id, None, None, NOW)
    report = verify_all(engine)
    assert (report.intact, report.sealed) == (True, 1)


def test_no_name_and_no_phone_stands_in_any_file_of_the_database(sqlite_engine: Engine, tmp_path: Path) -> None:
    with transaction(sqlite_engine) as connection:
        reporter_id = add_reporter(connection, KEY, NAME, PHONE)
        sealed = connection.scalar(text("SELECT phone_sealed FROM reporter"))
    assert _stands_in_files(tmp_path, sealed)
    assert not _stands_in_files(tmp_path, NAME.encode())
    assert not _stands_in_files(tmp_path, PHONE.encode())
    with transaction(sqlite_engine) as connection:
        erase_reporter(connection, reporter_id, NOW)
    # The write-ahead log keeps the old pages until it is folded in; with secure_delete nothing is left after that.
    with sqlite_engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not _stands_in_files(tmp_path, sealed)


def _stands_in_files(folder: Path, content: bytes) -> bool:
    return any(content in file.read_bytes() for file in folder.glob("zhihui.db*"))
