"""What is wrong with the documents of published months: not made, lost or altered, or a folder nobody can write to."""

import os
from pathlib import Path

from sqlalchemy import Connection

from tasks.bulletin_store import faulty_documents, undocumented
from tasks.duty_doctor import Finding


def bulletin_findings(connection: Connection, folder: Path) -> list[Finding]:
    """Each with what it needs to be mended; nothing where no month was published yet. Reads every document."""
    found = []
    if missing := undocumented(connection):
        found.append(Finding("bulletins_missing", {"names": [f"{one.month} v{one.version}" for one in missing]}))
    if lost := faulty_documents(connection, folder):
        names = [f"{each.version.month} v{each.version.version} {kind}" for each in lost for kind in each.kinds]
        found.append(Finding("bulletins_lost", {"names": names, "folder": str(folder)}))
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        found.append(Finding("bulletins_folder", {"folder": str(folder)}))
    return found
