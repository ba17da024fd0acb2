"""What carries a citizen's report: its words for a class, its query code, how often an address may come, settings."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from models.mapped_report import MappedReport
from tasks.database import transaction
from tasks.public_classes import find_subclasses, names_of, subclass_called
from tasks.public_codes import ALPHABET, GROUP, LENGTH, query_code
from tasks.public_limits import TRIES, What, count_try
from tasks.public_reports import public_report
from tasks.public_settings import PublicSettings, read_public_settings
from tasks.settings import BrokenSettings
from tests.cities import a_small_city
from tests.stored_cases import at, rows_of

NOW = at("2019-05-06 10:00")
KEY, OTHER = b"k" * 32, b"o" * 32
CITY = a_small_city()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("井盖", ["C0101"]),
        ("垃圾", ["E0101"]),
        ("井盖松动了", ["C0101"]),
        ("立方米以上", ["E0101"]),
        ("广告", ["E0201"]),
        (" 油 烟 ", ["E0110"]),
        ("公用设施", ["C0101"]),
        ("火星", []),
        ("", []),
    ],
)
def test_words_of_somebody_who_never_saw_the_catalogue_find_their_class(words: str, found: list[str]) -> None:
    assert [subclass.code for subclass in find_subclasses(CITY.catalogue, words)] == found


def test_the_best_comes_first_and_no_more_than_asked_for() -> None:
    found = find_subclasses(CITY.catalogue, "市容环境里的油烟")
    assert [subclass.code for subclass in found] == ["E0110", "E0101"]
    assert len(find_subclasses(CITY.catalogue, "市容环境里的油烟", most=1)) == 1


def test_a_class_is_called_by_its_whole_name_alone() -> None:
    named = subclass_called(CITY.catalogue, "上水 井盖")
    assert named is not None
    assert named.code == "C0101"
    assert subclass_called(CITY.catalogue, "井盖") is None
    assert names_of(CITY.catalogue) == ("上水井盖", "暴露垃圾", "油烟污染", "违章张贴")


def test_a_report_is_judged_as_one_from_a_file() -> None:
    values = {"class": "暴露垃圾", "description": "满了", "place": "路口", "phone": "13800138000", "name": "张"}
    report = public_report(CITY, "form-1", values, NOW)
    assert isinstance(report, MappedReport)
    assert (report.source, report.source_id, report.class_code, report.condition_no) == (
        "citizen", "form-1", "E0101", None,
    )  # fmt: skip
    assert (report.opened_at, report.flags, report.reporter_phone) == (NOW, (), "13800138000")


def test_a_query_code_follows_from_receipt_and_key_and_from_nothing_else() -> None:
    code = query_code(KEY, "R20190506000001")
    assert code == query_code(KEY, "R20190506000001")
    assert code not in (query_code(OTHER, "R20190506000001"), query_code(KEY, "R20190506000002"))
    first, _, second = code.partition("-")
    assert (len(first), len(second), set(first + second) <= set(ALPHABET)) == (GROUP, LENGTH - GROUP, True)
    assert not set("01OILZSB") & set(ALPHABET)
    many = "".join(query_code(KEY, str(number)).replace("-", "") for number in range(500))
    assert {many.count(letter) > 100 for letter in ALPHABET} == {True}


def tries(engine: Engine, what: What, client: str, times: int, minutes: int = 0) -> list[bool]:
    rules, now = PublicSettings(reports_per_client=2, finds_per_client=2, reports_per_day=3), NOW
    taken = []
    for _ in range(times):
        with transaction(engine) as connection:
            taken.append(count_try(connection, KEY, what, client, now + timedelta(minutes=minutes), rules))
    return taken


def test_an_address_has_so_many_an_hour_and_all_so_many_reports_a_day(engine: Engine) -> None:
    assert tries(engine, What.REPORT, "192.0.2.1", 3) == [True, True, False]
    assert tries(engine, What.FIND, "192.0.2.1", 3) == [True, True, False]
    assert tries(engine, What.REPORT, "192.0.2.2", 2) == [True, False]
    assert tries(engine, What.FIND, "192.0.2.2", 1) == [True]
    assert tries(engine, What.FIND, "192.0.2.1", 1, minutes=60) == [True]
    assert tries(engine, What.REPORT, "192.0.2.1", 1, minutes=61) == [False]
    assert tries(engine, What.REPORT, "192.0.2.1", 1, minutes=24 * 60) == [True]
    # What is older than a day is gone, and no address is written anywhere.
    rows = rows_of(engine, select(TRIES))
    assert len(rows) == 2
    assert "192.0.2" not in repr(rows)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "", True),
    ],
)
def test_an_ipv6_customer_is_one_client(sqlite_engine: Engine, one: str, other: str, same: bool) -> None:
    tries(sqlite_engine, What.FIND, one, 2)
    assert tries(sqlite_engine, What.FIND, other, 1) == [not same]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAP_TILES", "https://{s}.tiles.example/{z}/{x}/{y}.png"),
        ("MAP_TILES", "https://tiles.example/{z}/{x}.png"),
        ("MAP_TILES", "javascript:alert(1)//{z}{x}{y}"),
        ("MAP_TILES", "https://a:b@tiles.example/{z}/{x}/{y}"),
        ("MAP_TILES", "https://tiles.example; script-src */{z}/{x}/{y}"),
        ("MAP_CENTRE", "34.4"),
        ("MAP_CENTRE", "34.4,113.7"),
        ("REPORTS_PER_DAY", "0"),
    ],
)
def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ZHIHUI_{name}", value)
    with pytest.raises(BrokenSettings, match=f"ZHIHUI_{name}") as broken:
        read_public_settings()
    assert value not in str(broken.value)


def test_only_the_host_of_the_tiles_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_public_settings().map_origin == ""
    monkeypatch.setenv("ZHIHUI_MAP_TILES", "https://tiles.example:8443/w/{z}/{x}/{y}.png?key=1")
    assert read_public_settings().map_origin == "https://tiles.example:8443"
