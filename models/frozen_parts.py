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
_PART_BYTES = 8 * _COLUMNS


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
    said = {unit: _said(sorted(found[unit])) for unit in sorted(found)}
    frozen = (UnitParts(unit, len(each) // _PART_BYTES, zlib.compress(each, 1)) for unit, each in said.items())
    return tuple(frozen), _digest(said.items())


def digest_of(packed: Iterable[tuple[str, bytes]]) -> str:
    """The digest over what was frozen, read back: units with what is packed of them, in any order.

    Raises: zlib.error for bytes that were never packed.
    """
    return _digest((unit, zlib.decompress(each)) for unit, each in sorted(packed))


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


def _digest(said: Iterable[tuple[str, bytes]]) -> str:
    digest = sha256()
    for unit, each in said:
        digest.update(f"{unit}\n{len(each)}\n".encode())
        digest.update(each)
    return digest.hexdigest()
