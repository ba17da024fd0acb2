"""Texts cut to what a channel takes: never inside a character, and the link at the end stays whole."""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

Size = Callable[[str], int]
"""How a channel counts a text. The size of two texts together is the sum of theirs."""

ELLIPSIS = "…"

_JOINER = "\u200d"
_LONGEST_CHARACTER = 32
"""Code points one visible character may have here; a family emoji has up to eleven."""


def utf8_bytes(text: str) -> int:
    """The length in bytes."""
    return len(text.encode("utf-8"))


def json_bytes(text: str) -> int:
    """The length inside a JSON text, quotes and line breaks escaped."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8")) - 2


def sms_units(text: str) -> int:
    """The length as a short message counts it: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def well_formed(text: str) -> str:
    """The text without half characters, which no channel could carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def cut(text: str, limit: int, size: Size) -> str:
    """The text, or as much of it as fits, an ellipsis, and its last line where that holds a link.

    Example: cut("积水很深\\nhttp://x/c/1", 24, utf8_bytes) -> "积水…\\nhttp://x/c/1".
    """
    if size(text) <= limit:
        return text
    head, last_line = _before_link(text)
    link = link_of(last_line)
    for end in (f"\n{last_line}", f"\n{link}", "") if link else ("",):
        room = limit - size(ELLIPSIS) - size(end)
        if room >= 0:
            return head[: _fitting(head, room, size)].rstrip() + ELLIPSIS + end
    return ""


def link_of(text: str) -> str:
    """The link at the end of a text, or nothing."""
    found = re.search(r"https?://\S+$", text.rstrip())
    return found[0] if found else ""


def _before_link(text: str) -> tuple[str, str]:
    head, _, last_line = text.rstrip().rpartition("\n")
    return (head, last_line) if link_of(last_line) else (text, "")


def _fitting(text: str, room: int, size: Size) -> int:
    """How many code points fit, moved back to where a visible character ends."""
    end = bisect_right(range(len(text) + 1), room, key=lambda length: size(text[:length])) - 1
    for earlier in range(end, max(end - _LONGEST_CHARACTER, 0), -1):
        if not _inside_character(text, earlier):
            return earlier
    return end


def _inside_character(text: str, at: int) -> bool:
    """Whether a cut at this place would take apart what is seen as one character."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    joined = before == _JOINER or after == _JOINER or unicodedata.category(after) in ("Mn", "Me", "Mc")
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return joined or skin_tone or (_is_flag_half(before) and _is_flag_half(after))


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
