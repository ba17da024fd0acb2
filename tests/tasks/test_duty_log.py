"""The duty log: the server's time and no other, append-only, a correction names what it corrects."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import tasks
from models.refusal import Refusal
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_log import LogEntry, LogWords, log_of_shift, read_log, write_log_entry
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import shift_coded
from tasks.duty_sign_in import sign_in
from tasks.refusals import refusal_codes
from tests.duty_rows import FIRST, acting, by_rule, write_shifts
from tests.flood_cities import LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at

CITY = a_flood_city()
START = at("2021-07-20 08:00")
CODE = "2021-07-20T08:00"


@pytest.fixture
def on_shift(engine: Engine) -> Engine:
    """A shift whose officer has signed in and whose leader has not."""
    write_shifts(engine, START)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    with transaction(engine) as connection:
        sign_in(connection, acting(CITY, FIRST["officer"], START), CODE, "officer")
    return engine


def writes(
    engine: Engine, words: LogWords, now: datetime, key: str = "k", post: str = OFFICERS[0]
) -> LogEntry | Refusal:
    with transaction(engine) as connection:
        return write_log_entry(connection, acting(CITY, post, now), words, key)


def test_an_entry_says_who_where_what_and_how_it_was_handled_at_the_servers_time(on_shift: Engine) -> None:
    words = LogWords("接新村镇电话：涵洞积水", "新村镇", "转市政抢险队，40分钟到场", "大雨", "32毫米", "93.21米")
    written = writes(on_shift, words, START + timedelta(hours=2))
    with reading(on_shift) as connection:
        (entry,) = read_log(connection, START.date())
    assert entry == written
    assert isinstance(entry, LogEntry)
    assert (entry.number, entry.at, entry.post, entry.shift) == (
        "2021-07-20/1",
        START + timedelta(hours=2),
        OFFICERS[0],
        CODE,
    )
    assert entry.words == words
    assert verify_all(on_shift).intact


def test_nothing_somebody_writes_can_carry_a_time() -> None:
    assert not any("at" in name.split("_") or "time" in name for name in LogWords.__dataclass_fields__)


def test_the_same_form_writes_once_also_over_midnight(on_shift: Engine) -> None:
    before, after = at("2021-07-20 23:59"), at("2021-07-21 00:01")
    first = writes(on_shift, LogWords("零点水位93.5米"), before, "one")
    assert writes(on_shift, LogWords("零点水位93.5米"), after, "one") == first
    writes(on_shift, LogWords("零点水位93.6米"), after, "two")
    with reading(on_shift) as connection:
        days = [[one.words.what for one in read_log(connection, day.date())] for day in (before, after)]
        shift = shift_coded(connection, CITY, CODE)
        assert shift
        of_shift = log_of_shift(connection, CITY, shift, after)
    assert days == [["零点水位93.5米"], ["零点水位93.6米"]]
    assert len(of_shift) == 2


def test_a_correction_is_a_new_entry_and_the_old_one_says_by_which_it_was_corrected(on_shift: Engine) -> None:
    writes(on_shift, LogWords("水位39.21米"), START, "one")
    writes(on_shift, LogWords("水位应为93.21米", corrects="2021-07-20/1"), START + timedelta(minutes=3), "two")
    with reading(on_shift) as connection:
        old, new = read_log(connection, START.date())
    assert (old.words.what, old.corrected_by, new.words.corrects) == ("水位39.21米", "2021-07-20/2", "2021-07-20/1")


@pytest.mark.parametrize(
    ("post", "words", "hours", "code"),
    [
        (OFFICERS[1], LogWords("巡查"), 1, "duty_not_on_shift"),
        (LEADERS[0], LogWords("巡查"), 1, "duty_sign_in_first"),
        (OFFICERS[0], LogWords("巡查"), 24, "duty_not_on_shift"),
        (OFFICERS[0], LogWords(" \0 "), 1, "duty_log_empty"),
        (OFFICERS[0], LogWords("更正", corrects="2021-07-20/7"), 1, "duty_log_no_entry"),
        (OFFICERS[0], LogWords("更正", corrects="昨天/x"), 1, "duty_log_no_entry"),
    ],
)
def test_what_is_not_written_says_why(on_shift: Engine, post: str, words: LogWords, hours: int, code: str) -> None:
    refused = writes(on_shift, words, START + timedelta(hours=hours), post=post)
    assert isinstance(refused, Refusal)
    assert refused.code == code


def test_every_refusal_of_the_duty_room_has_a_sentence() -> None:
    sources = "".join(file.read_text("utf-8") for file in Path(tasks.__path__[0]).glob("*.py"))
    refused = set(re.findall(r'Refusal\(\s*"(duty_[a-z_]+)"', sources))
    assert len(refused) > 15
    assert refused <= refusal_codes()
