"""What people type about themselves does not travel."""

import pytest

from models.personal_text import without_personal_numbers


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("联系13800000000", "联系●●●"),
        ("联系138 0000 0000，谢谢", "联系●●●，谢谢"),
        ("电话+86-138-0000-0000", "电话●●●"),
        ("拨打0371-62600000", "拨打●●●"),
        ("身份证41018419900101001X", "身份证●●●"),
        ("１３８００００００００", "●●●"),
        ("部件4101840101000001破损", "部件4101840101000001破损"),
        ("案件E0110201905060001", "案件E0110201905060001"),
        ("网格410184101001001", "网格410184101001001"),
        ("约2019年5月6日，3处，宽120厘米", "约2019年5月6日，3处，宽120厘米"),
        ("", ""),
    ],
)
def test_phone_and_identity_numbers_are_masked_and_codes_stay(typed: str, kept: str) -> None:
    assert without_personal_numbers(typed) == kept
