"""From the text of a cell to what it means in the flood season; apart, so that `cell` waits for no database library."""

from models.directory.cell import Unreadable
from models.directory.fault import quoted
from models.flood_rules import ResponseLevel

_ROMAN = {"I": "I", "II": "II", "III": "III", "IV": "IV", "Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV"}


def level_of_response(text: str) -> ResponseLevel:
    """A level of a response. Example: IV, or Ⅳ."""
    if text not in _ROMAN:
        raise Unreadable(f"{quoted(text)} is no level of a response.", "Write IV, III, II or I.")
    return ResponseLevel[_ROMAN[text]]


def level_or_end(text: str) -> ResponseLevel:
    """A level, or the end of a response."""
    if text == ResponseLevel.ENDED.name:
        return ResponseLevel.ENDED
    if text not in _ROMAN:
        raise Unreadable(f"{quoted(text)} is no level of a response.", "Write IV, III, II, I or ENDED.")
    return ResponseLevel[_ROMAN[text]]
