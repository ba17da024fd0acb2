"""Asking for one's own page: a notice for the post that is meant, and the same trace for one that is not there."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from models.city import City
from models.notice import Priority
from models.stand_in import reader_of
from tasks.access_settings import AccessSettings
from tasks.database import transaction
from tasks.one_time_code import NOTICES
from tasks.own_page import ASKED, Asked, ask_for_own_page, post_called
from tests.cities import a_small_city, changed
from tests.stored_cases import at, rows_of

KEY, NOW = b"p" * 32, at("2019-05-06 10:00")
FEW = AccessSettings(asks_per_client=4, asks_per_post=2)


@pytest.fixture
def city() -> City:
    return a_small_city()


def asks(engine: Engine, city: City, named: str, client: str = "10.0.0.1", minutes: int = 0) -> Asked:
    with transaction(engine) as connection:
        return ask_for_own_page(connection, city, KEY, named, client, NOW + timedelta(minutes=minutes), FEW)


def notices(engine: Engine) -> list[tuple[str, str, str]]:
    return [(row.kind, row.recipient, row.priority) for row in rows_of(engine, select(NOTICES))]


@pytest.mark.parametrize(
    "named", ["lihe-liaison", " LIHE-liaison ", "梨河镇值班员甲", "梨河镇 值班员甲", "ｌｉｈｅ-ｌｉａｉｓｏｎ"]
)
def test_a_post_is_meant_by_its_code_or_name_as_people_type_it(city: City, named: str) -> None:
    assert post_called(city, named, NOW) == "lihe-liaison"


@pytest.mark.parametrize(
    "named", ["", "nobody", "lihe", "' OR 1=1 --", "<script>", "字" * 100_000, "\0", "lihe-liaison%"]
)
def test_whatever_names_no_post_names_none(city: City, named: str) -> None:
    assert post_called(city, named, NOW) is None


def test_a_name_two_posts_share_and_a_post_that_ended_name_none() -> None:
    two = a_small_city(changed("posts.csv", "受理员乙", "受理员甲"))
    assert post_called(two, "受理员甲", NOW) is None
    assert post_called(two, "acceptor-a", NOW) == "acceptor-a"
    ended = a_small_city(
        changed(
            "posts.csv",
            "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,",
            "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,2019-05-06",
        )
    )
    assert post_called(ended, "lihe-crew", NOW) is None


def test_the_link_goes_to_the_post_and_nothing_goes_for_a_name_that_is_none(engine: Engine, city: City) -> None:
    known, unknown = asks(engine, city, "lihe-liaison"), asks(engine, city, "nobody")
    assert known.notice_id is not None
    assert (unknown.notice_id, unknown.too_often) == (None, False)
    assert notices(engine) == [("my_work", "lihe-liaison", Priority.URGENT)]
    assert [row.post for row in rows_of(engine, select(ASKED))] == ["lihe-liaison", ""]


def test_a_post_is_sent_so_many_an_hour_and_nobody_is_told_when_it_is_no_more(
    sqlite_engine: Engine, city: City
) -> None:
    answers = [asks(sqlite_engine, city, "lihe-liaison", f"10.0.0.{n}") for n in range(3)]
    assert [answer.notice_id is not None for answer in answers] == [True, True, False]
    assert not any(answer.too_often for answer in answers)
    assert asks(sqlite_engine, city, "lihe-liaison", "10.0.0.9", minutes=61).notice_id is not None


@pytest.mark.parametrize("named", ["nobody", "lihe-liaison"])
def test_one_address_asks_so_often_an_hour_whatever_it_names(sqlite_engine: Engine, city: City, named: str) -> None:
    assert [asks(sqlite_engine, city, named).too_often for _ in range(5)] == [False] * 4 + [True]
    assert not asks(sqlite_engine, city, named, "10.0.0.2").too_often
    assert not asks(sqlite_engine, city, named, minutes=61).too_often


def test_the_address_of_whoever_asks_is_not_kept(sqlite_engine: Engine, city: City) -> None:
    asks(sqlite_engine, city, "nobody", "203.0.113.77")
    assert not any("203.0.113.77" in str(tuple(row)) for row in rows_of(sqlite_engine, select(ASKED)))


def test_a_key_to_the_desk_never_goes_to_a_deputy() -> None:
    away = a_small_city(changed("leave.csv", "post,from,to\n", "post,from,to\nlihe-liaison,2019-05-06,2019-05-06\n"))
    assert reader_of(away, "task", "lihe-liaison", NOW) == "lihe-head"
    for kind in ("my_work", "sign_in_code"):
        assert reader_of(away, kind, "lihe-liaison", NOW) == "lihe-liaison"
