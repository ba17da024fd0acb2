"""A roster somebody made in a spreadsheet becomes a proposal, if every cell of it can be."""

from typing import BinaryIO

from sqlalchemy import Connection

from models.city import City
from models.directory.fault import Fault, Severity
from models.flood_event import Recording
from models.refusal import Refusal
from models.roster_check import check_roster
from tasks.roster_workbook import faults_of_cells, read_workbook
from tasks.rosters import Proposal, Solver, Wish, keep_proposal, published_already, published_around


def import_roster(
    connection: Connection, city: City, file: tuple[str, BinaryIO], by: str, recording: Recording
) -> tuple[Proposal | Refusal | None, list[Fault]]:
    """Keep a spreadsheet's roster as a proposal; None with the faults of its cells where it cannot be one.

    Raises: FileDamaged, FileOfOtherKind.
    """
    if city.duty is None:
        return Refusal("no_duty_room"), []
    if by not in city.posts:
        return Refusal("unknown_post", {"post": by}), []
    name, stream = file
    faults: list[Fault] = []
    read = read_workbook(name, stream, city, city.duty, faults)
    if read is None or faults:
        return None, faults
    taken = published_already(connection, city, read.first, read.last)
    if taken is not None:
        return taken, []
    around = published_around(connection, city, read.first, read.last)
    faults += faults_of_cells(name, read, check_roster(city, city.duty, read.standings, around), city)
    if any(fault.severity is Severity.ERROR for fault in faults):
        return None, faults
    wish = Wish(read.first, read.last, by, Solver.IMPORT)
    return keep_proposal(connection, city, city.duty, wish, read.standings, recording), faults
