"""The brake: too many called overdue at once wait for the administrator; warnings and everything else go out."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tasks.brake import drop_held, held_notices, release_held
from tasks.database import reading, transaction
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.cities import a_small_city, changed
from tests.notice_rows import NOW, hand_over, notice, notices_of_kind, write_case, write_notice


def overdue(engine: Engine, count: int, **fields: object) -> list[int]:
    """So many cases called overdue at one moment, each with a notice to its liaison."""
    ids = []
    for number in range(count):
        name = f"{fields.get('created_at', NOW):%d%H%M}{number:04d}"
        case_id = write_case(engine, number=f"E{name}", receipt_number=f"R{name}")
        ids.append(
            write_notice(engine, case_id=case_id, kind="overdue", priority="urgent", recipient="lihe-head", **fields)
        )
    return ids


@pytest.fixture
def here(settings: Settings) -> Iterator[tuple[Settings, ChannelServer]]:
    with channel_server() as server:
        yield settings.model_copy(update={"desk_url": f"http://{server.host}"}), server


BRAKE = a_small_city(changed("policy.yaml", "at_least: 20", "at_least: 5"))


def test_too_many_overdue_at_once_are_held_and_the_administrator_is_asked(
    engine: Engine, here: tuple[Settings, ChannelServer]
) -> None:
    ids = overdue(engine, 6)
    warning = write_notice(engine, kind="supervision", priority="urgent", recipient="lihe-head")
    delivery = hand_over(engine, here[0], {}, BRAKE)
    assert (delivery.held, delivery.sent) == (6, 2)
    assert {notice(engine, i)["state"] for i in ids} == {"held"}
    assert notice(engine, warning)["state"] == "sent"
    (asked,) = notices_of_kind(engine, "overdue_held")
    assert (asked["recipient"], json.loads(asked["facts"])) == ("admin", {"count": 6, "share": 100})
    assert hand_over(engine, here[0], {}, BRAKE).sent == 0


def test_what_the_administrator_releases_goes_out_and_is_not_held_again(
    engine: Engine, here: tuple[Settings, ChannelServer]
) -> None:
    overdue(engine, 6)
    hand_over(engine, here[0], {}, BRAKE)
    with transaction(engine) as connection:
        assert len(release_held(connection, held_notices(connection), "admin", "确已超期", NOW)) == 6
    assert hand_over(engine, here[0], {}, BRAKE).sent == 6
    with transaction(engine) as connection:
        assert release_held(connection, [1, 2], "admin", "again", NOW) == []


def test_what_the_administrator_drops_is_told_to_nobody(
    sqlite_engine: Engine, here: tuple[Settings, ChannelServer]
) -> None:
    ids = overdue(sqlite_engine, 6)
    hand_over(sqlite_engine, here[0], {}, BRAKE)
    with transaction(sqlite_engine) as connection:
        drop_held(connection, ids[:2], "admin", "日历有误", NOW)
    with reading(sqlite_engine) as connection:
        assert held_notices(connection) == ids[2:]
    assert [notice(sqlite_engine, i)["state"] for i in ids[:2]] == ["cancelled", "cancelled"]


def test_a_few_go_out_as_always_and_so_does_a_small_share_of_many(
    sqlite_engine: Engine, here: tuple[Settings, ChannelServer]
) -> None:
    overdue(sqlite_engine, 4)
    assert hand_over(sqlite_engine, here[0], {}, BRAKE).sent == 4
    for number in range(60):
        write_case(sqlite_engine, number=f"E9{number:03d}", receipt_number=f"R9{number:03d}")
    overdue(sqlite_engine, 6, created_at=NOW + timedelta(minutes=2))
    assert hand_over(sqlite_engine, here[0], {}, BRAKE, now=NOW + timedelta(minutes=2)).held == 0
