"""How the address of a contact point is shown: a reference as it stands, a number inside it masked."""

import re

_NUMBER = re.compile(r"(?<!\d)(\d{3})\d{2,}(\d{4})(?!\d)")


def masked_reference(address: str) -> str:
    """The reference of an address with every longer number in it masked.

    The address itself stands in no edition, only its reference; but a careless name may hold a telephone number.
    Example: "env:SMS_13800001234" -> "env:SMS_138****1234"; "env:LIHE_DINGTALK" stays.
    """
    return _NUMBER.sub(r"\1****\2", address)
