"""Bytes become text by the encodings that Chinese offices use; all others are explained."""

import codecs

import pytest

from models.directory.encoding import decode
from models.directory.fault import Fault

TEXT = "code,name\nlihe,梨河镇\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("gb18030"),
        TEXT.replace("\n", "\r\n").encode("gb18030"),
        TEXT.replace("\n", "\r").encode(),
    ],
    ids=["UTF-8", "UTF-8 with BOM", "GB18030", "GB18030 of Windows", "old Mac line ends"],
)
def test_the_same_content_gives_the_same_text(content: bytes) -> None:
    assert decode("units.csv", content) == TEXT


SAVE = 'Save the file anew as "CSV UTF-8" (or, for YAML, as UTF-8).'
ANEW = "Write the cell anew and save the file as UTF-8."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            TEXT.encode().replace("河".encode(), b"\xe6\xb2"),
            f"units.csv row 2: byte 19 of the file (e6 b2 e9 95) is neither UTF-8 nor GB18030. {SAVE}",
        ),
        (
            codecs.BOM_UTF8 + TEXT.encode("gb18030"),
            f"units.csv row 2: byte 19 of the file (c0 e6 ba d3) is neither UTF-8 nor GB18030. {SAVE}",
        ),
        (
            TEXT.encode("gb18030") + b"\xff",
            f"units.csv row 3: byte 23 of the file (ff) is neither UTF-8 nor GB18030. {SAVE}",
        ),
        (
            codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
            'units.csv: the file is UTF-16 ("Unicode text" of the spreadsheet), not a text in UTF-8. ' + SAVE,
        ),
        (
            b"PK\x03\x04rest",
            f"units.csv: the file is an Excel workbook or a zip archive, not a text in UTF-8. {SAVE}",
        ),
        (
            b"code,name\nlihe,\x00\n",
            f'units.csv row 2: the file holds the character "\\x00", which no text of a city has. {ANEW}',
        ),
        (
            "code,name\nlihe,梨\ufffd镇\n".encode(),
            f'units.csv row 2: the file holds the character "�", which no text of a city has. {ANEW}',
        ),
    ],
    ids=["damaged UTF-8", "GB18030 behind a BOM", "damaged GB18030", "UTF-16", "a workbook", "NUL", "a lost character"],
)
def test_what_is_no_text_is_explained_with_its_place(content: bytes, expected: str) -> None:
    found = decode("units.csv", content)
    assert isinstance(found, Fault)
    assert str(found) == expected
