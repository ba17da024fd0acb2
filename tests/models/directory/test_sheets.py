"""What is wrong inside one CSV file: its columns, its rows, its cells, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "units.csv",
        "code,name,kind",
        "code,title,kind",
        [
            "units.csv row 1, column name: the column is missing. Add it to the first row: "
            "code,name,kind,parent,group,liaison,head,supervising_leader,valid_from,valid_until,aliases,placeholder.",
            'units.csv row 1, column title: there is no column "title". Known: aliases, code, group, '
            "head, kind, liaison, name, parent, placeholder, supervising_leader, valid_from, "
            "valid_until. Rename or delete the column.",
        ],
        id="a column is missing and another one nobody knows",
    ),
    pytest.param(
        "units.csv",
        "code,name,kind",
        "code,name,name,kind",
        [
            "units.csv row 1, column name: the column stands more than once. Keep one of them.",
        ],
        id="a column stands twice",
    ),
    pytest.param(
        "units.csv",
        "lihe,梨河镇",
        "lihe,",
        [
            "units.csv row 3, column name: the cell is empty. Write the name of this row.",
        ],
        id="a unit without a name",
    ),
    pytest.param(
        "units.csv",
        "centre,城市运行中心,centre,,centre,centre-liaison",
        ""
        "centre,城市运行中心,centre,,centre,centre-liaison,centre-head,leader,,,,\ncentre,指挥大厅,centre,,centre,centre-liaison",
        [
            'units.csv row 3, column code: "centre" stands already in row 2. Delete one of the two '
            "rows, or correct the one that is wrong.",
        ],
        id="two units of one code",
    ),
    pytest.param(
        "units.csv",
        "自来水公司,yes",
        "自来水公司,yes,extra",
        [
            "units.csv row 4: the row has 13 cells where the header has 12. Put a cell that holds a "
            "comma or a line break into quotation marks.",
        ],
        id="a cell too many",
    ),
    pytest.param(
        "units.csv",
        "lihe,梨河镇,township,centre,township,lihe-liaison,lihe-head,leader,,,梨河;梨河镇人民政府,",
        "lihe,梨河镇,township",
        [
            "units.csv row 3: the row has 3 cells where the header has 12. Fill the row.",
        ],
        id="a row cut off",
    ),
    pytest.param(
        "units.csv",
        "lihe,梨河镇",
        'lihe,"梨河镇',
        [
            "units.csv row 3: the rows from here on cannot be told apart (unexpected end of data). A "
            "quotation mark inside a cell is written twice, and each one that opens is closed again.",
        ],
        id="a quotation mark that never closes",
    ),
    pytest.param(
        "units.csv",
        "2019-01-01",
        "2019-02-30",
        [
            'units.csv row 4, column valid_from: "2019-02-30" is a date that no calendar has. Write '
            "a date such as 2019-05-05.",
        ],
        id="a date no calendar has",
    ),
    pytest.param(
        "units.csv",
        "2019-01-01",
        "1 January",
        [
            'units.csv row 4, column valid_from: "1 January" is no date. Write it as year-month-day, '
            "such as 2019-05-05.",
        ],
        id="a date nobody can read",
    ),
    pytest.param(
        "calendar.csv",
        "date,working,name\n",
        "date,working,name\n5/5/2019,yes,a\n",
        [
            'calendar.csv row 2, column date: "5/5/2019" is no date. Write it as year-month-day, such as 2019-05-05.',
        ],
        id="a date in another country's order",
    ),
    pytest.param(
        "units.csv",
        "自来水公司,yes",
        "自来水公司,maybe",
        [
            'units.csv row 4, column placeholder: "maybe" is neither yes nor no. Write yes or no.',
        ],
        id="neither yes nor no",
    ),
    pytest.param(
        "contact_points.csv",
        "1,dingtalk",
        "first,dingtalk",
        [
            'contact_points.csv row 14, column order: "first" is no whole number from 1 to 99. Write '
            "a number such as 2.",
        ],
        id="an order that is no number",
    ),
    pytest.param(
        "seats.csv",
        "20:00,08:00",
        "20:00,8 o'clock",
        [
            'seats.csv row 3, column to: "8 o\'clock" is no time of the day. Write it as 00:00 to '
            "24:00, such as 08:00.",
        ],
        id="a time nobody can read",
    ),
    pytest.param(
        "seats.csv",
        "20:00,08:00",
        "24:00,08:00",
        [
            'seats.csv row 3, column from: "24:00" is the end of a day; nothing begins there. Write 00:00.',
        ],
        id="a shift that begins at the end of the day",
    ),
    pytest.param(
        "areas.csv",
        "410184101001001,梨河村一格,,yes",
        "410184101001001,梨河村一格,,yes\n41018410100100,梨河村二格,,",
        [
            'areas.csv row 6, column code: "41018410100100" has 14 digits. Write 6 (county), 9 '
            "(street or town), 12 (community or village), 15 (grid) digits; format the column as "
            "text so that leading zeros stay.",
        ],
        id="a code of fourteen digits",
    ),
    pytest.param(
        "areas.csv",
        "410184101001001,梨河村一格,,yes",
        "410184101001001,梨河村一格,,yes\n4.10184E+14,梨河村二格,,",
        [
            'areas.csv row 6, column code: "4.10184E+14" is what the spreadsheet made of a long '
            "code: it rounded it as if it were a number, and its last digits are lost. Format the "
            "column as text, then enter the code again from its source.",
        ],
        id="a code that the spreadsheet rounded",
    ),
    pytest.param(
        "areas.csv",
        "410184101001001,梨河村一格,,yes",
        "410184101001001,梨河村一格,,yes\n４１０１８４,小城市,,",
        [
            'areas.csv row 6, column code: "４１０１８４" is no area code. Write 6, 9, 12 or 15 digits and '
            "nothing else.",
        ],
        id="a code in full-width digits",
    ),
    pytest.param(
        "catalogue.csv",
        "E0201,E",
        "E201,E",
        [
            'catalogue.csv row 7, column code: "E201" is no subclass code. Write C (component) or E '
            "(event) and four digits, such as E0110.",
        ],
        id="a code that is no subclass",
    ),
    pytest.param(
        "catalogue.csv",
        "油烟污染,1",
        "油烟污染,one",
        [
            'catalogue.csv row 6, column condition_no: "one" is no whole number from 1 to 99. Write '
            "a number such as 2.",
        ],
        id="a condition number that is none",
    ),
    pytest.param(
        "catalogue.csv",
        "井盖稳固,4 work_hour",
        "井盖稳固,小时",
        [
            'catalogue.csv row 3, column limit: "小时" is no limit: a number and a unit. Known units: '
            'urgent_hour, work_hour, work_day, natural_day. Write for example "2 urgent_hour" if '
            'nights count, "4 work_hour" if not.',
        ],
        id="a condition without a readable limit",
    ),
    pytest.param(
        "catalogue.csv",
        "井盖稳固,4 work_hour",
        "井盖稳固,4 fortnight",
        [
            'catalogue.csv row 3, column limit: "4 fortnight" is no limit: a number and a unit. '
            'Known units: urgent_hour, work_hour, work_day, natural_day. Write for example "2 '
            'urgent_hour" if nights count, "4 work_hour" if not.',
        ],
        id="a limit in an unknown unit",
    ),
    pytest.param(
        "catalogue.csv",
        "井盖稳固,4 work_hour",
        "井盖稳固,15 minute",
        [
            'catalogue.csv row 3, column limit: "15 minute" is no limit: a number and a unit. Known '
            'units: urgent_hour, work_hour, work_day, natural_day. Write for example "2 urgent_hour" '
            'if nights count, "4 work_hour" if not.',
        ],
        id="a handling limit in minutes",
    ),
    pytest.param(
        "catalogue.csv",
        "井盖稳固,4 work_hour",
        "井盖稳固,",
        [
            "catalogue.csv row 3, column limit: the cell is empty. Write the limit of this row.",
        ],
        id="a condition without a limit",
    ),
    pytest.param(
        "contact_points.csv",
        "env:ZHIHUI_TEST_DINGTALK",
        "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
        [
            "contact_points.csv row 14, column address: an address of 66 characters stands here "
            "itself (not shown: it may be a secret or a phone number). Write demo, or env:NAME or "
            "block:name and keep the address in that environment variable or Prefect block; if it "
            "was a token, have it replaced.",
        ],
        id="an address with its token",
    ),
    pytest.param(
        "contact_points.csv",
        "env:ZHIHUI_TEST_DINGTALK",
        "13812345678",
        [
            "contact_points.csv row 14, column address: an address of 11 characters stands here "
            "itself (not shown: it may be a secret or a phone number). Write demo, or env:NAME or "
            "block:name and keep the address in that environment variable or Prefect block; if it "
            "was a token, have it replaced.",
        ],
        id="a phone number as address",
    ),
    pytest.param(
        "contact_points.csv",
        "1,dingtalk",
        "1,dingding",
        [
            'contact_points.csv row 14, column channel: "dingding" is no channel. Known: demo, '
            "dingtalk, email, feishu, json, sms, wecom.",
        ],
        id="an unknown channel",
    ),
    pytest.param(
        "units.csv",
        "utility,,utility",
        "utilities,,utility",
        [
            'units.csv row 4, column kind: "utilities" is no kind of unit. Did you mean "utility"?',
        ],
        id="an unknown kind of unit",
    ),
    pytest.param(
        "posts.csv",
        "specialized_department",
        "specialised_department",
        [
            'posts.csv row 16, column role: "specialised_department" is no role of a post. Did you '
            'mean "specialized_department"?',
        ],
        id="an unknown role",
    ),
    pytest.param(
        "calendar.csv",
        "date,working,name\n",
        "date,working,name\n2019-05-05,yes,a\n2019/5/5,,b\n",
        [
            'calendar.csv row 3, column date: "2019/5/5" stands already in row 2. Delete one of the '
            "two rows, or correct the one that is wrong.",
        ],
        id="a day overridden twice",
    ),
    pytest.param(
        "sources.csv",
        "hotline_12345,12345热线",
        "citizen,12345热线\nhotline_12345,12345热线",
        [
            'sources.csv row 6, column code: "citizen" stands already in row 4. Delete one of the '
            "two rows, or correct the one that is wrong.",
        ],
        id="two sources of one code",
    ),
    pytest.param(
        "catalogue.csv",
        "上水井盖,2",
        "上水井盖,1",
        [
            'catalogue.csv row 3, column code + condition_no: "C0101, 1" stands already in row 2. '
            "Delete one of the two rows, or correct the one that is wrong.",
        ],
        id="two conditions of one number",
    ),
    pytest.param(
        "contact_points.csv",
        "lihe-liaison,2",
        "lihe-liaison,1",
        [
            'contact_points.csv row 15, column post + order: "lihe-liaison, 1" stands already in row '
            "14. Delete one of the two rows, or correct the one that is wrong.",
        ],
        id="two contact points of one order",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
