"""The parts of cases behind the counts of a frozen month: packed by unit, and proved by one digest.

A month of a million cases is some megabytes this way, and a version of it one row a unit. Packed is zlib over four
columns of whole numbers, eight bytes each, little-endian: case, round, part, marks. Parts stand in the order of their
cases, so that the same month is packed from the same numbers on every database.
"""

import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import NamedTuple

Part = tuple[int, ...]
"""Case, round, part, marks."""

_WHOLE = "q"
_COLUMNS = 4


class FrozenPart(NamedTuple):
    """A part of a case as it stood; its marks are those of `models/evaluation_marks.py`: which counts it made."""

    case_id: int
    round: int
    part: int
    marks: int


@dataclass(frozen=True, slots=True)
class UnitParts:
    """What lies behind one unit's counts."""

    unit: str
    """Empty where no unit had them."""
    number: int
    """Of parts."""
    packed: bytes


def freeze_parts(found: Mapping[str, Iterable[Part]]) -> tuple[tuple[UnitParts, ...], str]:
    """The parts of every unit packed, and the digest over all of them.

    Example: freeze_parts({"lihe": [(7, 1, 1, marks)]})
    """
    frozen, digest = [], sha256()
    for unit in sorted(found):
        parts = sorted(found[unit])
        said = _said(parts)
        _add(digest, unit, said)
        frozen.append(UnitParts(unit, len(parts), zlib.compress(said, 1)))
    return tuple(frozen), digest.hexdigest()


def digest_of(packed: Iterable[tuple[str, bytes]]) -> str:
    """The digest over what was frozen, read back: units with what is packed of them, in any order.

    Raises: zlib.error for bytes that were never packed.
    """
    digest = sha256()
    for unit, each in sorted(packed):
        _add(digest, unit, zlib.decompress(each))
    return digest.hexdigest()


def unpack(packed: bytes) -> Iterator[FrozenPart]:
    """The parts, in the order of their cases.

    Raises: zlib.error for bytes that were never packed.
    """
    whole = array(_WHOLE, zlib.decompress(packed))
    _turn(whole)
    number = len(whole) // _COLUMNS
    columns = (whole[each * number : (each + 1) * number] for each in range(_COLUMNS))
    return map(FrozenPart._make, zip(*columns, strict=True))


def _said(parts: Sequence[Part]) -> bytes:
    whole = array(_WHOLE)
    for column in range(_COLUMNS):
        whole.extend(map(itemgetter(column), parts))
    _turn(whole)
    return whole.tobytes()


def _turn(whole: "array[int]") -> None:
    if sys.byteorder == "big":
        whole.byteswap()


def _add(digest: "sha256", unit: str, said: bytes) -> None:  # type: ignore[valid-type]
    digest.update(f"{unit}\n{len(said)}\n".encode())  # type: ignore[attr-defined]
    digest.update(said)  # type: ignore[attr-defined]
