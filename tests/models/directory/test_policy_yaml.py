"""What is wrong in policy.yaml, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "policy.yaml",
        "  accept: 15 minute",
        "	accept: 15 minute",
        [
            "policy.yaml line 34, column 1: the file cannot be read as YAML: found character '\\t' "
            "that cannot start any token. Check the indentation (spaces, no tabs), the colons and "
            "the brackets of this line and the one above.",
        ],
        id="YAML indented with a tab",
    ),
    pytest.param(
        "policy.yaml",
        "brake:\n  share: 0.2\n  at_least: 20",
        "brake: [0.2, 20]",
        [
            "policy.yaml line 53, key brake: here should stand keys with values. Write key: value "
            "lines; keys are share, at_least.",
        ],
        id="a list where keys should stand",
    ),
    pytest.param(
        "policy.yaml",
        "takes: [accept, file",
        "takes: [acept, file",
        [
            'policy.yaml line 4, key automation[1].takes: "acept" is no action. Did you mean "accept"?',
        ],
        id="a rule that takes an unknown action",
    ),
    pytest.param(
        "policy.yaml",
        "sources: [inspector]",
        "sources: [inspectors]",
        [
            'policy.yaml line 5, key automation[1].sources: "inspectors" is no source of '
            'sources.csv. Did you mean "inspector"?',
        ],
        id="a rule for an unknown source",
    ),
    pytest.param(
        "policy.yaml",
        "sources: [inspector]",
        "classes: [E0111, X*]",
        [
            'policy.yaml line 5, key automation[1].classes: "E0111" fits no subclass of '
            'catalogue.csv. Did you mean "E0110"? Write a subclass code, a beginning with a star '
            "such as E01*, or *.",
            'policy.yaml line 5, key automation[1].classes: "X*" fits no subclass of catalogue.csv. '
            "Known: C0101, E0101, E0110, E0201. Write a subclass code, a beginning with a star such "
            "as E01*, or *.",
        ],
        id="a rule for unknown classes",
    ),
    pytest.param(
        "policy.yaml",
        "requests:\n  extension",
        "  - {code: inspector_straight_through, takes: [file]}\nrequests:\n  extension",
        [
            "policy.yaml line 7, key automation[2].code: another rule is called "
            '"inspector_straight_through". Give each rule its own code.',
        ],
        id="two rules of one code",
    ),
    pytest.param(
        "policy.yaml",
        "verified_sources: [inspector]",
        "verified_sources: [nobody]",
        [
            'policy.yaml line 44, key verified_sources: "nobody" is no source of sources.csv. Known: '
            "citizen, hotline_12345, inspector, video.",
        ],
        id="an unknown verified source",
    ),
    pytest.param(
        "policy.yaml",
        "verified_sources: [inspector]",
        "disabled_actions: [merg]",
        [
            'policy.yaml line 44, key disabled_actions: "merg" is no action. Did you mean "merge"?',
        ],
        id="an unknown disabled action",
    ),
    pytest.param(
        "policy.yaml",
        "verified_sources: [inspector]",
        "disabled_actions: [climb, remind_request, alarm_seat, resume, lapse]",
        [
            f'policy.yaml line 44, key disabled_actions: "{name}" is done by time or by a rule; without it cases would '
            f"hang or lie unseen. Take it out{instead}"
            for name, instead in (
                ("climb", "; whoever is told too often stands in the rungs of ladder.yaml."),
                ("remind_request", "; whoever is told too often stands in the requests of ladder.yaml."),
                ("alarm_seat", "; seat_alarm_share says when a seat is late."),
                ("resume", ", or write enabled: no under requests.suspension."),
                ("lapse", "."),
            )
        ],
        id="steps of time switched off",
    ),
    pytest.param(
        "policy.yaml",
        "verified_sources: [inspector]",
        "disabled_actions: [extend, hand_back, correct]",
        [
            'policy.yaml line 44, key disabled_actions: "extend" is what a granted request does; switched off here, it '
            "would be granted in vain. Take it out and write enabled: no under requests.extension.",
        ],
        id="the effect of a request switched off",
    ),
    pytest.param(
        "policy.yaml",
        "most_granted: 2",
        "most_asked: 0",
        [
            'policy.yaml line 11, key requests.extension.most_asked: "0" is no whole number from 1 to 99. '
            "Write a number such as 2.",
        ],
        id="a request that may be asked for no time",
    ),
    pytest.param(
        "policy.yaml",
        "asked_by: [unit_liaison, unit_head]\n  void",
        "asked_by: [unit_leader]\n  void",
        [
            'policy.yaml line 19, key requests.promise.asked_by: "unit_leader" is no role of a post. '
            'Did you mean "unit_head"?',
        ],
        id="an unknown role that asks",
    ),
    pytest.param(
        "policy.yaml",
        "asked_by: [acceptor, dispatcher]\n",
        "most_granted: 1\n",
        [
            "policy.yaml line 21, key requests.void.asked_by: the key is missing. Add asked_by: with its value.",
        ],
        id="an enabled request nobody may ask",
    ),
    pytest.param(
        "policy.yaml",
        "  promise:\n",
        "  promises:\n",
        [
            'policy.yaml line 17, key requests.promises: there is no key "promises" here. Did you '
            'mean "promise"? Rename or delete it.',
        ],
        id="an unknown kind of request",
    ),
    pytest.param(
        "policy.yaml",
        "accept: 15 minute",
        "accept: quarter of an hour",
        [
            'policy.yaml line 34, key step_limits.accept: "quarter of an hour" is no limit: a number '
            "and a unit. Known units: urgent_hour, work_hour, work_day, natural_day, minute. Write "
            'for example "2 urgent_hour" if nights count, "4 work_hour" if not.',
        ],
        id="a step limit nobody can read",
    ),
    pytest.param(
        "policy.yaml",
        "  accept: 15 minute",
        "  handle: 15 minute",
        [
            'policy.yaml line 34, key step_limits.handle: there is no key "handle" here. Known: '
            "accept, check, close, dispatch, file, verify. Rename or delete it.",
        ],
        id="a step limit for the unit's clock",
    ),
    pytest.param(
        "policy.yaml",
        "default_limit: 4 work_hour\n",
        "",
        [
            "policy.yaml line 1, key default_limit: the key is missing. Add default_limit: with its value.",
        ],
        id="no default limit",
    ),
    pytest.param(
        "policy.yaml",
        "most_hand_backs: 3",
        "most_hand_backs: three",
        [
            'policy.yaml line 45, key most_hand_backs: "three" is no whole number from 0 to 99. '
            "Write a number such as 1.",
        ],
        id="a number in words",
    ),
    pytest.param(
        "policy.yaml",
        "share: 0.2",
        "share: 20",
        [
            'policy.yaml line 54, key brake.share: "20" is no number above 0 and at most 1. Write '
            "digits with a point, such as 0.5 or 8.",
        ],
        id="a share above one",
    ),
    pytest.param(
        "policy.yaml",
        "hand_back:\n    enabled: yes",
        "hand_back:\n    enabled: perhaps",
        [
            'policy.yaml line 24, key requests.hand_back.enabled: "perhaps" is neither yes nor no. Write yes or no.',
        ],
        id="perhaps",
    ),
    pytest.param(
        "policy.yaml",
        "join_by: [component_code",
        "join_by: [colour",
        [
            'policy.yaml line 43, key similar.join_by: "colour" is no sign that two reports are one. '
            "Known: camera, component_code, source_chain.",
        ],
        id="an unknown sign of similarity",
    ),
    pytest.param(
        "policy.yaml",
        "automation:\n  - code",
        "automation:\n    code",
        [
            "policy.yaml line 3, key automation: here should stand a list. Write it as [first, "
            "second], or one line each with a dash.",
        ],
        id="one rule where a list should stand",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
