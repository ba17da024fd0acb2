"""A row becomes a report, is flagged where a person should look, or is refused with its reason."""

from datetime import UTC, datetime

import pytest

from models.mapped_report import MappedReport, read_report
from models.refusal import Refusal
from models.source_mapping import SourceMapping
from tests.cities import a_small_city
from tests.source_files import MAPPING, a_mapping, a_row

NOW = datetime(2019, 5, 5, 4, tzinfo=UTC)
"""Sunday 5 May 2019, 12:00 in Shanghai."""

CITY = a_small_city()


def read(mapping: SourceMapping | None = None, /, **values: str) -> MappedReport | Refusal:
    return read_report(mapping or a_mapping(), a_row(**values), CITY, NOW)


def taken(mapping: SourceMapping | None = None, /, **values: str) -> MappedReport:
    report = read(mapping, **values)
    assert isinstance(report, MappedReport), report
    return report


def test_a_good_row_becomes_a_report_without_flags() -> None:
    report = taken(类别="垃圾", 地点="梨河村口", 区域="梨河村", 单位="梨河", 经度="113.7", 纬度="34.4")
    assert report == MappedReport(
        source="hotline",
        source_id="A1",
        opened_at=datetime(2019, 5, 5, 0, tzinfo=UTC),
        due_at=None,
        closed_at=None,
        class_code="E0101",
        condition_no=1,
        description="垃圾桶旁有垃圾",
        place="梨河村口",
        area="410184101001",
        longitude=113.7,
        latitude=34.4,
        component_code=None,
        camera=None,
        source_chain=None,
        unit_hint="lihe",
        flags=(),
    )


@pytest.mark.parametrize(
    ("values", "code", "column"),
    [
        ({"编号": " - "}, "no_source_id", "编号"),
        ({"编号": "A" * 201}, "code_too_long", "编号"),
        ({"时间": ""}, "no_opening_time", "时间"),
        ({"时间": "昨天"}, "unreadable_time", "时间"),
        ({"时间": "2019-05-05 12:00:01"}, "opened_in_future", "时间"),
        ({"期限": "明天"}, "unreadable_time", "期限"),
        ({"结案": "明天"}, "unreadable_time", "结案"),
        ({"结案": "2019-05-05 07:59:59"}, "closed_before_opened", "结案"),
        ({"单位": "单" * 201}, "code_too_long", "单位"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_with_its_column(values: dict[str, str], code: str, column: str) -> None:
    refusal = read(**values)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.facts["column"]) == (code, column)


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"期限": "2019-05-05 07:59:59"}, "odd_source_deadline"),
        ({"期限": "2024-05-05 08:00:01"}, "odd_source_deadline"),
        ({"期限": "2059-01-01 00:00:00"}, "odd_source_deadline"),
        ({"类别": "外星人"}, "unknown_class"),
        ({"类别": "E9999/1"}, "unknown_class"),
        ({"单位": "某某公司"}, "unknown_unit"),
        ({"区域": "月球"}, "unknown_area"),
        ({"经度": "113.7"}, "odd_position"),
        ({"经度": "0", "纬度": "0"}, "odd_position"),
        ({"经度": "181", "纬度": "34"}, "odd_position"),
        ({"经度": "34.4", "纬度": "113.7"}, "odd_position"),
        ({"经度": "nan", "纬度": "34"}, "odd_position"),
        ({"经度": "东经113", "纬度": "34"}, "odd_position"),
        ({"内容": "=cmd|' /C calc'!A0"}, "formula_text"),
    ],
)
def test_an_odd_row_is_taken_and_flagged(values: dict[str, str], flag: str) -> None:
    assert flag in taken(**({"类别": "垃圾"} | values)).flags


@pytest.mark.parametrize(
    "values",
    [
        {"期限": "2019-05-05 08:00:00"},
        {"期限": "2024-05-05 08:00:00"},
        {"结案": "2019-05-05 08:00:00"},
        {"时间": "2019-05-05 12:00:00"},
        {"类别": "E0101/2"},
        {"类别": "井盖"},
        {"内容": "<script>alert(1)</script>"},
        {"经度": "-180", "纬度": "90"},
    ],
)
def test_what_stands_on_the_edge_is_not_flagged(values: dict[str, str]) -> None:
    assert taken(**({"类别": "垃圾"} | values)).flags == ()


def test_an_odd_deadline_is_kept_and_an_odd_position_is_dropped() -> None:
    report = taken(类别="垃圾", 期限="2059-01-01 00:00:00", 经度="0", 纬度="0")
    assert report.due_at == datetime(2058, 12, 31, 16, tzinfo=UTC)
    assert (report.longitude, report.latitude) == (None, None)


def test_what_nobody_understood_stays_readable() -> None:
    report = taken(类别="外星人", 区域="月球", 单位="某某公司（梨河镇）")
    assert report.class_code is None
    assert report.description == "垃圾桶旁有垃圾\n[类别: 外星人]\n[区域: 月球]"
    assert report.unit_hint == "某某公司"


def test_a_condition_the_catalogue_does_not_have_leaves_the_class() -> None:
    report = taken(类别="E0110/7")
    assert (report.class_code, report.condition_no, report.flags) == ("E0110", None, ("unknown_class",))


def test_a_default_class_takes_what_is_not_listed() -> None:
    report = taken(a_mapping(MAPPING.replace("classes:", "classes:\n  default: E0201/1")), 类别="外星人")
    assert (report.class_code, report.condition_no, report.flags) == ("E0201", 1, ())


@pytest.mark.parametrize(
    ("spelling", "hint"),
    [
        ("lihe", "lihe"),
        ("梨河镇人民政府", "lihe"),
        ("梨河镇（小城市）", "lihe"),
        ("梨河 (小城市)", "lihe"),
        ("自来水厂", "water"),
        ("自来水厂（城区）", "water"),
        ("-", None),
    ],
)
def test_a_unit_is_known_under_its_spellings(spelling: str, hint: str | None) -> None:
    report = taken(类别="垃圾", 单位=spelling)
    assert (report.unit_hint, report.flags) == (hint, ())


def test_brackets_stay_where_the_name_says_nothing_without_them() -> None:
    kept = a_mapping(MAPPING + "  keep_brackets: [城管办]\n  unknown: keep\n")
    assert taken(kept, 单位="城管办（坑梓）").unit_hint == "城管办（坑梓）"
    assert taken(kept, 单位="六联社区（坪山）", 类别="垃圾").flags == ()
    assert taken(a_mapping(MAPPING + "  use: no\n"), 单位="六联社区").unit_hint is None


def test_a_clock_that_is_ahead_is_borne_with_as_far_as_the_mapping_says() -> None:
    ahead = a_mapping(MAPPING.replace("  zone:", "  ahead_minutes: 2\n  zone:"))
    assert taken(ahead, 时间="2019-05-05 12:02:00").source_id == "A1"
    assert isinstance(read(ahead, 时间="2019-05-05 12:02:01"), Refusal)


@pytest.mark.parametrize(
    ("on_time", "overdue", "played", "flags"),
    [
        ("1", "0", "on_time", ()),
        ("0", "1", "overdue", ()),
        ("-", "-", None, ()),
        ("0", "0", None, ()),
        ("1", "1", None, ("odd_closing_flags",)),
    ],
)
def test_flags_of_a_source_without_times_are_kept_for_the_replay(
    on_time: str, overdue: str, played: str | None, flags: tuple[str, ...]
) -> None:
    mapping = a_mapping(MAPPING + "played_closing: {on_time: 按期, overdue: 超期}\n")
    report = taken(mapping, 类别="垃圾", 按期=on_time, 超期=overdue)
    assert (report.played, report.flags) == (played, flags)


def test_name_and_phone_are_read_and_never_shown() -> None:
    report = taken(姓名="市民甲", 电话="13800000000")
    assert (report.reporter_name, report.reporter_phone) == ("市民甲", "13800000000")
    assert "13800000000" not in repr(report)
    assert "市民甲" not in repr(report)


def test_a_phone_typed_into_the_text_does_not_travel_with_it() -> None:
    report = taken(内容="垃圾桶满，请联系138 0000 0000", 地点="新华路口（13800000000）")
    assert (report.description, report.place) == ("垃圾桶满，请联系●●●", "新华路口（●●●）")


def test_a_row_may_name_its_own_source() -> None:
    mapping = a_mapping(MAPPING.replace("  place:", "  source: 来源\n  place:"))
    assert taken(mapping, 来源="inspector").source == "inspector"
    assert taken(mapping, 来源="").source == "hotline"
    refusal = read(mapping, 来源="../etc")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "no_source_name"
