"""What is wrong among units, posts, contact points and seats, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "units.csv",
        ",utility,,utility",
        ",utility,centr,utility",
        [
            'units.csv row 4, column parent: "centr" does not stand in units.csv. Did you mean '
            '"centre"? Write a code that stands there, or add the row.',
        ],
        id="a unit below one that is not there",
    ),
    pytest.param(
        "units.csv",
        "centre,城市运行中心,centre,,",
        "centre,城市运行中心,centre,lihe,",
        [
            "units.csv row 2, column parent: units stand above each other in a circle: centre -> "
            "lihe -> centre. Empty the parent of the one that stands highest.",
        ],
        id="units above each other",
    ),
    pytest.param(
        "units.csv",
        "lihe-liaison,lihe-head",
        "lihe_liaison,lihe-head",
        [
            'units.csv row 3, column liaison: "lihe_liaison" does not stand in posts.csv. Did you '
            'mean "lihe-liaison"? Write a code that stands there, or add the row.',
        ],
        id="an unknown liaison",
    ),
    pytest.param(
        "units.csv",
        "lihe-liaison,lihe-head",
        ",lihe-head",
        [
            "units.csv row 3, column liaison: the cell is empty. Write the liaison of this row, a code of posts.csv.",
        ],
        id="a unit without liaison",
    ),
    pytest.param(
        "units.csv",
        "lihe-liaison,lihe-head",
        "lihe-liaison,",
        [
            "units.csv row 3, column head: the cell is empty. Write the head of this row, a code of posts.csv.",
        ],
        id="a unit without head",
    ),
    pytest.param(
        "units.csv",
        "lihe-head,leader",
        "lihe-head,",
        [
            "units.csv row 3, column supervising_leader: the cell is empty. Write the "
            "supervising_leader of this row, a code of posts.csv.",
        ],
        id="a unit without supervising leader",
    ),
    pytest.param(
        "units.csv",
        "lihe-liaison,lihe-head",
        "lihe-liaison,dispatcher",
        [
            'warning: units.csv row 3, column head: post "dispatcher" is dispatcher of unit centre '
            "and cannot act for lihe. Name a post of unit lihe with the role unit_head.",
        ],
        id="a head of another unit",
    ),
    pytest.param(
        "units.csv",
        "2019-01-01,",
        "2019-01-01,2018-01-01",
        [
            "units.csv row 4, column valid_until: valid_until 2018-01-01 is not after valid_from "
            "2019-01-01. valid_until is the first day on which it no longer exists; leave it empty "
            "while that is unknown.",
        ],
        id="a unit that ends before it begins",
    ),
    pytest.param(
        "units.csv",
        "自来水公司",
        "梨河",
        [
            'units.csv row 4, column aliases: "梨河" also means unit lihe. Give each spelling to one '
            "unit only, or reports of a source would go to either.",
        ],
        id="a spelling of two units",
    ),
    pytest.param(
        "posts.csv",
        "lihe-crew,梨河镇处置队甲,lihe",
        "lihe-crew,梨河镇处置队甲,lihee",
        [
            'posts.csv row 16, column unit: "lihee" does not stand in units.csv. Did you mean '
            '"lihe"? Write a code that stands there, or add the row.',
        ],
        id="a post of an unknown unit",
    ),
    pytest.param(
        "posts.csv",
        "inspector,410184101,inspector-b",
        "inspector,410184999,inspector-b",
        [
            'posts.csv row 10, column area: "410184999" does not stand in areas.csv. Write a code '
            "that stands there, or add the row.",
        ],
        id="a post of an unknown area",
    ),
    pytest.param(
        "posts.csv",
        "inspector,410184101,inspector-b",
        "inspector,410184101,inspector-a",
        [
            'posts.csv row 10, column deputy: post "inspector-a" is its own deputy. Name another '
            "post, or leave the cell empty.",
        ],
        id="a post that is its own deputy",
    ),
    pytest.param(
        "posts.csv",
        "acceptor-b,受理员乙,centre,acceptor,,,,\nshift-leader,值班长甲,centre,shift_leader,,,,",
        "acceptor-b,受理员乙,centre,acceptor,,shift-leader,,\nshift-leader,值班长甲,centre,shift_leader,,acceptor-a,,",
        [
            "warning: posts.csv row 2, column deputy: posts stand in for each other in a circle: "
            "acceptor-a -> acceptor-b -> shift-leader -> acceptor-a. Let two of them stand in for "
            "each other, and the others be represented by one of the two.",
        ],
        id="deputies in a circle of three",
    ),
    pytest.param(
        "posts.csv",
        "unit_liaison,,lihe-head,",
        "unit_liaison,,lihe-deputy,",
        [
            'posts.csv row 14, column deputy: "lihe-deputy" does not stand in posts.csv. Did you '
            'mean "lihe-head"? Write a code that stands there, or add the row.',
        ],
        id="an unknown deputy",
    ),
    pytest.param(
        "contact_points.csv",
        "auditor,1,demo,demo\n",
        "",
        [
            'posts.csv row 9, column code: post "auditor" has no contact point: no message would '
            "reach it. Add a row to contact_points.csv, such as auditor,1,demo,demo.",
        ],
        id="a post without a contact point",
    ),
    pytest.param(
        "seats.csv",
        "acceptor,acceptor-b,20:00,08:00\n",
        "",
        [
            "seats.csv, column role: nobody sits as acceptor at 00:00-08:00 and 20:00-24:00. Add a "
            "row for acceptor and these hours, such as acceptor,POST,00:00,08:00.",
        ],
        id="hours without an acceptor",
    ),
    pytest.param(
        "seats.csv",
        "acceptor,acceptor-b",
        "acceptor,dispatcher",
        [
            'seats.csv row 3, column post: "dispatcher" is a post of role dispatcher, not acceptor. '
            "Name a post whose role in posts.csv is acceptor.",
        ],
        id="a seat filled by another role",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
