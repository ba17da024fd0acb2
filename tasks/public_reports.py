"""A citizen's own report becomes a report like all others: judged, sealed, numbered, its case opened.

Its source is `citizen`. Whether such reports are trusted is for the city's sources and policy to say; shipped ones are
not, so an acceptor looks at each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from models.case import IntakeBatch, Report
from models.city import City
from models.mapped_report import MappedReport, read_report
from models.picture import OfReport, PictureKind
from models.refusal import Refusal
from models.source_mapping import ClassChoice, SourceMapping
from models.tables import table_of
from tasks.numbers import NumberSeries
from tasks.picture_store import StoredPicture
from tasks.pictures import Handed, add_pictures
from tasks.public_classes import subclass_called
from tasks.reports import write_reports

REPORTS, BATCHES = table_of(Report), table_of(IntakeBatch)

SOURCE = "citizen"
ORIGIN = "desk"
PUBLIC = "public"
"""Who acts, where a citizen does: never a name."""

CLASS_WORDS = "类别"
"""How the description calls the citizen's own words for a class the catalogue does not have."""

FIELDS = ("description", "place", "area", "longitude", "latitude")


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that lies in the database: its receipt number, and whether this very form had brought it before."""

    receipt: str
    already: bool


def public_report(city: City, form: str, values: Mapping[str, str], now: datetime) -> MappedReport | Refusal:
    """The report a form holds, by the same rules as one from a file; `form` is what makes it the same report.

    `class` is a subclass's code or name, or the citizen's own words for it: these go to the acceptor with the
    description. Nobody asks a citizen for a filing condition: the only one of a subclass is taken, of several the
    acceptor chooses.
    """
    texts = {name: values.get(name, "") for name in (*FIELDS, "name", "phone")}
    # A form's text that says "nothing" in a file's way is still what the citizen typed.
    return read_report(
        _mapping(city, values.get("class", "")),
        {**texts, CLASS_WORDS: values.get("class", ""), "source_id": form, "opened_at": now.isoformat()},
        city,
        now,
    )


def _mapping(city: City, words: str) -> SourceMapping:
    known = " ".join(words.split())
    named = city.catalogue.subclasses.get(known) or subclass_called(city.catalogue, words)
    return SourceMapping(
        source=SOURCE,
        columns={name: (name,) for name in (*FIELDS, "source_id", "opened_at")} | {"class": (CLASS_WORDS,)},
        zone=city.zone,
        classes={known: ClassChoice(named.code, named.only_condition)} if named else {},
        name_column="name",
        phone_column="phone",
    )


def receipt_of(connection: Connection, form: str) -> str | None:
    """The receipt of the report a form brought, if it did."""
    brought = select(REPORTS.c.receipt_number).where(REPORTS.c.source == SOURCE, REPORTS.c.source_id == form)
    receipt: str | None = connection.scalar(brought)
    return receipt


def take_public_report(
    connection: Connection,
    city: City,
    key: bytes,
    report: MappedReport,
    stored: Sequence[StoredPicture],
    now: datetime,
) -> Taken | Refusal:
    """Writes a report with its pictures and opens its case, all in the caller's transaction; the same form once.

    A refusal (pictures that are too much) comes after the report was written: the caller rolls back.
    """
    # Whoever gives numbers is alone, so what is not known now is known to nobody.
    NumberSeries(connection).lock()
    known = receipt_of(connection, report.source_id)
    if known is not None:
        return Taken(known, already=True)
    write_reports(connection, city, key, [report], batch_id=_batch(connection, now), now=now, flow_run_id=None)
    written = select(REPORTS.c.id, REPORTS.c.receipt_number)
    row = connection.execute(written.where(REPORTS.c.source == SOURCE, REPORTS.c.source_id == report.source_id)).one()
    if stored:
        handed = Handed(PictureKind.BEFORE, PUBLIC, ORIGIN)
        digests = add_pictures(connection, stored, OfReport(row.id), handed, now)
        if isinstance(digests, Refusal):
            return digests
    return Taken(row.receipt_number, already=False)


def _batch(connection: Connection, now: datetime) -> int:
    """The batch of one report: what came, when, and what became of it."""
    counts = {"rows": 1, "taken": 1, "duplicates": 0, "refused": 0}
    values = {"source": SOURCE, "name": ORIGIN, "started_at": now, "ended_at": now, **counts}
    return int(connection.execute(insert(BATCHES).values(values).returning(BATCHES.c.id)).scalar_one())
