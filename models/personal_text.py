"""Free text without the phone and identity numbers people type into it.

A reporter's phone belongs sealed into `Reporter`; typed into a description it would travel to units in every message.
"""

import re

MASK = "●●●"

_PERSONAL = re.compile(
    r"(?<!\d)(?:"
    r"(?:\+?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}"  # mobile
    r"|0\d{2,3}[-\s]?\d{7,8}"  # landline with its area code
    r"|\d{17}[\dXx]"  # identity card
    r")(?![\dXx])"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def without_personal_numbers(text: str) -> str:
    """The text with mobile, landline and identity numbers masked; component and case codes stay.

    Example: "联系138 0000 0000，井盖4101840101000001破损" -> "联系●●●，井盖4101840101000001破损".
    """
    plain = text.translate(_FULL_WIDTH)
    if not _PERSONAL.search(plain):
        return text
    return _PERSONAL.sub(MASK, plain)
