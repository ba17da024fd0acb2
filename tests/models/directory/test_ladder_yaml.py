"""What is wrong in ladder.yaml, word for word."""

import pytest

from tests.cities import SMALL_CITY, changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "ladder.yaml",
        "follows: overdue",
        "follows: overdeu",
        [
            'ladder.yaml line 9, key rungs[3].follows: "overdeu" is no rung of this ladder. Did you mean "overdue"?',
        ],
        id="a rung after one that is not there",
    ),
    pytest.param(
        "ladder.yaml",
        "follows: overdue",
        "follows: bulletin",
        [
            'ladder.yaml line 9, key rungs[3].follows: rung "supervision" comes after itself through '
            "the rungs it follows. Let one of them stand at a share of the limit.",
            'ladder.yaml line 12, key rungs[4].follows: rung "bulletin" comes after itself through '
            "the rungs it follows. Let one of them stand at a share of the limit.",
        ],
        id="rungs that follow each other",
    ),
    pytest.param(
        "ladder.yaml",
        "notice: overdue",
        "notice: late",
        [
            'ladder.yaml line 3, key rungs[2].notice: "late" is no kind of notice. Did you mean "seat_late"?',
        ],
        id="an unknown kind of notice",
    ),
    pytest.param(
        "ladder.yaml",
        "to: [liaison, head]",
        "to: [liaison, heads]",
        [
            'ladder.yaml line 3, key rungs[2].to: "heads" is no recipient of a rung. Did you mean "head"?',
        ],
        id="an unknown recipient",
    ),
    pytest.param(
        "ladder.yaml",
        "after: 1 work_day\n    follows: overdue",
        "after: 1 work_day",
        [
            "ladder.yaml line 4, key rungs[3].follows: after and follows belong together. Name in "
            "follows the rung it comes after.",
        ],
        id="a rung after nothing",
    ),
    pytest.param(
        "ladder.yaml",
        "share: 0.8",
        "share: 0.8, after: 1 work_day",
        [
            "ladder.yaml line 2, key rungs[1].share: a rung stands either at a share of the limit or "
            'some time after another rung. Write share: 0.8, or after: "1 work_day" with follows.',
        ],
        id="a rung in two places",
    ),
    pytest.param(
        "ladder.yaml",
        "{code: bulletin",
        "{code: reminder",
        [
            'ladder.yaml line 12, key rungs[4].code: another rung is called "reminder". Give each its own code.',
        ],
        id="two rungs of one code",
    ),
    pytest.param(
        "ladder.yaml",
        "priority: urgent",
        "priority: high",
        [
            'ladder.yaml line 3, key rungs[2].priority: "high" is no priority. Known: emergency, routine, urgent.',
        ],
        id="an unknown priority",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "requests: []\nrungs:",
        [
            "warning: ladder.yaml line 1, key requests: nobody hears of a request left lying. Name at least who "
            "decides, as to: [decider], and who is told when that does not help.",
        ],
        id="requests without a rung",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "requests:\n  - {code: a, to: [decider], times: 20}\n  - {code: a, to: [unit_head], times: 0}\nrungs:",
        [
            "ladder.yaml line 2, key requests: these rungs speak 21 times of one decision; 20 is the most. "
            "Lower times.",
            'ladder.yaml line 3, key requests[2].code: another rung is called "a". Give each its own code.',
            'ladder.yaml line 3, key requests[2].times: "0" is no whole number from 1 to 20. Write a number such as 2.',
            'ladder.yaml line 3, key requests[2].to: "unit_head" is no recipient of a rung. Known: acceptor, admin, '
            "auditor, decider, dispatcher, evaluator, inspector, leader, shift_leader.",
        ],
        id="rungs of requests",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "priorities: {emergency: []}\nunits: {lihee: {urgent: []}}\nrungs:",
        [
            'ladder.yaml line 1, key priorities.emergency: there is no key "emergency" here. Known: routine, urgent. '
            "Rename or delete it.",
            'ladder.yaml line 2, key units.lihee: there is no key "lihee" here. Did you mean "lihe"? '
            "Rename or delete it.",
        ],
        id="a priority no case has, a unit that is not there",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "priorities: {urgent: []}\nrungs:",
        [
            "warning: ladder.yaml line 1, key priorities.urgent: the ladder has no rung. Name at least a reminder and "
            "an overdue notice, or accept that late cases stay unseen.",
        ],
        id="a ladder of a priority without a rung",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "priorities:\n  urgent:\n    - {code: a, notice: overdue, to: [head], after: 1 work_day, follows: overdue}\n"
        "rungs:",
        [
            'ladder.yaml line 3, key priorities.urgent[1].follows: "overdue" is no rung of this ladder. Known: a.',
        ],
        id="a rung after one of another ladder",
    ),
    pytest.param(
        "ladder.yaml",
        "rungs:",
        "units:\n  lihe:\n    routine:\n      - {code: overdue, notice: reminder, to: [head], share: 1}\nrungs:",
        [
            'ladder.yaml line 4, key units.lihe.routine[1].notice: rung "overdue" of another ladder gives the notice '
            '"overdue". Write notice: overdue, or give this rung a code of its own.',
        ],
        id="one code for two kinds of notice",
    ),
    pytest.param(
        "posts.csv",
        "leader,分管领导甲,centre,leader",
        "leader,分管领导甲,centre,evaluator",
        [
            'ladder.yaml, key requests[leader].to: no post has the role "leader". Add such a post to posts.csv, or '
            "name another role.",
        ],
        id="a role of the default rungs that nobody holds",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected


def test_a_role_in_a_ladder_of_its_own_must_be_held_too() -> None:
    posts = SMALL_CITY["posts.csv"].replace("evaluator,考核员甲,centre,evaluator,,,,\n", "")
    contacts = SMALL_CITY["contact_points.csv"].replace("evaluator,1,demo,demo\n", "")
    ladder = SMALL_CITY["ladder.yaml"] + (
        "units: {water: {urgent: [{code: late, notice: overdue, to: [evaluator], share: 1}]}}\n"
    )
    changes = {"posts.csv": posts, "contact_points.csv": contacts, "ladder.yaml": ladder}
    assert texts_of_faults({**SMALL_CITY, **changes}) == [
        'ladder.yaml, key units.water.urgent[late].to: no post has the role "evaluator". Add such a post to posts.csv, '
        "or name another role."
    ]
