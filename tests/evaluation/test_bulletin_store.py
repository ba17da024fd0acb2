"""Documents of a published month: made once, named by the seal of the day, given back only as they were published."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import docx
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from deployments.command_line import app
from models.city import City
from models.refusal import Refusal
from tasks.bulletin_cases import stored_source
from tasks.bulletin_doctor import bulletin_findings
from tasks.bulletin_store import (
    DocumentUnusable,
    Faulty,
    StoredDocument,
    faulty_documents,
    make_documents,
    mend_documents,
    newest_documents,
    read_document,
    undocumented,
)
from tasks.city_edition import current_city
from tasks.database import open_database, reading, transaction
from tasks.day_seal import DaySeal, day_seal
from tasks.evaluation_course import draft_months, publish_months
from tasks.settings import Settings
from tests.evaluation.test_freezing import MAY, Month
from tests.stored_cases import at
from tests.worlds import World

PUBLISHED = "2019-06-06 09:00"


@pytest.fixture
def month(sqlite_world: World[City]) -> Month:
    return Month(*sqlite_world(published_month))


def published_month(engine: Engine) -> City:
    """May, published on Thursday 6 June."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-08", 1, None, None)
    with transaction(engine) as connection:
        city = current_city(connection)
        assert not isinstance(draft_months(connection, city, at("2019-06-01 02:00")), Refusal)
        assert publish_months(connection, city, at(PUBLISHED)).published
    return told.city


def seal(month: Month, day: str) -> DaySeal | None:
    with reading(month.engine) as connection:
        return day_seal(connection, current_city(connection), date.fromisoformat(day))


def made(month: Month, folder: Path) -> list[StoredDocument]:
    with reading(month.engine) as connection:
        (waiting,) = undocumented(connection)
    return make_documents(month.engine, month.city, folder, waiting, at(PUBLISHED))


def lost(month: Month, folder: Path) -> list[Faulty]:
    with reading(month.engine) as connection:
        return faulty_documents(connection, folder)


def texts_of(content: bytes) -> str:
    file = docx.Document(BytesIO(content))
    feet = (line.text for section in file.sections for line in section.footer.paragraphs)
    return "\n".join([*(line.text for line in file.paragraphs), *feet])


def found_by_doctor(month: Month, folder: Path) -> Mapping[str, object]:
    with reading(month.engine) as connection:
        return {one.code: one.facts.get("names") for one in bulletin_findings(connection, folder)}


def test_the_seal_of_a_day_is_a_hash_over_the_heads_of_all_chains_and_stays_what_it_was(engine: Engine) -> None:
    told = Month(engine)
    assert seal(told, "2019-05-05") is None
    told.cases("2019-05-06", 2, "2019-05-06 09:00", "2019-05-06 10:00")
    with reading(engine) as connection:
        heads = connection.execute(text("SELECT id, events, head_hash FROM cases ORDER BY id")).all()
    lines = "".join(f"case {row.id} {row.events} {row.head_hash}\n" for row in heads)
    sealed = seal(told, "2019-05-06")
    assert sealed == DaySeal(date(2019, 5, 6), sha256(lines.encode()).hexdigest(), 2)
    told.cases("2019-05-07", 1, "2019-05-07 09:00", None)
    told.frozen()
    assert seal(told, "2019-05-06") == sealed
    later = seal(told, "2019-05-31")
    assert later is not None
    assert later.chains == 3
    assert seal(told, "2019-06-01") != replace(later, day=date(2019, 6, 1)), "the frozen month is in it"


def test_the_seal_of_a_day_knows_a_case_that_went_on_afterwards_as_it_then_stood(engine: Engine) -> None:
    told = Month(engine)
    (name,) = told.cases("2019-05-06", 1, None, None)
    sealed = seal(told, "2019-05-06")
    told.does([name], "receive", "lihe-liaison", "2019-05-07 09:00")
    assert seal(told, "2019-05-06") == sealed
    assert seal(told, "2019-05-07") != sealed


def test_documents_name_the_seal_of_the_day_before_their_publication(month: Month, tmp_path: Path) -> None:
    documents = {document.kind: document for document in made(month, tmp_path)}
    sealed = seal(month, "2019-06-05")
    assert sealed is not None
    said = texts_of(read_document(tmp_path, documents["docx"]))
    page = read_document(tmp_path, documents["html"]).decode()
    for told in (said, page):
        assert f"存证日期 2019-06-05　校验值 {sealed.short}" in told
        assert sealed.digest in told


def test_the_command_writes_the_very_documents_that_were_published(settings: Settings, tmp_path: Path) -> None:
    engine = open_database(settings.database_url)
    documents = made(Month(engine, published_month(engine)), settings.bulletins)
    engine.dispose()
    done = CliRunner().invoke(app, ["bulletin", MAY, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    written = {sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir() if path.is_file()}
    assert written == {document.sha256 for document in documents}


def test_a_lost_document_is_made_again_and_put_back_byte_for_byte(month: Month, tmp_path: Path) -> None:
    assert found_by_doctor(month, tmp_path) == {"bulletins_missing": [f"{MAY} v1"]}
    documents = {document.kind: document for document in made(month, tmp_path)}
    assert found_by_doctor(month, tmp_path) == {}
    before = {kind: read_document(tmp_path, document) for kind, document in documents.items()}
    (tmp_path / f"{documents['pdf'].sha256}.pdf").unlink()
    (tmp_path / f"{documents['html'].sha256}.html").write_bytes(b"forged")
    (faulty,) = lost(month, tmp_path)
    assert set(faulty.kinds) == {"html", "pdf"}
    assert found_by_doctor(month, tmp_path) == {"bulletins_lost": [f"{MAY} v1 html", f"{MAY} v1 pdf"]}
    month.cases("2019-06-07", 1, None, None)
    mended = mend_documents(month.engine, month.city, tmp_path, faulty)
    assert (set(mended.back), mended.different) == ({"html", "pdf"}, ())
    assert {kind: read_document(tmp_path, document) for kind, document in documents.items()} == before
    assert lost(month, tmp_path) == []


def test_what_a_newer_program_would_make_is_never_put_in_the_place_of_what_was_published(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {document.kind: document for document in made(month, tmp_path)}
    for document in documents.values():
        (tmp_path / f"{document.sha256}.{document.kind}").unlink()
    monkeypatch.setattr("tasks.bulletin.bulletin_pdf", lambda _bulletin: b"%PDF of another program")
    (faulty,) = lost(month, tmp_path)
    mended = mend_documents(month.engine, month.city, tmp_path, faulty)
    assert mended.different == ("pdf",)
    with pytest.raises(DocumentUnusable, match="backup"):
        read_document(tmp_path, documents["pdf"])
    assert not [path for path in tmp_path.iterdir() if b"another program" in path.read_bytes()]


def test_a_later_version_of_an_earlier_month_changes_no_document_of_this_one(month: Month) -> None:
    with transaction(month.engine) as connection:
        assert not isinstance(draft_months(connection, month.city, at("2019-07-01 02:00")), Refusal)
        june = stored_source(connection, month.city, "2019-06")
    month.does(["E0101201905080001"], "receive", "lihe-liaison", "2019-07-01 09:00")
    month.does(["E0101201905080001"], "report_handled", "lihe-liaison", "2019-07-01 10:00")
    with transaction(month.engine) as connection:
        (again,) = draft_months(connection, month.city, at("2019-07-02 02:00"), month=MAY)  # type: ignore[misc]
        assert again.version == 2
        assert stored_source(connection, month.city, "2019-06") == june


def test_a_month_that_is_not_published_has_no_documents(sqlite_engine: Engine) -> None:
    told = Month(sqlite_engine)
    told.frozen()
    with reading(sqlite_engine) as connection:
        assert undocumented(connection) == []
        assert newest_documents(connection, MAY) == {}
        source = stored_source(connection, told.city, MAY)
    assert source is not None
    assert source.seal is None
