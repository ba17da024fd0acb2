"""The edition in force, written back as the files of a city directory."""

from collections.abc import Mapping
from pathlib import Path

from models.directory.city_builder import FILES, FOLDERS

BOM = "\ufeff"
"""Spreadsheets know UTF-8 by it; reading a directory passes over it."""


class CityFilesInTheWay(Exception):
    """A folder holds files of a city that the edition to be written does not have."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        super().__init__(folder, names)
        self.folder, self.names = folder, names

    def __str__(self) -> str:
        return (
            f"{self.folder} holds {', '.join(self.names)}, which the edition in force does not have; nothing was "
            "written. Move it away, or name another folder."
        )


def write_city(folder: Path, documents: Mapping[str, str]) -> list[str]:
    """Write the documents of an edition as files and return their names; each file is whole at every moment.

    Raises: CityFilesInTheWay, with nothing written.
    """
    there = [name for name in FILES if (folder / name).exists()]
    there += [name + path.name for name in FOLDERS for path in sorted((folder / name).glob("*.yaml"))]
    others = [name for name in there if name not in documents]
    if others:
        raise CityFilesInTheWay(folder, others)
    for name, content in documents.items():
        _write(folder / name, (BOM if name.endswith(".csv") else "") + content)
    return sorted(documents)


def _write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(content, "utf-8", newline="\n")
    beside.replace(file)
