"""What a new edition of a city directory changes: rows by key, and open cases that another unit must take over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from models.city import City
from models.directory.city_builder import YAML_FILES
from models.directory.fault import quoted
from models.directory.sheet import SheetFormat, read_rows
from models.directory.sheets import FORMATS
from models.directory.yaml_document import flat

_MOST_NAMED = 8
_Content = dict[str, dict[str, str]]  # key of a row -> its cells by column
_SHEETS: Mapping[str, SheetFormat[object]] = {sheet.file: sheet for sheet in FORMATS}


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell, or one value of a YAML file (then the column is empty)."""

    column: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.column} {quoted(self.before)} -> {quoted(self.after)}".strip()


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that stands in both editions with other cells."""

    key: str
    cells: tuple[CellChange, ...]

    def __str__(self) -> str:
        return f"{self.key} ({', '.join(map(str, self.cells))})" if self.cells else self.key


@dataclass(frozen=True, slots=True)
class FileChange:
    """What changed in one file."""

    file: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[RowChange, ...]

    def __str__(self) -> str:
        parts = [
            f"{len(keys)} {verb}: {_some(keys)}"
            for verb, keys in (
                ("added", self.added),
                ("removed", self.removed),
                ("changed", tuple(map(str, self.changed))),
            )
            if keys
        ]
        return f"{self.file}: {'; '.join(parts) or 'same content, written differently'}"


class OpenCase(NamedTuple):
    """What the responsibility for an open case depends on, and who has it now."""

    number: str
    class_code: str | None
    area: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class HandChange:
    """An open case that belongs to another unit under the new edition."""

    number: str
    holder: str | None
    before: str | None
    """Unit that the old edition names for its class and area."""
    after: str | None
    holder_is_gone: bool = False

    def __str__(self) -> str:
        if self.holder_is_gone:
            return f"{self.number}: its unit {self.holder} no longer exists; {self.after or 'nobody'} answers for it"
        before, after = self.before or "nobody", self.after or "nobody"
        return f"{self.number}: from {before} to {after}, now with {self.holder or 'nobody'}"


def changes_between(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileChange]:
    """What differs between the documents of two editions, file by file."""
    found = [
        _file_change(file, old.get(file), new.get(file))
        for file in sorted({*old, *new})
        if old.get(file) != new.get(file)
    ]
    return found


def changed_hands(
    old: City, new: City, open_cases: Iterable[tuple[str, str | None, str | None, str | None]]
) -> list[HandChange]:
    """The open cases for which the new edition names another unit than the old one, or whose unit it does not know.

    Example: row C01* moves from water to roads: every open C01 case is listed, with the unit that holds it now.
    """
    found = []
    for case in map(OpenCase._make, open_cases):
        before = old.responsibility.unit_for(case.class_code, case.area)
        after = new.responsibility.unit_for(case.class_code, case.area)
        gone = case.unit is not None and case.unit not in new.units
        if before != after or gone:
            found.append(HandChange(case.number, case.unit, before, after, gone))
    return found


def _file_change(file: str, old: str | None, new: str | None) -> FileChange:
    before, after = _content(file, old), _content(file, new)
    return FileChange(
        file,
        added=tuple(key for key in after if key not in before),
        removed=tuple(key for key in before if key not in after),
        changed=tuple(
            RowChange(key, _cell_changes(before[key], cells))
            for key, cells in after.items()
            if key in before and before[key] != cells
        ),
    )


def _content(file: str, text: str | None) -> _Content:
    """A document as rows by their keys; of a file in another's format only that it stands there, and its text."""
    if text is None:
        return {}
    if file in YAML_FILES:
        return {path: {"": value} for path, value in flat(text).items()}
    if file not in _SHEETS:
        return {"the whole file": {"text": text}}
    sheet = _SHEETS[file]
    rows = read_rows(sheet, text, [])
    return (
        {" ".join(row.cells.get(name, "") for name in sheet.key): dict(row.cells) for row in rows.rows} if rows else {}
    )


def _cell_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[CellChange, ...]:
    return tuple(
        CellChange(column, before.get(column, ""), after.get(column, ""))
        for column in dict.fromkeys([*before, *after])
        if column != "text" and before.get(column, "") != after.get(column, "")
    )


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
