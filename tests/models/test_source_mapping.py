"""A mapping file says what a source's columns mean; every fault of it is named at once with line, key and remedy."""

from datetime import timedelta

import pytest

from models.directory.fault import Fault
from models.source_mapping import ClassChoice, read_mapping, unknown_classes
from tests.cities import a_small_city
from tests.source_files import MAPPING, a_mapping


def faults_of(text: str) -> list[str]:
    faults: list[Fault] = []
    assert read_mapping("hotline.yaml", text, faults) is None
    return [str(fault) for fault in faults]


def test_a_mapping_is_read_as_written() -> None:
    mapping = a_mapping()
    assert mapping.columns["source_id"] == ("编号",)
    assert mapping.needed_columns == ("编号", "时间")
    assert mapping.classes == {"垃圾": ClassChoice("E0101", 1), "井盖": ClassChoice("C0101")}
    assert mapping.missing == {"", "-"}
    assert (mapping.name_column, mapping.phone_column) == ("姓名", "电话")
    assert mapping.ahead == timedelta(0)


def test_several_columns_may_make_one_field_and_a_delimiter_has_a_name() -> None:
    mapping = a_mapping(
        "source: s\ncolumns: {source_id: [街道, 序号], opened_at: [日期, 时刻]}\n"
        'time: {zone: Asia/Shanghai, formats: ["%Y%m%d %H%M"], ahead_minutes: 3}\nformat: {delimiter: tab}\n'
    )
    assert mapping.needed_columns == ("街道", "序号", "日期", "时刻")
    assert mapping.delimiter == "\t"
    assert mapping.ahead == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ("source: hotline", "source: Hot Line", "source", "no name of a source"),
        ("source: hotline\n", "", "source", "missing"),
        ("  source_id: 编号\n", "", "columns.source_id", "missing"),
        ("  place: 地点", "  plaec: 地点", "columns.plaec", 'Did you mean "place"'),
        ("  latitude: 纬度\n", "", "columns", "only together"),
        ("columns:", "colums:", "colums", "Did you mean"),
        ("zone: Asia/Shanghai", "zone: Asia/Zhengzhou", "time.zone", "no time zone"),
        ("%H:%M:%S", "%M:%S", "time.formats", "no format of a time"),
        ("%Y-%m-%d %H:%M:%S", "yyyy-mm-dd", "time.formats", "no format of a time"),
        ("垃圾: E0101/1", "垃圾: E01", "classes.texts.垃圾", "no class"),
        ("    井盖: C0101", "    井盖: C0101\n    井盖: E0101", "classes.texts.井盖", "twice"),
        ("personal: {name: 姓名", "personal: {name: 内容", "columns", "reporter's own"),
        ("optional: [due_at", "optional: [opened_at", "optional", "cannot be optional"),
        ("strip_brackets: yes", "strip_brackets: perhaps", "units.strip_brackets", "neither yes nor no"),
        ("missing:", "format: {delimiter: '::'}\nmissing:", "format.delimiter", "no delimiter"),
        ("missing:", "format: {encoding: latin1}\nmissing:", "format.encoding", "no encoding"),
        ("missing:", "played_closing: {on_time: 按期}\nmissing:", "played_closing.overdue", "missing"),
        ("missing:", "constants: {areas: '1'}\nmissing:", "constants.areas", "no key"),
        ("missing:", "missing: [", "", "cannot be read as YAML"),
    ],
)
def test_each_fault_names_its_key_and_what_would_be_right(old: str, new: str, key: str, why: str) -> None:
    assert old in MAPPING
    (fault, *_) = faults_of(MAPPING.replace(old, new, 1))
    assert f"key {key}:" in fault or not key
    assert why in fault
    assert fault.startswith("hotline.yaml line ")


def test_all_faults_are_named_at_once() -> None:
    broken = MAPPING.replace("Asia/Shanghai", "Nowhere").replace("E0101/1", "x").replace("source: hotline", "source: 1")
    assert len(faults_of(broken)) == 3


def test_a_class_the_catalogue_does_not_have_is_a_fault() -> None:
    mapping = a_mapping(MAPPING.replace("C0101", "C0101/9") + "  keep_brackets: []\n")
    (fault,) = unknown_classes(mapping, a_small_city().catalogue)
    assert (fault.column, fault.found) == ("classes.texts.井盖", "C0101/9")
