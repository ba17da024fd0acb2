"""Pictures as facts name them: by digest, each under a name that says what it shows."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.chain import Problem
from models.picture import PictureKind

Row = Mapping[str, Any]

KIND_OF_FACT: Mapping[str, PictureKind] = {
    "pictures": PictureKind.AFTER,
    "picture": PictureKind.OTHER,
    "picture_before": PictureKind.BEFORE,
    "picture_after": PictureKind.AFTER,
}
"""Facts that name pictures, and what these show."""

_DESK = "desk"
"""Where pictures come in with their action: row and action are one transaction."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ToldPicture:
    """One picture that facts name."""

    kind: PictureKind
    digest: str
    kept: bool
    """Whether a row must be there. Command line and form take any text for a picture, also one that looks like a digest
    and is none; only the program writes a list."""


def told_pictures(facts: Mapping[str, Any], origin: str) -> Iterator[ToldPicture]:
    """The pictures these facts name; texts that are no digests, such as an address, name none.

    Example: told_pictures({"picture": "9f86…"}, "desk") gives one of kind other, which must be kept.
    """
    for name, kind in KIND_OF_FACT.items():
        said = facts.get(name)
        several = isinstance(said, list)
        for digest in said if isinstance(said, list) else (said,):
            if isinstance(digest, str) and _DIGEST.fullmatch(digest):
                yield ToldPicture(kind, digest, kept=several or origin == _DESK)


@dataclass(frozen=True, slots=True)
class CasePictures:
    """What is stored of a case's pictures, beside its events."""

    rows: Sequence[Row] = ()
    """Rows of table `picture`: id, case_id, kind, sha256; those of its reports have no case_id."""
    unsettled: Sequence[str] = ()
    """Facts of its actions that wait or were refused: their pictures are there, and no event names them."""


@dataclass(frozen=True, slots=True)
class PictureMisfit:
    """A picture that is named and not there, or there and not named."""

    problem: Problem
    row_id: int | None
    expected: str
    found: str


class PictureProof:
    """Ticks off the rows of a case's pictures as its events name them."""

    def __init__(self, pictures: CasePictures) -> None:
        self.named: set[int] = set()
        """Ids of the rows that events name."""
        self._pictures = pictures
        self._ids: dict[tuple[str, str], list[int]] = {}
        for row in pictures.rows:
            self._ids.setdefault((row["kind"], row["sha256"]), []).append(row["id"])

    def take(self, facts: Mapping[str, Any], origin: str) -> PictureMisfit | None:
        """The first picture that an event names and that no row of the case, or of a report of it, holds."""
        for told in told_pictures(facts, origin):
            ids = self._ids.get((told.kind, told.digest))
            if ids:
                self.named.update(ids)
            elif told.kept:
                return PictureMisfit(Problem.MISSING, None, f"{told.kind} {told.digest}", "no row")
        return None

    def end(self) -> PictureMisfit | None:
        """The first row of the case that neither an event names nor an action that waits or was refused.

        What came with a report is named by the report alone.
        """
        left = [row for row in self._pictures.rows if row["case_id"] is not None and row["id"] not in self.named]
        if not left:
            return None
        handed_in = set(_of_actions(self._pictures.unsettled))
        row = next((row for row in left if (row["kind"], row["sha256"]) not in handed_in), None)
        return PictureMisfit(Problem.UNTOLD, row["id"], "no row", f"{row['kind']} {row['sha256']}") if row else None


def _of_actions(unsettled: Iterable[str]) -> Iterator[tuple[str, str]]:
    for facts in unsettled:
        try:
            said = json.loads(facts)
        except ValueError:
            continue  # Nothing our program wrote: it names no picture.
        if isinstance(said, dict):
            yield from ((told.kind.value, told.digest) for told in told_pictures(said, _DESK))
