"""A directory becomes a city, or every reason why not is told at once."""

from datetime import date
from decimal import Decimal

import pytest

from models.directory.city_builder import FILES, OPTIONAL, DirectoryFiles, build_city
from models.limits import Limit, LimitUnit
from models.vocabulary import ActionName, RequestKind, Role
from tests.cities import SMALL_CITY, a_small_city, changed
from tests.models.directory.judging import texts_of_faults
from tests.season_cities import SEASON_CITY


def test_the_small_city_has_no_fault() -> None:
    assert texts_of_faults(SMALL_CITY, date(2026, 6, 1)) == []


def test_what_the_files_say_is_in_the_city() -> None:
    city = a_small_city()
    assert (city.code, city.name, str(city.zone)) == ("410184", "小城市", "Asia/Shanghai")
    assert city.units["lihe"].aliases == ("梨河", "梨河镇人民政府")
    assert city.units["water"].valid_from == date(2019, 1, 1)
    assert city.posts["lihe-crew"].role is Role.SPECIALIZED_DEPARTMENT
    assert [point.channel for point in city.contacts_of("lihe-liaison")] == ["dingtalk", "demo"]
    assert city.responsibility.unit_for("C0101", "410184101001001") == "water"
    assert city.responsibility.unit_for("E0101", "410184101001001") == "lihe"
    assert city.catalogue.default_limit == Limit(Decimal(4), LimitUnit.WORK_HOUR)
    condition = city.catalogue.condition("C0101", 1)
    assert condition is not None
    assert condition.follow_up_limit == Limit(Decimal(5), LimitUnit.WORK_DAY)


def test_the_rules_of_the_city_are_read_with_their_approvers() -> None:
    policy = a_small_city().policy
    assert policy.requests[RequestKind.SUSPENSION].steps == (Role.DISPATCHER, Role.SHIFT_LEADER)
    assert policy.requests[RequestKind.EXTENSION].most_granted == 2
    assert policy.rule_for(ActionName.FILE, "inspector", "E0101", True) == "inspector_straight_through"
    assert policy.rule_for(ActionName.FILE, "citizen", "E0101", True) is None
    assert [rung.code for rung in policy.ladder] == ["reminder", "overdue", "supervision", "bulletin"]


def test_a_key_that_is_not_given_keeps_its_default() -> None:
    without = changed("policy.yaml", "most_hand_backs: 3\n", "")
    assert a_small_city(without).policy.most_hand_backs == 3
    assert a_small_city(changed("policy.yaml", "most_hand_backs: 3", "most_hand_backs: 0")).policy.most_hand_backs == 0


def test_a_kind_of_request_that_is_not_named_is_switched_off() -> None:
    without = changed("policy.yaml", "  void:\n    enabled: yes\n    asked_by: [acceptor, dispatcher]\n", "")
    rule = a_small_city(without).policy.requests[RequestKind.VOID]
    assert not rule.enabled


def test_every_fault_of_every_file_is_told_at_once() -> None:
    documents = changed("catalogue.csv", "井盖稳固,4 work_hour", "井盖稳固,小时")
    documents = changed("units.csv", "2019-01-01", "2019", documents)
    documents = changed("policy.yaml", "most_reopenings: 2", "most_reopenings: x", documents)
    documents = changed("ladder.yaml", "rungs:", "rungs: [", documents)
    documents = changed("seats.csv", "dispatcher,dispatcher,00:00", "dispatcher,dispatcher,08:00", documents)
    del documents["sources.csv"]
    city, faults = build_city(DirectoryFiles(documents))
    assert city is None
    assert [(fault.file, fault.row, fault.column) for fault in faults] == [
        ("units.csv", 4, "valid_from"),
        ("seats.csv", None, "role"),
        ("catalogue.csv", 3, "limit"),
        ("sources.csv", None, None),
        ("policy.yaml", 46 + 1, "most_reopenings"),
        ("ladder.yaml", 2, "3"),
    ]


@pytest.mark.parametrize("file", sorted(set(FILES) - OPTIONAL))
def test_a_missing_file_is_one_fault_and_no_avalanche(file: str) -> None:
    documents = {name: text for name, text in SMALL_CITY.items() if name != file}
    expected = f"{file}: the file is missing. Add it, at least with its header or keys."
    assert texts_of_faults(documents) == [expected]


@pytest.mark.parametrize("file", sorted(OPTIONAL))
def test_a_city_does_without_a_file_it_need_not_have(file: str) -> None:
    assert texts_of_faults({name: text for name, text in SMALL_CITY.items() if name != file}) == []


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith(".csv")])
def test_an_empty_csv_file_is_one_fault_that_names_its_columns(file: str) -> None:
    header = SEASON_CITY[file].split("\n")[0]
    expected = (
        f"{file}: its first row should hold the column names, but nothing stands there. The columns are {header}."
    )
    assert texts_of_faults({**SEASON_CITY, file: "\n,,\n"}) == [expected]


@pytest.mark.parametrize("file", ["units.csv", "posts.csv", "areas.csv", "catalogue.csv"])
def test_a_file_with_a_header_alone_is_one_fault(file: str) -> None:
    header = SMALL_CITY[file].split("\n")[0]
    found = texts_of_faults({**SMALL_CITY, file: header + "\n"})
    assert f"{file}: it has a header but no row. The columns are {header}." in found
    assert not any("does not stand in" in text for text in found)


@pytest.mark.parametrize("file", ["city.yaml", "policy.yaml", "ladder.yaml"])
def test_an_empty_yaml_file_is_a_fault(file: str) -> None:
    (fault,) = texts_of_faults({**SMALL_CITY, file: "# nothing yet\n"})
    assert fault.startswith(f"{file}: the file is empty. Its keys are ")


def test_columns_between_semicolons_are_explained() -> None:
    documents = {**SMALL_CITY, "approvals.csv": SMALL_CITY["approvals.csv"].replace(",", ";")}
    assert texts_of_faults(documents) == [
        'approvals.csv row 1: the columns are not separated by commas: "kind;step;role". '
        'Save the file anew as "CSV UTF-8", with commas.'
    ]


def test_a_ladder_without_a_rung_is_a_warning() -> None:
    assert texts_of_faults({**SMALL_CITY, "ladder.yaml": "rungs: []\n"}) == [
        "warning: ladder.yaml line 1, key rungs: the ladder has no rung. "
        "Name at least a reminder and an overdue notice, or accept that late cases stay unseen."
    ]


def test_hand_back_by_an_approval_that_is_switched_off_is_a_contradiction() -> None:
    documents = changed("policy.yaml", "hand_back:\n    enabled: yes", "hand_back:\n    enabled: no")
    documents = changed("policy.yaml", "hand_back_by_approval: no", "hand_back_by_approval: yes", documents)
    assert texts_of_faults(documents) == [
        "policy.yaml line 46, key hand_back_by_approval: units may hand back by approval only, but the request "
        "hand_back is switched off. Write no here, or enable requests.hand_back."
    ]


def test_a_role_that_decides_or_is_told_but_that_nobody_holds_is_a_fault() -> None:
    documents = changed("posts.csv", "evaluator,考核员甲,centre,evaluator", "evaluator,考核员甲,centre,auditor")
    documents = changed("approvals.csv", "void,1,shift_leader", "void,1,evaluator", documents)
    documents = changed("ladder.yaml", "to: [liaison]", "to: [liaison, evaluator]", documents)
    remedy = "Add such a post to posts.csv, or name another role."
    assert texts_of_faults(documents) == [
        f'approvals.csv row 6, column role: no post has the role "evaluator". {remedy}',
        f'ladder.yaml, key rungs[reminder].to: no post has the role "evaluator". {remedy}',
    ]


def test_grids_of_a_village_that_lack_the_same_hours_are_one_fault() -> None:
    documents = changed("inspectors.csv", "410184,inspector-b,00:00", "410184,inspector-b,06:00")
    documents = changed(
        "areas.csv", "一格,,yes\n", "一格,,yes\n410184101001002,梨河村二格,,\n410184101001003,三格,,\n", documents
    )
    assert texts_of_faults(documents) == [
        'areas.csv row 5, column code: no inspector walks grid "410184101001001" at 00:00-06:00. '
        "Add a row to inspectors.csv for the grid or an area above it and these hours.",
        'areas.csv row 6, column code: no inspector walks grid "410184101001002" at 00:00-06:00 '
        "(also 410184101001003). Add a row to inspectors.csv for the grid or an area above it and these hours.",
    ]


def test_what_spreadsheets_leave_behind_is_passed_over() -> None:
    """Empty rows and columns, full-width spaces, rows that end early, rewritten dates and times."""
    documents = changed("approvals.csv", "kind,step,role\n", "kind,step,role,,\n,,,,\n")
    documents = changed("approvals.csv", "void,1,shift_leader", "　void , 1,shift_leader　,,", documents)
    documents["approvals.csv"] += ",,\n\n,,,,,\n"
    documents = changed("units.csv", "2019-01-01,,自来水公司,yes", "2019/1/1", documents)
    documents = changed("seats.csv", "acceptor-a,08:00,20:00", "acceptor-a,8:00,20:00:00", documents)
    assert texts_of_faults(documents) == []
    city = a_small_city(documents)
    assert city.units["water"].valid_from == date(2019, 1, 1)
    assert city.policy.requests[RequestKind.VOID].steps == (Role.SHIFT_LEADER,)


def test_a_code_of_digits_keeps_its_leading_zeros() -> None:
    documents = {file: text.replace("410184", "010184") for file, text in SMALL_CITY.items()}
    city = a_small_city(documents)
    assert city.code == "010184"
    assert "010184101001001" in city.areas


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    documents = changed("catalogue.csv", "井盖缺失或破损，危及行人车辆", '"井盖缺失，\n或破损，\n危及行人"')
    documents = changed("catalogue.csv", "井盖稳固,4 work_hour", "井盖稳固,soon", documents)
    _, faults = build_city(DirectoryFiles(documents))
    assert [(fault.file, fault.row) for fault in faults] == [("catalogue.csv", 3)]


def test_a_mapping_of_an_own_source_is_judged_with_the_city() -> None:
    mapping = "source: video\ncolumns: {source_id: ID, opened_at: TIME}\ntime: {zone: Asia/Shanghai}\n"
    assert texts_of_faults({**SMALL_CITY, "sources/video.yaml": mapping}) == []
    wrong = mapping.replace("video", "drone") + "classes: {default: E0999/1}\n"
    assert texts_of_faults({**SMALL_CITY, "sources/drone.yaml": wrong}) == [
        'sources/drone.yaml, key classes.default: "E0999/1" is not in the catalogue. '
        "Choose a subclass and condition of catalogue.csv.",
        'sources/drone.yaml, key source: "drone" does not stand in sources.csv. '
        "Known: citizen, hotline_12345, inspector, video. Write a code that stands there, or add the row.",
    ]
