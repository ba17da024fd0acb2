"""The documents of published months: made once, kept under their digest, and given to whoever may read the month."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, and_, func, insert, select

from models.city import City
from models.evaluation import EvaluationDocument
from models.tables import table_of
from tasks.bulletin import KINDS, bulletin, file_name
from tasks.bulletin_cases import stored_source
from tasks.database import reading, transaction
from tasks.evaluations import PUBLICATIONS, VERSIONS
from tasks.words import Language

DOCUMENTS = table_of(EvaluationDocument)

LANGUAGE: Language = "zh"
"""Of what is kept; `zhihui bulletin --language en` gives the English one."""


class DocumentUnusable(Exception):
    """The bytes of a document are gone, are not what was published, or cannot be written."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document of a version. `size` in bytes."""

    month: str
    version: int
    kind: str
    sha256: str
    size: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Undocumented:
    """A published version whose documents are not all made."""

    version_id: int
    month: str
    version: int


def undocumented(connection: Connection) -> list[Undocumented]:
    """Published versions without all of their documents, the oldest first: what a run that was killed left too."""
    made = select(DOCUMENTS.c.version_id, func.count().label("documents")).group_by(DOCUMENTS.c.version_id).subquery()
    wanted = (
        select(VERSIONS.c.id, VERSIONS.c.month, VERSIONS.c.version)
        .join(PUBLICATIONS, PUBLICATIONS.c.version_id == VERSIONS.c.id)
        .join(made, made.c.version_id == VERSIONS.c.id, isouter=True)
        .where(func.coalesce(made.c.documents, 0) < len(KINDS))
        .order_by(VERSIONS.c.id)
    )
    return [Undocumented(*row) for row in connection.execute(wanted)]


@dataclass(frozen=True, slots=True)
class Faulty:
    """A published version some of whose documents are gone, or are not what was published."""

    version: Undocumented
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of the lost documents of a version."""

    month: str
    version: int
    back: tuple[str, ...]
    """Made again, byte for byte what was published, and put back."""
    different: tuple[str, ...]
    """Today's program, or what was corrected since, makes others: not kept and never given. Only a backup has them."""


def make_documents(
    engine: Engine, city: City, folder: Path, version: Undocumented, now: datetime
) -> list[StoredDocument]:
    """Make the documents of a version and keep them; those that are there already stay as they are.

    Files first, then their rows in one transaction: a run killed between leaves files nobody names, and the next one
    makes them again. Takes some seconds and holds no connection meanwhile.
    Raises: DocumentUnusable where the folder cannot be written to.
    """
    contents = _made(engine, city, version)
    for kind, content in contents.items():
        _keep(folder, kind, content)
    with transaction(engine) as connection:
        there = {document.kind for document in documents_of(connection, version)}
        rows = [_row(version, kind, content, now) for kind, content in contents.items() if kind not in there]
        if rows:
            connection.execute(insert(DOCUMENTS), rows)
        return documents_of(connection, version)


def faulty_documents(connection: Connection, folder: Path) -> list[Faulty]:
    """Every version with a document that is gone or altered, the oldest first. Reads every file."""
    wanted = (
        select(VERSIONS.c.id, VERSIONS.c.month, VERSIONS.c.version)
        .where(select(DOCUMENTS.c.id).where(DOCUMENTS.c.version_id == VERSIONS.c.id).exists())
        .order_by(VERSIONS.c.id)
    )
    found = []
    for row in connection.execute(wanted).all():
        version = Undocumented(*row)
        kinds = tuple(each.kind for each in documents_of(connection, version) if not _is_there(folder, each))
        if kinds:
            found.append(Faulty(version, kinds))
    return found


def mend_documents(engine: Engine, city: City, folder: Path, lost: Faulty) -> Mended:
    """Make the lost documents of a version again; only what is byte for byte what was published is put back.

    Raises: DocumentUnusable where the folder cannot be written to.
    """
    contents = _made(engine, city, lost.version)
    with reading(engine) as connection:
        published = {document.kind: document for document in documents_of(connection, lost.version)}
    same = [kind for kind in lost.kinds if sha256(contents[kind]).hexdigest() == published[kind].sha256]
    for kind in same:
        _keep(folder, kind, contents[kind])
    different = tuple(kind for kind in lost.kinds if kind not in same)
    return Mended(lost.version.month, lost.version.version, tuple(same), different)


def documents_of(connection: Connection, version: Undocumented) -> list[StoredDocument]:
    """The documents of a version, in the order of their kinds."""
    order = list(KINDS)
    rows = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.version_id == version.version_id))
    found = [
        StoredDocument(version.month, version.version, row.kind, row.sha256, row.size, row.made_at) for row in rows
    ]
    return sorted(found, key=lambda document: order.index(document.kind))


def newest_documents(connection: Connection, month: str) -> Mapping[str, StoredDocument]:
    """By kind, the documents of the newest published version of a month that has any."""
    with_any = and_(PUBLICATIONS.c.version_id == VERSIONS.c.id, DOCUMENTS.c.version_id == VERSIONS.c.id)
    newest = (
        select(func.max(VERSIONS.c.version))
        .select_from(VERSIONS)
        .join(PUBLICATIONS, PUBLICATIONS.c.version_id == VERSIONS.c.id)
        .join(DOCUMENTS, with_any)
        .where(VERSIONS.c.month == month)
        .scalar_subquery()
    )
    wanted = (
        select(DOCUMENTS, VERSIONS.c.version)
        .join(VERSIONS, VERSIONS.c.id == DOCUMENTS.c.version_id)
        .where(VERSIONS.c.month == month, VERSIONS.c.version == newest)
    )
    found = {row.kind: row for row in connection.execute(wanted)}
    return {
        kind: StoredDocument(month, row.version, kind, row.sha256, row.size, row.made_at)
        for kind in KINDS
        if (row := found.get(kind)) is not None
    }


def read_document(folder: Path, document: StoredDocument) -> bytes:
    """The bytes of a document, as they were published.

    Raises: DocumentUnusable where they are gone or altered; nothing else is ever given in their place.
    """
    path = _path(folder, document.kind, document.sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentUnusable(
            f"The {document.kind} of {document.month}, version {document.version}, cannot be read from {folder} "
            f"({error.strerror}). Put {path.name} back from your backup."
        ) from error
    if sha256(content).hexdigest() != document.sha256:
        raise DocumentUnusable(
            f"{path.name} in {folder} is not what was published of {document.month}, version {document.version}. "
            "Put it back from your backup."
        )
    return content


def _made(engine: Engine, city: City, version: Undocumented) -> dict[str, bytes]:
    """The documents of a published version by kind, made now."""
    with reading(engine) as connection:
        source = stored_source(connection, city, version.month, version.version)
    if source is None:
        raise LookupError(f"{version.month} has no version {version.version}.")
    result = source.version.result
    rules = city.evaluation
    made = bulletin(
        result,
        source.previous,
        LANGUAGE,
        cases=source.cases,
        issuer=rules.issuer,
        number=rules.document_number,
        seal=source.seal,
    )
    return {kind: made[file_name(result, LANGUAGE, kind)] for kind in KINDS}


def _is_there(folder: Path, document: StoredDocument) -> bool:
    try:
        read_document(folder, document)
    except DocumentUnusable:
        return False
    return True


def _keep(folder: Path, kind: str, content: bytes) -> None:
    """Under another name first, then moved: nobody ever finds half a document under a digest."""
    path = _path(folder, kind, sha256(content).hexdigest())
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise DocumentUnusable(
            f"A bulletin cannot be written to {folder} ({error.strerror}). See ZHIHUI_BULLETINS and its permissions."
        ) from error


def _path(folder: Path, kind: str, digest: str) -> Path:
    return folder / f"{digest}.{kind}"


def _row(version: Undocumented, kind: str, content: bytes, now: datetime) -> dict[str, object]:
    digest = sha256(content).hexdigest()
    return {"version_id": version.version_id, "kind": kind, "sha256": digest, "size": len(content), "made_at": now}
