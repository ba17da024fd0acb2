"""Subclasses found by the words of somebody who never saw the catalogue."""

import unicodedata
from collections import Counter

from models.catalogue import Catalogue, Subclass

MOST_FOUND = 20
LONGEST_SEARCH = 40
FAR_BEHIND = 4
"""What is worth so many times less than the best is not shown: it only shares two characters by chance."""
_NAME, _MAJOR, _WORDING = 5, 2, 1
"""What a hit in the name of a subclass, of its major class, in the wording of a condition is worth."""


def find_subclasses(catalogue: Catalogue, words: str, most: int = MOST_FOUND) -> tuple[Subclass, ...]:
    """Subclasses that fit some words, the best first: those that hold all of them, then those that hold parts.

    Words of Chinese are not separated, so parts are pairs of neighbouring characters.
    Example: "井盖" finds 上水井盖; "路灯不亮" finds 路灯, though no subclass is called so.
    """
    wanted = _plain(words[:LONGEST_SEARCH])
    if not wanted:
        return ()
    parts = {wanted[start : start + 2] for start in range(len(wanted) - 1)} or {wanted}
    found = [(_worth(subclass, wanted, parts), subclass) for subclass in catalogue.subclasses.values()]
    least = max(1, max((worth for worth, _ in found), default=0) / FAR_BEHIND)
    # Sorting keeps the catalogue's order among equals.
    best = sorted((each for each in found if each[0] >= least), key=lambda each: -each[0])
    return tuple(subclass for _, subclass in best[:most])


def subclass_called(catalogue: Catalogue, words: str) -> Subclass | None:
    """The one subclass of this very name."""
    wanted = _plain(words[:LONGEST_SEARCH])
    named = [subclass for subclass in catalogue.subclasses.values() if _plain(subclass.minor) == wanted]
    return named[0] if len(named) == 1 else None


def names_of(catalogue: Catalogue) -> tuple[str, ...]:
    """The names of all subclasses that only one subclass has, in the catalogue's order."""
    shared = Counter(subclass.minor for subclass in catalogue.subclasses.values())
    return tuple(name for name, count in shared.items() if count == 1)


def _worth(subclass: Subclass, wanted: str, parts: set[str]) -> int:
    texts = (
        (_NAME, _plain(subclass.minor)),
        (_MAJOR, _plain(subclass.major)),
        (_WORDING, _plain("".join(condition.wording for condition in subclass.conditions))),
    )
    whole = sum(worth * 10 for worth, text in texts if wanted in text)
    return whole + sum(worth for worth, text in texts for part in parts if part in text)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
