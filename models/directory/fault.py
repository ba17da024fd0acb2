"""What is wrong with a city directory: one fault for each place, with what was found and what would be right."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

LONGEST_SHOWN = 60
MOST_LISTED = 12


class Severity(StrEnum):
    """An error keeps the directory from being loaded; a warning only asks for a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one place.

    Example: str(fault) == 'catalogue.csv row 118, column limit: "小时" is no limit. Write …'
    """

    file: str
    row: int | None
    """Row of the spreadsheet (the header is row 1), or line of a YAML file."""
    column: str | None
    """Column of the spreadsheet, or key of a YAML file (`requests.extension.steps`)."""
    found: str
    problem: str
    remedy: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return _printable(f"{self.place}: {self.problem} {self.remedy}".strip())

    @property
    def place(self) -> str:
        """Where the fault is, in the words of the program that shows the file."""
        is_yaml = self.file.endswith(".yaml")
        place = self.file
        if self.row is not None:
            place += f" {'line' if is_yaml else 'row'} {self.row}"
        if self.column is not None:
            place += f", {'key' if is_yaml and not self.column.isdigit() else 'column'} {self.column}"
        return place


class DirectoryFaulty(Exception):
    """A city directory that cannot become a city; carries every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        errors = [fault for fault in self.faults if fault.severity is Severity.ERROR]
        return "\n".join([f"The city directory has {len(errors)} errors:", *map(str, errors)])


def quoted(found: str) -> str:
    """A found text in quotation marks, cut to a readable length, with unprintable characters escaped."""
    shown = found if len(found) <= LONGEST_SHOWN else found[:LONGEST_SHOWN] + "…"
    return f'"{_printable(shown)}"'


def listed(names: Collection[str]) -> str:
    """Names in order, the first few of many. Example: `acceptor, dispatcher and 9 more`."""
    shown = sorted(names)[:MOST_LISTED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def suggestion(found: str, known: Collection[str]) -> str:
    """A sentence that offers the most similar known name, or the known names where none is similar."""
    same = [name for name in known if _bare(name) == _bare(found)]
    # Comparing letter by letter with thousands of names for thousands of faults would take minutes.
    similar = same or (get_close_matches(found, known, 1) if len(known) <= 200 else [])
    if similar:
        return f'Did you mean "{similar[0]}"?'
    return f"Known: {listed(known)}." if known else ""


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")
