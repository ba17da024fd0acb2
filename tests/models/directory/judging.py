"""What a test asks of a judged directory."""

from collections.abc import Mapping
from datetime import date

from models.directory.city_builder import DirectoryFiles, build_city
from models.directory.fault import Severity


def texts_of_faults(documents: Mapping[str, str], today: date | None = None) -> list[str]:
    """All faults of a directory as they are printed, warnings marked as such."""
    _, faults = build_city(DirectoryFiles(documents), today)
    return [str(fault) if fault.severity is Severity.ERROR else f"warning: {fault}" for fault in faults]
