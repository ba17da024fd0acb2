"""Folders into which others put files for us: which of them are whole, and where they go once they were read."""

from contextlib import suppress
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from tasks.intake_errors import FileFromFuture

SETTLED_SECONDS = 5.0
"""A file that was changed less long ago may still be written."""

DONE, FAILED = "done", "failed"

_UNFINISHED = (".part", ".tmp", ".crdownload")
_PASSED_OVER = (".", "~$")
"""Beginnings of names that spreadsheets and file managers give to their own files."""


def files_in(folder: Path, root_source: str) -> list[tuple[str, Path]]:
    """Source and path of the files of a drop folder, source by source, in the order of their names.

    Files in the folder itself are of `root_source`, those in a folder below it of the source it is named after.
    """
    places = [folder, *sorted(path for path in folder.glob("*") if path.is_dir() and path.name not in (DONE, FAILED))]
    return [
        (root_source if place == folder else place.name, path)
        for place in places
        for path in sorted(place.glob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not path.name.startswith(_PASSED_OVER)
        and not path.name.endswith(_UNFINISHED)
    ]


def is_complete(path: Path, now: datetime) -> bool:
    """Whether nobody has written to a file for a while.

    Raises: FileFromFuture where that cannot be told.
    """
    age_seconds = now.timestamp() - path.stat().st_mtime
    if age_seconds < -SETTLED_SECONDS:
        raise FileFromFuture(file=path.name)
    return age_seconds >= SETTLED_SECONDS


def put_aside(path: Path, where: str, reason: str | None = None) -> None:
    """Move a file into a folder beside it, under a name that is free there, its reason first."""
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    stem, dot, suffixes = path.name.partition(".")
    names = chain([path.name], (f"{stem}-{number}{dot}{suffixes}" for number in count(2)))
    target = next(folder / name for name in names if not (folder / name).exists())
    if reason is not None:
        (folder / f"{target.name}.reason.txt").write_text(reason + "\n", "utf-8")
    with suppress(FileNotFoundError):  # another visit was faster
        path.rename(target)
