"""Read, judge and build a city from its directory of CSV and YAML files."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from threading import Lock

from models.city import City
from models.directory.city_builder import FILES, FOLDERS, NO_FOLDER, DirectoryFiles, build_city
from models.directory.edition import edition_digest
from models.directory.encoding import decode
from models.directory.fault import DirectoryFaulty, Fault, Severity, suggestion

__all__ = [
    "DirectoryFaulty",
    "DirectoryFiles",
    "Fault",
    "Severity",
    "build_city",
    "check_directory",
    "city_from_documents",
    "kept_city",
    "read_directory",
]

_LARGEST_FILE = 20_000_000
"""Bytes; the largest file of a real city is far below one million."""
_MOST_KEPT = 16
_kept: dict[str, City] = {}
_keeping = Lock()


def read_directory(folder: Path) -> DirectoryFiles:
    """Every file of a city directory as normalised text; what cannot be read is a fault."""
    documents: dict[str, str] = {}
    try:
        files, faults = _files(folder), _strays(folder)
    except OSError as error:
        remedy = "Name the folder that holds city.yaml and the other files of the city."
        problem = f"the folder {folder} cannot be read: {error.strerror}."
        return DirectoryFiles({}, (Fault(NO_FOLDER, None, None, str(folder), problem, remedy),))
    for name, path in files.items():
        found = _read(name, path)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            documents[name] = found
    return DirectoryFiles(documents, tuple(faults))


def check_directory(folder: Path, today: date | None = None) -> list[Fault]:
    """All that is wrong with a city directory; with `today` also what is wrong on that day.

    Then units and posts that do not exist are faults, and so is a calendar that ends before a limit does.
    """
    return build_city(read_directory(folder), today)[1]


def city_from_documents(documents: Mapping[str, str]) -> City:
    """The city of these normalised documents, kept for the next call with the same ones.

    Raises: DirectoryFaulty with every fault.
    """
    kept = kept_city(edition_digest(documents))
    if kept is not None:
        return kept
    city, faults = build_city(DirectoryFiles(documents))
    if city is None:
        raise DirectoryFaulty(faults)
    with _keeping:
        _kept[city.edition] = city
        while len(_kept) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return city


def kept_city(edition: str) -> City | None:
    """The city of this digest, if this process has built it lately."""
    return _kept.get(edition)


def _files(folder: Path) -> dict[str, Path]:
    """The files of a city that are there, the mappings of its own sources and its own schemes."""
    found = {name: folder / name for name in FILES if (folder / name).exists()}
    for name in FOLDERS:
        found |= {name + path.name: path for path in sorted((folder / name).glob("*.yaml"))}
    return found


def _strays(folder: Path) -> list[Fault]:
    """Files that look like a city's but have another name, so that nobody believes they were read."""
    names = sorted(path.name for path in folder.iterdir())
    return [
        Fault(
            name,
            None,
            None,
            name,
            "no file of a city is called so; it is not read.",
            suggestion(name, FILES),
            Severity.WARNING,
        )
        for name in names
        # A spreadsheet's lock files begin with a dot or a tilde.
        if name not in FILES and name.endswith((".csv", ".yaml", ".yml", ".xlsx", ".xls")) and name[0] not in ".~"
    ]


def _read(name: str, path: Path) -> str | Fault:
    remedy = "Put a text file that this program may read in its place."
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return Fault(name, None, None, "", f"the file is larger than {_LARGEST_FILE:,} bytes.", remedy)
        return decode(name, path.read_bytes())
    except OSError as error:
        return Fault(name, None, None, "", f"the file cannot be read: {error.strerror}.", remedy)
