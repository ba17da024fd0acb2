"""A file is taken in row by row, each once: taken, duplicate or refused, and the counts add up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from models.case import Case, CaseEvent, IntakeBatch, RefusedRow, Report, Reporter, Similarity
from models.source_mapping import SourceMapping
from models.tables import table_of
from tasks.database import reading
from tasks.intake import CHUNK_ROWS, IntakeReport, take_in
from tasks.intake_errors import FileDamaged, IntakeFileError
from tasks.personal_data import unseal
from tasks.refused_rows import RefusedContent, read_refused
from tests.cities import SMALL_CITY, a_small_city, changed
from tests.source_files import HEADER, MAPPING, a_mapping, a_row, csv_bytes, write_file

NOW = datetime(2019, 5, 5, 4, tzinfo=UTC)
KEY = bytes(32)
CITY = a_small_city()
PLACED = (*HEADER, "类别", "经度", "纬度", "部件", "姓名", "电话")

REPORTS, CASES, REFUSED = table_of(Report), table_of(Case), table_of(RefusedRow)


def take(engine: Engine, path: Path, mapping: SourceMapping | None = None, **options: object) -> IntakeReport:
    return take_in(engine, CITY, KEY, path, mapping or a_mapping(), now=NOW, **options)  # type: ignore[arg-type]


def counts(report: IntakeReport) -> tuple[int, int, int, int, int]:
    return report.rows, report.taken, report.duplicates, report.refused, report.flagged


def how_many(engine: Engine, model: type[Report | Case | RefusedRow | Reporter | Similarity | CaseEvent]) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table_of(model))) or 0


def test_the_same_file_twice_takes_in_nothing(engine: Engine, tmp_path: Path) -> None:
    rows = [a_row(1, 类别="垃圾"), a_row(2), a_row(3, 时间="morgen"), a_row(1)]
    path = write_file(tmp_path / "a.csv", csv_bytes(rows, (*HEADER, "类别")))
    assert counts(take(engine, path)) == (4, 2, 1, 1, 1)
    assert counts(take(engine, path)) == (4, 0, 3, 1, 0)
    assert [how_many(engine, model) for model in (Report, Case, RefusedRow)] == [2, 2, 1]


def test_each_report_has_a_receipt_a_case_and_a_first_event(engine: Engine, tmp_path: Path) -> None:
    take(engine, write_file(tmp_path / "a.csv", csv_bytes([a_row(1), a_row(2)])))
    with reading(engine) as connection:
        reports = connection.execute(select(REPORTS).order_by(REPORTS.c.id)).all()
        receipts = connection.scalars(select(CASES.c.receipt_number).order_by(CASES.c.id)).all()
        batch = connection.execute(select(table_of(IntakeBatch))).one()
    assert [report.receipt_number for report in reports] == ["R20190505000001", "R20190505000002"] == receipts
    assert [report.opened_at for report in reports] == [datetime(2019, 5, 5, 0, tzinfo=UTC)] * 2
    assert all(report.case_id for report in reports)
    assert how_many(engine, CaseEvent) == 2
    assert (batch.name, batch.rows, batch.taken, batch.ended_at) == ("a.csv", 2, 2, NOW)


def test_name_and_phone_are_sealed_and_stand_nowhere_else(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = [a_row(1, 姓名="市民甲", 电话="13800000000"), a_row(2), a_row(3, 电话="13900000000", 时间="?")]
    take(sqlite_engine, write_file(tmp_path / "a.csv", csv_bytes(rows, PLACED)))
    with reading(sqlite_engine) as connection:
        (person,) = connection.execute(select(table_of(Reporter))).all()
        reporters = connection.scalars(select(REPORTS.c.reporter_id).order_by(REPORTS.c.id)).all()
    assert unseal(KEY, person.phone_sealed) == "13800000000"
    assert unseal(KEY, person.name_sealed) == "市民甲"
    assert reporters == [person.id, None]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("zhihui.db*"))
    assert not any(text.encode() in stored for text in ("13800000000", "13900000000", "市民甲"))


def test_a_file_larger_than_a_chunk_is_taken_in_chunk_by_chunk(sqlite_engine: Engine, tmp_path: Path) -> None:
    number = CHUNK_ROWS + 5
    seen: list[int] = []
    path = write_file(tmp_path / "a.csv", csv_bytes(a_row(n % (number - 1)) for n in range(number)))
    report = take(sqlite_engine, path, on_progress=lambda done: seen.append(done.rows))
    assert counts(report) == (number, number - 1, 1, 0, number - 1)
    assert seen == [CHUNK_ROWS, number]


def test_two_who_take_in_the_same_file_at_once_take_each_row_once(engine: Engine, tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", csv_bytes((a_row(n, 类别="垃圾") for n in range(40)), PLACED))
    with ThreadPoolExecutor(2) as pool:
        reports = [one.result() for one in [pool.submit(take, engine, path) for _ in range(2)]]
    assert sum(report.taken for report in reports) == sum(report.duplicates for report in reports) == 40
    assert how_many(engine, Case) == 40


def test_a_file_that_cannot_be_read_leaves_nothing_behind(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(IntakeFileError):
        take(sqlite_engine, write_file(tmp_path / "a.csv", b"\x89PNG"))
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(IntakeBatch))) == 0


def test_rows_before_a_damage_are_taken_and_the_mended_file_completes_them(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    content = csv_bytes(a_row(n, 内容=f"{n * 7919**5:x}" * 4) for n in range(3000))
    path = write_file(tmp_path / "a.csv.gz", content)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(FileDamaged):
        take(sqlite_engine, path)
    before = how_many(sqlite_engine, Report)
    path.write_bytes(whole)
    report = take(sqlite_engine, path)
    assert 1000 < before < 3000
    assert (report.taken, report.duplicates) == (3000 - before, before)


def test_a_report_sees_the_similar_ones_before_it_also_of_its_own_chunk(engine: Engine, tmp_path: Path) -> None:
    here = {"类别": "垃圾", "经度": "113.7", "纬度": "34.4"}
    near, far = here | {"纬度": "34.4003"}, here | {"纬度": "34.41"}
    write_file(tmp_path / "a.csv", csv_bytes([a_row(1, **here)], PLACED))
    write_file(tmp_path / "b.csv", csv_bytes([a_row(2, **near), a_row(3, **far), a_row(4, **here)], PLACED))
    for name in ("a.csv", "b.csv"):
        take(engine, tmp_path / name)
    with reading(engine) as connection:
        ids = {row.case_id: row.source_id for row in connection.execute(select(REPORTS))}
        pairs = connection.execute(select(table_of(Similarity))).all()
    assert {(ids[pair.case_id], ids[pair.candidate_id]) for pair in pairs} == {("A2", "A1"), ("A4", "A1"), ("A4", "A2")}
    assert {round(pair.metres) for pair in pairs} == {33, 0}


def test_a_rule_joins_reports_of_one_component_and_two_covers_stay_two_cases(engine: Engine, tmp_path: Path) -> None:
    mapping = a_mapping(MAPPING.replace("optional:", "  component_code: 部件\noptional:"))
    here = {"类别": "井盖", "经度": "113.7", "纬度": "34.4"}
    rows = [
        a_row(1, 部件="C1", **here),
        a_row(2, 部件="C1", **here),
        a_row(3, 部件="C2", **here | {"纬度": "34.40027"}),
    ]
    take(engine, write_file(tmp_path / "a.csv", csv_bytes(rows, PLACED)), mapping)
    with reading(engine) as connection:
        found = connection.execute(
            select(REPORTS.c.source_id, CASES).join(CASES, CASES.c.id == REPORTS.c.case_id).order_by(REPORTS.c.id)
        ).all()
    assert [row.state for row in found] == ["reported", "merged", "reported"]
    assert found[1].merged_into == found[0].id


def test_a_receipt_may_carry_the_class(sqlite_engine: Engine, tmp_path: Path) -> None:
    pattern = changed("city.yaml", "R{date}{serial:06d}", "{kind}{major}{minor}-{date}-{serial:03d}", SMALL_CITY)
    path = write_file(tmp_path / "a.csv", csv_bytes([a_row(1, 类别="垃圾"), a_row(2)], PLACED))
    take_in(sqlite_engine, a_small_city(pattern), KEY, path, a_mapping(), now=NOW)
    with reading(sqlite_engine) as connection:
        receipts = connection.scalars(select(REPORTS.c.receipt_number).order_by(REPORTS.c.id)).all()
    assert receipts == ["E0101-20190505-001", "-20190505-001"]


def test_a_field_of_ten_megabytes_is_kept_whole_and_costs_its_own_row_only(engine: Engine, tmp_path: Path) -> None:
    long = "x" * 10_000_000
    report = take(engine, write_file(tmp_path / "a.csv", csv_bytes([a_row(1), a_row(2, 内容=long), a_row(3)])))
    assert counts(report) == (3, 2, 0, 1, 2)
    with reading(engine) as connection:
        content = read_refused(connection, KEY, 1)
    assert isinstance(content, RefusedContent)
    assert content.values["内容"] == long


lines = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.builds(lambda number: f"A{number},2019-05-05 08:00:00,x".encode(), st.integers(0, 3)),
        st.sampled_from(
            [b'"', b'A9,"2019', b'x",y', b"\xff\xfe,,", b"=cmd|x,<b>,", "垃圾,垃圾,垃圾".encode("gb18030")]
        ),
    ),
    max_size=12,
)


@pytest.mark.untraced
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), lines.map(lambda rows: b"\n".join([",".join(HEADER).encode(), *rows]))))
def test_any_bytes_are_taken_refused_or_a_clear_error(sqlite_engine: Engine, tmp_path: Path, content: bytes) -> None:
    path = write_file(tmp_path / "any", content)
    try:
        report = take(sqlite_engine, path)
    except IntakeFileError:
        return
    assert report.rows == report.taken + report.duplicates + report.refused
    again = take(sqlite_engine, path)
    assert (again.rows, again.taken) == (report.rows, 0)
