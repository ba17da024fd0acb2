"""The words of the closed sets as people read them, Chinese and English: `templates/words.yaml` and those beside it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

Language = Literal["zh", "en"]

TEMPLATES = Path(__file__).parent / "templates"

Groups = Mapping[str, Mapping[str, Mapping[Language, str]]]


class WordsUnreadable(Exception):
    """A file of words that is not `group: {code: {zh: …, en: …}}`."""


class Words:
    """The words of one file, by group and code."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def say(self, group: str, code: object, language: Language) -> str:
        """The word for a code; the code itself where the file has none, so that a page or message never breaks.

        Example: say("state", State.FILED, "zh") -> "已立案待派遣".
        """
        found = self._groups.get(group, {}).get(str(code))
        return found[language] if found else str(code)

    def has(self, group: str, code: str) -> bool:
        """Whether there are words for a code."""
        return code in self._groups.get(group, {})

    def codes(self, group: str) -> frozenset[str]:
        """Every code that has words in a group."""
        return frozenset(self._groups.get(group, {}))


def read_words(*paths: Path) -> Words:
    """The words of one file, or of several that share no group.

    Raises: WordsUnreadable naming the entry that lacks Chinese or English, or the group that stands in two files.
    """
    found: dict[str, Mapping[str, Mapping[Language, str]]] = {}
    for path in paths:
        groups = yaml.safe_load(path.read_text("utf-8")) or {}
        _check(path.name, groups)
        twice = found.keys() & groups.keys()
        if twice:
            raise WordsUnreadable(f"{path.name}: {sorted(twice)} stand in another file already; a group has one file")
        found |= groups
    return Words(found)


def _check(file: str, groups: Groups) -> None:
    for group, entries in groups.items():
        for code, texts in entries.items():
            if not isinstance(code, str) or set(texts) != {"zh", "en"}:
                raise WordsUnreadable(
                    f"{file}, {group}: {code!r} must be a quoted text with zh and en, found {texts!r}"
                )


@cache
def city_words() -> Words:
    """The words every part of the program shares: `words.yaml`, and a file beside it for each larger part."""
    return read_words(*sorted(TEMPLATES.glob("words*.yaml")))


def word(group: str, code: object, language: Language) -> str:
    """The word of a code in a language; see `Words.say`."""
    return city_words().say(group, code, language)
