"""How texts are cut to what a channel takes: by its own count, never inside a character, the link kept whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.channel_plugins.cutting import Size, cut, json_bytes, link_of, sms_units, utf8_bytes, well_formed

LINK = "http://x/c/1"
FAMILY, THUMB, FLAG, ACCENT = "👨‍👩‍👧", "👍🏽", "🇨🇳", "e\u0301"

SIZES: dict[str, Size] = {"utf8": utf8_bytes, "json": json_bytes, "sms": sms_units}

texts = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from('雨😀"\\\n…' + FAMILY + THUMB + FLAG + ACCENT)), max_size=80
)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("积水很深", 12, "积水很深"),
        ("积水很深", 11, "积水…"),
        ("积水很深", 9, "积水…"),
        ("积水很深", 8, "积…"),
        ("积水很深", 3, "…"),
        ("积水很深", 2, ""),
        (f"积水很深\n{LINK}", 24, f"积水…\n{LINK}"),
        (f"积水很深\n\n查看 Open: {LINK}", 32, f"积…\n查看 Open: {LINK}"),
        (f"积水很深\n\n查看 Open: {LINK}", 28, f"积水很深…\n{LINK}"),
        (f"积水很深\n{LINK}", 16, f"…\n{LINK}"),
        (f"积水很深\n{LINK}", 15, "积水很深…"),
        (f"{LINK} 在中间\n积水很深", 20, f"{LINK} 在…"),
        ("很深 \n\n水", 11, "很深…"),
    ],
)
def test_a_text_is_cut_by_bytes_and_ends_in_an_ellipsis_and_its_link(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit, utf8_bytes) == expected


@pytest.mark.parametrize("seen_as_one", [FAMILY, THUMB, FLAG, ACCENT, "☔\ufe0f"])
def test_what_is_seen_as_one_character_is_not_taken_apart(seen_as_one: str) -> None:
    text = f"雨{seen_as_one}水"
    whole = utf8_bytes(f"雨{seen_as_one}…")
    assert cut(text * 2, whole, utf8_bytes) == f"雨{seen_as_one}…"
    for limit in range(6, whole):
        assert cut(text * 2, limit, utf8_bytes) == "雨…"


def test_a_text_of_joiners_alone_is_cut_all_the_same() -> None:
    assert utf8_bytes(cut("\u0301" * 500, 300, utf8_bytes)) in range(250, 301)


@pytest.mark.parametrize("counted", SIZES)
@given(text=texts, limit=st.integers(min_value=0, max_value=200))
def test_a_cut_text_always_fits_and_begins_like_the_whole(counted: str, text: str, limit: int) -> None:
    size = SIZES[counted]
    shortened = cut(text, limit, size)
    assert size(shortened) <= limit
    shortened.encode("utf-8")
    if size(text) <= limit:
        assert shortened == text
    elif shortened:
        head, _, end = shortened.rpartition("…")
        assert text.startswith(head)
        assert end.lstrip("\n") in text


@pytest.mark.parametrize("counted", SIZES)
@given(text=texts, path=st.text("abcXYZ019-_.", min_size=1, max_size=30), spare=st.integers(min_value=0, max_value=99))
def test_a_link_at_the_end_survives_every_cut_that_it_fits_into(counted: str, text: str, path: str, spare: int) -> None:
    size, link = SIZES[counted], f"https://desk.example.cn/c/{path}"
    limit = size(f"…\n{link}") + spare
    assert link_of(cut(f"{text}\n\n查看案件 Open the case: {link}", limit, size)) == link


@given(text=st.text(st.characters(codec="utf-8")))
def test_json_is_counted_as_it_is_written(text: str) -> None:
    assert json_bytes(text) == len(json.dumps({"": text}, ensure_ascii=False).encode()) - len(b'{"": ""}')


@given(first=texts, second=texts, counted=st.sampled_from(sorted(SIZES)))
def test_every_way_of_counting_adds_up(first: str, second: str, counted: str) -> None:
    size = SIZES[counted]
    assert size(first + second) == size(first) + size(second)


def test_half_characters_are_replaced() -> None:
    assert well_formed("井盖\ud83d破损\udc00") == "井盖?破损?"
