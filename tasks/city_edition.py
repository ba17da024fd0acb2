"""Load a city directory into the database as an edition, and read editions back as cities.

Errors: CityEditionError <- NoCityLoaded, EditionUnknown, EditionDamaged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects import postgresql

from models.city import City
from models.city_change import FileChange, OpenCase, changes_between
from models.city_edition import CityDocument, CityEdition
from models.directory.edition import edition_digest, manifest_of
from models.vocabulary import ENDED
from tasks.case_store import CASES, table
from tasks.database import is_postgres
from tasks.directory import DirectoryFaulty, DirectoryFiles, Severity, city_from_documents, kept_city

DOCUMENTS, EDITIONS = table(CityDocument), table(CityEdition)

_IN_FORCE = f"SELECT digest FROM {EDITIONS.name} ORDER BY id DESC LIMIT 1"  # noqa: S608 - our own table
"""Asked by every page and every visit, so it is not built anew each time."""


class CityEditionError(Exception):
    """An edition of a city that cannot be given."""


class NoCityLoaded(CityEditionError):
    """The database holds no city yet."""

    def __str__(self) -> str:
        return "No city is loaded into this database. Load one: zhihui city load DIR."


class EditionUnknown(CityEditionError):
    """A digest of which the database holds no edition."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest

    def __str__(self) -> str:
        return (
            f"This database holds no edition {self.digest} of a city directory. Look into the table city_edition, or "
            "load that directory again: the same content has the same digest."
        )


class EditionDamaged(CityEditionError):
    """Documents in the database that no longer have the digest under which they were kept."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest

    def __str__(self) -> str:
        return (
            f"The documents of edition {self.digest} were altered or removed in the database: their digest is another "
            "one. Restore the tables city_document and city_edition from a backup."
        )


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading a directory did."""

    edition: str
    before: str | None
    """The edition in force until then; None in an empty database."""
    changes: tuple[FileChange, ...]
    calendar_changed: bool = False

    @property
    def loaded(self) -> bool:
        """Whether a new edition was written; loading the one in force changes nothing."""
        return self.edition != self.before

    def __str__(self) -> str:
        if not self.loaded:
            return f"Edition {self.edition[:12]} is in force already; nothing changed."
        if self.before is None:
            return f"Edition {self.edition[:12]} is loaded, the first of this database."
        lines = [f"Edition {self.edition[:12]} replaces {self.before[:12]}.", *map(str, self.changes)]
        if self.calendar_changed:
            lines.append("The work calendar changed: deadlines of open cases are computed anew.")
        return "\n".join(lines)


def load_city(connection: Connection, files: DirectoryFiles, now: datetime, by: str) -> LoadReport:
    """Put an edition in force, inside the caller's transaction; the edition in force already changes nothing.

    Raises: DirectoryFaulty with every fault; nothing is written then.
    """
    if any(fault.severity is Severity.ERROR for fault in files.faults):
        raise DirectoryFaulty(files.faults)
    city = city_from_documents(files.documents)
    before = current_edition(connection)
    if before == city.edition:
        return LoadReport(city.edition, before, ())
    _write_documents(connection, files.documents)
    connection.execute(
        insert(EDITIONS).values(
            digest=city.edition,
            city_code=city.code,
            loaded_at=now,
            loaded_by=by,
            manifest=manifest_of(files.documents),
        )
    )
    if before is None:
        return LoadReport(city.edition, None, ())
    old = documents_of_edition(connection, before)
    return LoadReport(
        city.edition,
        before,
        tuple(changes_between(old, files.documents)),
        _calendar_edition(old) != city.calendar_edition,
    )


def current_city(connection: Connection) -> City:
    """The city by the edition in force.

    Raises: NoCityLoaded, EditionDamaged.
    """
    digest = current_edition(connection)
    if digest is None:
        raise NoCityLoaded
    return city_of_edition(connection, digest)


def city_of_edition(connection: Connection, edition: str) -> City:
    """The city as an edition described it, also one no longer in force; kept by its digest.

    Raises: EditionUnknown, EditionDamaged.
    """
    kept = kept_city(edition)
    return kept if kept is not None else city_from_documents(documents_of_edition(connection, edition))


def current_edition(connection: Connection) -> str | None:
    """The digest of the edition in force, or None in an empty database."""
    digest: str | None = connection.exec_driver_sql(_IN_FORCE).scalar()
    return digest


def documents_of_edition(connection: Connection, edition: str) -> dict[str, str]:
    """The documents of an edition by file name.

    Raises: EditionUnknown; EditionDamaged when they do not add up to its digest.
    """
    manifest = connection.scalar(select(EDITIONS.c.manifest).where(EDITIONS.c.digest == edition).limit(1))
    if manifest is None:
        raise EditionUnknown(edition)
    found = connection.execute(
        select(DOCUMENTS.c.digest, DOCUMENTS.c.content).where(DOCUMENTS.c.digest.in_(manifest.values()))
    )
    contents = {digest: content for digest, content in found}
    documents = {name: contents[digest] for name, digest in manifest.items() if digest in contents}
    if edition_digest(documents) != edition:
        raise EditionDamaged(edition)
    return documents


def open_cases(connection: Connection) -> list[OpenCase]:
    """Every case that is not at its end, as far as the responsibility for it depends on the directory."""
    columns = (CASES.c.number, CASES.c.receipt_number, CASES.c.class_code, CASES.c.area, CASES.c.unit)
    rows = connection.execute(select(*columns).where(CASES.c.state.not_in(ENDED)).order_by(CASES.c.id))
    return [OpenCase(row.number or row.receipt_number, row.class_code, row.area, row.unit) for row in rows]


def _calendar_edition(documents: Mapping[str, str]) -> str | None:
    """The calendar of an edition; None where an older program took in what today's rules refuse."""
    try:
        return city_from_documents(documents).calendar_edition
    except DirectoryFaulty:
        return None


def _write_documents(connection: Connection, documents: Mapping[str, str]) -> None:
    rows = {
        digest: {"digest": digest, "name": name, "content": documents[name]}
        for name, digest in manifest_of(documents).items()
    }
    there = set(connection.scalars(select(DOCUMENTS.c.digest).where(DOCUMENTS.c.digest.in_(rows))))
    missing = [row for digest, row in rows.items() if digest not in there]
    if not missing:
        return
    if is_postgres(connection):  # another process may write the same document at this moment; on SQLite none can
        connection.execute(postgresql.insert(DOCUMENTS).on_conflict_do_nothing(), missing)
    else:
        connection.execute(insert(DOCUMENTS), missing)
