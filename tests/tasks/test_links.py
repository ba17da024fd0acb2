"""Links are bound to reader, purpose and subject, run out, and cannot be made by anybody else."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from tasks.links import Link, LinkExpired, LinkForged, Purpose, open_link, sign_link

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
