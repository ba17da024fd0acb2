"""Why a whole file of reports cannot be read. A single bad row is never one of these: it is refused and kept.

IntakeFileError
├── MappingMissing        no mapping file of that name               (source, known)
├── MappingFaulty         a mapping file with faults                 (file, faults)
├── FileMissing           nothing is there                           (file)
├── FileNotRegular        a folder, a device                         (file)
├── FileUnreadable        the system will not let us                 (file, why)
├── FileEmpty             no row, not even a header                  (file)
├── FileFromFuture        changed later than now                     (file)
├── FileOfOtherKind       a picture, an old workbook, UTF-16 ...     (file, kind)
├── HeaderLacksColumns    a column the mapping needs is not there    (file, missing, found)
├── HeaderRepeatsColumn   a column the mapping needs is there twice  (file, column)
└── FileDamaged           it breaks off; the rows before were read   (file, row, why)
"""

from tasks.intake_words import both_languages


class IntakeFileError(Exception):
    """A file of reports that cannot be read: a stable code, and the facts of its sentence."""

    code = "file_error"

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.facts)

    def __str__(self) -> str:
        return both_languages(self.code, self.facts)


def _again(kind: type[IntakeFileError], facts: dict[str, object]) -> IntakeFileError:
    return kind(**facts)


class MappingMissing(IntakeFileError):
    """No folder holds a mapping of that name."""

    code = "mapping_missing"


class MappingFaulty(IntakeFileError):
    """A mapping file that cannot be used; its facts hold every fault."""

    code = "mapping_faulty"


class FileMissing(IntakeFileError):
    """There is nothing at the path."""

    code = "file_missing"


class FileNotRegular(IntakeFileError):
    """What is at the path is no file."""

    code = "file_not_regular"


class FileUnreadable(IntakeFileError):
    """The system refuses to read the file."""

    code = "file_unreadable"


class FileEmpty(IntakeFileError):
    """The file has no header and no row."""

    code = "file_empty"


class FileFromFuture(IntakeFileError):
    """The file was changed later than now: whether it is complete cannot be told."""

    code = "file_from_future"


class FileOfOtherKind(IntakeFileError):
    """The file is of a kind no reports come in."""

    code = "file_of_other_kind"


class HeaderMissing(IntakeFileError):
    """The file begins with a report instead of a header."""

    code = "header_missing"


class HeaderLacksColumns(IntakeFileError):
    """The header lacks columns that the mapping names."""

    code = "header_lacks_columns"


class HeaderRepeatsColumn(IntakeFileError):
    """The header has a column twice that the mapping names: which of them counts?"""

    code = "header_repeats_column"


class FileDamaged(IntakeFileError):
    """The file breaks off: an archive cut short, a workbook with a broken part."""

    code = "file_damaged"
