"""The sentences of the intake, Chinese and English, from one file: `templates/intake.yaml`."""

from collections.abc import Mapping
from functools import cache

from tasks.words import TEMPLATES, Language, Words, read_words


def sentence(code: str, facts: Mapping[str, object], language: Language, group: str = "refusal") -> str:
    """Why a file or row was refused, and what to do; or, with the group `told`, what a command did.

    Example: sentence("unreadable_time", {"column": "open_dt"}, "en")
        -> 'The time in column "open_dt" cannot be read; write it as the mapping says.'
    """
    return intake_words().say(group, code, language).format_map(_Facts(facts))


def both_languages(code: str, facts: Mapping[str, object], group: str = "refusal") -> str:
    """The sentence in Chinese, and in English on the next line."""
    return f"{sentence(code, facts, 'zh', group)}\n{sentence(code, facts, 'en', group)}"


@cache
def intake_words() -> Words:
    """The words of the intake."""
    return read_words(TEMPLATES / "intake.yaml")


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"
