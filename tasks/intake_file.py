"""What kind of file reports came in, by its content before its name: CSV, XLSX or JSON lines, gzipped or not."""

import codecs
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from tasks.intake_errors import FileDamaged, FileEmpty, FileMissing, FileNotRegular, FileOfOtherKind, FileUnreadable

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a broken archive raises."""

_SAMPLE_BYTES = 1 << 16
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"<", "an HTML or XML page"),
    (codecs.BOM_UTF16_LE, 'UTF-16 ("Unicode text" of a spreadsheet)'),
    (codecs.BOM_UTF16_BE, 'UTF-16 ("Unicode text" of a spreadsheet)'),
)
_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
_NO_TEXT = frozenset(range(32)) - frozenset(b"\t\n\v\f\r")


class FileKind(StrEnum):
    """The kinds of file reports come in."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@dataclass(frozen=True)
class OpenFile:
    """An open file of reports: its unpacked bytes, what kind it is and, of a text, in which encoding."""

    name: str
    kind: FileKind
    stream: BinaryIO
    encoding: str
    """utf-8-sig, gb18030, or empty where neither fits or the kind has none."""


@contextmanager
def opened(path: Path) -> Iterator[OpenFile]:
    """The file at a path, recognised and at its beginning.

    Raises: FileMissing, FileNotRegular, FileUnreadable, FileEmpty, FileOfOtherKind, FileDamaged.
    """
    with _open(path) as raw:
        packed = raw.peek(2).startswith(_GZIP)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        with stream:
            kind, encoding = _recognised(path, stream)
            if kind is FileKind.XLSX and packed:
                with _unpacked(path, stream) as seekable:
                    yield OpenFile(path.name, kind, seekable, encoding)
            else:
                yield OpenFile(path.name, kind, stream, encoding)


def _open(path: Path) -> io.BufferedReader:
    try:
        if not path.exists():
            raise FileMissing(file=path.name)
        if not path.is_file():
            raise FileNotRegular(file=path.name)
        return path.open("rb")
    except OSError as error:
        raise FileUnreadable(file=path.name, why=error.strerror or str(error)) from error


def _recognised(path: Path, stream: BinaryIO) -> tuple[FileKind, str]:
    try:
        kind = _kind(path, stream)
        return kind, "" if kind is FileKind.XLSX else _encoding(stream)
    except DAMAGE as error:
        raise FileDamaged(file=path.name, row=0, why=str(error)) from error
    except OSError as error:
        raise FileUnreadable(file=path.name, why=error.strerror or str(error)) from error


def _kind(path: Path, stream: BinaryIO) -> FileKind:
    sample = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    if sample.startswith(_ZIP):
        return FileKind.XLSX
    text = sample.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text and len(sample) < _SAMPLE_BYTES:
        raise FileEmpty(file=path.name)
    for mark, kind in _OTHER_KINDS:
        if text.startswith(mark):
            raise FileOfOtherKind(file=path.name, kind=kind)
    if not _NO_TEXT.isdisjoint(text.split(b"\n", 1)[0]):
        raise FileOfOtherKind(file=path.name, kind="no text")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    named_json = not _JSON_SUFFIXES.isdisjoint(suffixes[-2:])
    if named_json and text.startswith(b"["):
        raise FileOfOtherKind(file=path.name, kind="one JSON list")
    return FileKind.JSONL if named_json or text.startswith(b"{") else FileKind.CSV


def _encoding(stream: BinaryIO) -> str:
    """UTF-8 or GB18030, by the first lines that are not plain ASCII; empty where most of them are neither."""
    sample = b""
    while len(sample) < _SAMPLE_BYTES and (part := stream.read(_SAMPLE_BYTES)):
        if sample or not part.isascii():
            sample += part
    cut = len(sample) >= _SAMPLE_BYTES and bool(stream.read(1))
    stream.seek(0)
    whole = sample.splitlines()[: -1 if cut else None] or [sample]
    lines = [line for line in whole if not line.isascii()]
    if not lines or 2 * _readable(lines, "utf-8") >= len(lines):
        return "utf-8-sig"
    return "gb18030" if 2 * _readable(lines, "gb18030") >= len(lines) else ""


def _readable(lines: list[bytes], encoding: str) -> int:
    """How many of these lines are whole texts in an encoding."""
    return sum(_is_text(line, encoding) for line in lines)


def _is_text(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _unpacked(path: Path, stream: BinaryIO) -> Iterator[BinaryIO]:
    """A workbook out of its gzip: it is read from its end, so it is unpacked into a file nobody else can open."""
    with tempfile.TemporaryFile() as seekable:
        try:
            shutil.copyfileobj(stream, seekable)
        except DAMAGE as error:
            raise FileDamaged(file=path.name, row=0, why=str(error)) from error
        seekable.seek(0)
        yield cast(BinaryIO, seekable)
