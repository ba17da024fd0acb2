"""From the bytes of a file to its text: UTF-8 with or without BOM, or GB18030 as Chinese spreadsheets write it."""

import codecs

from models.directory.fault import Fault, quoted

_REMEDY = 'Save the file anew as "CSV UTF-8" (or, for YAML, as UTF-8).'
_OTHER_FORMATS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (codecs.BOM_UTF16_LE, 'UTF-16 ("Unicode text" of the spreadsheet)'),
    (codecs.BOM_UTF16_BE, 'UTF-16 ("Unicode text" of the spreadsheet)'),
)
_BROKEN_SHARE = 0.5
"""Below this share of unreadable characters a file that is no UTF-8 is a damaged one, not a GB18030 one."""


def decode(file: str, content: bytes) -> str | Fault:
    """The normalised text of a file, or what is wrong with its bytes."""
    for mark, name in _OTHER_FORMATS:
        if content.startswith(mark):
            return Fault(file, None, None, name, f"the file is {name}, not a text in UTF-8.", _REMEDY)
    text = _text_of(file, content)
    return text if isinstance(text, Fault) else _without_lost_characters(file, normalised(text))


def normalised(text: str) -> str:
    """The text without BOM and with one kind of line ending, so that every machine sees the same content."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _text_of(file: str, content: bytes) -> str | Fault:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        utf8 = error
    if content.startswith(codecs.BOM_UTF8) or _is_damaged_utf8(content):
        return _undecodable(file, content, utf8)
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        return _undecodable(file, content, max(utf8, error, key=lambda failure: failure.start))


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether most characters read well as UTF-8: GB18030 would make nonsense of them without an error."""
    text = content.decode("utf-8", errors="replace")
    beyond_ascii = sum(not character.isascii() for character in text)
    return text.count("\ufffd") < _BROKEN_SHARE * beyond_ascii


def _undecodable(file: str, content: bytes, error: UnicodeDecodeError) -> Fault:
    row = content.count(b"\n", 0, error.start) + 1
    found = content[error.start : error.start + 4].hex(" ")
    problem = f"byte {error.start + 1} of the file ({found}) is neither UTF-8 nor GB18030."
    return Fault(file, row, None, found, problem, _REMEDY)


def _without_lost_characters(file: str, text: str) -> str | Fault:
    """The text, unless it holds a control character or the mark of a character lost in an earlier conversion."""
    for position, character in enumerate(text):
        if (character < " " and character not in "\n\t") or character in "\x7f\ufffd":
            row = text.count("\n", 0, position) + 1
            problem = f"the file holds the character {quoted(character)}, which no text of a city has."
            return Fault(file, row, None, character, problem, "Write the cell anew and save the file as UTF-8.")
    return text
