"""How pictures go to the process that decodes them and come back: a line of JSON, then the bytes it announces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

from models.picture_rules import PictureLimits
from models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """A picture as it will be kept: its two copies in JPEG, and what was handed in."""

    original_sha256: str
    original_bytes: int
    original_format: str
    width: int
    height: int
    likeness: int | None
    full: bytes = field(repr=False)
    small: bytes = field(repr=False)


def write_order(limits: PictureLimits, uploads: Sequence[bytes]) -> bytes:
    """What the decoding process is given: the limits, then every file."""
    return _frame({"limits": asdict(limits)}, *uploads)


def read_order(stream: BinaryIO) -> tuple[PictureLimits, list[bytes]]:
    """What `write_order` wrote."""
    order, uploads = _read(stream) or ({}, [])
    return PictureLimits(**order["limits"]), uploads


def write_answer(answer: ReadPicture | Refusal) -> bytes:
    """What the decoding process says of one file."""
    if isinstance(answer, Refusal):
        return _frame({"refused": answer.code, "facts": dict(answer.facts)})
    told = {name: getattr(answer, name) for name in ReadPicture.__dataclass_fields__ if name not in ("full", "small")}
    return _frame({"picture": told}, answer.full, answer.small)


def read_answers(output: bytes) -> list[ReadPicture | Refusal]:
    """Every whole answer; one that broke off in the middle is none."""
    stream, answers = BytesIO(output), list[ReadPicture | Refusal]()
    while frame := _read(stream):
        told, parts = frame
        if "refused" in told:
            answers.append(Refusal(told["refused"], told["facts"]))
        else:
            answers.append(ReadPicture(**told["picture"], full=parts[0], small=parts[1]))
    return answers


def _frame(told: Mapping[str, Any], *parts: bytes) -> bytes:
    head = json.dumps({**told, "sizes": [len(part) for part in parts]})
    return b"".join((head.encode(), b"\n", *parts))


def _read(stream: BinaryIO) -> tuple[dict[str, Any], list[bytes]] | None:
    head = stream.readline()
    if not head.endswith(b"\n"):
        return None
    told = json.loads(head)
    sizes = told.pop("sizes")
    parts = [stream.read(size) for size in sizes]
    return (told, parts) if [len(part) for part in parts] == sizes else None
