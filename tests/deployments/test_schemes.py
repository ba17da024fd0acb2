"""The schemes that are shipped: without a fault, as the reference computes them, honest about what is not known."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from models.directory.fault import Fault
from models.directory.scheme_yaml import read_scheme
from models.evaluation_counts import COUNTS, empty_line
from models.scheme_counts import read_counts
from models.scored import StepKind
from models.scoring import ExemptCases, score
from tasks.directory import city_from_documents, read_directory
from tasks.schemes import SHIPPED, known_schemes
from tasks.words import city_words
from tests.schemes import changed, points, scored, shipped, step

COMPLETE = ["jinniu", "unicom_style", "xinzheng", "yuncheng"]
PARTIAL = ["jinhua", "xuchang", "yangzhou"]
XINZHENG = Path(__file__).parents[2] / "deployments" / "cities" / "xinzheng"

YUNCHENG = {"due_to_close": 16475, "closed": 16454, "closed_late": 194, "extended": 219, "reworked": 18}
"""August 2026 (Yuncheng B)."""
JINSHUI = {"due_to_close": 1935, "closed": 1912, "closed_on_time": 1855, "reworked": 18}
"""金水区 taken as one department (Zhengzhou weekly report, 8-14 April 2019, B); 1855/1935 = 0.95866."""
JINNIU = {
    **{"due_to_handle": 200, "handled": 190, "handled_on_time": 180, "overdue_open": 4},
    **{"due_to_close": 190, "reworked": 19, "extended": 10},
}
FIGURES = {
    **{"complaints": 100, "area_by_population": 0.026 * 2.141, "satisfaction": 0.95, "cycle_days": 1.5},
    **{"repeated_sites": 2, "overdue_complaints": 0},
}


def content(name: str) -> str:
    return (SHIPPED / f"{name}.yaml").read_text("utf-8")


def test_all_seven_are_there() -> None:
    assert known_schemes() == sorted(COMPLETE + PARTIAL)


@pytest.mark.parametrize("name", COMPLETE + PARTIAL)
def test_a_shipped_scheme_has_no_fault_and_says_whether_it_is_complete(name: str) -> None:
    faults: list[Fault] = []
    scheme = read_scheme(f"{name}.yaml", content(name), faults)
    assert [str(fault) for fault in faults] == []
    assert scheme is not None
    assert (scheme.name, scheme.system.complete) == (name, name in COMPLETE)
    assert scheme.rounding is None, "no scheme of the reference states a rule for rounding"


@pytest.mark.parametrize("name", COMPLETE + PARTIAL)
def test_a_line_with_a_number_stands_under_a_source_or_beside_a_mark(name: str) -> None:
    """Items, ratios, tables, manual items and adjustments each name their source; what is ours is marked."""
    scheme = shipped(name)
    boards = (scheme.system, *(group.board for group in scheme.groups))
    sources = [term.source for board in boards for term in board.terms]
    sources += [adjustment.source for board in boards for adjustment in board.adjustments]
    sources += [ratio.source for ratio in scheme.ratios.values()]
    sources += [table.source for table in scheme.tables.values()]
    sources += [item.source for item in scheme.manual.values()]
    assert all(re.search(r"\([ABC?]\)|not known|entered", source) for source in sources), sources


ITEMS = "  - code: closing"
SANITATION = "      - code: system\n        name: {zh: 系统得分, en: system score}\n        points: 30"
ROLES = (
    "Known: acceptor, admin, auditor, dispatcher, duty_officer, evaluator, inspector, leader, responsible_person, "
    "shift_leader, specialized_department, unit_head and 1 more."
)
MEND = "Mend the points or the total; where items are not known, write complete: no."
BROKEN = [
    ("formula: (1 - rework_rate) * 10", "formula: (1 - rewrok_rate) * 10", "formula: (1 - rewrok_rate) * 10",
     'key items[3].formula: "rewrok_rate" is no known name. Did you mean "rework_rate"?'),
    ("over: due_to_close\n    source: eGova", "over: due_to_close / 0\n    source: eGova", "over: due_to_close / 0",
     "key ratios.closure_rate.over: something is divided by zero. "
     "Say in minimum below which number there is no score."),
    ("points: 80", "points: 70", ITEMS, f"key items: the points sum to 90 (70 + 10 + 10), not to 100. {MEND}"),
    ("points: 40\n", "points: 30\n", SANITATION,
     f"key groups[2].items: the points sum to 90 (30 + 30 + 30), not to 100. {MEND}"),
    ("en: pieces of litter}\n    by: [evaluator]", "en: litter}\n    by: [mayor]", "by: [mayor]",
     f'key manual.litter_count.by: "mayor" is no role of a post. {ROLES}'),
    ("leaves: [due_to_close]", "leaves: [due_to_clsoe]", "leaves: [due_to_clsoe]",
     'key groups[3].exemptions[1].leaves: "due_to_clsoe" is no count. Did you mean "due_to_close"?'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "at", "said"), BROKEN)
def test_a_broken_copy_says_what_is_wrong_at_its_line(before: str, after: str, at: str, said: str) -> None:
    faults: list[Fault] = []
    broken = changed(content("yuncheng"), (before, after))
    assert read_scheme("yuncheng.yaml", broken, faults) is None
    line = broken[: broken.index(at)].count("\n") + 1
    assert [str(fault) for fault in faults] == [f"yuncheng.yaml line {line}, {said}"]


@pytest.mark.parametrize("name", COMPLETE + PARTIAL)
def test_a_wrong_name_in_any_formula_of_a_shipped_scheme_is_a_fault_at_that_line(name: str) -> None:
    formula = re.compile(r"^(\s+(?:formula|count|over|of): |  - \{.*formula: )(?=[^\[\n]+$)", re.MULTILINE)
    broken = formula.sub(r"\1nobody + ", content(name))
    wrong = {number for number, line in enumerate(broken.split("\n"), 1) if "nobody" in line}
    faults: list[Fault] = []
    read_scheme("x.yaml", broken, faults)
    assert wrong
    assert {fault.row for fault in faults if "nobody" in fault.problem or fault.found.startswith("nobody")} == wrong


def test_the_example_on_the_page_of_schemes_has_no_fault() -> None:
    page = (XINZHENG.parents[2] / "docs" / "schemes.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    faults: list[Fault] = []
    scheme = read_scheme("ours.yaml", example, faults)
    assert [str(fault) for fault in faults] == []
    assert scheme is not None
    assert all(name in page for name in known_schemes())


def test_every_ratio_is_called_as_everywhere_and_has_its_words() -> None:
    named = {ratio for name in COMPLETE + PARTIAL for ratio in shipped(name).ratios}
    counted = {name.split(" ")[0] for count in COUNTS for name in count.ratio_of}
    assert named | counted <= city_words().codes("ratio")


@pytest.mark.parametrize("name", COMPLETE)
def test_a_unit_to_which_nothing_happened_has_no_score_and_is_no_error(name: str) -> None:
    scheme, counts = shipped(name), read_counts({str(code): n for code, n in empty_line().scoring.items()})
    result = score(scheme, counts, exempt=ExemptCases.APART)
    assert (result.score, result.grade) == (None, None)
    assert {found.kind for found in result.steps} == {StepKind.MINIMUM}


def test_yuncheng_as_worked_out_in_the_reference() -> None:
    result = scored("yuncheng", YUNCHENG)
    found = {
        item: round(float(step(result, item).result or 0), 6) for item in ("on_time_closure_rate", "late_closure_rate")
    }
    assert found == {"on_time_closure_rate": 0.98695, "late_closure_rate": 0.011775}
    shown = [f"{float(step(result, item).result or 0):.4f}" for item in ("closing", "extension", "rework")]
    assert shown == ["79.3328", "9.8671", "9.9891"]
    assert f"{float(result.score or 0):.3f}" == "99.189"
    assert result.grade is None


def test_yuncheng_s_groups() -> None:
    hand = {"team_appearance": 90, "street_appearance": 80, "centre_score": 95, "litter_count": 500}
    expected = {
        "enforcement": 99.188953 * 0.7 + 90 * 0.15 + 80 * 0.15,
        "sanitation": 99.188953 * 0.3 + 95 * 0.3 + 95 * 0.4,
        "parks": 99.188953 * 0.7 + 95 * 0.3,
        "municipal": 99.188953,
        "emergency": 100 * 16454 / 16475,
    }
    for group, score_ in expected.items():
        assert float(scored("yuncheng", YUNCHENG, hand, group).score or 0) == pytest.approx(score_, abs=1e-5)


def test_yuncheng_s_extra_points_are_taken_for_each_occurrence_and_given_as_entered() -> None:
    result = scored("yuncheng", YUNCHENG, {"extra_occurrences": 3, "extra_points": -2}, "municipal")
    assert (points(result, "extra_occurrence"), points(result, "extra")) == ("-0.3", "-2")
    assert float(result.score or 0) == pytest.approx(99.188953 - 2.3, abs=1e-5)


@pytest.mark.parametrize(
    ("group", "missing"),
    [
        ("enforcement", ("team_appearance", "street_appearance")),
        ("sanitation", ("litter_count", "centre_score")),
        ("parks", ("centre_score",)),
    ],
)
def test_without_its_manual_scores_a_yuncheng_group_has_no_score(group: str, missing: tuple[str, ...]) -> None:
    result = scored("yuncheng", YUNCHENG, {}, group)
    assert (result.score, result.missing) == (None, missing)


def test_only_the_parks_of_yuncheng_leave_suspended_cases_out() -> None:
    counts = {**YUNCHENG, "suspended": 10}
    assert scored("yuncheng", counts, {}, "municipal").score == scored("yuncheng", YUNCHENG, {}, "municipal").score
    left = scored("yuncheng", counts, {"centre_score": 95}, "parks").score
    assert left is not None
    assert left > (scored("yuncheng", YUNCHENG, {"centre_score": 95}, "parks").score or 0)


@pytest.mark.parametrize("group", [None, "department"])
def test_a_department_as_worked_out_in_the_reference(group: str | None) -> None:
    result = scored("unicom_style", JINSHUI, group=group)
    assert f"{float(result.score or 0):.2f}" == "98.12"
    assert result.grade is not None
    assert (result.grade.code, result.grade.colour, points(result, "volume")) == ("A", "green", "10")


def test_where_handlings_are_counted_too_they_come_before_closings() -> None:
    result = scored("unicom_style", {**JINSHUI, "due_to_handle": 100, "handled_on_time": 50})
    assert points(result, "on_time") == "15"
    assert scored("unicom_style", {**JINSHUI, "due_to_handle": 100}).missing == ("handled_on_time",)


def test_an_inspector_as_worked_out_in_the_reference() -> None:
    counts = {
        **{"reported": 100, "valid_reports": 95, "filed": 50, "missed": 1},
        **{"verify_due": 20, "verified_on_time": 20, "check_due": 100, "checked_on_time": 97},
    }
    result = scored("unicom_style", counts, group="inspector")
    assert [points(result, item) for item in ("valid", "missed", "verified", "checked")] == ["38", "19.6", "20", "19.4"]
    assert result.score == 97
    assert result.grade is not None
    assert result.grade.code == "A"


def test_the_other_posts() -> None:
    acceptor = scored(
        "unicom_style",
        {"accepted": 1500},
        {"verify_sent_on_time_rate": 0.9, "check_sent_on_time_rate": 0.8},
        "acceptor",
    )
    assert acceptor.score == 22.5 + 36 + 28
    leader = {
        "filed": 200,
        "voided": 10,
        "due_to_close": 100,
        "closed_on_time": 80,
        "due_to_file": 5,
        "filed_on_time": 5,
    }
    assert scored("unicom_style", leader, {}, "shift_leader").score == 25 + 38 + 28
    sent_on = {"due_to_dispatch": 100, "dispatched_right": 95, "dispatched_on_time": 90}
    dispatcher = scored("unicom_style", sent_on, {"dispatch_volume_score": 75}, "dispatcher")
    assert dispatcher.score == 15 + 36 + 38


def test_an_area_with_the_weight_that_is_assumed_and_says_so() -> None:
    counts = {"filed": 4, "due_to_close": 10, "closed": 10, "closed_on_time": 9}
    result = scored("unicom_style", counts, {"public_report_score": 80}, "area_class_1")
    assert [points(result, item) for item in ("public_reports", "filed", "closure", "on_time")] == [
        "8",
        "15",
        "30",
        "36",
    ]
    assert "ASSUMED" in step(result, "on_time").source
    assert scored("unicom_style", counts, {"public_report_score": 80}, "area_class_2").score == 8 + 15 + 30 + 36
    assert scored("unicom_style", {**counts, "filed": 3}, {"public_report_score": 80}, "area_class_2").score == 92


TABLES: dict[str, dict[int, float]] = {
    "department_volume": {0: 10, 50: 10, 51: 9, 100: 9, 101: 7.5, 200: 7.5, 201: 6, 500: 6, 501: 4, 1000: 4, 1001: 0},
    "accepted_volume": {2001: 100, 2000: 90, 1201: 90, 1200: 75, 501: 75, 500: 60, 301: 60, 300: 40, 101: 40, 100: 0},
    "filed_in_class_1": {0: 100, 1: 90, 2: 90, 3: 75, 4: 75, 5: 60, 6: 60, 7: 40, 8: 40, 9: 0, 50: 0},
    "filed_in_class_2": {0: 100, 1: 90, 3: 90, 4: 75, 5: 75, 6: 60, 7: 60, 8: 40, 9: 40, 10: 0, 50: 0},
}


@pytest.mark.parametrize("table", TABLES)
def test_the_tables_of_the_reference(table: str) -> None:
    steps = shipped("unicom_style").tables[table]
    assert {count: steps.points(Fraction(count)) for count in TABLES[table]} == TABLES[table]


def test_the_grades_of_the_reference() -> None:
    scheme = shipped("unicom_style")
    bounds = {"A": ("90", "100"), "B": ("75", "89.99"), "C": ("60", "74.99"), "D": ("40", "59.99"), "E": ("0", "39.99")}
    for code, scores in bounds.items():
        for found in (scheme.grade(Fraction(bound)) for bound in scores):
            assert found is not None
            assert found.code == code


def test_jinniu_s_digital_board() -> None:
    result = scored("jinniu", JINNIU)
    assert [points(result, item) for item in ("handling", "on_time", "rework", "overdue", "extension")] == [
        *("28.5", "18", "18", "19.6", "9.5"),
    ]
    assert result.score == Fraction("93.6")


def test_jinniu_s_public_feedback_as_checked_in_the_reference() -> None:
    result = scored("jinniu", {}, FIGURES, "public_feedback")
    assert f"{float(step(result, 'complaints').result or 0):.3f}" == "26.407"
    assert points(result, "cycle") == "5"
    assert [points(result, item) for item in ("satisfaction", "repeated", "overdue")] == ["28.5", "18", "10"]
    late = scored("jinniu", {}, {**FIGURES, "cycle_days": 2.5, "overdue_complaints": 3}, "public_feedback")
    assert (points(late, "cycle"), points(late, "overdue")) == ("0", "0")


@pytest.mark.parametrize(
    ("share", "taken"),
    [(0, 0.3), (0.01, 0.25), (0.49, 0.25), (0.5, 0.15), (0.74, 0.15), (0.75, 0.1), (0.89, 0.1), (0.9, 0), (1, 0)],
)
def test_jinniu_s_same_day_disposal(share: float, taken: float) -> None:
    result = scored("jinniu", {}, {"late_sweeps": 4, "same_day_disposal": share}, "sanitation")
    assert float(result.score or 0) == pytest.approx(99.6 - taken)


def test_jinniu_s_dust_and_illegal_building() -> None:
    dust = scored("jinniu", {}, {"patrol_findings": 3, "not_rectified": 1, "enforcement_cases": 8}, "dust")
    assert dust.score == 100 - 3 - 1 + 5
    building = scored("jinniu", {}, {"demolitions": 2, "old_stock": 1, "large_demolitions": 1}, "illegal_building")
    assert (building.score, building.complete, points(building, "demolition")) == (None, False, "14")
    assert points(scored("jinniu", {}, {"demolitions": 9, "old_stock": 0, "large_demolitions": 0}, "illegal_building"),
                  "demolition") == "20"  # fmt: skip


def test_xinzheng_s_own_is_marked_as_a_proposal_and_scores_every_group_of_its_units() -> None:
    scheme = shipped("xinzheng")
    assert scheme.proposal
    assert "proposal" in scheme.title.en
    assert "建议方案" in scheme.title.zh
    city = city_from_documents(read_directory(XINZHENG).documents)
    groups = {unit.group for unit in city.units.values() if unit.group}
    assert {named for group in scheme.groups for named in group.of} == groups


def test_xinzheng_s_system_score_and_what_is_given_and_taken() -> None:
    counts = {"due_to_close": 100, "closed": 95, "closed_on_time": 90, "reworked": 2, "extended": 3}
    system = scored("xinzheng", counts)
    assert float(system.score or 0) == pytest.approx(60 * 0.9 + 25 * 0.95 + 10 * 0.98 + 5 * 0.97)
    hand = {"faked_results": 1, "reported_problems": 3, "exposed_problems": 2, "event_assurance": 9}
    result = scored("xinzheng", counts, hand, "乡镇街道")
    assert [points(result, item) for item in ("faked", "problems", "event_assurance")] == ["-1", "-2.5", "5"]
    assert float(result.score or 0) == pytest.approx(92.4 - 1 - 2.5 + 5)
    assert result.grade is not None
    assert result.grade.code == "excellent"


@pytest.mark.parametrize(("rate", "given"), [(70, "50"), (71, "50"), (69, "49"), (65.5, "45.5"), (10, "0")])
def test_jinhua_s_on_time_closure_over_what_is_due_without_the_suspended(rate: float, given: str) -> None:
    counts = {"due_to_close": 1100, "suspended": 100, "closed": 1000, "closed_on_time": int(rate * 10)}
    assert points(scored("jinhua", counts), "on_time") == given


def test_jinhua_s_known_items_are_scored_and_its_total_stays_empty() -> None:
    counts = {"due_to_close": 100, "closed": 88, "closed_on_time": 80, "reworked": 3}
    hand = {"urgent_closure_rate": 0.98, "urgent_on_time_rate": 0.93, "failed_three_times": 1, "faked_results": 1}
    result = scored("jinhua", counts, hand)
    assert [points(result, item) for item in ("on_time", "closure", "urgent", "rework")] == ["50", "18", "8", "2.9"]
    assert (result.score, result.grade, result.complete) == (None, None, False)
    assert step(result, "leader_and_media").note == "its rule is not known here"
    assert "the total stays empty; 4 known items make 78.9 of their 85 points" in step(result, "score").note


def test_yangzhou_s_items_are_entered_and_its_total_stays_empty() -> None:
    hand = {"regular": 66, "rework": 5, "hotline_12319": 4, "special": 9, "basics": 10, "event_assurance": 6}
    result = scored("yangzhou", {}, hand, "districts")
    assert (points(result, "event_assurance"), result.score, result.complete) == ("5", None, False)
    assert "5 known items make 94 of their 100 points" in step(result, "score").note


def test_xuchang_s_scheme_has_groups_and_publication_only() -> None:
    scheme = shipped("xuchang")
    assert [group.code for group in scheme.groups] == ["counties", "built_up_districts", "municipal_units", "townships"]
    assert scheme.publication is not None
    assert (scheme.publication.best, scheme.publication.worst, scheme.publication.backlog) == (5, 5, True)
    assert scheme.publication.figures == ("due_to_close", "closure_rate", "on_time_closure_rate")
    for group in (None, "townships"):
        result = scored(scheme, {"due_to_close": 5}, group=group)
        assert (result.score, result.complete) == (None, False)
