"""What is wrong among catalogue, responsibility and approvals, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "catalogue.csv",
        "上水井盖,2",
        "污水井盖,2",
        [
            'catalogue.csv row 3, column minor: "污水井盖" differs from "上水井盖" in row 2 of the same code '
            "C0101. Write the same name in every row of a subclass, or give the other subclass its "
            "own code.",
        ],
        id="a subclass of two names",
    ),
    pytest.param(
        "catalogue.csv",
        "E0110,E",
        "E0110,C",
        [
            'catalogue.csv row 6, column kind: kind C does not fit the code "E0110". Write E.',
        ],
        id="a kind that does not fit the code",
    ),
    pytest.param(
        "responsibility.csv",
        "*,*,territory",
        "E01*,*,territory",
        [
            'catalogue.csv row 7, column code: no unit answers for "E0201" in any area. Add a row to '
            "responsibility.csv for E0201 or E02* or E* or * and these areas, or for area *.",
        ],
        id="a subclass without responsibility",
    ),
    pytest.param(
        "responsibility.csv",
        "*,*,territory",
        "E01*,*,territory\nE0201,410184101,lihe",
        [
            'catalogue.csv row 7, column code: no unit answers for "E0201" in 1 of 4 areas: 410184. '
            "Add a row to responsibility.csv for E0201 or E02* or E* or * and these areas, or for "
            "area *.",
        ],
        id="a subclass without responsibility in one area",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "C01*,*,lihe",
        [
            'responsibility.csv row 4, column classes + area: "C01*, *" stands already in row 3. '
            "Delete one of the two rows, or correct the one that is wrong.",
        ],
        id="responsibility given twice",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "E0111,410184101,lihe",
        [
            'responsibility.csv row 4, column classes: "E0111" fits no subclass of catalogue.csv. '
            'Did you mean "E0110"? Write a subclass code, a major class such as E01*, E*, C* or *.',
        ],
        id="responsibility for an unknown class",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "E011*,410184101,lihe",
        [
            'responsibility.csv row 4, column classes: "E011*" fits no subclass of catalogue.csv. '
            'Did you mean "E0110"? Write a subclass code, a major class such as E01*, E*, C* or *.',
        ],
        id="responsibility by a beginning no rule looks up",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "E0110,410184102,lihe",
        [
            'responsibility.csv row 4, column area: "410184102" does not stand in areas.csv. Write a '
            "code that stands there, or add the row.",
        ],
        id="responsibility in an unknown area",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "E0110,410184101,Lihe",
        [
            'responsibility.csv row 4, column unit: "Lihe" does not stand in units.csv. Did you mean '
            '"lihe"? Write a code that stands there, or add the row.',
        ],
        id="responsibility of an unknown unit",
    ),
    pytest.param(
        "responsibility.csv",
        "E0110,410184101,lihe",
        "E0110,410184101,",
        [
            "responsibility.csv row 4, column unit: the cell is empty. Write the unit of this row, a "
            "code of units.csv.",
        ],
        id="responsibility of nobody",
    ),
    pytest.param(
        "approvals.csv",
        "void,1,shift_leader\n",
        "",
        [
            "policy.yaml line 21, key requests.void: void is enabled, but approvals.csv names nobody "
            "who decides it. Add a row to approvals.csv, such as void,1,dispatcher, or switch it off "
            "here.",
        ],
        id="an enabled request nobody decides",
    ),
    pytest.param(
        "approvals.csv",
        "appeal,2",
        "appeal,3",
        [
            "approvals.csv, column step: appeal has a step 3 but no step 2. Number the steps 1, 2, 3 without a gap.",
        ],
        id="approval steps with a gap",
    ),
    pytest.param(
        "approvals.csv",
        "void,1,shift_leader",
        "void,1,evaluater",
        [
            'approvals.csv row 6, column role: "evaluater" is no role of a post. Did you mean "evaluator"?',
        ],
        id="an unknown approver",
    ),
    pytest.param(
        "approvals.csv",
        "void,1,shift_leader",
        "void,1,shift_leader\nviod,1,shift_leader",
        [
            'approvals.csv row 7, column kind: "viod" is no kind of request. Did you mean "void"?',
        ],
        id="steps of an unknown kind of request",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
