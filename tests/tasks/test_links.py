"""Links are bound to reader, purpose and subject, run out, and cannot be made by anybody else."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tasks.database import reading, transaction
from tasks.links import (
    Link,
    LinkExpired,
    LinkForged,
    Lives,
    Purpose,
    open_link,
    open_valid_link,
    path_of,
    sign_link,
)
from tasks.revocation import revoke_access

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW = datetime(2019, 5, 6, 2, tzinfo=UTC)
LINK = Link("lihe-liaison", Purpose.CASE, "E0110201905060001")


def test_a_link_opens_what_it_was_signed_for_until_it_runs_out() -> None:
    token = sign_link(KEY, LINK, NOW)
    for days in (0, 15, 30):
        assert open_link(KEY, token, NOW + timedelta(days=days), 30) == LINK
    with pytest.raises(LinkExpired):
        open_link(KEY, token, NOW + timedelta(days=30, seconds=1), 30)


def test_a_link_of_the_future_opens_nothing_yet() -> None:
    with pytest.raises(LinkExpired):
        open_link(KEY, sign_link(KEY, LINK, NOW + timedelta(hours=1)), NOW, 30)


def test_a_link_for_a_reporter_is_no_link_for_a_post() -> None:
    own = Link("R1", Purpose.REPORT, "R1")
    assert open_link(KEY, sign_link(KEY, own, NOW), NOW, 30) == own
    assert sign_link(KEY, own, NOW) != sign_link(KEY, Link("R1", Purpose.CASE, "R1"), NOW)


def altered_tokens() -> list[str]:
    token = sign_link(KEY, LINK, NOW)
    payload, stamp, signature = token.split(".")
    other_case = base64.urlsafe_b64encode(b'["case","lihe-liaison","E0110201905060002"]').rstrip(b"=").decode()
    later = sign_link(KEY, LINK, NOW + timedelta(days=1)).split(".")[1]
    return [
        "",
        ".",
        "..",
        "nonsense",
        token[:-1],
        token + "A",
        token.swapcase(),
        f"{other_case}.{stamp}.{signature}",
        f"{payload}.{later}.{signature}",
        f"{payload}..{signature}",
        f"{payload}.{stamp}.",
        sign_link(OTHER_KEY, LINK, NOW),
        "字" * 50,
        "A" * 100_000,
    ]


@pytest.mark.parametrize("token", altered_tokens(), ids=range(len(altered_tokens())))
def test_an_altered_link_is_forged(token: str) -> None:
    with pytest.raises(LinkForged):
        open_link(KEY, token, NOW, 30)


def test_a_link_fits_into_a_text_message_and_holds_no_database_id() -> None:
    token = sign_link(KEY, LINK, NOW)
    assert len(token) < 150
    assert all(c.isalnum() or c in "-_." for c in token)


LIVES = Lives(days=30, own_page_hours=12)
MINE = Link("lihe-liaison", Purpose.MINE, "lihe-liaison")
WALL = Link("lihe-liaison", Purpose.WALL, "wall")


def opens(engine: Engine, token: str, now: datetime) -> Link:
    with reading(engine) as connection:
        return open_valid_link(connection, KEY, token, now, LIVES)


def test_what_opens_everything_of_a_post_lives_shorter(sqlite_engine: Engine) -> None:
    token = sign_link(KEY, MINE, NOW)
    assert opens(sqlite_engine, token, NOW + timedelta(hours=12)) == MINE
    with pytest.raises(LinkExpired):
        opens(sqlite_engine, token, NOW + timedelta(hours=12, seconds=1))
    assert opens(sqlite_engine, sign_link(KEY, LINK, NOW), NOW + timedelta(days=30)) == LINK
    with pytest.raises(LinkExpired):
        opens(sqlite_engine, sign_link(KEY, LINK, NOW), NOW + timedelta(days=30, seconds=1))


def test_what_hangs_on_a_wall_lives_longer(sqlite_engine: Engine) -> None:
    token = sign_link(KEY, WALL, NOW)
    assert opens(sqlite_engine, token, NOW + timedelta(days=190)) == WALL
    with pytest.raises(LinkExpired):
        opens(sqlite_engine, token, NOW + timedelta(days=190, seconds=1))


def test_nothing_signed_before_a_revocation_opens_and_everything_after_it_does(engine: Engine) -> None:
    revoked = NOW + timedelta(hours=1)
    with transaction(engine) as connection:
        revoke_access(connection, "lihe-liaison", "admin", revoked, "phone lost")
    for before in (NOW, revoked):
        with pytest.raises(LinkForged):
            opens(engine, sign_link(KEY, LINK, before), revoked + timedelta(hours=2))
    for link in (MINE, LINK, WALL):
        assert opens(engine, sign_link(KEY, link, revoked + timedelta(seconds=1)), revoked + timedelta(hours=2)) == link
    other = Link("water-liaison", Purpose.CASE, "E1")
    assert opens(engine, sign_link(KEY, other, NOW), revoked) == other


@pytest.mark.parametrize(
    ("link", "path"), [(LINK, "/c/"), (Link("R1", Purpose.REPORT, "R1"), "/c/"), (MINE, "/me/"), (WALL, "/wall/")]
)
def test_a_link_leads_to_the_page_of_its_purpose(link: Link, path: str) -> None:
    assert path_of(KEY, link, NOW) == path + sign_link(KEY, link, NOW)
