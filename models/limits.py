"""A limit is a number and a unit, such as "4 work_hour" or "4工作时": how it is written, read and compared.

Errors: LimitError (a ValueError) <- LimitUnreadable, LimitOutOfRange.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache


class LimitUnit(StrEnum):
    """What a limit is counted in.

    Source: urgent_hour, work_hour, work_day, natural_day are the four units of the Yuncheng practice (B);
    minute is only for the steps of seats and inspectors (accept 15, dispatch 15, verify 30 ..., Yuncheng B).
    """

    URGENT_HOUR = "urgent_hour"  # 紧急工作时: every hour counts, also nights, weekends and holidays
    WORK_HOUR = "work_hour"  # 工作时: only hours inside the working hours of work days
    WORK_DAY = "work_day"  # 工作日: the city's hours_per_work_day work hours, 8 by default
    NATURAL_DAY = "natural_day"  # 自然日, 紧急工作日: 24 hours that all count
    MINUTE = "minute"  # 分钟: every minute counts; steps of seats and inspectors, never a handling limit


class Basis(StrEnum):
    """Whether every moment counts, or only the working hours."""

    CONTINUOUS = "continuous"
    WORKING = "working"


BASIS_OF_UNIT = {
    LimitUnit.URGENT_HOUR: Basis.CONTINUOUS,
    LimitUnit.WORK_HOUR: Basis.WORKING,
    LimitUnit.WORK_DAY: Basis.WORKING,
    LimitUnit.NATURAL_DAY: Basis.CONTINUOUS,
    LimitUnit.MINUTE: Basis.CONTINUOUS,
}

CHINESE_OF_UNIT = {
    LimitUnit.URGENT_HOUR: "紧急工作时",
    LimitUnit.WORK_HOUR: "工作时",
    LimitUnit.WORK_DAY: "工作日",
    LimitUnit.NATURAL_DAY: "自然日",
    LimitUnit.MINUTE: "分钟",
}

# A longer one is a slip of the pen (10,000 natural days are 27 years), and the bound keeps every sum finite.
LONGEST_VALUE = Decimal(10_000)

# What officials write beside the names above. 小时 and 天 alone mean work hours and work days, as "4小时" and
# "2天" are read in the Yuncheng practice (B); 紧急工作日 is a natural day there.
_OTHER_WORDS = {
    "工作小时": LimitUnit.WORK_HOUR,
    "小时": LimitUnit.WORK_HOUR,
    "天": LimitUnit.WORK_DAY,
    "日": LimitUnit.WORK_DAY,
    "工作天": LimitUnit.WORK_DAY,
    "紧急小时": LimitUnit.URGENT_HOUR,
    "紧急工作日": LimitUnit.NATURAL_DAY,
    "自然天": LimitUnit.NATURAL_DAY,
    "分": LimitUnit.MINUTE,
}
_UNIT_OF_WORD = {
    **_OTHER_WORDS,
    **{chinese: unit for unit, chinese in CHINESE_OF_UNIT.items()},
    **{unit.value: unit for unit in LimitUnit},
    **{f"{unit.value}s": unit for unit in LimitUnit},
}
_LIMIT_TEXT = re.compile(r"([0-9]+(?:\.[0-9]+)?|半|[一二两三四五六七八九十]+)\s*个?\s*(.+?)(?:以内|之内|内)?")
_CHINESE_NUMBER = re.compile(r"([一二两三四五六七八九])?(十)?([一二三四五六七八九])?")
_DIGIT = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


class LimitError(ValueError):
    """A limit that cannot be used."""


class LimitUnreadable(LimitError):
    """A text that is not a number with a known unit."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        known = ", ".join(f"{unit} {CHINESE_OF_UNIT[unit]}" for unit in LimitUnit)
        return (
            f'"{self.text}" is no limit: it is not a number above 0 (at most {LONGEST_VALUE}) with a unit. '
            f'Known units: {known}. Write for example "2 urgent_hour" or "2紧急工作时" if nights count, '
            '"4 work_hour" or "4工作时" if not.'
        )


class LimitOutOfRange(LimitError):
    """A value that is no length of time a city could mean."""

    def __init__(self, value: Decimal) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return (
            f"A limit of {self.value} cannot be: the value must be above 0 and at most {LONGEST_VALUE}. "
            "Write the number of hours, days or minutes the work may take."
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a step may take, in its own unit.

    Example: str(Limit(Decimal("0.5"), LimitUnit.WORK_DAY)) == "0.5 work_day".
    Raises: LimitOutOfRange when the value is not above 0, above LONGEST_VALUE, or no number.
    """

    value: Decimal
    unit: LimitUnit

    def __post_init__(self) -> None:
        if not (self.value.is_finite() and 0 < self.value <= LONGEST_VALUE):
            raise LimitOutOfRange(self.value)

    def __str__(self) -> str:
        return f"{self._number} {self.unit}"

    @property
    def chinese(self) -> str:
        """The limit as an official writes it, such as 4工作时."""
        return f"{self._number}{CHINESE_OF_UNIT[self.unit]}"

    @property
    def _number(self) -> str:
        return f"{self.value.normalize():f}"  # 4.0 and 4 are one limit and read alike


@lru_cache(maxsize=4096)
def parse_limit(text: str) -> Limit:
    """The limit a text states, in English or Chinese, with half- or full-width digits.

    Example: "4 work_hour", "4工作时", "４小时内" -> 4 work_hour; "2天" -> 2 work_day;
        "半个工作日" -> 0.5 work_day; "1紧急工作日" -> 1 natural_day; "15分钟" -> 15 minute.
    Raises: LimitUnreadable when the text has no number above 0 or no known unit.
    Source: Yuncheng practice (B).
    """
    match = _LIMIT_TEXT.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    unit = _UNIT_OF_WORD.get(re.sub(r"[\s-]+", "_", match[2].strip())) if match else None
    value = _read_number(match[1]) if match else None
    if unit is None or value is None:
        raise LimitUnreadable(text)
    try:
        return Limit(value, unit)
    except LimitOutOfRange as error:
        raise LimitUnreadable(text) from error


def read_limit(text: str) -> tuple[Limit, bool]:
    """The limit a text states and True, or one natural day and False where the text cannot be read.

    The caller keeps the original text. Example: "尽快" -> (1 natural_day, False).
    Source: Yuncheng practice (B).
    """
    try:
        return parse_limit(text), True
    except LimitUnreadable:
        return Limit(Decimal(1), LimitUnit.NATURAL_DAY), False


def _read_number(text: str) -> Decimal | None:
    if text[0].isascii():
        return Decimal(text)
    if text == "半":
        return Decimal("0.5")
    match = _CHINESE_NUMBER.fullmatch(text)
    if match is None or (match[1] and match[3] and not match[2]):  # 三五 is no number, 三十五 is
        return None
    tens = 10 * _DIGIT.get(match[1] or "", 1) if match[2] else _DIGIT.get(match[1] or "", 0)
    return Decimal(tens + _DIGIT.get(match[3] or "", 0))
