"""What programs post and ask for: read with every fault named, taken in once, found by an index."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from models.case import IntakeBatch
from models.city import City
from models.open311_key import Open311Key
from models.refusal import Refusal
from models.tables import table_of
from models.vocabulary import State
from tasks.case_store import CASES
from tasks.database import reading, transaction
from tasks.open311_keys import KEYS, all_keys, digest_of, issue_key, program_of, revoke_key
from tasks.open311_reading import MOST_FIELDS, Posted, fields_of, read_posted
from tasks.open311_reports import SAME_WITHIN_MINUTES, take_request
from tasks.open311_requests import Wanted, _statement, find_requests, read_wanted
from tasks.personal_data import unseal
from tasks.reports import REPORTERS, REPORTS
from tests.cities import a_small_city
from tests.stored_cases import a_loaded_city, at, reports_taken_in, rows_of

KEY, NOW = b"k" * 32, at("2019-05-06 10:00")
FORM = "application/x-www-form-urlencoded"
SMOKE = {"service_code": "E0110", "lat": "34.39561", "long": "113.74021"}


def read(**changes: str) -> Posted | list[Refusal]:
    fields = {name: (value,) for name, value in (SMOKE | changes).items() if value}
    found = read_posted(fields, a_small_city())
    return found if isinstance(found, Posted) else list(found)


def posted(**changes: str) -> Posted:
    found = read(**changes)
    assert isinstance(found, Posted), found
    return found


def faults(**changes: str) -> list[str]:
    found = read(**changes)
    assert not isinstance(found, Posted), found
    return [fault.code for fault in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"service_code": ""}, ["service_code_missing"]),
        ({"service_code": "E9999"}, ["unknown_service"]),
        ({"service_code": "'; DROP TABLE cases; --"}, ["unknown_service"]),
        ({"lat": "", "long": ""}, ["location_missing"]),
        ({"lat": ""}, ["position_unreadable"]),
        ({"lat": "north"}, ["position_unreadable"]),
        ({"lat": "nan"}, ["position_unreadable"]),
        ({"lat": "inf"}, ["position_unreadable"]),
        ({"lat": "91"}, ["position_unreadable"]),
        ({"lat": "0", "long": "0"}, ["position_unreadable"]),
        ({"address_id": "410185"}, ["unknown_address"]),
        ({"attribute[area]": "999"}, ["unknown_address"]),
        ({"attribute[condition]": "7"}, ["unknown_condition"]),
        ({"attribute[colour]": "red"}, ["unknown_attribute"]),
        ({"attribute": "red"}, ["unknown_attribute"]),
        ({"description": "字" * 4001}, ["too_long"]),
        ({"address_string": "路" * 201}, ["too_long"]),
        ({"media_url": "file:///etc/passwd"}, ["media_url_unreadable"]),
        ({"media_url": "https://"}, ["media_url_unreadable"]),
        ({"phone": "<script>"}, ["phone_unreadable"]),
        ({"service_code": "X", "lat": "x", "phone": "y"},
         ["unknown_service", "position_unreadable", "phone_unreadable"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_all_at_once(changes: dict[str, str], expected: list[str]) -> None:
    assert faults(**changes) == expected


def test_a_whole_request_becomes_a_report_of_its_source() -> None:
    found = posted(
        **{"attribute[area]": "410184101", "attribute[condition][]": "1", "description": "油烟\r\n\x00直排\u202e"},
        media_url="https://pictures.example/1.jpg", first_name="晓", last_name="王", phone="+86 138-0000-0000",
    )  # fmt: skip
    report = found.as_report("id", NOW)
    assert (report.source, report.source_id, report.opened_at, report.flags) == ("open311", "id", NOW, ())
    assert (report.class_code, report.condition_no, report.area) == ("E0110", 1, "410184101")
    assert (report.latitude, report.longitude) == (34.39561, 113.74021)
    assert report.description == "油烟\n直排\n[media_url: https://pictures.example/1.jpg]"
    assert report.place == "经纬度 113.740210, 34.395610"
    assert (report.reporter_name, report.reporter_phone) == ("王晓", "+86 138-0000-0000")
    for private in ("王晓", "138-0000"):
        assert private not in repr(found)


@pytest.mark.parametrize(
    ("changes", "place", "area"),
    [
        ({"lat": "", "long": "", "address_string": "新华路口 13800138000"}, "新华路口 ●●●", None),
        ({"lat": "", "long": "", "address_id": "410184101001"}, "梨河村", "410184101001"),
        ({"address_id": "410184101", "address_string": "路口"}, "路口", "410184101"),
    ],
)
def test_a_place_in_words_or_by_code_is_one_too(changes: dict[str, str], place: str, area: str | None) -> None:
    found = posted(**changes)
    assert (found.place, found.area) == (place, area)


def test_the_condition_is_taken_where_there_is_but_one_and_else_left_to_a_person() -> None:
    assert posted().condition_no == 1
    assert posted(service_code="E0101").condition_no is None
    assert posted(service_code="E0101", **{"attribute[condition]": "2"}).condition_no == 2
    assert posted(first_name="Ada", last_name="Lovelace").reporter_name == "Ada Lovelace"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff=1", FORM),
        (b"a=%ff", FORM),
        (b"&".join(b"f%d=1" % n for n in range(MOST_FIELDS + 1)), FORM),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    assert fields_of(body, kind) == Refusal("not_a_form")


def test_empty_fields_are_none_and_the_first_of_two_counts() -> None:
    body = b"a=&b=%E8%B7%AF&b=2&c=+"
    assert fields_of(body, FORM + "; charset=utf-8") == {"b": ("路", "2")}


def take(engine: Engine, city: City, minutes: int = 0, program: str = "随手拍", **changes: str) -> str:
    with transaction(engine) as connection:
        return take_request(connection, city, KEY, program, posted(**changes), NOW + timedelta(minutes=minutes))


def test_a_request_is_a_report_with_its_case_and_a_sealed_reporter(engine: Engine) -> None:
    city = a_loaded_city(engine)
    receipt = take(engine, city, phone="13800000000", last_name="王")
    assert receipt == "R20190506000001"
    report, reporter = rows_of(engine, select(REPORTS))[0], rows_of(engine, select(REPORTERS))[0]
    case, batch = rows_of(engine, select(CASES))[0], rows_of(engine, select(table_of(IntakeBatch)))[0]
    assert (case.receipt_number, case.state, case.source) == (receipt, State.REPORTED.value, "open311")
    assert (case.next_wake_at, report.case_id) == (NOW, case.id)
    assert unseal(KEY, reporter.phone_sealed) == "13800000000"
    assert (batch.source, batch.name, batch.rows, batch.taken, batch.ended_at) == ("open311", "随手拍", 1, 1, NOW)
    assert "13800000000" not in f"{report}{case}{batch}"


def test_the_same_within_ten_minutes_is_one_and_anything_else_is_another(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    first = take(sqlite_engine, city)
    assert take(sqlite_engine, city) == first
    assert take(sqlite_engine, city, minutes=SAME_WITHIN_MINUTES) == first
    others = [
        take(sqlite_engine, city, description="还在冒"),
        take(sqlite_engine, city, device_id="tablet-7"),
        take(sqlite_engine, city, account_id="tablet-7"),
        take(sqlite_engine, city, program="另一程序"),
        take(sqlite_engine, city, minutes=SAME_WITHIN_MINUTES + 1),
    ]
    assert len({first, *others}) == 6
    assert rows_of(sqlite_engine, select(func.count()).select_from(REPORTS))[0][0] == 6


def test_a_key_is_shown_once_and_kept_as_a_digest(engine: Engine) -> None:
    with transaction(engine) as connection:
        key = issue_key(connection, " 随手拍 ", "admin", NOW)
        assert isinstance(key, str)
        assert program_of(connection, key) == "随手拍"
        assert [program_of(connection, wrong) for wrong in ("", key[:-1], key + "x", digest_of(key), "x" * 10**6)] == [
            None
        ] * 5
        assert issue_key(connection, "随手拍", "admin", NOW) == Refusal("key_name_taken", {"name": "随手拍"})
        assert isinstance(issue_key(connection, "\n", "admin", NOW), Refusal)
        assert isinstance(issue_key(connection, "名" * 61, "admin", NOW), Refusal)
    assert key not in str(rows_of(engine, select(KEYS)))
    with transaction(engine) as connection:
        assert revoke_key(connection, "随手拍", "admin", NOW)
        assert not revoke_key(connection, "随手拍", "admin", NOW)
        assert program_of(connection, key) is None
        assert isinstance(issue_key(connection, "随手拍", "admin", NOW), str)
        assert [(row.name, row.revoked_at) for row in all_keys(connection)] == [("随手拍", NOW), ("随手拍", None)]


def test_no_two_keys_of_one_name_are_in_force_whatever_a_program_tries(engine: Engine) -> None:
    row = {"name": "随手拍", "issued_at": NOW, "issued_by": "admin", "revoked_by": ""}
    table = table_of(Open311Key)
    with pytest.raises(IntegrityError), transaction(engine) as connection:
        connection.execute(table.insert(), [row | {"digest": "1"}, row | {"digest": "2"}])


def wanted(**asked: Any) -> Wanted | list[str]:
    told = {"ids": (), "codes": (), "status": (), "start": None, "end": None} | asked
    found = read_wanted(**told, now=NOW)
    return found if isinstance(found, Wanted) else [fault.code for fault in found]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"status": ["open,late"]}, ["unknown_status"]),
        ({"ids": [",".join(map(str, range(51)))]}, ["too_many"]),
        ({"codes": [",".join(map(str, range(101)))]}, ["too_many"]),
        ({"start": "2019-05-06"}, ["date_unreadable"]),
        ({"start": "2019-05-06T00:00:00"}, ["date_unreadable"]),
        ({"end": "yesterday"}, ["date_unreadable"]),
        ({"start": "0001-01-01T00:00:00+14:00"}, ["date_unreadable"]),
        ({"end": "9999-12-31T23:59:59-14:00"}, ["date_unreadable"]),
        ({"start": "2019-05-06T00:00:00Z", "end": "2019-05-05T00:00:00Z"}, ["end_before_start"]),
        ({"start": "2019-01-01T00:00:00Z", "end": "2019-04-02T00:00:01Z"}, ["span_too_long"]),
        ({"status": ["x"], "start": "y"}, ["unknown_status", "date_unreadable"]),
    ],
)
def test_arguments_that_cannot_be_are_named(asked: dict[str, Any], expected: list[str]) -> None:
    assert wanted(**asked) == expected


def test_times_default_to_ninety_days() -> None:
    def span(**asked: Any) -> tuple[Any, Any]:
        found = wanted(**asked)
        assert isinstance(found, Wanted)
        return found.start, found.end

    day, ninety = at("2019-03-01 08:00"), timedelta(days=90)
    assert span() == (NOW - ninety, None)
    assert span(start="2019-03-01T08:00:00+08:00") == (day, day + ninety)
    assert span(start="2019-03-01T08:00:00 08:00") == (day, day + ninety)
    assert span(end="2019-03-01T00:00:00Z") == (day - ninety, day)
    assert wanted(ids=["R1, R2", "R1"], status=["x"], start="y") == Wanted(ids=("R1", "R2"))


def found(engine: Engine, **asked: Any) -> list[str]:
    asked_for = wanted(**asked)
    assert isinstance(asked_for, Wanted)
    with reading(engine) as connection:
        return [one.case.receipt_number for one in find_requests(connection, asked_for)]


def test_requests_are_found_by_id_class_state_and_time_newest_first(engine: Engine) -> None:
    city = a_loaded_city(engine)
    old = reports_taken_in(engine, city, 1, at("2019-01-01 08:00"))
    recent = reports_taken_in(engine, city, 2, at("2019-05-05 08:00"))
    other = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"), class_code="E0101", source="citizen")
    with transaction(engine) as connection:
        connection.execute(CASES.update().where(CASES.c.receipt_number == recent[0]).values(state="void"))
    assert found(engine) == [*other, recent[1], recent[0]]
    assert found(engine, start="2018-12-31T00:00:00Z") == old
    assert found(engine, end="2019-05-06T00:00:00%2B08:00".replace("%2B", "+")) == [recent[1], recent[0]]
    assert found(engine, status=["closed"]) == [recent[0]]
    assert found(engine, status=["open"]) == [*other, recent[1]]
    assert found(engine, codes=["E0101", "E0201"]) == other
    assert found(engine, ids=[f"{old[0]},nothing,\0"]) == old
    assert found(engine, ids=["' OR 1=1 --"]) == []


def test_where_sources_are_named_the_requests_of_others_are_not_there(engine: Engine) -> None:
    city = a_loaded_city(engine)
    (order,) = reports_taken_in(engine, city, 1, at("2019-05-05 08:00"), source="leader")
    own, joined = reports_taken_in(engine, city, 2, at("2019-05-06 08:00"), source="citizen")
    with transaction(engine) as connection:
        lead = connection.scalar(select(CASES.c.id).where(CASES.c.receipt_number == order))
        connection.execute(CASES.update().where(CASES.c.receipt_number == joined).values(merged_into=lead))
    with reading(engine) as connection:
        for asked in (wanted(), wanted(ids=[order, own, joined])):
            assert isinstance(asked, Wanted)
            told = {one.case.receipt_number: one.case.joined for one in find_requests(connection, asked, ("citizen",))}
            assert told == {own: None, joined: None}
            assert len(find_requests(connection, asked)) == 3


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"status": ["closed"]},
        {"status": ["open"], "codes": ["E0110", "E0101"]},
        {"start": "2019-05-01T00:00:00Z", "end": "2019-05-06T00:00:00Z", "codes": ["E0110"]},
    ],
)
def test_what_was_reported_in_a_time_is_found_by_its_index_and_never_sorted(
    sqlite_engine: Engine, asked: dict[str, Any]
) -> None:
    asked_for = wanted(**asked)
    assert isinstance(asked_for, Wanted)
    statement = _statement(asked_for).compile(sqlite_engine, compile_kwargs={"literal_binds": True})
    with reading(sqlite_engine) as connection:
        plan = " ".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert "ix_cases_opened_at" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
